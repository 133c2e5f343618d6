//! What is done where the service refuses a request.

use std::sync::Arc;

use super::super::decide::{self, Refusal};
use super::super::parts::{Cause, Part, Suspicion};
use super::super::refusals::Turn;
use super::state::Flight;
use crate::backend::{Backend, Effect, EventRef, Failed, Scope};
use crate::error::DeliveryError;
use crate::outcome::Outcome;

/// How many events may be refused alone, one after the other, before it is seen if the service accepts another one.
const MOST_HELD: usize = 8;

/// How many events that a refusal names are sent by themselves.
const MOST_SUSPECTS: usize = 16;

impl<B: Backend> Flight<B> {
    /// The service took nothing of the part, for what is in it or for its size.
    pub(super) async fn refuse(&mut self, mut part: Part, failed: Failed) -> Option<DeliveryError> {
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
            let is_named = |event: &EventRef| matches!(event, EventRef::Id(named) if *named == id);
            decide::names(message, &id) || failed.named.iter().any(is_named)
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
        let is_duplicate = failed.is_duplicate && part.positions.len() == 1 && !self.names_another(&part, &failed);
        if is_duplicate && (self.call.idempotent || !part.maybe_applied) {
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
            let is_named = failed.named.contains(&EventRef::Index(0));
            let error = DeliveryError::refused(self.operation(), failed);
            self.refuse_alone(part, refusal, is_named, error).await
        }
    }

    /// Whether the refusal of a single event calls it by another id.
    fn names_another(&self, part: &Part, failed: &Failed) -> bool {
        let id = part.positions.first().map(|position| self.batch.id_text(*position));
        let mut named = failed.named.iter().filter_map(|event| match event {
            EventRef::Id(id) => Some(id),
            EventRef::Index(_) | EventRef::Unnamed => None,
        });
        named.any(|named| Some(named) != id.as_ref())
    }

    /// The service refused an event by itself, of which it has taken nothing.
    pub(super) async fn refuse_alone(
        &mut self,
        part: Part,
        refusal: Refusal,
        is_named: bool,
        error: DeliveryError,
    ) -> Option<DeliveryError> {
        self.parts.note_refused(&part);
        self.note_found(1);
        let is_whole = part.cause.is_none();
        let is_handed_in_alone = is_whole && self.was_handed_in_alone();
        if is_named || is_handed_in_alone {
            self.record(&part, &refusal.rejected());
            if is_handed_in_alone
                && self.call.refusals.note_refused_alone() >= self.call.isolation_budget.max(MOST_HELD)
            {
                // Each for itself may be bad, but so many of them are not.
                return Some(error);
            }
        } else {
            let last_sent = self.call.operation.last_sent();
            for position in part.positions {
                self.held.push(position, refusal.clone(), last_sent);
            }
        }
        if is_whole && !is_handed_in_alone { self.note_refused_whole(error).await } else { None }
    }

    /// The batch was refused whole. An error says that those before it were, too.
    async fn note_refused_whole(&mut self, error: DeliveryError) -> Option<DeliveryError> {
        if self.await_turn().await {
            return Some(error);
        }
        self.refused_whole = Some(error);
        None
    }

    /// Nothing of the batch was accepted by its first request. If it was so with others, it waits until it may be sent in
    /// parts. Says whether there is no use in that.
    pub(super) async fn await_turn(&mut self) -> bool {
        self.call.refusals.note_refused();
        let call = Arc::clone(&self.call);
        match call.unless_cancelled(call.refusals.turn()).await {
            Some(Turn::Refused) => {
                self.is_about_size = false;
                self.stop_rest();
                return true;
            }
            Some(Turn::Alone(turn)) => self.turn = Some(turn),
            Some(Turn::Shared) | None => {}
        }
        false
    }

    /// Notes an event that was handed in alone and not accepted. One may be bad; if a long run of them is, it is the service.
    pub(super) fn is_one_too_many(&self) -> bool {
        self.call.refusals.note_refused_alone() >= self.call.isolation_budget.max(MOST_HELD)
    }

    /// Whether the batch is one event, handed in so, and nothing casts doubt on what is said of it.
    pub(super) fn was_handed_in_alone(&self) -> bool {
        self.is_handed_in_alone && !self.call.refusals.is_suspected()
    }

    /// Whether it is time to see if the service accepts anything, since several events were refused alone.
    pub(super) fn is_doubtful(&self) -> bool {
        let most = if self.is_blind { 0 } else { MOST_HELD };
        self.held.len() > most
    }

    /// Events that were refused alone are at fault if a later request was accepted.
    pub(super) fn release_held(&mut self) {
        for (position, outcome) in self.held.take_proven(&self.call.operation) {
            self.outcomes[position] = Some(outcome);
        }
    }
}
