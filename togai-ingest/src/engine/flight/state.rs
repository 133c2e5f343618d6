//! A batch in flight: what is known of its events.

use std::sync::Arc;

use bytes::Bytes;
use futures::lock::OwnedMutexGuard;

use super::super::budget::Budget;
use super::super::call::CallState;
use super::super::decide;
use super::super::encoded::Encoded;
use super::super::parts::{Cause, Part, Parts};
use super::failures::Failures;
use super::result::{BatchOutcomes, BatchResult, Held};
use crate::backend::{Backend, Failed};
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::BatchSize;

/// A batch in flight.
pub(super) struct Flight<B> {
    pub(super) call: Arc<CallState<B>>,
    pub(super) batch: Arc<Encoded<Bytes>>,
    pub(super) outcomes: Vec<Option<Outcome>>,
    pub(super) parts: Parts,
    pub(super) budget: Budget,
    /// Whether it is one event, and nothing that became of others has made the batch so small.
    pub(super) is_handed_in_alone: bool,
    /// The number of the request that was sent last.
    pub(super) number: u64,
    /// Whether nothing of the batch was accepted yet.
    pub(super) is_blind: bool,
    /// Whether what the service said of size can be true.
    pub(super) is_about_size: bool,
    pub(super) held: Held,
    pub(super) refused_whole: Option<DeliveryError>,
    /// Why the one event of the batch failed without a response, where nothing shows that it is not the service.
    pub(super) failed_alone: Option<DeliveryError>,
    /// Keeps other batches from being sent in parts while it seems that the service refuses everything.
    pub(super) turn: Option<OwnedMutexGuard<()>>,
    pub(super) failures: Failures,
}

impl<B: Backend> Flight<B> {
    /// A batch of which nothing was sent yet.
    pub(super) fn new(call: Arc<CallState<B>>, batch: Arc<Encoded<Bytes>>, is_limited: bool) -> Self {
        let count = batch.slots().len();
        Self {
            outcomes: vec![None; count],
            parts: Parts::new(count),
            budget: Budget::new(call.isolation_budget),
            is_handed_in_alone: count == 1 && !is_limited,
            number: 0,
            is_blind: true,
            is_about_size: true,
            held: Held::default(),
            refused_whole: None,
            failed_alone: None,
            turn: None,
            failures: Failures::default(),
            call,
            batch,
        }
    }

    pub(super) fn record(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            self.outcomes[*position] = Some(outcome.clone());
        }
    }

    /// A response that contradicts itself may have left an outcome. It holds, unless a later request may have been applied.
    pub(super) fn record_if_open(&mut self, part: &Part, outcome: &Outcome) {
        for position in &part.positions {
            let known = &mut self.outcomes[*position];
            let holds = matches!(known, Some(known) if !part.maybe_applied || matches!(known, Outcome::Unknown { .. }));
            if !holds {
                *known = Some(outcome.clone());
            }
        }
    }

    /// There is no use in going on, here or with other batches.
    pub(super) fn end(&mut self, part: &Part, failed: Failed) -> DeliveryError {
        match decide::failed(&failed, self.call.idempotent) {
            Outcome::NotSent { message: why, .. } if part.maybe_applied => self.record(part, &self.unknown(why)),
            outcome @ Outcome::NotSent { .. } => self.record_if_open(part, &outcome),
            outcome => self.record(part, &outcome),
        }
        self.stop_rest();
        DeliveryError::from_failed(self.operation(), failed)
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
    pub(super) fn stop(&mut self, part: &Part) {
        match &part.cause {
            Some(Cause::TooLarge(refusal) | Cause::Refused(refusal)) if !part.maybe_applied => {
                let note = "it was refused together with others, and the call was stopped before it was sent by itself";
                self.record_if_open(part, &refusal.with_note(note).not_sent());
            }
            _ => self.give_up(part),
        }
    }

    pub(super) fn stop_rest(&mut self) {
        for part in self.parts.take_all() {
            self.stop(&part);
        }
        self.stop_unanswered();
    }

    pub(super) fn note_found(&mut self, events: usize) {
        self.budget.note_found(events, self.call.refusals.accepted());
    }

    /// The service has taken events of the part, or has them already.
    pub(super) fn note_accepted(&mut self, part: &Part) {
        self.budget.earn(part);
        self.is_blind = false;
        self.call.note_accepted(self.number);
    }

    pub(super) fn note_passed(&self, part: &Part) {
        self.call.session.limits().note_passed(self.size(part));
    }

    pub(super) fn operation(&self) -> &'static str {
        self.call.backend.protocol().operation
    }

    pub(super) fn unknown(&self, why: Arc<str>) -> Outcome {
        Outcome::Unknown { why, may_be_resent: self.call.idempotent }
    }

    pub(super) fn size(&self, part: &Part) -> BatchSize {
        size_of(&self.batch, &part.positions)
    }

    pub(super) fn finish(mut self, stopped_by: Option<DeliveryError>) -> BatchResult {
        self.release_held();
        if self.turn.is_some() && self.is_blind {
            self.call.refusals.note_fruitless();
        }
        if !self.is_about_size && self.is_blind {
            self.call.session.limits().forget_refusals();
        }
        self.note_unanswered_size();
        let held = Some(self.held).filter(|held| held.len() > 0);
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
        BatchResult { outcomes, held, stopped_by, refused_whole, failed_alone: self.failed_alone }
    }
}

pub(super) fn size_of(batch: &Encoded<Bytes>, positions: &[usize]) -> BatchSize {
    BatchSize { events: positions.len(), bytes: batch.request_bytes(positions) }
}

/// The outcome of an event that has no request of its own any more.
fn stopped(message: &str) -> Outcome {
    Outcome::NotSent { status: None, code: None, message: message.into() }
}
