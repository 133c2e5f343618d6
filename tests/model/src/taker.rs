//! The taker gets the verdicts of a call, and its counts must agree with the ledger.

use std::borrow::Cow;

use togai_ingest::test_util::{BatchOutcomes, Finished, Kept, Recorder, Tally, into_verdicts};
use togai_ingest::{IngestProgress, Outcome};

use crate::item::Reading;
use crate::rules::Results;
use crate::verdict::Verdict;
use crate::world::World;

/// What takes the verdicts, and the watermark that it saw last.
pub(crate) struct Taker {
    sink: Sink,
    watermark: u64,
}

enum Sink {
    /// A report, with all verdicts that it must have.
    Report { recorder: Recorder<'static, Reading, u64>, verdicts: Vec<(u64, Outcome)> },
    /// A caller who takes the verdicts one by one.
    Each(Tally),
}

impl Taker {
    pub(crate) fn new(results: Results) -> Self {
        let sink = match results {
            Results::Report => Sink::Report { recorder: Recorder::new("ingest_batch", None), verdicts: Vec::new() },
            Results::Verdicts => Sink::Each(Tally::default()),
        };
        Self { sink, watermark: 0 }
    }

    /// Takes verdicts, and checks them. The number of events that were pulled is `submitted`.
    pub(crate) fn take(&mut self, finished: Finished<Reading, u64>, submitted: u64, world: &mut World) {
        let progress = match &mut self.sink {
            Sink::Each(tally) => {
                for togai_ingest::Verdict { index, id, event, tag, outcome, .. } in into_verdicts(finished) {
                    world.judge(&Verdict { index, id: id.as_deref(), event: &event, tag, outcome: &outcome });
                    tally.count(index..index + 1, &outcome);
                }
                tally.set_submitted(submitted);
                tally.progress()
            }
            Sink::Report { recorder, verdicts } => {
                let mut take = |verdict: &Verdict<'_>| {
                    world.judge(verdict);
                    verdicts.push((verdict.index, verdict.outcome.clone()));
                };
                match &finished {
                    Finished::Event { index, event, tag, id, outcome } => {
                        take(&Verdict { index: *index, id: id.as_deref(), event, tag: *tag, outcome });
                    }
                    Finished::Batch { entries, kept, encoded, outcomes } => {
                        for (position, entry) in entries.iter().enumerate() {
                            let outcome = match outcomes {
                                BatchOutcomes::AllAccepted => &Outcome::Accepted,
                                BatchOutcomes::Each(each) => &each[position],
                            };
                            let event = match kept {
                                Kept::Events(events) => Cow::Borrowed(&events[position]),
                                Kept::Bytes(read_back) => Cow::Owned(read_back(encoded.event(position))),
                            };
                            let (index, event, tag) = (entry.index, &*event, entry.tag);
                            let id = encoded.id_text(position);
                            take(&Verdict { index, id: Some(&id), event, tag, outcome });
                        }
                    }
                }
                recorder.record(finished, submitted);
                recorder.progress()
            }
        };
        self.check_progress(progress, world);
    }

    fn check_progress(&mut self, progress: IngestProgress, world: &mut World) {
        let (before, after) = (self.watermark, progress.watermark);
        let first_open = world.ledger.first_open() as u64;
        world.check(after == first_open && first_open >= before, || {
            format!("the watermark is {after} after {before}, and {first_open} has no verdict")
        });
        let (pulled, verdicts) = (world.ledger.pulled() as u64, world.ledger.verdicts() as u64);
        world.check((progress.submitted, progress.settled()) == (pulled, verdicts), || {
            format!("the progress is {progress:?} with {pulled} pulled and {verdicts} verdicts")
        });
        self.watermark = after;
    }

    /// Checks the report, where there is one, at the end of the call.
    pub(crate) fn finish(self, submitted: u64, world: &mut World) {
        let Sink::Report { recorder, mut verdicts } = self.sink else { return };
        let report = recorder.finish(submitted);
        verdicts.sort_by_key(|(index, _)| *index);
        let reported: Vec<_> = report.outcomes().map(|(index, outcome)| (index, outcome.clone())).collect();
        world.check(reported == verdicts, || format!("the report has {reported:?}"));
        let sum = report.accepted() + report.duplicates() + report.rejected() + report.unknown() + report.not_sent();
        world.check(report.submitted() == submitted && sum == submitted, || "the report does not add up".into());
        for verdict in report.not_accepted() {
            let handed = usize::try_from(verdict.index).ok().and_then(|index| world.ledger.events().get(index));
            let is_own = handed.is_some_and(|handed| handed.item.tag == verdict.tag);
            world.check(is_own, || format!("the report has another tag with event {}", verdict.index));
        }
    }
}
