//! What became of all events of a call.

use std::fmt::Write as _;
use std::ops::Range;

use togai_api::Event;

use super::{IngestError, Outcome};

/// What became of the events that were handed in, each of them.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
/// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
/// let events = ["5", "many", "7"].map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
/// let report = client.ingest_events(events).send().await?;
///
/// let outcomes: Vec<bool> = report.outcomes().map(|(_, outcome)| outcome.is_accepted()).collect();
/// assert_eq!(outcomes, [true, false, true]);
/// assert_eq!(report.submitted(), report.accepted() + report.rejected());
/// # Ok(())
/// # }
/// ```
///
/// Counts are of all events; the events themselves are kept where they were not accepted. Accepted ones take no memory
/// but for the ranges of their indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "events may not have been accepted"]
pub struct IngestReport {
    submitted: u64,
    counts: Counts,
    /// In order, without gaps of zero between two.
    accepted: Vec<Range<u64>>,
    /// In order once the call is over.
    not_accepted: Vec<NotAccepted>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    unknown: u64,
    not_sent: u64,
}

/// An event that was not accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAccepted {
    /// Its place among the events that were handed in, counted from 0.
    pub index: u64,
    /// The event. It has the id that it was sent with.
    pub event: Event,
    /// What became of it.
    pub outcome: Outcome,
}

impl IngestReport {
    /// How many events were pulled from what was handed in; the sum of all verdicts.
    pub fn submitted(&self) -> u64 {
        self.submitted
    }

