//! How large a request may be, as far as the server has let us know.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What all clones of a client have learned of how large a request may be.
///
/// The documents disagree (500 or 1000 events, and no number of bytes), so it is learned: a size that was refused is not
/// sent again, and the largest one that passed is remembered.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    learned: Mutex<Learned>,
    /// The same for those who ask for each event.
    limits: [AtomicUsize; 2],
}

/// How many events and how many bytes a request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize {
    /// Events.
    pub events: usize,
    /// Bytes of the body.
    pub bytes: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    events: Dimension,
    bytes: Dimension,
}

/// What is known of one of the two ways to be large.
#[derive(Clone, Copy, Debug)]
struct Dimension {
    got_through: usize,
    limit: Option<usize>,
    /// The smallest size that was refused, and not taken since.
    refused: Option<usize>,
    /// How many requests have passed at the limit since it was set.
    at_limit: u32,
    /// After how many of them twice as much is tried.
    patience: u32,
    /// Whether twice as much is being tried.
    is_trying: bool,
}

/// After so many requests at the limit it is tried whether it still holds.
const PATIENCE: u32 = 32;
const MOST_PATIENCE: u32 = 1 << 14;

impl Default for Dimension {
    fn default() -> Self {
        Self { got_through: 0, limit: None, refused: None, at_limit: 0, patience: PATIENCE, is_trying: false }
    }
}

impl Limits {
    /// How large a request may be, where it may be so large by what was set.
    pub(crate) fn within(&self, set: BatchSize) -> BatchSize {
        // Nothing is known of what is 0.
        let least = |known: &AtomicUsize, set: usize| match known.load(Ordering::Relaxed) {
            0 => set,
            known => known.min(set),
        };
        BatchSize { events: least(&self.limits[0], set.events), bytes: least(&self.limits[1], set.bytes) }
    }

    /// Notes a request that the server did not find too large.
    pub(crate) fn note_passed(&self, size: BatchSize) {
        self.learn(|learned| {
            learned.events.note_passed(size.events);
            learned.bytes.note_passed(size.bytes);
        });
    }

    /// Notes a request that the server found too large, by its bytes (413) or by its events.
    ///
    /// It is one of the two that is taken to be too much: a bound on either keeps requests small, and a bound on both
    /// would keep them smaller than the server wants. Where so much passed before, it is the other one.
    pub(crate) fn note_refused(&self, size: BatchSize, is_by_bytes: bool) {
        self.learn(|Learned { events, bytes }| {
            // A request of one event cannot be made smaller.
            if size.events > 1 {
                let (first, second) = if is_by_bytes {
                    ((bytes, size.bytes), (events, size.events))
                } else {
                    ((events, size.events), (bytes, size.bytes))
                };
                let is_new = first.0.note_refused(first.1) || second.0.note_refused(second.1);
                if !is_new {
                    // What passed before does not any more.
                    first.0.got_through = first.1 / 2;
                    first.0.note_refused(first.1);
                }
            }
        });
    }

    /// Notes a request that failed without a response again and again, while all of its events passed in smaller ones.
    pub(crate) fn note_unanswered(&self, size: BatchSize) {
        self.learn(|learned| {
            learned.bytes.note_refused(size.bytes);
        });
    }

    /// Forgets which sizes were refused: what the server said of size, it says of a single event, too.
    pub(crate) fn forget_refusals(&self) {
        self.learn(|Learned { events, bytes }| {
            for dimension in [events, bytes] {
                *dimension = Dimension { got_through: dimension.got_through, ..Dimension::default() };
            }
        });
    }

    /// Whether a request of that size, or a smaller one, was refused, and none like it was taken since.
    pub(crate) fn is_refused(&self, size: BatchSize) -> bool {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_refused = |dimension: Dimension, size| dimension.refused.is_some_and(|refused| size >= refused);
        is_refused(learned.events, size.events) || is_refused(learned.bytes, size.bytes)
    }

    fn learn(&self, change: impl FnOnce(&mut Learned)) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut learned);
        for (limit, dimension) in self.limits.iter().zip([learned.events, learned.bytes]) {
            limit.store(dimension.limit.unwrap_or(0), Ordering::Relaxed);
        }
    }
}

impl Dimension {
    /// A limit need not be that of the server: a gateway may have refused whatever there was. So it is tried from time to
    /// time whether there is more room, and less often each time that there is not.
    fn note_passed(&mut self, size: usize) {
        self.got_through = self.got_through.max(size);
        self.refused = self.refused.filter(|refused| size < *refused);
        let Some(limit) = self.limit else { return };
        // While it is tried the limit is twice what it was.
        if size > limit / 2 && self.is_trying {
            (self.is_trying, self.patience) = (false, PATIENCE);
        }
        // Requests are rarely full to the last byte.
        self.at_limit += u32::from(size >= limit - limit / 4);
        let is_time = self.at_limit >= self.patience;
        if is_time {
            (self.at_limit, self.is_trying) = (0, true);
        }
        self.limit = Some(limit.max(size).saturating_mul(if is_time { 2 } else { 1 }));
    }

