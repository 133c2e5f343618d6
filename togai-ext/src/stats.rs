//! What a client has done so far.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use togai_api::QuotaClass;

use crate::pacing::class_index;

/// What a client, its clones included, has done so far, by quota class.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// client.get_events().send().await?;
/// let stats = client.stats();
/// assert_eq!((stats.other.calls, stats.other.attempts, stats.total().retries), (1, 1, 0));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// `POST /ingest`.
    pub ingest: ClassStats,
    /// `POST /ingestBatch`, and the batches of other services.
    pub ingest_batch: ClassStats,
    /// All other operations.
    pub other: ClassStats,
}

/// What a client has done in a quota class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ClassStats {
    /// Calls that were begun.
    pub calls: u64,
    /// Requests that were sent.
    pub attempts: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Answers with status 429.
    pub throttled: u64,
    /// Waits before an attempt that were begun: for a retry, or for the end of a pause.
    pub waits: u64,
    /// How long those waits were to be, in all.
    pub waited: Duration,
    /// Requests that waited for their turn, since more came than the quota takes.
    pub paced: u64,
    /// How long they waited, in all.
    pub paced_for: Duration,
    /// How many requests a second are sent at most at present; nothing where there is no bound, and in a total.
    pub rate: Option<f64>,
}

impl Stats {
    /// All classes together.
    pub fn total(&self) -> ClassStats {
        let mut total = ClassStats::default();
        for class in [self.ingest, self.ingest_batch, self.other] {
            total.calls += class.calls;
            total.attempts += class.attempts;
            total.retries += class.retries;
            total.throttled += class.throttled;
            total.waits += class.waits;
            total.waited = total.waited.saturating_add(class.waited);
            total.paced += class.paced;
            total.paced_for = total.paced_for.saturating_add(class.paced_for);
        }
        total
    }
}

/// Where the counts are kept.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    classes: Mutex<[ClassStats; 3]>,
}

impl Counters {
    /// Changes the counts of a class.
    pub(crate) fn count(&self, class: QuotaClass, change: impl FnOnce(&mut ClassStats)) {
        change(&mut self.classes.lock().unwrap_or_else(PoisonError::into_inner)[class_index(class)]);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let [ingest, ingest_batch, other] = *self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        Stats { ingest, ingest_batch, other }
    }
}
