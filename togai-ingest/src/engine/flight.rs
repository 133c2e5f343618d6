//! One batch in flight, until there is a verdict for each of its events.

use std::sync::Arc;

use bytes::Bytes;

use super::batch::Encoded;
use super::decide::{self, Refusal, Repeat};
use crate::backend::{Backend, Effect, Failed, NO_REASON, Partial, Request, Response, Scope};
use crate::cancel::CancelSignal;
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::{BatchSize, Session};

/// What a batch needs in flight.
#[derive(Clone, Debug)]
pub(crate) struct FlightSettings<B> {
    pub(crate) backend: B,
    pub(crate) session: Session,
    /// How many requests there may be to find out which events are refused. A request that had to be smaller, and was taken
    /// then, is none of them.
    pub(crate) isolation_budget: usize,
    /// Whether sending an event again is harmless when the service may have it.
    pub(crate) idempotent: bool,
    pub(crate) cancel: CancelSignal,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct BatchResult {
    pub(crate) outcomes: BatchOutcomes,
    /// Why it makes no sense to go on with other batches.
    pub(crate) stopped_by: Option<DeliveryError>,
}

/// What became of the events of a batch, by their place in it.
#[derive(Debug)]
pub enum BatchOutcomes {
    /// All were accepted.
    AllAccepted,
    /// The outcome of each.
    Each(Vec<Outcome>),
}

/// The number of the token of a backend that does not manage tokens by the gate. Where tokens have numbers of their own, it
/// is never in use, and noting it changes nothing.
const NO_TOKEN: u64 = 0;

/// Sends a batch, and then in parts what has to be retried of it.
pub(crate) async fn deliver<B: Backend>(settings: FlightSettings<B>, batch: Arc<Encoded<Bytes>>) -> BatchResult {
    let count = batch.slots().len();
    let whole = Part { positions: (0..count).collect(), ..Part::default() };
    let budget = Budget { left: settings.isolation_budget };
    let mut flight = Flight { settings, batch, outcomes: vec![None; count], todo: vec![whole], budget };
    let stopped_by = flight.send_all().await;
    BatchResult { outcomes: flight.finish(), stopped_by }
}

/// A batch in flight.
struct Flight<B> {
    settings: FlightSettings<B>,
    batch: Arc<Encoded<Bytes>>,
    outcomes: Vec<Option<Outcome>>,
    /// A stack: what comes first is on top.
    todo: Vec<Part>,
    budget: Budget,
}

/// Some events of a batch that are to be sent together.
#[derive(Debug, Default)]
struct Part {
    positions: Vec<usize>,
    /// Whether the service may have taken events of it already, with an earlier request.
    maybe_applied: bool,
    /// Why an earlier request left them without an outcome.
    cause: Option<Cause>,
    suspicion: Suspicion,
}

/// Why a request left its events without an outcome.
#[derive(Clone, Debug)]
enum Cause {
    /// It was too large, so its parts may both be taken.
    TooLarge(Refusal),
    /// It was refused for what is in it.
    Refused(Refusal),
    /// The service took some of its events, and did not say which.
    Open(Arc<str>),
}

/// Whether a part is known to hold an event that is not accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Suspicion {
    #[default]
    Nothing,
    /// It does, or the part after it on the stack does.
    ThisOrNext,
    /// It does, so there is no use in sending it whole.
    Certain,
}

/// How many further requests there may be for a batch.
struct Budget {
    left: usize,
}

impl Budget {
    /// Whether a part may be sent. The first request for an event always may.
    fn covers(&self, part: &Part) -> bool {
        part.cause.is_none() || self.left > 0
    }

    /// Takes away a further request for what was sent before. A part that had to be smaller costs something only where it
    /// is still too large.
    fn charge(&mut self, part: &Part, is_too_large: bool) {
        let is_further = match part.cause {
            None => false,
            Some(Cause::TooLarge(_)) => is_too_large,
            Some(Cause::Refused(_) | Cause::Open(_)) => true,
        };
        self.left = self.left.saturating_sub(usize::from(is_further));
    }
}

/// What is to be done with a part.
enum Step {
    Send,
    Halve { is_one_refused: bool },
    GiveUp,
    Stop,
}