    /// A size that passed before is not what was too large; then this says no.
    fn note_refused(&mut self, size: usize) -> bool {
        if size <= self.got_through {
            return false;
        }
        if self.is_trying {
            (self.is_trying, self.patience) = (false, self.patience.saturating_mul(2).min(MOST_PATIENCE));
        }
        let half = size.div_ceil(2).max(self.got_through).max(1);
        self.limit = Some(self.limit.map_or(half, |limit| limit.min(half)));
        self.at_limit = 0;
        self.refused = Some(self.refused.map_or(size, |refused| refused.min(size)));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: BatchSize = of(1000, 4 << 20);

    const fn of(events: usize, bytes: usize) -> BatchSize {
        BatchSize { events, bytes }
    }

    #[test]
    fn a_refused_size_is_halved_until_it_passes() {
        let limits = Limits::default();
        assert_eq!(limits.within(SET), SET);
        limits.note_refused(of(1000, 300_000), false);
        assert_eq!(limits.within(SET), of(500, SET.bytes));
        limits.note_refused(of(500, 151_000), false);
        assert_eq!(limits.within(SET), of(250, SET.bytes));
        limits.note_passed(of(260, 76_000));
        assert_eq!(limits.within(SET), of(260, SET.bytes));
        assert_eq!(limits.within(of(10, 10)), of(10, 10));
    }

    #[test]
    fn a_413_halves_the_bytes() {
        let limits = Limits::default();
        limits.note_refused(of(1000, 300_000), true);
        assert_eq!(limits.within(SET), of(SET.events, 150_000));
    }

    #[test]
    fn a_size_that_passed_before_was_not_too_large() {
        let limits = Limits::default();
        limits.note_passed(of(1000, 300_000));
        limits.note_refused(of(1000, 900_000), false);
        assert_eq!(limits.within(SET), of(1000, 450_000));
    }

    #[test]
    fn the_limits_recover_after_everything_was_refused() {
        let limits = Limits::default();
        for events in [16, 8, 4, 2] {
            limits.note_refused(of(events, events * 221 + 13), true);
        }
        assert_eq!(limits.within(SET).bytes, 228);
        let requests = (1..100).find(|_| {
            limits.note_passed(of(1, 234));
            limits.within(SET).bytes >= 455
        });
        assert_eq!(requests, Some(32));
    }

    #[test]
    fn one_event_is_never_too_many() {
        let limits = Limits::default();
        limits.note_refused(of(1, 1), false);
        assert_eq!(limits.within(SET), SET);
    }

    #[test]
    fn a_size_that_failed_without_a_response_is_not_sent_again() {
        let limits = Limits::default();
        limits.note_passed(of(300, 60_000));
        limits.note_unanswered(of(500, 100_000));
        assert_eq!(limits.within(SET), of(SET.events, 60_000));
        // What passed before failed for another reason.
        limits.note_unanswered(of(250, 50_000));
        assert_eq!(limits.within(SET), of(SET.events, 60_000));
    }

    #[test]
    fn what_is_said_of_a_single_event_teaches_no_size() {
        let limits = Limits::default();
        limits.note_passed(of(10, 3_000));
        limits.note_refused(of(1000, 300_000), false);
        limits.note_refused(of(500, 150_000), true);
        limits.forget_refusals();
        assert_eq!((limits.within(SET), limits.is_refused(of(1000, 300_000))), (SET, false));
    }

    #[test]
    fn a_limit_is_tested_from_time_to_time() {
        let limits = Limits::default();
        limits.note_refused(of(1000, 300_000), false);
        // How many full requests there are before twice as much is tried.
        let pass = |size: usize| {
            let tried = (1..100_000).find(|_| {
                limits.note_passed(of(size, size * 300));
                limits.within(SET).events > size
            });
            tried.unwrap_or_default()
        };
        for patience in [32, 64, 128] {
            assert_eq!(pass(500), patience);
            limits.note_refused(of(1000, 300_000), false);
            assert_eq!(limits.within(SET), of(500, SET.bytes));
        }
        // When it does not hold any more, it is soon gone.
        assert_eq!(pass(500), 256);
        limits.note_passed(of(1000, 300_000));
        assert_eq!(limits.within(SET), SET);
    }

    #[test]
    fn even_a_limit_of_one_event_is_lifted_within_400_requests() {
        for refused in 2..8 {
            let limits = Limits::default();
            limits.note_refused(of(refused, 1000), false);
            let mut requests = 0;
            while limits.within(SET) != SET {
                let events = limits.within(SET).events;
                limits.note_passed(of(events, events * 100));
                requests += 1;
                assert!(requests <= 400, "{refused}");
            }
        }
    }

    #[test]
    fn a_successful_test_of_a_limit_makes_the_next_one_early() {
        let limits = Limits::default();
        limits.note_refused(of(400, 1000), false);
        for _ in 0..3 {
            (0..100).take_while(|_| limits.within(SET).events == 200).for_each(|_| limits.note_passed(of(200, 1000)));
            limits.note_refused(of(400, 1000), false);
        }
        let mut requests = 0;
        while limits.within(SET) != SET {
            let events = limits.within(SET).events;
            limits.note_passed(of(events, 1000));
            requests += 1;
        }
        // One long wait for the first try, and two short ones.
        assert!(requests < 32 * 8 + 3 * 32, "{requests}");
    }

    #[test]
    fn a_size_that_passed_before_can_become_too_large() {
        let limits = Limits::default();
        limits.note_passed(of(1000, 300_000));
        limits.note_refused(of(1000, 300_000), false);
        assert_eq!(limits.within(SET), of(500, SET.bytes));
    }
}
