//! One batch on its way, until there is a verdict for each of its events.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use togai_api::Error;

use super::Outcome;
use super::backend::{Answer, Backend, NO_REASON, Partial};
use super::batch::Encoded;
use super::limits::{Limits, Room};
use super::mutant::mutant;
use super::verdict::{self, Circumstances, Failed, Refusal};
use crate::stop::Stop;

/// What a batch needs on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery<B> {
    pub(super) backend: B,
    /// Where it is remembered how large a request may be.
    pub(super) limits: Arc<Limits>,
    /// How many requests there may be to find out which events are refused. A request that had to be smaller, and was taken
    /// then, is none of them.
    pub(super) isolation_budget: usize,
    pub(super) stop: Stop,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) outcomes: Outcomes,
    /// Why it makes no sense to go on with other batches.
    pub(super) stopped_by: Option<Error>,
}

/// What became of the events of a batch, by their place in it.
#[derive(Debug)]
pub(super) enum Outcomes {
    AllAccepted,
    Each(Vec<Outcome>),
}

/// Some events of a batch that are to be sent together.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four things that are known of a part, or are not")]
struct Part {
    positions: Vec<usize>,
    /// Whether the service may have taken events of it already, with an earlier request.
    maybe_applied: bool,
    /// How an earlier request with them was refused, and why they were left open.
    before: Option<Before>,
    /// Whether the part after this one on the stack is known to hold an event that is not accepted, should there be none
    /// in this one.
    is_first_half: bool,
    /// Whether it is known to hold an event that is not accepted, so that there is no use in sending it whole.
    is_suspect: bool,
    /// Whether it is a part because the whole was too large, and for no other reason.
    is_resized: bool,
}

#[derive(Clone, Debug)]
enum Before {
    Refused(Refusal),
    Open(Arc<str>),
}

impl<B: Backend> Delivery<B> {
    /// Sends a batch, and what has to be sent again of it in parts.
    pub(super) async fn deliver(self, batch: Arc<Encoded<Bytes>>) -> Delivered {
        let count = batch.slots().len();
        let whole = Part { positions: (0..count).collect(), ..Part::default() };
        let mut way = Way { delivery: self, batch, outcomes: vec![None; count], todo: vec![whole], spent: 0 };
        let stopped_by = way.go().await;
        let outcomes = way.finish();
        Delivered { outcomes, stopped_by }
    }
}

/// The way of a batch.
struct Way<B> {
    delivery: Delivery<B>,
    batch: Arc<Encoded<Bytes>>,
    outcomes: Vec<Option<Outcome>>,
    /// A stack: what comes first is on top.
    todo: Vec<Part>,
    /// How much of the budget is used up.
    spent: usize,
}

impl<B: Backend> Way<B> {
    /// Goes on until there is nothing to do, or no use in it; then it says why.
    async fn go(&mut self) -> Option<Error> {
        while let Some(part) = self.todo.pop() {
            if part.is_suspect && part.positions.len() > 1 {
                self.halve(part, true);
                continue;
            }
            if part.is_resized && part.positions.len() > 1 && self.delivery.limits.is_refused(self.size(&part)) {
                self.halve(part, false);
                continue;
            }
            let budget = self.delivery.isolation_budget;
            if part.before.is_some() && self.spent >= mutant!("sends one more than the budget", budget, budget + 1) {
                self.leave(&part);
                continue;
            }
            if mutant!("does not hear the word to stop", self.delivery.stop.is_said(), false) {
                self.stop(&part);
                continue;
            }
            self.spent += usize::from(part.before.is_some() && !part.is_resized);
            let request = self.batch.request(&part.positions);
            match self.delivery.backend.send(request, part.positions.len()).await {
                Ok(Answer::All) => self.accept(&part),
                Ok(Answer::Partial(partial)) => self.judge(&part, &partial),
                Ok(Answer::Unclear { why }) => {
                    let error = Error::unclear(self.delivery.backend.operation(), &*why);
                    let error = if self.may_be_resent() { error.of_events_with_ids() } else { error };
                    self.end(&part, self.unknown(why));
                    return Some(error);
                }
                Err(error) => match verdict::of_error(&error, self.may_be_resent()) {
                    Failed::Content { refusal, is_size } => self.refuse(part, refusal, is_size, &error),
                    Failed::Finally(outcome) => {
                        self.end(&part, outcome);
                        return Some(error);
                    }
                },
            }
        }
        None
    }

    /// There is no use in going on, here or with other batches.
    fn end(&mut self, part: &Part, outcome: Outcome) {
        self.fail(part, outcome);
        while let Some(part) = self.todo.pop() {
            self.stop(&part);
        }
    }

    /// The service took the whole part.
    fn accept(&mut self, part: &Part) {
        self.note_passed(part);
        self.record(part, &Outcome::Accepted);
        if let Some(next) = self.todo.last_mut().filter(|_| part.is_first_half) {
            next.is_suspect = true;
        }
    }

