//! A report that is brought up to date.

use super::{IngestReport, Verdict};
use crate::outcome::Outcome;

impl<E, T> IngestReport<E, T> {
    /// Changes outcomes that are known better by now, for example of `Unknown` events that were looked up.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// use togai_sandbox::Fault;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// // The events arrive, and the response is lost.
    /// sandbox.fault(Fault::reset_after_reading().first(1));
    /// let events = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id));
    /// let failure = client.ingest_events(events).idempotent(false).send().await.unwrap_err();
    /// let (mut report, _, _) = failure.into_parts();
    /// assert_eq!(report.unknown(), 2);
    ///
    /// let there: Vec<String> = sandbox.metered().into_iter().filter_map(|arrival| arrival.event_id).collect();
    /// report.update_outcomes(|verdict| {
    ///     let is_there = verdict.id.as_ref().is_some_and(|id| there.contains(id));
    ///     is_there.then_some(Outcome::Accepted)
    /// });
    /// assert_eq!((report.accepted(), report.unknown()), (2, 0));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// The function gets the verdict of each event that was not accepted, by index, and returns the new outcome, or `None` to
    /// leave it. Counts follow. An event that is accepted now leaves [`not_accepted`](Self::not_accepted); its tag is dropped.
    /// Events that [`on_not_accepted`](crate::Ingest::on_not_accepted) took, or [`into_parts`](crate::IngestError::into_parts)
    /// gave out, are not in the report, so they keep their outcome in its counts.
    ///
    /// For Togai, `VerifyReport` of `togai-ext` looks the events up and calls this.
    pub fn update_outcomes(&mut self, mut update: impl FnMut(&Verdict<E, T>) -> Option<Outcome>) {
        let Self { counts, accepted, not_accepted, .. } = self;
        not_accepted.retain_mut(|verdict| {
            let Some(outcome) = update(verdict) else { return true };
            *counts.count_of(&verdict.outcome) -= 1;
            *counts.count_of(&outcome) += 1;
            verdict.outcome = outcome;
            let is_accepted = verdict.outcome.is_accepted();
            if is_accepted {
                accepted.add(verdict.index..verdict.index + 1);
            }
            !is_accepted
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::*;
    use crate::engine::Finished;

    fn unknown() -> Outcome {
        Outcome::Unknown { why: "no response".into(), may_be_resent: true }
    }

    fn rejected() -> Outcome {
        Outcome::Rejected { status: None, code: None, message: "bad".into() }
    }

    /// A report of events with these outcomes, each with its index as event.
    fn report(outcomes: &[Outcome]) -> IngestReport<u64> {
        let mut recorder = Recorder::new("record", None);
        let submitted = outcomes.len() as u64;
        for (index, outcome) in (0..).zip(outcomes) {
            let finished = Finished::Event { index, event: index, tag: (), id: None, outcome: outcome.clone() };
            recorder.record(finished, submitted);
        }
        recorder.finish(submitted)
    }

    #[test]
    fn an_updated_report_is_the_report_of_the_new_outcomes() {
        let duplicate = Outcome::Duplicate { compared: false };
        let not_sent = Outcome::NotSent { status: None, code: None, message: "stopped".into() };
        let all = [Outcome::Accepted, duplicate, rejected(), unknown(), not_sent];
        for before in &all {
            for after in &all {
                let mut updated = report(&[unknown(), before.clone(), Outcome::Accepted, before.clone()]);
                // An accepted event is not asked about.
                updated.update_outcomes(|verdict| (verdict.index % 2 == 1).then(|| after.clone()));
                let after = if before.is_accepted() { before } else { after };
                let expected = report(&[unknown(), after.clone(), Outcome::Accepted, after.clone()]);
                assert_eq!(updated, expected, "{before} to {after}");
            }
        }
    }

    #[test]
    fn verdicts_are_handed_out_by_index_and_kept_without_an_update() {
        let mut updated = report(&[unknown(), Outcome::Accepted, rejected(), unknown()]);
        let before = updated.clone();
        let mut seen = Vec::new();
        updated.update_outcomes(|verdict| {
            seen.push((verdict.index, verdict.event));
            None
        });
        assert_eq!((seen, updated), (vec![(0, 0), (2, 2), (3, 3)], before));
    }

    #[test]
    fn accepted_events_leave_the_list_and_keep_their_place_among_the_outcomes() {
        let mut updated = report(&[unknown(), rejected(), unknown(), unknown(), Outcome::Accepted]);
        updated.update_outcomes(|verdict| {
            (verdict.index != 2 && verdict.outcome == unknown()).then_some(Outcome::Accepted)
        });
        let names: Vec<_> = updated.outcomes().map(|(index, outcome)| (index, outcome.name())).collect();
        assert_eq!(names, [(0, "accepted"), (1, "rejected"), (2, "unknown"), (3, "accepted"), (4, "accepted")]);
        assert_eq!(updated.to_string(), "3 of 5 events accepted, 1 rejected, 1 unknown");
        assert_eq!(updated.not_accepted().iter().map(|verdict| verdict.event).collect::<Vec<_>>(), [1, 2]);
    }
}
