//! How fast requests are sent that count against one quota.

mod pace;
mod rate;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use self::pace::Pace;
use self::rate::Rate;
use crate::clock::Clock;

/// Spaces the requests of a session that count against one quota, at a rate that it learns from the responses.
///
/// ```
/// use std::time::{Duration, Instant};
/// use togai_ingest::{Pace, Pacer};
///
/// let pacer = Pacer::new(Pace::PerSecond(50.0), 1);
/// let now = Instant::now();
/// assert!(pacer.try_turn(now, 0.0));
/// // The next turn is a fiftieth of a second later, or a bit more.
/// assert!(!pacer.try_turn(now, 0.0));
/// assert!(pacer.try_turn(now + Duration::from_millis(50), 0.0));
///
/// // The service asks for a pause.
/// pacer.throttled(now, now, Some(Duration::from_secs(3)), 0.0);
/// assert_eq!(pacer.pause(now), Some(Duration::from_secs(3)));
/// ```
///
/// Each request takes a turn, a retry as well. Who waits for a turn and gives up costs the others nothing. A 429 lowers the
/// rate, and responses that are none raise it again, up to what is set. A pause holds for all requests; after one of an hour,
/// which is the longest, one request goes first, and the others follow when it was answered, or a minute later.
#[derive(Debug)]
pub struct Pacer {
    state: Mutex<State>,
    /// Whether every turn can be had at once, for those who ask at each request.
    is_free: AtomicBool,
    /// Held by the first in line. Those who wait for it get it in the order in which they came.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    rate: Rate,
    burst: u32,
    /// The time of the turn that was taken last, and the part of an interval that the next one comes later.
    last: Option<(Instant, f64)>,
    paused_until: Option<Instant>,
    /// Whether one request is to go first after the pause, and until when the others wait for it.
    probe: Option<Probe>,
    last_success: Option<Instant>,
}

/// The request that goes first after the longest pause.
#[derive(Clone, Copy, Debug)]
enum Probe {
    IsDue,
    IsSent { at: Instant, until: Instant },
}

/// When a request may be sent.
enum Turn {
    Now,
    In(Duration),
    /// Not before a pause is over, which the caller may not want to wait for.
    Paused,
}

/// After a pause that is this long, one request goes first.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long the others wait for that request.
const PROBE_TIME: Duration = Duration::from_secs(60);
/// Longer waits are made in parts, since the rate may have been raised.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// A turn comes up to this part of its interval late, so that clients of one account do not march in step.
const JITTER: f64 = 0.5;

impl Pacer {
    /// A pacer of which so many turns may be taken at once, after a time without any.
    pub fn new(pace: Pace, burst: u32) -> Self {
        let rate = Rate::new(pace);
        let state = State { rate, burst, last: None, paused_until: None, probe: None, last_success: None };
        let is_free = AtomicBool::new(state.is_free());
        Self { state: Mutex::new(state), is_free, line: tokio::sync::Mutex::default() }
    }

    /// Sets how fast requests may be sent from now on. What was learned of the service is kept as far as it fits.
    pub fn set_pace(&self, pace: Pace) {
        self.change(|state| state.rate.set(pace));
    }

    /// Sets how many turns may be taken at once after a time without any.
    pub fn set_burst(&self, burst: u32) {
        self.lock().burst = burst;
    }

    /// How many requests a second are sent at most for now; nothing where there is no bound.
    pub fn rate(&self) -> Option<f64> {
        Some(self.lock().rate.per_second()).filter(|rate| rate.is_finite())
    }

