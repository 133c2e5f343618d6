//! One batch in flight, until there is a verdict for each of its events.

use std::sync::Arc;

use bytes::Bytes;
use futures::lock::OwnedMutexGuard;

use super::batch::Encoded;
use super::budget::Budget;
use super::call::CallState;
use super::decide::{self, Disputed, Refusal, Repeat};
use super::parts::{Cause, Part, Parts, Suspicion};
use super::refusals::Turn;
use super::unanswered::Unanswered;
use crate::backend::{Backend, Effect, EventRef, Failed, Partial, Request, Response, Scope};
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::BatchSize;

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct BatchResult {
    pub(crate) outcomes: BatchOutcomes,
    /// Events whose outcomes depend on what becomes of other requests.
    pub(crate) held: Option<Held>,
    /// Why it makes no sense to go on with other batches.
    pub(crate) stopped_by: Option<DeliveryError>,
    /// That the batch was refused whole, and nothing of it accepted.
    pub(crate) refused_whole: Option<DeliveryError>,
}

/// What became of the events of a batch, by their place in it.
#[derive(Debug)]
pub enum BatchOutcomes {
    /// All were accepted.
    AllAccepted,
    /// The outcome of each.
    Each(Vec<Outcome>),
}

/// Events that were refused alone, when no other request had been accepted since: the service may refuse everything.
#[derive(Debug)]
pub(crate) struct Held {
    events: Vec<(usize, Refusal)>,
    /// How many requests of the session were accepted before the last one was refused.
    accepted: u64,
}

/// The number of the token of a backend that does not manage tokens by the gate. Where tokens have numbers of their own, it
/// is never in use, and noting it changes nothing.
const NO_TOKEN: u64 = 0;

/// How many events may be refused alone, one after the other, before it is seen if the service accepts another one.
const MOST_HELD: usize = 8;

/// How many events that a refusal names are sent by themselves.
const MOST_SUSPECTS: usize = 16;

/// Sends a batch, and then in parts what has to be retried of it.
pub(crate) async fn deliver<B: Backend>(call: Arc<CallState<B>>, batch: Arc<Encoded<Bytes>>) -> BatchResult {
    let count = batch.slots().len();
    let mut flight = Flight {
        outcomes: vec![None; count],
        parts: Parts::new(count),
        budget: Budget::new(call.isolation_budget),
        is_blind: true,
        is_about_size: true,
        held: None,
        refused_whole: None,
        turn: None,
        unanswered: Unanswered::default(),
        call,
        batch,
    };
    let stopped_by = flight.send_all().await;
    flight.finish(stopped_by)
}

/// A batch in flight.
pub(super) struct Flight<B> {
    pub(super) call: Arc<CallState<B>>,
    pub(super) batch: Arc<Encoded<Bytes>>,
    pub(super) outcomes: Vec<Option<Outcome>>,
    pub(super) parts: Parts,
    pub(super) budget: Budget,
    /// Whether nothing of the batch was accepted yet.
    is_blind: bool,
    /// Whether what the service said of size can be true.
    is_about_size: bool,
    held: Option<Held>,
    refused_whole: Option<DeliveryError>,
    /// Keeps other batches from being sent in parts while it seems that the service refuses everything.
    turn: Option<OwnedMutexGuard<()>>,
    pub(super) unanswered: Unanswered,
}

impl<B: Backend> Flight<B> {
    /// Goes on until there is nothing to do, or no use in it; then it says why.
    async fn send_all(&mut self) -> Option<DeliveryError> {
        loop {
            self.release_held();
            // Not by what other calls are accepted: it says nothing of how many of these events are good.
            self.budget.settle(self.call.refusals.accepted());
            let is_doubtful = self.is_doubtful();
            let (limits, batch) = (self.call.session.limits(), &self.batch);
            let is_too_large = |positions: &[usize]| limits.is_refused(size_of(batch, positions));
            let stopped_by = match self.parts.next(is_doubtful, is_too_large) {
                Some(part) if !self.budget.covers(&part) => {
                    self.give_up(&part);
                    None
                }
                Some(part) if self.call.cancel.is_cancelled() => {
                    self.stop(&part);
                    None
                }
                Some(part) => self.send(part).await,
                None if self.unanswered.is_empty() => return None,
                None => self.isolate_unanswered().await,
            };
            if stopped_by.is_some() {
                return stopped_by;
            }
        }
    }

