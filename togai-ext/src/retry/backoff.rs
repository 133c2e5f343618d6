//! How long to wait between attempts.

use std::time::Duration;

/// Upper bounds of the waits: each twice the one before, up to the largest.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    next: Duration,
    largest: Duration,
}

impl Backoff {
    pub(super) fn new(first: Duration, largest: Duration) -> Self {
        Self { next: first.min(largest), largest }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let current = self.next;
        self.next = current.saturating_mul(2).min(self.largest);
        Some(current)
    }
}

/// Full jitter: a random part of a bound. `random` is from 0 up to, but not including, 1.
pub(super) fn jitter(bound: Duration, random: f64) -> Duration {
    bound.mul_f64(random.clamp(0.0, 1.0))
}

/// The wait that the server asked for plus jitter, so that calls with the same wait do not return together; nothing if it
/// does not fit into the time left.
pub(super) fn spread(requested: Duration, jitter: Duration, left: Duration) -> Option<Duration> {
    // Jitter alone is no reason to give up, and it leaves some time for the attempt.
    let room = left.checked_sub(requested).filter(|room| !room.is_zero() || requested.is_zero())?;
    Some(requested + jitter.min(room / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_largest() {
        let bounds: Vec<_> = Backoff::new(Duration::from_millis(250), Duration::from_secs(1)).take(5).collect();
        assert_eq!(bounds, [250, 500, 1000, 1000, 1000].map(Duration::from_millis));
        assert_eq!(Backoff::new(Duration::MAX, Duration::MAX).nth(70), Some(Duration::MAX));
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        let bound = Duration::from_secs(2);
        assert_eq!(jitter(bound, 0.0), Duration::ZERO);
        assert_eq!(jitter(bound, 0.5), Duration::from_secs(1));
    }

    #[test]
    fn a_wait_is_at_least_the_requested_time_and_at_most_the_time_left() {
        let seconds = Duration::from_secs;
        assert_eq!(spread(seconds(7), seconds(1), seconds(60)), Some(seconds(8)));
        assert_eq!(spread(seconds(7), seconds(5), seconds(9)), Some(seconds(8)));
        assert_eq!(spread(seconds(7), seconds(1), seconds(7)), None);
        assert_eq!(spread(seconds(7), seconds(1), seconds(6)), None);
        assert_eq!(spread(Duration::MAX, seconds(1), seconds(60)), None);
        assert_eq!(spread(Duration::ZERO, seconds(1), Duration::ZERO), Some(Duration::ZERO));
    }
}
