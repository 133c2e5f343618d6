//! What became of all events of a call.

mod error;
mod progress;
mod ranges;
mod recorder;
mod update;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

pub use error::IngestError;
pub use progress::IngestProgress;
#[cfg(feature = "test-util")]
pub use progress::Tally;
pub(crate) use recorder::OnNotAccepted;
pub use recorder::{Recorder, into_verdicts};

use crate::outcome::Outcome;
use ranges::Ranges;

/// What became of the events that were handed in, each of them.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let events = ["5", "many", "7"].map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
/// let report = client.ingest_events(events).send().await?;
///
/// let outcomes: Vec<bool> = report.outcomes().map(|(_, outcome)| outcome.is_accepted()).collect();
/// assert_eq!(outcomes, [true, false, true]);
/// assert_eq!(report.submitted(), report.accepted() + report.rejected());
/// # Ok(())
/// # });
/// ```
///
/// Counts are of all events; the events themselves are kept where they were not accepted. Accepted ones take no memory
/// but for the ranges of their indexes. Where [`on_not_accepted`](crate::Ingest::on_not_accepted) takes the events that
/// were not accepted, the report keeps the counts alone.
///
/// `E` is what comes back of an event, and `T` the tag that was handed in with it; see [`Verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "events may not have been accepted"]
pub struct IngestReport<E, T = ()> {
    /// The name of the operation, for errors.
    pub(crate) operation: &'static str,
    pub(crate) counts: IngestProgress,
    pub(crate) accepted: Ranges,
    /// In order once the call is over.
    pub(crate) not_accepted: Vec<Verdict<E, T>>,
}

/// An event with what became of it.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let line = (Event::new("rides", "acme-prod").id("ride-1").attribute("distance", "far"), "line 17 of rides.csv");
/// let report = client.ingest_events([line]).send().await?;
///
/// let refused = &report.not_accepted()[0];
/// assert_eq!((refused.index, refused.id.as_deref(), refused.tag), (0, Some("ride-1"), "line 17 of rides.csv"));
/// assert_eq!(refused.event.schema_name, "rides");
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict<E, T = ()> {
    /// The place of the event among those that were handed in, counted from 0.
    pub index: u64,
    /// The id of the event; none where it was rejected before it got one.
    pub id: Option<String>,
    /// The event, with its id. It is `()` for [`ingest_slice`](crate::Connection::ingest_slice), whose events stay with
    /// the caller.
    pub event: E,
    /// What was handed in with the event, `T` of `(Event, T)`.
    pub tag: T,
    /// What became of the event.
    pub outcome: Outcome,
}

/// An outcome that events of a report have in common; made by [`IngestReport::reasons`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    /// The number of events that have it.
    pub count: u64,
    /// The index of the first one.
    pub first: u64,
}

impl<E, T> Default for IngestReport<E, T> {
    fn default() -> Self {
        Self::new("ingest")
    }
}

impl<E, T> IngestReport<E, T> {
    /// One of no events yet.
    pub(crate) fn new(operation: &'static str) -> Self {
        let (counts, accepted) = (IngestProgress::default(), Ranges::default());
        Self { operation, counts, accepted, not_accepted: Vec::new() }
    }

    /// How many events were pulled from what was handed in; the sum of all verdicts.
    pub fn submitted(&self) -> u64 {
        self.counts.submitted
    }

    /// How many events the server took.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted
    }

    /// How many events the server has already, or were handed in twice.
    pub fn duplicates(&self) -> u64 {
        self.counts.duplicates
    }

    /// How many events were refused, by the server or by a check before they were sent.
    pub fn rejected(&self) -> u64 {
        self.counts.rejected
    }

    /// How many events the server may have or not. With Togai, `report.verify(&client)` of `togai-ext` looks them up.
    pub fn unknown(&self) -> u64 {
        self.counts.unknown
    }

    /// How many events were not sent, or not accepted for something that is not in them.
    pub fn not_sent(&self) -> u64 {
        self.counts.not_sent
    }

    /// All counts together.
    pub fn progress(&self) -> IngestProgress {
        self.counts
    }

    /// The events that were not accepted, by their index.
    pub fn not_accepted(&self) -> &[Verdict<E, T>] {
        &self.not_accepted
    }

    /// The events that were not accepted, to fix, keep or resend.
    pub fn into_not_accepted(self) -> Vec<Verdict<E, T>> {
        self.not_accepted
    }

    /// Index and verdict of every event, by index.
    pub fn outcomes(&self) -> impl Iterator<Item = (u64, &Outcome)> {
        let mut accepted = self.accepted.iter().peekable();
        let mut others = self.not_accepted.iter().peekable();
        std::iter::from_fn(move || match (accepted.peek(), others.peek()) {
            (Some(index), Some(other)) if other.index < *index => {
                others.next().map(|other| (other.index, &other.outcome))
            }
            (Some(_), _) => accepted.next().map(|index| (index, &Outcome::Accepted)),
            (None, _) => others.next().map(|other| (other.index, &other.outcome)),
        })
    }

    /// Takes the events out that were not sent. Their count stays.
    pub(crate) fn take_not_sent(&mut self) -> Vec<Verdict<E, T>> {
        let (not_sent, others) = std::mem::take(&mut self.not_accepted)
            .into_iter()
            .partition(|event| matches!(event.outcome, Outcome::NotSent { .. }));
        self.not_accepted = others;
        not_sent
    }

    /// Why events were not accepted, the most frequent reason first.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let counts = ["5", "many", "few", "many"];
    /// let events = counts.map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// let report = client.ingest_events(events).send().await?;
    /// assert_eq!(report.to_string(), "1 of 4 events accepted, 3 rejected");
    ///
    /// let reasons = report.reasons();
    /// assert_eq!((reasons.len(), reasons[0].count, reasons[0].first), (2, 2, 1));
    /// println!("{report:#}");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Events with equal outcomes have one reason. There are none of events that
    /// [`on_not_accepted`](crate::Ingest::on_not_accepted) took. `{:#}` writes them below the counts, a line each.
    pub fn reasons(&self) -> Vec<Reason<'_>> {
        let mut reasons: HashMap<&Outcome, Reason<'_>> = HashMap::new();
        for Verdict { index, outcome, .. } in &self.not_accepted {
            reasons.entry(outcome).or_insert(Reason { outcome, count: 0, first: *index }).count += 1;
        }
        let mut reasons: Vec<_> = reasons.into_values().collect();
        reasons.sort_by_key(|reason| (Reverse(reason.count), reason.first));
        reasons
    }
}

impl<E, T> fmt::Display for IngestReport<E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.fmt(formatter)?;
        if formatter.alternate() {
            for Reason { outcome, count, .. } in self.reasons() {
                write!(formatter, "\n{count} {outcome}")?;
            }
        }
        Ok(())
    }
}