    /// Sends a part. An error is one after which further requests would meet the same.
    pub(super) async fn send(&mut self, part: Part) -> Option<DeliveryError> {
        let accepted_before = self.call.operation.accepted();
        let request = Request {
            body: self.batch.request(&part.positions),
            events: part.positions.len(),
            idempotent: self.call.idempotent,
            cancel: self.call.cancel.clone(),
            max_retries: self.unanswered.max_retries(&part),
        };
        let sending = self.call.backend.send(request);
        let Some(response) = self.call.unless_abandoned(sending).await else {
            let outcome = self.unknown("the call ended while a request with it was in flight".into());
            self.record(&part, &outcome);
            return None;
        };
        match response {
            Ok(Response::AllAccepted) => self.accept(&part),
            Ok(Response::Partial(partial)) => return self.apply_partial(part, &partial).await,
            Err(failed) => match failed.scope {
                Scope::Content | Scope::Size { .. } => return self.refuse(part, failed).await,
                Scope::Service if self.may_be_isolated(&failed) => {
                    return self.note_unanswered(part, failed, accepted_before);
                }
                Scope::Token | Scope::Rate | Scope::Service => return Some(self.end(&part, failed)),
            },
        }
        None
    }

    /// There is no use in going on, here or with other batches.
    pub(super) fn end(&mut self, part: &Part, failed: Failed) -> DeliveryError {
        let outcome = match decide::failed(&failed, self.call.idempotent) {
            Outcome::NotSent { message: why, .. } if part.maybe_applied => self.unknown(why),
            outcome => outcome,
        };
        self.record(part, &outcome);
        self.stop_rest();
        DeliveryError::from_failed(self.call.backend.protocol().operation, failed)
    }

    /// The service took the whole part.
    fn accept(&mut self, part: &Part) {
        self.note_passed(part);
        self.prove_token();
        self.note_accepted(part);
        self.record(part, &Outcome::Accepted);
        self.parts.note_accepted(part);
    }

    /// The service took some of the part.
    async fn apply_partial(&mut self, part: Part, partial: &Partial) -> Option<DeliveryError> {
        self.note_passed(&part);
        // A response of failure can name events, too.
        if partial.status.is_success() {
            self.prove_token();
        }
        let ids: Vec<String> = part.positions.iter().map(|position| self.batch.id_text(*position)).collect();
        let repeat = Repeat { maybe_repeated: part.maybe_applied, is_harmless: self.call.idempotent };
        let decided = decide::partial(&ids, partial, repeat);
        let mut open = Vec::new();
        let (mut named, mut has_taken) = (0, false);
        for (index, (position, outcome)) in part.positions.iter().zip(decided.outcomes).enumerate() {
            match outcome {
                Some(outcome) => {
                    has_taken |= matches!(outcome, Outcome::Accepted | Outcome::Duplicate { .. });
                    named += usize::from(!outcome.is_accepted());
                    self.outcomes[*position] = Some(outcome);
                }
                None if decided.disputed.iter().any(|disputed| disputed.index == index) => {}
                None => open.push(*position),
            }
        }
        self.note_found(named);
        if has_taken {
            self.note_accepted(&part);
        } else if named == 0 {
            self.budget.charge(&part);
        }
        self.look_again(&part, decided.disputed, &decided.why);
        if open.is_empty() {
            return None;
        }
        let is_whole = part.cause.is_none() && open.len() == part.positions.len();
        let is_alone = part.positions.len() == 1;
        let is_first = !part.maybe_applied && !partial.maybe_repeated;
        if is_alone && is_first && !partial.says_success && !partial.is_contradictory {
            // The service says that of the one event that it was sent not all was accepted. Had it been sent before, that
            // could be said of a duplicate, too.
            let error = DeliveryError::none_named(self.operation(), partial);
            return self.refuse_alone(part, Refusal::of_partial(partial), false, error).await;
        }
        let why = if is_alone { decide::why_open_alone(partial) } else { decided.why };
        let was_contradictory = matches!(part.cause, Some(Cause::Contradiction(_)));
        let rest = Part { positions: open, maybe_applied: true, ..Part::default() };
        let rest = if partial.is_contradictory {
            Part { cause: Some(Cause::Contradiction(why)), ..rest }
        } else {
            let is_listed = named > 0 && !decided.is_one_refused;
            let suspicion = match (is_listed, decided.is_one_refused) {
                (true, _) => Suspicion::SendWhole,
                (false, true) => Suspicion::Certain,
                (false, false) => Suspicion::Nothing,
            };
            Part { cause: Some(Cause::Open(why)), suspicion, ..rest }
        };
        let is_last_word = if partial.is_contradictory { was_contradictory } else { is_alone };
        if is_last_word || !self.call.idempotent {
            self.give_up(&rest);
        } else {
            self.parts.push(rest);
        }
        if is_whole {
            self.note_refused_whole(DeliveryError::none_named(self.operation(), partial)).await
        } else {
            None
        }
    }

