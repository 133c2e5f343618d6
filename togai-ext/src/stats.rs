//! What a client has done so far.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use togai_api::QuotaClass;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        }
        total
    }
}

/// The place of a quota class in a table of all of them. A class that is not known yet counts as the last.
pub(crate) fn class_index(class: QuotaClass) -> usize {
    match class {
        QuotaClass::Ingest => 0,
        QuotaClass::IngestBatch => 1,
        _ => 2,
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
