//! The rate that a service takes: what is learned of it from the responses.

use std::time::{Duration, Instant};

use super::pace::Pace;

/// Paced a little below the rate that is set: a service that counts by the second sees chance push a request into the next.
const MARGIN: f64 = 0.98;
/// The slowest rate a second that can be set.
const SLOWEST_SET: f64 = 1e-3;
/// The slowest rate a second that is learned, so that the next try is ten seconds away at most.
const SLOWEST: f64 = 0.1;
/// What a response that is no 429 adds to the rate: the same for all, so that clients who lose alike become alike.
const STEP: f64 = 0.0013;
/// Of a streak of n such responses each adds (n / STREAK)^2 of the rate as well: a quota that was raised is found fast.
const STREAK: f64 = 3000.0;
/// The most that it adds.
const LARGEST_STEP: f64 = 0.05;
/// A decrease is by the share of 429s since the last one, within these bounds,
const SMALLEST_CUT: f64 = 0.05;
const LARGEST_CUT: f64 = 0.3;
/// as if so many more responses had been none: few say little,
const PRIOR: f64 = 3.0;
/// and of so many at most: a long good past does not hide a bad second.
const MEMORY: f64 = 60.0;
/// The time between decreases: services count by the second, so what one second refuses counts once.
const HOLD: Duration = Duration::from_secs(1);
/// After a pause the rate does not grow for so many times the responses that it cost.
const WARY: f64 = 4.0;

/// The rate that requests are sent at.
#[derive(Debug)]
pub(super) struct Rate {
    /// Infinite where there is none.
    ceiling: f64,
    is_off: bool,
    per_second: f64,
    /// A rate that worked: after a time in which all was refused, the way back to half of it is quick.
    known: f64,
    cut_at: Option<Instant>,
    /// Responses since the last decrease: those that are no 429, and 429s.
    passed: f64,
    refused: f64,
    streak: f64,
    sent: Sent,
}

/// How many requests were sent in the last two seconds that were begun. It is where learning begins.
#[derive(Debug, Default)]
struct Sent {
    second: Option<Instant>,
    count: f64,
    before: f64,
}

impl Rate {
    pub(super) fn new(pace: Pace) -> Self {
        let mut rate = Self {
            ceiling: f64::INFINITY,
            is_off: true,
            per_second: f64::INFINITY,
            known: 0.0,
            cut_at: None,
            passed: 0.0,
            refused: 0.0,
            streak: 0.0,
            sent: Sent::default(),
        };
        rate.set(pace);
        rate
    }

    pub(super) fn set(&mut self, pace: Pace) {
        let before = if self.is_off { 0.0 } else { self.ceiling };
        self.is_off = pace == Pace::Off;
        self.ceiling = match pace {
            Pace::PerSecond(rate) => (rate * MARGIN).max(SLOWEST_SET),
            Pace::Off | Pace::Learned => f64::INFINITY,
        };
        // Where nothing was learned, the new rate holds at once.
        if self.per_second >= before {
            self.per_second = self.ceiling;
        }
        self.per_second = self.per_second.min(self.ceiling);
    }

    pub(super) fn is_off(&self) -> bool {
        self.is_off
    }

    /// Infinite where requests may be sent as they come.
    pub(super) fn per_second(&self) -> f64 {
        if self.is_off { f64::INFINITY } else { self.per_second }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.sent.count_at(now);
    }

    pub(super) fn succeeded(&mut self) {
        if self.is_off {
            return;
        }
        self.passed = (self.passed + 1.0).min(MEMORY);
        self.streak += 1.0;
        let growth = (self.streak.max(0.0) / STREAK).powi(2).min(LARGEST_STEP);
        let mut rate = self.per_second + STEP + self.per_second * growth;
        if self.per_second < self.known / 2.0 {
            rate = (self.per_second * 2.0).min(self.known / 2.0);
        }
        self.per_second = rate.min(self.ceiling);
    }

    pub(super) fn throttled(&mut self, now: Instant, sent: Instant, retry_after: Option<Duration>) {
        if self.is_off {
            return;
        }
        if self.per_second.is_infinite() {
            self.per_second = self.sent.per_second().max(1.0);
        }
        self.refused += 1.0;
        self.streak = retry_after.map_or(0.0, |pause| -WARY * self.per_second * pause.as_secs_f64());
        if self.cut_at.is_some_and(|cut_at| sent < cut_at || now < cut_at + HOLD) {
            // It was on its way when the last decrease was made.
            return;
        }
        if self.passed >= MEMORY / 3.0 {
            self.known = self.per_second;
        } else if self.passed > 0.0 {
            // A way back that failed.
            self.known *= 1.0 - LARGEST_CUT;
        }
        let share = self.refused / (self.passed + self.refused + PRIOR);
        self.per_second =
            (self.per_second * (1.0 - share.clamp(SMALLEST_CUT, LARGEST_CUT))).max(SLOWEST.min(self.ceiling));
        self.cut_at = Some(now);
        (self.passed, self.refused) = (0.0, 0.0);
    }
}

impl Sent {
    fn count_at(&mut self, now: Instant) {
        let second = *self.second.get_or_insert(now);
        let age = now.saturating_duration_since(second);
        if age >= Duration::from_secs(1) {
            self.before = if age < Duration::from_secs(2) { self.count } else { 0.0 };
            (self.second, self.count) = (Some(now), 0.0);
        }
        self.count += 1.0;
    }

    fn per_second(&self) -> f64 {
        self.count.max(self.before)
    }
}