    /// Events of which a response says two things are sent once more, where that is harmless.
    fn look_again(&mut self, part: &Part, disputed: Vec<Disputed>, why: &Arc<str>) {
        let is_last_word = !self.call.idempotent || matches!(part.cause, Some(Cause::Contradiction(_)));
        for maybe_applied in [false, true] {
            let alike = disputed.iter().filter(|disputed| disputed.maybe_applied == maybe_applied);
            let positions: Vec<usize> = alike.map(|disputed| part.positions[disputed.index]).collect();
            if !positions.is_empty() && !is_last_word {
                let cause = Some(Cause::Contradiction(Arc::clone(why)));
                let maybe_applied = maybe_applied || part.maybe_applied;
                self.parts.push(Part { positions, maybe_applied, cause, ..Part::default() });
            }
        }
        // It holds unless another response says more.
        for Disputed { index, outcome, .. } in disputed {
            self.outcomes[part.positions[index]] = Some(outcome);
        }
    }

    /// The service took nothing of the part, for what is in it or for its size.
    async fn refuse(&mut self, mut part: Part, failed: Failed) -> Option<DeliveryError> {
        self.budget.charge(&part);
        let refusal = Refusal::of(&failed);
        let is_ambiguous = failed.effect == Effect::MaybeApplied;
        part.maybe_applied |= is_ambiguous;
        let may_go_on = self.call.idempotent || !part.maybe_applied;
        if part.positions.len() == 1 || !may_go_on {
            return self.refuse_at_last(part, failed, refusal).await;
        }
        let is_whole = part.cause.is_none();
        if let Scope::Size { by_bytes } = failed.scope {
            self.call.session.limits().note_refused(self.size(&part), by_bytes);
            part.cause = Some(Cause::TooLarge(refusal));
            self.parts.push_halves(part);
        } else {
            part.cause = Some(Cause::Refused(refusal));
            part.suspicion = Suspicion::Certain;
            let suspects: Vec<usize> = self.suspects(&part, &failed).take(MOST_SUSPECTS).collect();
            self.parts.push_with_suspects(part, &suspects);
        }
        if is_whole { self.note_refused_whole(DeliveryError::refused(self.operation(), failed)).await } else { None }
    }

    /// The events of a part that a refusal names, by their indexes in the batch. It is where to look first.
    fn suspects(&self, part: &Part, failed: &Failed) -> impl Iterator<Item = usize> {
        let by_index = failed.named.iter().filter_map(|event| match event {
            EventRef::Index(index) => part.positions.get(*index).copied(),
            EventRef::Id(_) | EventRef::Unnamed => None,
        });
        let message = failed.message.as_deref().unwrap_or_default();
        let by_id = part.positions.iter().copied().filter(|position| {
            let id = self.batch.id_text(*position);
            decide::names(message, &id) || failed.named.iter().any(|event| *event == EventRef::Id(id.clone()))
        });
        let mut suspects: Vec<usize> = by_index.chain(by_id).collect();
        suspects.sort_unstable();
        suspects.dedup();
        suspects.into_iter()
    }

