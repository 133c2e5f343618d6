//! From verdicts as they come to the report of a call.

use std::ops::Range;
use std::sync::Arc;

use super::progress::Tally;
use super::{IngestProgress, IngestReport, Verdict};
use crate::engine::{BatchOutcomes, Entry, Finished};
use crate::outcome::Outcome;

/// What is done with an event that was not accepted.
pub(crate) type OnNotAccepted<'a, E, T> = Box<dyn FnMut(Verdict<E, T>) + Send + 'a>;

/// Writes a report.
pub struct Recorder<'a, E, T> {
    report: IngestReport<E, T>,
    tally: Tally,
    on_not_accepted: Option<OnNotAccepted<'a, E, T>>,
}

impl<'a, E, T> Recorder<'a, E, T> {
    /// An empty report. The handler takes the events that were not accepted, in place of the report.
    pub fn new(operation: &'static str, on_not_accepted: Option<OnNotAccepted<'a, E, T>>) -> Self {
        Self { report: IngestReport::new(operation), tally: Tally::default(), on_not_accepted }
    }

    /// Adds events, of so many that were pulled.
    pub fn record(&mut self, finished: Finished<E, T>, submitted: u64) {
        self.tally.set_submitted(submitted);
        match finished {
            Finished::Batch { entries, outcomes: BatchOutcomes::AllAccepted, .. } => {
                for range in runs(&entries) {
                    self.tally.count(range.clone(), &Outcome::Accepted);
                    self.accept(range);
                }
            }
            Finished::Batch { entries, kept, encoded, outcomes: BatchOutcomes::Each(outcomes) } => {
                let events = kept.give_back(Arc::clone(&encoded));
                let each = entries.into_iter().zip(events).zip(outcomes).enumerate();
                for (position, ((Entry { index, tag }, event), outcome)) in each {
                    // Of what was accepted nothing comes back.
                    if outcome.is_accepted() {
                        self.tally.count(index..index + 1, &outcome);
                        self.accept(index..index + 1);
                    } else {
                        let id = Some(encoded.id_text(position));
                        self.record_one(Verdict { index, id, event: event.into_event(), tag, outcome });
                    }
                }
            }
            finished @ Finished::Event { .. } => into_verdicts(finished).for_each(|verdict| self.record_one(verdict)),
        }
    }

    fn record_one(&mut self, verdict: Verdict<E, T>) {
        let range = verdict.index..verdict.index + 1;
        self.tally.count(range.clone(), &verdict.outcome);
        if verdict.outcome.is_accepted() {
            self.accept(range);
        } else if let Some(handler) = &mut self.on_not_accepted {
            handler(verdict);
        } else {
            self.report.not_accepted.push(verdict);
        }
    }

    /// Where events are not kept there may be any number of them, and so there may be of the ranges between them.
    fn accept(&mut self, range: Range<u64>) {
        if self.on_not_accepted.is_none() {
            self.report.accepted.add(range);
        }
    }

    /// How many events are kept.
    pub(crate) fn kept(&self) -> usize {
        self.report.not_accepted.len()
    }

    /// The counts so far.
    pub fn progress(&self) -> IngestProgress {
        self.tally.progress()
    }

    /// The report, of so many events that were pulled.
    pub fn finish(mut self, submitted: u64) -> IngestReport<E, T> {
        self.tally.set_submitted(submitted);
        self.report.counts = self.tally.progress();
        self.report.not_accepted.sort_by_key(|verdict| verdict.index);
        self.report
    }
}

/// The indexes of events as ranges. In a batch there are few: it has gaps only where events were not taken in.
fn runs<T>(entries: &[Entry<T>]) -> impl Iterator<Item = Range<u64>> {
    let consecutive = |one: &Entry<T>, next: &Entry<T>| one.index + 1 == next.index;
    entries.chunk_by(consecutive).filter_map(|run| Some(run.first()?.index..run.last()?.index + 1))
}