impl<B: Backend> Flight<B> {
    /// Goes on until there is nothing to do, or no use in it; then it says why.
    async fn send_all(&mut self) -> Option<DeliveryError> {
        while let Some(part) = self.todo.pop() {
            match self.next_step(&part) {
                Step::Send => {
                    if let Some(error) = self.send(part).await {
                        return Some(error);
                    }
                }
                Step::Halve { is_one_refused } => self.halve(part, is_one_refused),
                Step::GiveUp => self.give_up(&part),
                Step::Stop => self.stop(&part),
            }
        }
        None
    }

    fn next_step(&self, part: &Part) -> Step {
        let can_be_halved = part.positions.len() > 1;
        let is_resized = matches!(part.cause, Some(Cause::TooLarge(_)));
        if can_be_halved && part.suspicion == Suspicion::Certain {
            Step::Halve { is_one_refused: true }
        } else if can_be_halved && is_resized && self.settings.session.limits().is_refused(self.size(part)) {
            Step::Halve { is_one_refused: false }
        } else if !self.budget.covers(part) {
            Step::GiveUp
        } else if self.settings.cancel.is_cancelled() {
            Step::Stop
        } else {
            Step::Send
        }
    }

    /// Sends a part. An error is one after which further requests would meet the same.
    async fn send(&mut self, part: Part) -> Option<DeliveryError> {
        let FlightSettings { idempotent, cancel, .. } = &self.settings;
        let body = self.batch.request(&part.positions);
        let request = Request::new(body, part.positions.len(), *idempotent, cancel.clone());
        let response = self.settings.backend.send(request).await;
        let is_too_large = matches!(&response, Err(failed) if matches!(failed.scope, Scope::Size { .. }));
        self.budget.charge(&part, is_too_large);
        let proves_token = match &response {
            Ok(Response::AllAccepted) => true,
            // A response of failure can name events, too.
            Ok(Response::Partial(partial)) => partial.status.is_success(),
            Err(_) => false,
        };
        if proves_token {
            self.settings.session.gate().prove(NO_TOKEN, self.operation(), false);
        }
        match response {
            Ok(Response::AllAccepted) => self.accept(&part),
            Ok(Response::Partial(partial)) => self.apply_partial(&part, &partial),
            Err(failed) => match failed.scope {
                Scope::Content | Scope::Size { .. } => self.refuse(part, &failed),
                Scope::Token | Scope::Rate | Scope::Service => {
                    self.end(&part, decide::failed(&failed, self.settings.idempotent));
                    return Some(DeliveryError::from_failed(self.operation(), failed));
                }
            },
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
        if let Some(next) = self.todo.last_mut().filter(|_| part.suspicion == Suspicion::ThisOrNext) {
            next.suspicion = Suspicion::Certain;
        }
    }

    /// The service took some of the part.
    fn apply_partial(&mut self, part: &Part, partial: &Partial) {
        self.note_passed(part);
        let ids: Vec<String> = part.positions.iter().map(|position| self.batch.id_text(*position)).collect();
        let repeat = Repeat { maybe_repeated: part.maybe_applied, is_harmless: self.settings.idempotent };
        let decided = decide::partial(&ids, partial, repeat);
        let mut open = Vec::new();
        for (position, outcome) in part.positions.iter().zip(decided.outcomes) {
            match outcome {
                Some(outcome) => self.outcomes[*position] = Some(outcome),
                None => open.push(*position),
            }
        }
        if open.is_empty() {
            return;
        }
        let why = if part.positions.len() == 1 { reason_alone(partial) } else { decided.why };
        let cause = Some(Cause::Open(why));
        let rest = Part { positions: open, maybe_applied: true, cause, ..Part::default() };
        if part.positions.len() == 1 && !part.maybe_applied && !partial.maybe_repeated && !partial.says_success {
            // It has been sent by itself, and the service says that of what it was sent not all was accepted. Had it been
            // sent before, that could be said of a duplicate, too.
            let message = partial.message.clone().unwrap_or_else(|| NO_REASON.into());
            self.record(&rest, &Outcome::Rejected { status: Some(partial.status), code: None, message });
        } else if part.positions.len() > 1 && self.settings.idempotent {
            self.halve(rest, decided.is_one_refused);
        } else {
            self.give_up(&rest);
        }
    }

    /// The service took nothing of the part, for what is in it or for its size.
    fn refuse(&mut self, mut part: Part, failed: &Failed) {
        let refusal = Refusal::of(failed);
        let is_ambiguous = failed.effect == Effect::MaybeApplied;
        let (cause, is_one_refused) = match failed.scope {
            Scope::Size { by_bytes } => {
                self.settings.session.limits().note_refused(self.size(&part), by_bytes);
                (Cause::TooLarge(refusal.clone()), false)
            }
            _ => (Cause::Refused(refusal.clone()), true),
        };
        let maybe_applied = part.maybe_applied || is_ambiguous;
        let may_go_on = self.settings.idempotent || !maybe_applied;
        if part.positions.len() > 1 && may_go_on {
            part.maybe_applied |= is_ambiguous;
            part.cause = Some(cause);
            self.halve(part, is_one_refused);
        } else if maybe_applied {
            // An earlier request may have been taken, whatever is said of this one.
            self.record(&part, &self.unknown(Arc::clone(&failed.reason)));
        } else {
            self.record(&part, &refusal.rejected());
        }
    }

    /// The part met an error that further requests would meet, too.
    fn fail(&mut self, part: &Part, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::NotSent { message: why, .. } if part.maybe_applied => self.unknown(why),
            outcome => outcome,
        };
        self.record(part, &outcome);
    }

