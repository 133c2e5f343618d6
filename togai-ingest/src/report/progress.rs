//! How far a call is.

use std::fmt;

use super::ranges::Ranges;
use crate::outcome::Outcome;

/// How far a call of ingestion is.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let events = (0..2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
/// let mut done = Vec::new();
/// let report = client.ingest_events(events).on_progress(|progress| done.push(progress.watermark)).send().await?;
/// assert_eq!(report.accepted(), 2500);
/// assert_eq!(done.last(), Some(&2500));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IngestProgress {
    /// Events that were pulled.
    pub submitted: u64,
    /// Events that the server took.
    pub accepted: u64,
    /// Events that are there already.
    pub duplicates: u64,
    /// Events that were refused.
    pub rejected: u64,
    /// Events that the server may have or not. With Togai, `report.verify(&client)` of `togai-ext` looks them up.
    pub unknown: u64,
    /// Events that the server does not have.
    pub not_sent: u64,
    /// All events below this index have a verdict, not all of them an acceptance. Where what was not accepted is kept
    /// elsewhere, a queue may be acknowledged up to it, and an input need not be read before it again; but with
    /// [`IdPolicy::FromContent`](crate::IdPolicy::FromContent) an input has to be handed in from its beginning.
    pub watermark: u64,
}

impl IngestProgress {
    /// How many events have a verdict.
    pub fn settled(&self) -> u64 {
        self.accepted + self.duplicates + self.rejected + self.unknown + self.not_sent
    }

    /// The count that an event with this outcome is part of.
    pub(super) fn count_of(&mut self, outcome: &Outcome) -> &mut u64 {
        match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Duplicate { .. } => &mut self.duplicates,
            Outcome::Rejected { .. } => &mut self.rejected,
            Outcome::Unknown { .. } => &mut self.unknown,
            Outcome::NotSent { .. } => &mut self.not_sent,
        }
    }
}

impl fmt::Display for IngestProgress {
    /// Writes the counts, such as `2497 of 2500 events accepted, 3 rejected`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} events accepted", self.accepted, self.submitted)?;
        let others = [
            (self.duplicates, "duplicates"),
            (self.rejected, "rejected"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ];
        for (count, name) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(formatter, ", {count} {name}")?;
        }
        Ok(())
    }
}

/// Counts verdicts, and knows which indexes have one.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    progress: IngestProgress,
    settled: Ranges,
}

impl Tally {
    /// Counts events with the same outcome, given by the range of their indexes.
    pub fn count(&mut self, indexes: std::ops::Range<u64>, outcome: &Outcome) {
        *self.progress.count_of(outcome) += indexes.end - indexes.start;
        self.settled.add(indexes);
        self.progress.watermark = self.settled.first_missing();
    }

    /// Takes over how many events were pulled, which is counted elsewhere.
    pub fn set_submitted(&mut self, submitted: u64) {
        self.progress.submitted = submitted;
    }

    /// The counts so far.
    pub fn progress(&self) -> IngestProgress {
        self.progress
    }
}