/// The verdict of each event, in the order in which they were handed in.
pub fn into_verdicts<E, T>(finished: Finished<E, T>) -> impl Iterator<Item = Verdict<E, T>> {
    let (one, batch) = match finished {
        Finished::Event { index, event, tag, id, outcome } => (Some(Verdict { index, id, event, tag, outcome }), None),
        Finished::Batch { entries, kept, encoded, outcomes } => (None, Some((entries, kept, encoded, outcomes))),
    };
    let batch = batch.into_iter().flat_map(move |(entries, kept, encoded, outcomes)| {
        let mut each = match outcomes {
            BatchOutcomes::AllAccepted => Vec::new(),
            BatchOutcomes::Each(outcomes) => outcomes,
        }
        .into_iter();
        let events = kept.give_back(Arc::clone(&encoded));
        entries.into_iter().zip(events).enumerate().map(move |(position, (Entry { index, tag }, event))| {
            let id = Some(encoded.id_text(position));
            Verdict { index, id, event: event.into_event(), tag, outcome: each.next().unwrap_or(Outcome::Accepted) }
        })
    });
    one.into_iter().chain(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(index: u64, outcome: Outcome) -> Finished<char, ()> {
        Finished::Event { index, event: 'e', tag: (), id: None, outcome }
    }

    fn rejected() -> Outcome {
        Outcome::Rejected { status: None, code: None, message: "bad".into() }
    }

    fn report(accepted: &[u64], rejected_ones: &[u64]) -> IngestReport<char> {
        let mut recorder = Recorder::new("ingest_batch", None);
        let count = (accepted.len() + rejected_ones.len()) as u64;
        for index in accepted {
            recorder.record(one(*index, Outcome::Accepted), count);
        }
        for index in rejected_ones {
            recorder.record(one(*index, rejected()), count);
        }
        recorder.finish(count)
    }

    #[test]
    fn outcomes_are_in_the_order_of_the_input() {
        let report = report(&[1, 2, 5], &[4, 0, 3]);
        let outcomes: Vec<(u64, bool)> =
            report.outcomes().map(|(index, outcome)| (index, outcome.is_accepted())).collect();
        assert_eq!(outcomes, [(0, false), (1, true), (2, true), (3, false), (4, false), (5, true)]);
        assert_eq!((report.submitted(), report.accepted(), report.rejected()), (6, 3, 3));
    }

    #[test]
    fn a_report_becomes_a_result() {
        assert_eq!(report(&[0, 1], &[]).into_result().ok(), Some(2));
        assert_eq!(report(&[], &[]).into_result().ok(), Some(0));
        let error = report(&[0], &[1]).into_result().unwrap_err();
        insta::assert_snapshot!(error, @"ingest_batch: not all events were accepted; event 1 is rejected: bad (1 of 2 events accepted, 1 rejected)");
        assert_eq!(error.report().rejected(), 1);
    }

    #[test]
    fn duplicates_are_a_success_unless_the_result_is_strict() {
        let report = || {
            let mut recorder = Recorder::new("ingest_batch", None);
            let outcomes =
                [Outcome::Duplicate { compared: true }, Outcome::Accepted, Outcome::Duplicate { compared: false }];
            for (index, outcome) in (0..).zip(outcomes) {
                recorder.record(one(index, outcome), 3);
            }
            recorder
        };
        assert_eq!(report().finish(3).into_result().ok(), Some(3));
        let error = report().finish(3).into_strict_result().unwrap_err();
        insta::assert_snapshot!(error, @"ingest_batch: not all events were accepted; event 0 is duplicate (1 of 3 events accepted, 2 duplicates)");

        // An error names the first event that is at fault.
        let mut recorder = report();
        recorder.record(one(3, rejected()), 4);
        let error = recorder.finish(4).into_result().unwrap_err();
        insta::assert_snapshot!(error, @"ingest_batch: not all events were accepted; event 3 is rejected: bad (1 of 4 events accepted, 2 duplicates, 1 rejected)");
    }

    #[test]
    fn reasons_group_equal_outcomes_alone() {
        let mut recorder = Recorder::new("ingest_batch", None);
        let coded = Outcome::Rejected { status: None, code: Some("7".into()), message: "bad".into() };
        let uncoded = Outcome::Rejected { status: None, code: None, message: "bad [7]".into() };
        let outcomes = [
            Outcome::Duplicate { compared: true },
            coded.clone(),
            Outcome::Duplicate { compared: false },
            uncoded.clone(),
            coded.clone(),
        ];
        for (index, outcome) in (0..).zip(outcomes) {
            recorder.record(one(index, outcome), 5);
        }
        let report = recorder.finish(5);
        let reasons: Vec<_> =
            report.reasons().iter().map(|reason| (reason.count, reason.first, reason.outcome.clone())).collect();
        let duplicate = |compared| Outcome::Duplicate { compared };
        assert_eq!(reasons, [(2, 1, coded), (1, 0, duplicate(true)), (1, 2, duplicate(false)), (1, 3, uncoded)]);
    }

    #[test]
    fn with_a_handler_the_report_has_only_counts() {
        let mut taken = Vec::new();
        let mut recorder =
            Recorder::new("ingest_batch", Some(Box::new(|verdict: Verdict<char>| taken.push(verdict.index))));
        recorder.record(one(1, rejected()), 2);
        recorder.record(one(0, Outcome::Accepted), 2);
        assert_eq!((recorder.kept(), recorder.progress().watermark), (0, 2));
        let report = recorder.finish(2);
        assert_eq!((report.rejected(), report.accepted(), report.outcomes().count()), (1, 1, 0));
        assert_eq!(taken, [1]);
    }
}
