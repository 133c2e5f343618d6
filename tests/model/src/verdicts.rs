//! What the engine says of an event, held against what the model knows.

use std::task::{Context, Poll};

use togai_ingest::Outcome;
use togai_ingest::test_util::Pulled;

use crate::item::{Item, Nature, Reading};
use crate::world::{Expected, SourceState, Word, World};

impl World {
    /// The engine asks for an event.
    pub(crate) fn pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        let (told, stopped) = (self.end_was_told, self.is_stopped);
        self.check(!told, || "the source was asked after its end".into());
        self.check(!stopped, || "the source was asked after the call was stopped".into());
        let is_alone = self.is_proven || self.flights.is_empty();
        self.check(is_alone, || "the source was asked before the token was known to be good".into());
        if let Some(item) = self.queue.pop_front() {
            self.take_in(item.clone());
            return Poll::Ready(Some(Ok(item)));
        }
        match self.source {
            SourceState::Open => {
                self.source_waker = Some(context.waker().clone());
                Poll::Pending
            }
            SourceState::Ended => {
                self.end_was_told = true;
                Poll::Ready(None)
            }
            SourceState::Failed => {
                (self.end_was_told, self.failure_was_told) = (true, true);
                Poll::Ready(Some(Err("the source broke".into())))
            }
        }
    }

    /// The engine gave an event its verdict.
    pub(crate) fn judge(&mut self, index: u64, id: Option<&str>, event: &Reading, tag: u64, outcome: &Outcome) {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(handed) = self.handed.get_mut(place) else {
            self.check(false, || format!("event {index} has a verdict, and was not pulled"));
            return;
        };
        let had_verdict = std::mem::replace(&mut handed.has_verdict, true);
        let is_in_flight = handed.in_flight;
        let mut expected = handed.item.event.clone();
        if handed.expected == Expected::Sent && expected.id.is_none() {
            // One that was in no request is seen with its id for the first time.
            handed.id = handed.id.take().or_else(|| id.map(str::to_owned));
            expected.id.clone_from(&handed.id);
        }
        let has_id = handed.expected != Expected::Sent || handed.id.is_some();
        // Of an event that cannot be written the engine knows no id, be there one or not.
        let known_id = expected.id.as_deref().filter(|_| handed.item.nature != Nature::Unencodable);
        let is_whole = *event == expected && tag == handed.item.tag && id == known_id;
        let is_right = is_right(handed, outcome);
        let was_sent = handed.batch.is_some();
        self.verdicts += 1;
        let is_left_out = !was_sent && matches!(outcome, Outcome::NotSent { .. });
        let may_be_left_out = self.is_stopped || self.rules.is_wire;
        let is_true = self.is_true(place, outcome);
        let may = self.rules.is_resending_harmless;
        let tells_it = !matches!(outcome, Outcome::Unknown { may_be_resent, .. } if *may_be_resent != may);
        let handed = &self.handed[place];
        let checks = [
            (!had_verdict, "it had a verdict before"),
            (!is_in_flight, "it is in flight"),
            (has_id, "it has no id"),
            (is_whole, "it came back changed"),
            (is_right, "that is not what was said of it"),
            (!is_left_out || may_be_left_out, "nothing stopped the call"),
            (is_true, "the service knows better"),
            (tells_it, "it is not right in whether it may be sent again"),
        ];
        if let Some((_, problem)) = checks.iter().find(|(is_right, _)| !is_right) {
            let problem = format!(
                "event {index} ({:?}) is {outcome}, and {problem}: {:?}, said: {:?}, ambiguous: {}, refused: {}, {event:?}",
                handed.id, handed.expected, handed.said, handed.is_ambiguous, handed.was_refused
            );
            self.check(false, || problem);
        }
        if !was_sent {
            self.unsent.retain(|unsent| *unsent != place);
        }
        if self.handed[place].expected == Expected::Sent
            && let Some(id) = self.handed[place].id.clone()
        {
            self.open.remove(&id);
            let may_be_there = matches!(outcome, Outcome::Unknown { .. }) && !self.rules.is_resending_harmless;
            if may_be_there || matches!(outcome, Outcome::Accepted | Outcome::Duplicate) {
                self.holders.insert(id, place);
            } else {
                self.holders.remove(&id);
            }
        }
    }

    /// Whether a verdict agrees with what the service really did, be it known to the engine or not.
    fn is_true(&self, index: usize, outcome: &Outcome) -> bool {
        let handed = &self.handed[index];
        let has = handed.id.as_ref().and_then(|id| self.has.get(id)).copied();
        match outcome {
            Outcome::Accepted => has.is_some(),
            Outcome::Duplicate => has.is_some() || handed.expected == Expected::Duplicate,
            Outcome::Rejected { .. } | Outcome::NotSent { .. } => has != Some(Some(index)),
            Outcome::Unknown { .. } => true,
            _ => false,
        }
    }

    /// What has to hold whenever the engine waits, and nothing is to be done for it.
    pub(crate) fn check_waiting(&mut self) {
        if self.is_stopped || self.rules.is_wire {
            return;
        }
        let has_room = self.flights.len() < self.most_in_flight();
        let (queued, unsent) = (self.queue.len(), self.unsent.len());
        let is_ended = self.source != SourceState::Open;
        self.check(!has_room || queued == 0, || format!("{queued} events are not pulled, and there is room"));
        self.check(!has_room || self.end_was_told || !is_ended, || "the end of the source is not heard".into());
        let is_due = is_ended || unsent >= self.rules.batch_size;
        self.check(!has_room || !is_due || unsent == 0, || format!("{unsent} events are not sent, and there is room"));
    }

    /// What has to hold once the call has ended.
    pub(crate) fn check_end(&mut self, submitted: u64, is_error: bool, is_source_error: bool) {
        let (pulled, verdicts) = (self.handed.len() as u64, self.verdicts);
        self.check(submitted == pulled, || format!("{submitted} are said to be pulled, and {pulled} were"));
        self.check(pulled == verdicts as u64, || format!("{pulled} events have {verdicts} verdicts"));
        self.check(self.flights.is_empty(), || "the call ended with requests in flight".into());
        let (stopped, failed) = (self.is_stopped, self.failure_was_told);
        // A transport that repeats may have ended the call where the model cannot tell.
        let may_be = stopped || failed || self.rules.is_wire;
        let is_over = stopped || self.end_was_told || (self.rules.is_wire && is_error);
        self.check(is_over, || "the call ended before its source".into());
        self.check(if is_error { may_be } else { !stopped && !failed }, || format!("the call ended: {is_error}"));
        self.check(!is_source_error || failed, || "the source is said to have failed".into());
    }
}

/// Whether a verdict follows from what was said to the engine.
fn is_right(handed: &super::world::Handed, outcome: &Outcome) -> bool {
    match (handed.expected, outcome) {
        (Expected::Rejected, Outcome::Rejected { status: None, .. }) | (Expected::Duplicate, Outcome::Duplicate) => {
            handed.batch.is_none()
        }
        (Expected::Sent, Outcome::Accepted) => handed.said == Some(Word::Accepted),
        (Expected::Sent, Outcome::Duplicate) => handed.said == Some(Word::Duplicate),
        (Expected::Sent, Outcome::Rejected { status, .. }) => match handed.said {
            Some(word) => word == Word::Refused && status.is_some(),
            None => status.is_some() && handed.was_refused && !handed.is_ambiguous,
        },
        (Expected::Sent, Outcome::Unknown { .. }) => handed.said.is_none() && handed.is_ambiguous,
        (Expected::Sent, Outcome::NotSent { .. }) => handed.said.is_none() && !handed.is_ambiguous,
        // Any other verdict, also one that the model does not know.
        _ => false,
    }
}