    /// Puts the part back in two halves.
    fn halve(&mut self, part: Part, is_one_refused: bool) {
        let Part { mut positions, maybe_applied, cause, .. } = part;
        let second = positions.split_off(positions.len().div_ceil(2));
        let mut suspicion = Suspicion::Nothing;
        if !second.is_empty() {
            if is_one_refused {
                suspicion = Suspicion::ThisOrNext;
            }
            let cause = cause.clone();
            self.todo.push(Part { positions: second, maybe_applied, cause, ..Part::default() });
        }
        self.todo.push(Part { positions, maybe_applied, cause, suspicion });
    }

    /// There is to be no further request for the part, since there were many already.
    fn give_up(&mut self, part: &Part) {
        let outcome = match (&part.cause, part.maybe_applied) {
            (Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)), false) => {
                refusal.with_note("it was refused together with others, and the isolation budget is spent").not_sent()
            }
            (Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)), true) => {
                self.unknown(Arc::clone(refusal.message()))
            }
            (Some(Cause::Open(why)), _) => self.unknown(Arc::clone(why)),
            (None, _) => stopped("the call was stopped before it"),
        };
        self.record(part, &outcome);
    }

    /// There is to be no further request at all.
    fn stop(&mut self, part: &Part) {
        if part.maybe_applied || part.cause.is_none() {
            self.give_up(part);
        } else {
            self.record(part, &stopped("the call was stopped before it was sent by itself"));
        }
    }

    fn operation(&self) -> &'static str {
        self.settings.backend.protocol().operation
    }

    fn unknown(&self, why: Arc<str>) -> Outcome {
        Outcome::Unknown { why, may_be_resent: self.settings.idempotent }
    }

    fn record(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            self.outcomes[*position] = Some(outcome.clone());
        }
    }

    fn note_passed(&self, part: &Part) {
        self.settings.session.limits().note_passed(self.size(part));
    }

    fn size(&self, part: &Part) -> BatchSize {
        BatchSize { events: part.positions.len(), bytes: self.batch.request_bytes(&part.positions) }
    }

    fn finish(self) -> BatchOutcomes {
        if self.outcomes.iter().all(|outcome| matches!(outcome, Some(Outcome::Accepted))) {
            return BatchOutcomes::AllAccepted;
        }
        // Every part ends in a record of its events, so there is none without an outcome. Should there be one all the
        // same, nothing is known of it.
        let lost = self.unknown("the batch ended without a verdict for it".into());
        BatchOutcomes::Each(self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| lost.clone())).collect())
    }
}

/// The outcome of an event that has no request of its own any more.
fn stopped(message: &str) -> Outcome {
    Outcome::NotSent { status: None, code: None, message: message.into() }
}

/// Why nothing is known of an event that was sent by itself.
fn reason_alone(partial: &Partial) -> Arc<str> {
    let mut why = "the server refused the event, or has it already, and does not say which".to_owned();
    if let Some(message) = &partial.message {
        why = format!("{why}: {message}");
    }
    why.into()
}