    /// What is left of the pause that the service asked for; nothing where there is none.
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        self.lock().pause(now)
    }

    /// When a request was last answered otherwise than by throttling.
    pub fn last_success(&self) -> Option<Instant> {
        self.lock().last_success
    }

    /// Takes a turn where it can be had at once. `random` is from 0 up to, but not including, 1.
    pub fn try_turn(&self, now: Instant, random: f64) -> bool {
        self.is_free.load(Ordering::Relaxed)
            || self.line.try_lock().is_ok() && matches!(self.lock().turn(now, random, false), Turn::Now)
    }

    /// Waits in line for a turn. `false` means that there is a pause, and no turn was taken.
    pub async fn turn(&self, clock: &dyn Clock) -> bool {
        let _first = self.line.lock().await;
        let mut has_waited = false;
        loop {
            let turn = self.lock().turn(clock.now(), clock.random(), has_waited);
            match turn {
                Turn::Now => return true,
                Turn::In(wait) => {
                    has_waited = true;
                    clock.sleep(wait.min(LONGEST_NAP)).await;
                }
                Turn::Paused => return false,
            }
        }
    }

    /// Notes that a request that was sent at a time was answered otherwise than by throttling.
    pub fn succeeded(&self, now: Instant, sent: Instant) {
        self.change(|state| {
            state.rate.succeeded();
            state.end_probe(sent);
            state.last_success = Some(now);
        });
    }

    /// Notes that a request was throttled that was sent at a time, and the pause that the service asked for. `random` is from
    /// 0 up to, but not including, 1.
    pub fn throttled(&self, now: Instant, sent: Instant, retry_after: Option<Duration>, random: f64) {
        self.change(|state| {
            state.rate.throttled(now, sent, retry_after);
            state.end_probe(sent);
            if let Some(pause) = retry_after.filter(|pause| !pause.is_zero()) {
                state.pause_for(now, pause.min(LONGEST_PAUSE), random);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.is_free.store(state.is_free(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is whole whatever became of the thread that made it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether turns need not be counted: there is no pacing, and the service has not asked for a pause.
    fn is_free(&self) -> bool {
        self.rate.is_off() && self.paused_until.is_none() && self.probe.is_none()
    }

    fn pause(&self, now: Instant) -> Option<Duration> {
        self.paused_until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// A pause is never shortened: another request may have been told a later time.
    fn pause_for(&mut self, now: Instant, pause: Duration, random: f64) {
        let until = now + pause;
        if self.paused_until.is_some_and(|before| before >= until) {
            return;
        }
        self.paused_until = Some(until);
        if pause == LONGEST_PAUSE {
            self.probe = Some(Probe::IsDue);
        }
        // The first turn after it is as far away as chance has it, since the others who share the quota wake up as well.
        let first = until + self.interval().mul_f64(random);
        self.last = first.checked_sub(self.interval()).map(|last| (last, 0.0));
    }

    /// Ends a probe that was answered, or followed by a request that was. What was sent before it says nothing.
    fn end_probe(&mut self, sent: Instant) {
        if let Some(Probe::IsSent { at, .. }) = self.probe
            && sent >= at
        {
            self.probe = None;
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.per_second())
    }

    /// Takes a turn, or says when there is one. One that was waited for is made up for where a timer or chance has made it
    /// late, so that the turns stay at their rate.
    fn turn(&mut self, now: Instant, random: f64, has_waited: bool) -> Turn {
        if self.pause(now).is_some() {
            return Turn::Paused;
        }
        self.paused_until = None;
        if let Some(Probe::IsSent { until, .. }) = self.probe
            && now < until
        {
            return Turn::In(until - now);
        }
        let interval = self.interval();
        let room = interval * self.burst.saturating_sub(1);
        let start = match self.last {
            None => now.checked_sub(room).unwrap_or(now),
            Some((last, late)) => {
                let due = last + interval;
                let wait = (due + interval.mul_f64(late)).saturating_duration_since(now);
                if !wait.is_zero() {
                    return Turn::In(wait);
                }
                let room = if has_waited { room.max(interval) } else { room };
                now.checked_sub(room).map_or(due, |earliest| due.max(earliest))
            }
        };
        self.last = Some((start, random * JITTER));
        if self.probe.is_some() {
            self.probe = Some(Probe::IsSent { at: now, until: now + PROBE_TIME });
        }
        self.rate.sent(now);
        Turn::Now
    }
}

#[cfg(test)]
mod tests;
