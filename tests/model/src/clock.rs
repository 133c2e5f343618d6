//! The clock of a scenario, whose time passes only at a step.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use togai_ingest::{BoxFuture, Clock};

/// A clock that the model moves to the end of the sleep that ends first.
#[derive(Clone, Debug)]
pub(crate) struct HandClock {
    start: Instant,
    sleeps: Arc<Mutex<Sleeps>>,
}

#[derive(Debug, Default)]
struct Sleeps {
    now: Duration,
    next: u64,
    /// When each sleep ends, and the waker of the task that waits for it.
    sleeping: BTreeMap<u64, (Duration, Option<Waker>)>,
}

impl HandClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), sleeps: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Sleeps> {
        self.sleeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a task waits for time to pass.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.lock().sleeping.values().any(|(_, waker)| waker.is_some())
    }

    /// Lets time pass until the sleep that ends first has ended.
    pub(crate) fn pass(&self) -> bool {
        let mut sleeps = self.lock();
        let awake = |(end, waker): &(Duration, Option<Waker>)| waker.is_some().then_some(*end);
        let Some(end) = sleeps.sleeping.values().filter_map(awake).min() else { return false };
        sleeps.now = sleeps.now.max(end);
        let due = sleeps.sleeping.values_mut().filter(|(until, _)| *until <= end);
        let wakers: Vec<Waker> = due.filter_map(|(_, waker)| waker.take()).collect();
        drop(sleeps);
        wakers.into_iter().for_each(Waker::wake);
        true
    }
}

struct Sleep {
    clock: HandClock,
    number: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleeps = self.clock.lock();
        let now = sleeps.now;
        match sleeps.sleeping.get_mut(&self.number) {
            Some((end, waker)) if *end > now => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.lock().sleeping.remove(&self.number);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        self.start + self.lock().now
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + self.lock().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut sleeps = self.lock();
        let (number, end) = (sleeps.next, sleeps.now + duration);
        sleeps.next += 1;
        sleeps.sleeping.insert(number, (end, None));
        Box::pin(Sleep { clock: self.clone(), number })
    }

    fn random(&self) -> f64 {
        0.5
    }
}