    /// The part is not sent in smaller ones.
    async fn refuse_at_last(&mut self, part: Part, failed: Failed, refusal: Refusal) -> Option<DeliveryError> {
        if matches!(failed.scope, Scope::Size { .. }) && part.positions.len() == 1 {
            // A single event cannot be made smaller, so the service may not have meant the size of the larger requests.
            self.call.session.limits().forget_refusals();
            self.is_about_size = false;
        }
        if failed.is_duplicate && part.positions.len() == 1 && (self.call.idempotent || !part.maybe_applied) {
            let outcome = if part.maybe_applied { Outcome::Accepted } else { Outcome::Duplicate { compared: false } };
            self.record(&part, &outcome);
            self.note_found(1);
            self.note_accepted(&part);
            self.parts.note_refused(&part);
            None
        } else if part.maybe_applied {
            // An earlier request may have been taken, whatever is said of this one.
            self.parts.note_refused(&part);
            self.record(&part, &self.unknown(Arc::clone(&failed.reason)));
            None
        } else {
            let is_named = self.suspects(&part, &failed).next().is_some();
            let error = DeliveryError::refused(self.operation(), failed);
            self.refuse_alone(part, refusal, is_named, error).await
        }
    }

    /// The service refused an event by itself, of which it has taken nothing.
    async fn refuse_alone(
        &mut self,
        part: Part,
        refusal: Refusal,
        is_named: bool,
        error: DeliveryError,
    ) -> Option<DeliveryError> {
        self.parts.note_refused(&part);
        self.note_found(1);
        let is_whole = part.cause.is_none();
        let is_handed_in_alone = is_whole && self.call.is_handed_in_alone(self.outcomes.len());
        if is_named || is_handed_in_alone {
            self.record(&part, &refusal.rejected());
        } else {
            let held = self.held.get_or_insert_with(|| Held { events: Vec::new(), accepted: 0 });
            held.events.extend(part.positions.iter().map(|position| (*position, refusal.clone())));
            held.accepted = self.call.operation.accepted();
        }
        if is_whole && !is_handed_in_alone { self.note_refused_whole(error).await } else { None }
    }

    /// The batch was refused whole. If others were, too, it waits until it may be sent in parts.
    async fn note_refused_whole(&mut self, error: DeliveryError) -> Option<DeliveryError> {
        self.call.refusals.note_refused();
        let call = Arc::clone(&self.call);
        match call.unless_cancelled(call.refusals.turn()).await {
            Some(Turn::Refused) => {
                self.is_about_size = false;
                self.stop_rest();
                return Some(error);
            }
            Some(Turn::Alone(turn)) => self.turn = Some(turn),
            Some(Turn::Shared) | None => {}
        }
        self.refused_whole = Some(error);
        None
    }

    /// Whether it is time to see if the service accepts anything, since several events were refused alone.
    fn is_doubtful(&self) -> bool {
        let most = if self.is_blind { 0 } else { MOST_HELD };
        self.held.as_ref().is_some_and(|held| held.events.len() > most)
    }

    /// Events that were refused alone are at fault if another request was accepted since.
    fn release_held(&mut self) {
        let accepted = self.call.operation.accepted();
        let Some(held) = self.held.take_if(|held| accepted > held.accepted) else { return };
        for (position, refusal) in held.events {
            self.outcomes[position] = Some(refusal.rejected());
        }
    }

