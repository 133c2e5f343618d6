//! Pauses that the server asked for, one for each quota class, which all calls keep.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use togai_api::QuotaClass;

use crate::stats::class_index;

/// A longer pause ends after a day, so that a gateway error cannot silence a client for good.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Until when each quota class is to be left alone.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    until: Mutex<[Option<Instant>; 3]>,
}

impl Pauses {
    /// Extends the pause of a class. A pause is never shortened: another call may have been told a later time.
    pub(super) fn extend(&self, class: QuotaClass, now: Instant, length: Duration) {
        let end = now + length.min(LONGEST);
        let until = &mut self.until.lock().unwrap_or_else(PoisonError::into_inner)[class_index(class)];
        *until = Some(until.map_or(end, |until| until.max(end)));
    }

    /// What is left of the pause of a class; nothing where there is none.
    pub(super) fn left(&self, class: QuotaClass, now: Instant) -> Option<Duration> {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner)[class_index(class)];
        until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_applies_to_its_class_until_it_ends() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        let second = Duration::from_secs(1);
        pauses.extend(QuotaClass::Ingest, now, 3 * second);
        assert_eq!(pauses.left(QuotaClass::Ingest, now), Some(3 * second));
        assert_eq!(pauses.left(QuotaClass::Ingest, now + 2 * second), Some(second));
        assert_eq!(pauses.left(QuotaClass::Ingest, now + 3 * second), None);
        assert_eq!(pauses.left(QuotaClass::IngestBatch, now), None);
    }

    #[test]
    fn a_pause_is_extended_and_not_shortened() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        let second = Duration::from_secs(1);
        pauses.extend(QuotaClass::Other, now, 5 * second);
        pauses.extend(QuotaClass::Other, now, second);
        assert_eq!(pauses.left(QuotaClass::Other, now), Some(5 * second));
        pauses.extend(QuotaClass::Other, now, 9 * second);
        assert_eq!(pauses.left(QuotaClass::Other, now), Some(9 * second));
    }

    #[test]
    fn a_pause_is_a_day_long_at_most() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        pauses.extend(QuotaClass::Other, now, Duration::MAX);
        assert_eq!(pauses.left(QuotaClass::Other, now), Some(LONGEST));
    }
}
