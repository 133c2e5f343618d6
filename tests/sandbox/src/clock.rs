//! Where the sandbox takes its time from.
//!
//! Quotas refill and event ids are forgotten as time passes. With [`ManualClock`] a test decides when that is, and
//! waits for nothing.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The time of the sandbox: what it is, and how to wait for it to pass.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> SystemTime;

    /// Completes when `duration` has passed on this clock; the default waits for real.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        (**self).sleep(duration)
    }
}

/// The clock of the computer. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that moves only when it is told to.
///
/// ```
/// use std::time::Duration;
/// use togai_sandbox::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// ```
///
/// Clones share the time: hand one to the builder and keep the other. A delay of a [`Fault`](crate::Fault) lasts until
/// this clock has been advanced by as much, so a client's timeout can be tested without a race.
#[derive(Debug, Clone)]
pub struct ManualClock {
    state: Arc<ClockState>,
}

#[derive(Debug)]
struct ClockState {
    now: watch::Sender<SystemTime>,
    sleeping: watch::Sender<usize>,
}

impl ManualClock {
    /// A clock that stands at 2025-01-01T00:00:00Z, the same in every run.
    pub fn new() -> Self {
        Self::at(UNIX_EPOCH + Duration::from_secs(1_735_689_600))
    }

    /// A clock that stands at `moment`.
    pub fn at(moment: SystemTime) -> Self {
        let state = ClockState { now: watch::Sender::new(moment), sleeping: watch::Sender::new(0) };
        Self { state: Arc::new(state) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.state.now.send_modify(|now| *now += duration);
    }

    /// Completes once at least `count` delays are waiting for this clock.
    ///
    /// A test calls it before [`advance`](Self::advance): a delay that begins after the clock has moved would wait for
    /// the next move.
    pub async fn until_sleeping(&self, count: usize) {
        // The sender is kept alive by `self`, so this cannot fail.
        let _ = self.state.sleeping.subscribe().wait_for(|sleeping| *sleeping >= count).await;
    }

    /// Completes once no delay is waiting for this clock, because each has ended or was dropped.
    pub async fn until_awake(&self) {
        let _ = self.state.sleeping.subscribe().wait_for(|sleeping| *sleeping == 0).await;
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.state.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut now = self.state.now.subscribe();
        let deadline = *now.borrow() + duration;
        Box::pin(async move {
            let _sleeper = Sleeper::new(&self.state.sleeping);
            let _ = now.wait_for(|now| *now >= deadline).await;
        })
    }
}

/// Counts itself for as long as it lives, so that an abandoned delay is not counted for ever.
struct Sleeper<'a>(&'a watch::Sender<usize>);

impl<'a> Sleeper<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delay_ends_when_the_clock_reaches_it() {
        let clock = ManualClock::new();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        clock.until_sleeping(1).await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        clock.until_awake().await;
    }
}