    /// There is to be no further request for the part, since there were many already.
    pub(super) fn give_up(&mut self, part: &Part) {
        let note = "it was refused together with others, and the isolation budget is spent";
        let outcome = match (&part.cause, part.maybe_applied) {
            (Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)), false) => refusal.with_note(note).not_sent(),
            (Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)), true) => {
                self.unknown(Arc::clone(refusal.message()))
            }
            (Some(Cause::Open(why) | Cause::Contradiction(why) | Cause::Unanswered { why, .. }), _) => {
                self.unknown(Arc::clone(why))
            }
            (None, _) => stopped("the call was stopped before it"),
        };
        self.record_if_open(part, &outcome);
    }

    /// There is to be no further request at all.
    fn stop(&mut self, part: &Part) {
        match &part.cause {
            Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)) if !part.maybe_applied => {
                let note = "it was refused together with others, and the call was stopped before it was sent by itself";
                self.record_if_open(part, &refusal.with_note(note).not_sent());
            }
            _ => self.give_up(part),
        }
    }

    fn stop_rest(&mut self) {
        for part in self.parts.take_all() {
            self.stop(&part);
        }
        self.stop_unanswered();
    }

    pub(super) fn operation(&self) -> &'static str {
        self.call.backend.protocol().operation
    }

    pub(super) fn unknown(&self, why: Arc<str>) -> Outcome {
        Outcome::Unknown { why, may_be_resent: self.call.idempotent }
    }

    pub(super) fn record(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            self.outcomes[*position] = Some(outcome.clone());
        }
    }

    /// A response that contradicts itself may have left an outcome.
    fn record_if_open(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            self.outcomes[*position].get_or_insert_with(|| outcome.clone());
        }
    }

    fn note_found(&mut self, events: usize) {
        self.budget.note_found(events, self.call.refusals.accepted());
    }

    /// The service has taken events of the part, or has them already.
    fn note_accepted(&mut self, part: &Part) {
        self.budget.earn(part);
        self.is_blind = false;
        self.call.note_accepted();
    }

    fn note_passed(&self, part: &Part) {
        self.call.session.limits().note_passed(self.size(part));
    }

    fn prove_token(&self) {
        self.call.session.gate().prove(NO_TOKEN, self.operation(), false);
    }

    pub(super) fn size(&self, part: &Part) -> BatchSize {
        size_of(&self.batch, &part.positions)
    }

    fn finish(mut self, stopped_by: Option<DeliveryError>) -> BatchResult {
        self.release_held();
        if self.turn.is_some() && self.is_blind {
            self.call.refusals.note_fruitless();
        }
        if !self.is_about_size && self.is_blind {
            self.call.session.limits().forget_refusals();
        }
        self.note_unanswered_size();
        let held = self.held;
        // Every part ends in a record of its events, so there is none without an outcome that is not held. Should there
        // be one all the same, nothing is known of it.
        let lost = Outcome::Unknown {
            why: "the batch ended without a verdict for it".into(),
            may_be_resent: self.call.idempotent,
        };
        let outcomes = if self.outcomes.iter().all(|outcome| matches!(outcome, Some(Outcome::Accepted))) {
            BatchOutcomes::AllAccepted
        } else {
            let outcomes = self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| lost.clone()));
            BatchOutcomes::Each(outcomes.collect())
        };
        let refused_whole = self.refused_whole.filter(|_| self.is_blind);
        BatchResult { outcomes, held, stopped_by, refused_whole }
    }
}

impl Held {
    /// How many requests of the session were accepted before the last event was refused.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Writes the outcomes of the events: whether they are at fault, or it is not known.
    pub(crate) fn settle(self, outcomes: &mut BatchOutcomes, is_at_fault: bool) {
        let BatchOutcomes::Each(outcomes) = outcomes else { return };
        for (position, refusal) in self.events {
            let note = "it was refused by itself, and no other request was accepted since";
            outcomes[position] = if is_at_fault { refusal.rejected() } else { refusal.with_note(note).not_sent() };
        }
    }
}

fn size_of(batch: &Encoded<Bytes>, positions: &[usize]) -> BatchSize {
    BatchSize { events: positions.len(), bytes: batch.request_bytes(positions) }
}

/// The outcome of an event that has no request of its own any more.
fn stopped(message: &str) -> Outcome {
    Outcome::NotSent { status: None, code: None, message: message.into() }
}
