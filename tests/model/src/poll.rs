//! The engine polled by hand, and what comes out of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use togai_ingest::test_util::{BatchOutcomes, Finished, Recorder, into_verdicts};
use togai_ingest::{Backend, DeliveryError, Outcome};

use crate::item::Reading;
use crate::scenario::{Stage, Taker};

/// How many polls there may be for one thing that happened.
const MOST_POLLS: usize = 10_000;

impl<B: Backend<Event = Reading>> Stage<B> {
    /// Polls the call as often as it is woken.
    pub(crate) fn poll(&mut self) {
        for _ in 0..MOST_POLLS {
            if self.is_over() {
                return;
            }
            if !self.flag.0.swap(false, Ordering::Relaxed) {
                let mut world = self.world.lock();
                let is_waiting =
                    world.source_waker.is_some() || world.flights.iter().any(|flight| flight.waker.is_some());
                let is_waiting = is_waiting || self.clock.is_waited_for();
                world.check(is_waiting, || "the call waits for nothing".into());
                world.check_waiting();
                return;
            }
            self.poll_once();
        }
        self.world.lock().check(false, || "the call never stops being polled".into());
    }

    /// A call may be polled at any time; where nothing has happened, nothing comes of it.
    pub(crate) fn poll_for_nothing(&mut self) {
        let state = |stage: &Self| {
            let world = stage.world.lock();
            (world.handed.len(), world.received, world.verdicts, stage.run.is_some())
        };
        let before = state(self);
        self.poll_once();
        let after = state(self);
        self.world.lock().check(before == after, || format!("a poll for nothing: {before:?} to {after:?}"));
    }

    fn poll_once(&mut self) {
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut context = Context::from_waker(&waker);
        let Some(run) = &mut self.run else { return };
        match run.poll_finished(&mut context) {
            Poll::Pending => {}
            Poll::Ready(Some(finished)) => {
                let submitted = run.submitted();
                self.take(finished, submitted);
                // Whoever has had something asks for more.
                self.flag.0.store(true, Ordering::Relaxed);
            }
            Poll::Ready(None) => self.finish(),
        }
    }

    fn take(&mut self, finished: Finished<Reading, u64>, submitted: u64) {
        let mut world = self.world.lock();
        let progress = match &mut self.taker {
            Taker::Each(tally) => {
                for verdict in into_verdicts(finished) {
                    world.judge(verdict.index, verdict.id.as_deref(), &verdict.event, verdict.tag, &verdict.outcome);
                    tally.count(verdict.index..verdict.index + 1, &verdict.outcome);
                }
                tally.set_submitted(submitted);
                tally.progress()
            }
            Taker::Report(recorder) => {
                match &finished {
                    Finished::Event { entry, id, outcome } => {
                        world.judge(entry.index, id.as_deref(), &entry.event, entry.tag, outcome);
                        self.verdicts.push((entry.index, outcome.clone()));
                    }
                    Finished::Batch { entries, encoded, outcomes } => {
                        for (position, entry) in entries.iter().enumerate() {
                            let outcome = match outcomes {
                                BatchOutcomes::AllAccepted => Outcome::Accepted,
                                BatchOutcomes::Each(each) => each[position].clone(),
                            };
                            let id = encoded.id_text(position);
                            world.judge(entry.index, Some(&id), &entry.event, entry.tag, &outcome);
                            self.verdicts.push((entry.index, outcome));
                        }
                    }
                }
                recorder.record(finished, submitted);
                recorder.progress()
            }
        };
        let first_open =
            world.handed.iter().position(|handed| !handed.has_verdict).unwrap_or(world.handed.len()) as u64;
        let (watermark, pulled, verdicts) = (self.watermark, world.handed.len() as u64, world.verdicts as u64);
        world.check(progress.watermark == first_open && first_open >= watermark, || {
            format!("the watermark is {} after {watermark}, and {first_open} has no verdict", progress.watermark)
        });
        world.check((progress.submitted, progress.settled()) == (pulled, verdicts), || {
            format!("the progress is {progress:?} with {pulled} pulled and {verdicts} verdicts")
        });
        self.watermark = progress.watermark;
    }

    /// The call has ended.
    fn finish(&mut self) {
        let Some(run) = self.run.take() else { return };
        let submitted = run.submitted();
        let error = run.into_stopped_by();
        let mut world = self.world.lock();
        let is_source_error = error.as_ref().is_some_and(DeliveryError::is_source);
        let is_owner_error = error.as_ref().is_some_and(|error| error.to_string().contains("enough"));
        world.check_end(submitted, error.is_some(), is_source_error);
        world.check(!is_owner_error || self.owner_has_stopped, || "nobody stopped the call".into());
        if let Taker::Report(recorder) = &mut self.taker {
            let report = std::mem::replace(recorder, Recorder::new("ingest_batch", None)).finish(submitted);
            self.verdicts.sort_by_key(|(index, _)| *index);
            let told: Vec<(u64, Outcome)> =
                report.outcomes().map(|(index, outcome)| (index, outcome.clone())).collect();
            world.check(told == self.verdicts, || format!("the report says {told:?}"));
            let sum =
                report.accepted() + report.duplicates() + report.rejected() + report.unknown() + report.not_sent();
            world.check(report.submitted() == submitted && sum == submitted, || "the report does not add up".into());
            for verdict in report.not_accepted() {
                let tag = usize::try_from(verdict.index).ok().and_then(|index| world.handed.get(index));
                let is_own = tag.is_some_and(|handed| handed.item.tag == verdict.tag);
                world.check(is_own, || format!("the report has another tag with event {}", verdict.index));
            }
        }
    }
}
