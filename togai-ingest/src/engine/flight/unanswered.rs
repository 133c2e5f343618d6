//! Isolating an event behind failures: a batch that fails again and again while others succeed.

use std::ops::Range;
use std::sync::Arc;

use http::StatusCode;

use super::super::parts::{Cause, Part};
use super::failures::FailedPart;
use super::state::Flight;
use crate::backend::{Backend, Effect, Failed};
use crate::error::DeliveryError;
use crate::outcome::Outcome;

/// A few events tell whether the service responds at all: so many bytes at most, since it may be the size that it fails at,
/// and such a share of the events, since there may be several at which it fails.
const MOST_TRIAL_BYTES: usize = 16 << 10;
const TRIAL_SHARE: usize = 8;

/// A few events of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Few {
    First,
    Last,
    /// A single event at such a share of the part: not in the middle, nor where a period would meet it often.
    Single {
        of_13: usize,
    },
}

impl<B: Backend> Flight<B> {
    /// Whether a failure may be that of a single event, which can be found: the service failed, or did not respond.
    pub(super) fn may_be_isolated(&self, failed: &Failed) -> bool {
        let is_outage =
            failed.status.is_none_or(|status| status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT);
        is_outage && self.call.idempotent && failed.effect == Effect::MaybeApplied && !self.call.cancel.is_cancelled()
    }

    /// The part failed without a response. An error is one after which other batches would fail alike.
    pub(super) fn note_unanswered(
        &mut self,
        mut part: Part,
        failed: Failed,
        accepted_before: u64,
    ) -> Option<DeliveryError> {
        self.budget.charge(&part);
        part.maybe_applied = true;
        let is_further = part.cause.is_some();
        let accepted_before = match part.cause {
            Some(Cause::Unanswered { accepted_before, .. }) => accepted_before,
            _ => accepted_before,
        };
        let do_others_succeed = self.call.operation.accepted() > accepted_before;
        if part.positions.len() > 1 || self.failures.is_trial {
            if part.positions.len() > 1 {
                let size = self.size(&part);
                self.failures.note_size(size);
            }
            self.failures.parts.push(FailedPart { part, failed, accepted_before });
            None
        } else {
            self.record(&part, &self.unknown(Arc::clone(&failed.reason)));
            self.note_found(1);
            if !is_further && !do_others_succeed {
                self.failed_alone = Some(DeliveryError::from_failed(self.operation(), failed));
            }
            None
        }
    }

    /// Puts a part that failed back in halves, if requests succeed that are sent meanwhile; else the call ends.
    pub(super) async fn isolate_unanswered(&mut self) -> Option<DeliveryError> {
        let call = Arc::clone(&self.call);
        if self.failures.turn.is_none() {
            self.failures.turn = call.unless_cancelled(call.isolation_turn()).await;
        }
        if call.cancel.is_cancelled() {
            self.stop_unanswered();
            return None;
        }
        let accepted = call.operation.accepted();
        let parts = &mut self.failures.parts;
        if let Some(index) = parts.iter().position(|unanswered| accepted > unanswered.accepted_before) {
            let (part, _) = parts.swap_remove(index).into_unanswered(accepted);
            self.parts.push_halves(part);
            return None;
        }
        let (part, failed) = parts.pop()?.into_unanswered(accepted);
        self.try_a_few(part, failed).await
    }

    /// Sends the first events of a part, then the last ones, and then two others by themselves. If the service accepts some of
    /// them, the rest goes back in halves; if it does not, it accepts nothing at all, and the call ends.
    async fn try_a_few(&mut self, mut part: Part, failed: Failed) -> Option<DeliveryError> {
        let accepted_before = self.call.operation.accepted();
        if self.call.has_tried_in_vain(accepted_before) {
            return Some(self.end(&part, failed));
        }
        let count = part.positions.len();
        for few in [Few::First, Few::Last, Few::Single { of_13: 5 }, Few::Single { of_13: 8 }] {
            if !self.budget.covers(&part) || (matches!(few, Few::Single { .. }) && count < 3) {
                break;
            }
            let range = self.range_of(few, &part);
            let start = range.start;
            let tried = Part { positions: part.positions.drain(range).collect(), ..part.clone() };
            let failed_before = self.failures.parts.len();
            self.failures.is_trial = true;
            let stopped_by = self.send(tried).await;
            self.failures.is_trial = false;
            if stopped_by.is_some() {
                self.give_up(&part);
                return stopped_by;
            }
            if self.call.operation.accepted() > accepted_before {
                if !part.positions.is_empty() {
                    self.parts.push_halves(part);
                }
                return None;
            }
            // What failed goes back to its place.
            for FailedPart { part: tried, .. } in self.failures.parts.drain(failed_before..) {
                part.positions.splice(start..start, tried.positions);
            }
            if part.positions.is_empty() || self.call.cancel.is_cancelled() {
                self.give_up(&part);
                return None;
            }
        }
        if count <= 2 && !self.is_blind {
            // Each of them has failed by itself, and others did not.
            self.give_up(&part);
            return None;
        }
        self.call.note_tried_in_vain(accepted_before);
        Some(self.end(&part, failed))
    }

    /// Which events of a part are tried.
    fn range_of(&self, few: Few, part: &Part) -> Range<usize> {
        let count = part.positions.len();
        let is_last = few == Few::Last;
        let mut bytes = 0;
        let fits = |index: &usize| {
            let index = if is_last { count - 1 - index } else { *index };
            bytes += self.batch.further_bytes(part.positions[index]);
            bytes <= MOST_TRIAL_BYTES
        };
        // A single event may be larger.
        let few_events = (0..count / TRIAL_SHARE).take_while(fits).count().max(1);
        match few {
            Few::First => 0..few_events,
            Few::Last => count - few_events..count,
            Few::Single { of_13 } => {
                let index = count * of_13 / 13;
                index..index + 1
            }
        }
    }

    /// There is to be no further request at all.
    pub(super) fn stop_unanswered(&mut self) {
        for failed in std::mem::take(&mut self.failures.parts) {
            let (part, _) = failed.into_unanswered(0);
            self.give_up(&part);
        }
    }

    /// A batch that failed in one request, and was accepted in smaller ones, was too large for something on the way.
    pub(super) fn note_unanswered_size(&self) {
        let is_accepted = self.outcomes.iter().all(|outcome| outcome.as_ref().is_some_and(Outcome::is_accepted));
        if let Some(size) = self.failures.smallest.filter(|_| is_accepted) {
            self.call.session.limits().note_unanswered(size);
        }
    }
}