    /// How many events the server took.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted
    }

    /// How many events the server said it has already.
    pub fn duplicates(&self) -> u64 {
        self.counts.duplicates
    }

    /// How many events were refused, by the server or by a check before they were sent.
    pub fn rejected(&self) -> u64 {
        self.counts.rejected
    }

    /// How many events the server may have or not.
    pub fn unknown(&self) -> u64 {
        self.counts.unknown
    }

    /// How many events the server does not have.
    pub fn not_sent(&self) -> u64 {
        self.counts.not_sent
    }

    /// The events that were not accepted, by their index.
    pub fn not_accepted(&self) -> &[NotAccepted] {
        &self.not_accepted
    }

    /// The events that were not accepted, to be corrected, kept or sent again.
    pub fn into_not_accepted(self) -> Vec<NotAccepted> {
        self.not_accepted
    }

    /// Index and verdict of every event, by index.
    pub fn outcomes(&self) -> impl Iterator<Item = (u64, &Outcome)> {
        let mut accepted = self.accepted.iter().cloned().flatten().peekable();
        let mut others = self.not_accepted.iter().peekable();
        std::iter::from_fn(move || match (accepted.peek(), others.peek()) {
            (Some(index), Some(other)) if other.index < *index => {
                others.next().map(|other| (other.index, &other.outcome))
            }
            (Some(_), _) => accepted.next().map(|index| (index, &Outcome::Accepted)),
            (None, _) => others.next().map(|other| (other.index, &other.outcome)),
        })
    }

    /// How many events there were, where all of them were accepted; else an error that holds the report.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
    /// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
    /// let event = Event::new("api_calls", "acme-prod").attribute("count", 1);
    /// assert_eq!(client.ingest_events([event]).send().await?.into_result()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Where an event was not accepted, be it only that the server has it already.
    pub fn into_result(self) -> Result<u64, IngestError> {
        if self.counts.accepted == self.submitted {
            Ok(self.submitted)
        } else {
            Err(IngestError::not_all_accepted(self))
        }
    }

    pub(super) fn count_submitted(&mut self) -> u64 {
        let index = self.submitted;
        self.submitted += 1;
        index
    }

    pub(super) fn record(&mut self, index: u64, event: Event, outcome: Outcome) {
        let count = match outcome {
            Outcome::Accepted => {
                self.counts.accepted += 1;
                self.record_accepted(index);
                return;
            }
            Outcome::Duplicate => &mut self.counts.duplicates,
            Outcome::Rejected { .. } => &mut self.counts.rejected,
            Outcome::Unknown { .. } => &mut self.counts.unknown,
            Outcome::NotSent { .. } => &mut self.counts.not_sent,
        };
        *count += 1;
        self.not_accepted.push(NotAccepted { index, event, outcome });
    }

    /// Batches end in any order, so ranges are joined to both sides.
    fn record_accepted(&mut self, index: u64) {
        let place = self.accepted.partition_point(|range| range.end < index);
        let Some(range) = self.accepted.get_mut(place).filter(|range| range.end == index || range.start == index + 1)
        else {
            self.accepted.insert(place, index..index + 1);
            return;
        };
        if range.end == index {
            range.end = index + 1;
            let end = range.end;
            if let Some(next) = self.accepted.get(place + 1).filter(|next| next.start == end) {
                let end = next.end;
                self.accepted[place].end = end;
                self.accepted.remove(place + 1);
            }
        } else {
            range.start = index;
        }
    }

    pub(super) fn finish(&mut self) {
        self.not_accepted.sort_by_key(|event| event.index);
    }

    /// Takes the events out that were not sent. Their count stays.
    pub(super) fn take_not_sent(&mut self) -> Vec<NotAccepted> {
        let (not_sent, others) = std::mem::take(&mut self.not_accepted)
            .into_iter()
            .partition(|event| matches!(event.outcome, Outcome::NotSent { .. }));
        self.not_accepted = others;
        not_sent
    }

    /// A short text of the counts, such as `2497 of 2500 events accepted, 3 rejected`.
    pub(super) fn summary(&self) -> String {
        let counts = &self.counts;
        let mut summary = format!("{} of {} events accepted", counts.accepted, self.submitted);
        for (count, name) in [
            (counts.duplicates, "duplicates"),
            (counts.rejected, "rejected"),
            (counts.unknown, "unknown"),
            (counts.not_sent, "not sent"),
        ] {
            if count > 0 {
                let _ = write!(summary, ", {count} {name}");
            }
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(accepted: &[u64], rejected: &[u64]) -> IngestReport {
        let mut report = IngestReport::default();
        for _ in accepted.iter().chain(rejected) {
            report.count_submitted();
        }
        for index in accepted {
            report.record(*index, Event::default(), Outcome::Accepted);
        }
        for index in rejected {
            let outcome = Outcome::Rejected { status: None, message: "bad".into() };
            report.record(*index, Event::default(), outcome);
        }
        report.finish();
        report
    }

    #[test]
    fn accepted_events_are_kept_as_ranges_in_whatever_order_they_come() {
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [0, 2, 4, 1, 3], [3, 0, 4, 1, 2]] {
            assert_eq!(report(&order, &[]).accepted, vec![Range { start: 0, end: 5 }], "{order:?}");
        }
        assert_eq!(report(&[0, 1, 5, 3, 6], &[]).accepted, [0..2, 3..4, 5..7]);
    }

    #[test]
    fn outcomes_are_in_the_order_of_the_input() {
        let report = report(&[1, 2, 5], &[4, 0, 3]);
        let outcomes: Vec<(u64, bool)> =
            report.outcomes().map(|(index, outcome)| (index, outcome.is_accepted())).collect();
        assert_eq!(outcomes, [(0, false), (1, true), (2, true), (3, false), (4, false), (5, true)]);
    }

    #[test]
    fn a_report_is_a_result_where_all_were_accepted() {
        assert_eq!(report(&[0, 1], &[]).into_result().ok(), Some(2));
        assert_eq!(IngestReport::default().into_result().ok(), Some(0));
        let error = report(&[0], &[1]).into_result().unwrap_err();
        insta::assert_snapshot!(error, @"ingest_batch: not all events were accepted; event 1 is rejected: bad (1 of 2 events accepted, 1 rejected)");
        assert_eq!(error.report().rejected(), 1);
    }
}