    /// The service took some of the part.
    fn judge(&mut self, part: &Part, partial: &Partial) {
        self.note_passed(part);
        let ids: Vec<String> = part.positions.iter().map(|position| self.batch.id_text(*position)).collect();
        let circumstances = Circumstances { maybe_repeated: part.maybe_applied, may_be_resent: self.may_be_resent() };
        let judged = verdict::of_partial(&ids, partial, circumstances);
        let mut open = Vec::new();
        for (position, outcome) in part.positions.iter().zip(judged.outcomes) {
            let place = mutant!("puts verdicts in the wrong place", *position, part.positions[0]);
            match outcome {
                Some(outcome) => self.outcomes[place] = Some(outcome),
                None => open.push(*position),
            }
        }
        if open.is_empty() {
            return;
        }
        let why = if part.positions.len() == 1 { why_alone(partial) } else { judged.why };
        let before = Some(Before::Open(why));
        let maybe_applied = mutant!("forgets that a 207 took some", true, false);
        let rest = Part { positions: open, maybe_applied, before, ..Part::default() };
        if part.positions.len() == 1 && !part.maybe_applied && !partial.maybe_repeated && !partial.says_success {
            // It has been sent by itself, and the service says that of what it was sent not all was accepted. Had it been
            // sent before, that could be said of a duplicate, too.
            let message = partial.message.clone().unwrap_or_else(|| NO_REASON.into());
            self.record(&rest, &Outcome::Rejected { status: Some(partial.status), code: None, message });
        } else if part.positions.len() > 1 && mutant!("sends again what it left open", self.may_be_resent(), true) {
            self.halve(rest, judged.is_one_refused);
        } else {
            self.leave(&rest);
        }
    }

    /// The service took nothing of the part, for what is in it.
    fn refuse(&mut self, mut part: Part, refusal: Refusal, is_size: bool, error: &Error) {
        if is_size {
            let is_by_bytes = refusal.status == StatusCode::PAYLOAD_TOO_LARGE;
            self.delivery.limits.note_refused(self.size(&part), is_by_bytes);
        }
        self.spent += usize::from(is_size && part.is_resized);
        let maybe_applied = part.maybe_applied || error.maybe_delivered();
        let may_go_on = mutant!(
            "sends again what an earlier attempt may have delivered",
            self.may_be_resent() || !maybe_applied,
            true
        );
        if part.positions.len() > 1 && may_go_on {
            // Halves of a request that was too large may both be taken.
            part.is_resized = is_size;
            part.maybe_applied |= mutant!("forgets an attempt before a refusal", error.maybe_delivered(), false);
            part.before = Some(Before::Refused(refusal));
            self.halve(part, !is_size);
        } else if maybe_applied {
            // An earlier request may have been taken, whatever is said of this one.
            self.record(&part, &self.unknown(error.to_string().into()));
        } else {
            self.record(&part, &refusal.into());
        }
    }

    /// The part met an error that further requests would meet, too.
    fn fail(&mut self, part: &Part, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Rejected { message: why, .. } | Outcome::NotSent { why } if part.maybe_applied => {
                self.unknown(why)
            }
            outcome => outcome,
        };
        self.record(part, &outcome);
    }

    /// Puts the part back in two halves.
    fn halve(&mut self, part: Part, is_one_refused: bool) {
        let Part { mut positions, maybe_applied, before, is_resized, .. } = part;
        let second = positions.split_off(positions.len().div_ceil(2));
        positions.truncate(mutant!("loses the event in the middle", positions.len(), second.len().max(1)));
        let is_first_half = is_one_refused && !second.is_empty();
        if !second.is_empty() {
            let before = before.clone();
            self.todo.push(Part { positions: second, maybe_applied, before, is_resized, ..Part::default() });
        }
        self.todo.push(Part { positions, maybe_applied, before, is_first_half, is_resized, ..Part::default() });
    }

    /// There is to be no further request for the part, since there were many already.
    fn leave(&mut self, part: &Part) {
        let outcome = match (&part.before, part.maybe_applied) {
            (Some(Before::Refused(Refusal { status, code, message })), false) => Outcome::Rejected {
                status: Some(*status),
                code: code.clone(),
                message: format!("it was refused together with others, and the isolation budget is spent: {message}")
                    .into(),
            },
            (Some(Before::Refused(Refusal { message: why, .. }) | Before::Open(why)), _) => {
                self.unknown(Arc::clone(why))
            }
            (None, _) => Outcome::NotSent { why: "the call was stopped before it".into() },
        };
        self.record(part, &outcome);
    }

    /// There is to be no further request at all.
    fn stop(&mut self, part: &Part) {
        if part.maybe_applied || part.before.is_none() {
            self.leave(part);
        } else {
            let why = "the call was stopped before it was sent by itself".into();
            self.record(part, &Outcome::NotSent { why });
        }
    }

    /// Whether events of which nothing is known may be sent again, here or by the caller.
    fn may_be_resent(&self) -> bool {
        self.delivery.backend.is_resending_harmless()
    }

    fn unknown(&self, why: Arc<str>) -> Outcome {
        Outcome::Unknown { why, may_be_resent: self.may_be_resent() }
    }

    fn record(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            self.outcomes[*position] = Some(outcome.clone());
        }
    }

    fn note_passed(&self, part: &Part) {
        self.delivery.limits.note_passed(self.size(part));
    }

    fn size(&self, part: &Part) -> Room {
        Room { events: part.positions.len(), bytes: self.batch.request_bytes(&part.positions) }
    }

    fn finish(self) -> Outcomes {
        if self.outcomes.iter().all(|outcome| matches!(outcome, Some(Outcome::Accepted))) {
            return Outcomes::AllAccepted;
        }
        // Every part ends in a record of its events, so there is none without an outcome. Should there be one all the
        // same, nothing is known of it.
        let lost = self.unknown("the batch ended without a verdict for it".into());
        Outcomes::Each(self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| lost.clone())).collect())
    }
}

/// Why nothing is known of an event that was sent by itself.
fn why_alone(partial: &Partial) -> Arc<str> {
    let mut why = "the server refused the event, or has it already, and does not say which".to_owned();
    if let Some(message) = &partial.message {
        why = format!("{why}: {message}");
    }
    why.into()
}
