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

/// A wait with full jitter, at least as long as the server asked for.
///
/// `random` is from 0 up to, but not including, 1. The jitter comes on top of what the server asked for, lest all who
/// were throttled together come back together.
pub(super) fn wait(bound: Duration, random: f64, retry_after: Option<Duration>) -> Duration {
    let jitter = bound.mul_f64(random.clamp(0.0, 1.0));
    retry_after.map_or(jitter, |floor| floor.saturating_add(jitter))
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
    fn a_wait_is_never_shorter_than_the_server_asked_for() {
        let bound = Duration::from_secs(2);
        assert_eq!(wait(bound, 0.0, None), Duration::ZERO);
        assert_eq!(wait(bound, 0.5, None), Duration::from_secs(1));
        assert_eq!(wait(bound, 0.0, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(wait(bound, 0.5, Some(Duration::from_secs(7))), Duration::from_secs(8));
        assert_eq!(wait(bound, 0.5, Some(Duration::MAX)), Duration::MAX);
    }
}
