//! What is done where the service takes a request in part.

use std::sync::Arc;

use super::super::decide::{self, Disputed, Repeat};
use super::super::parts::{Cause, Part, Suspicion};
use super::state::Flight;
use crate::backend::{Backend, Partial};
use crate::error::DeliveryError;
use crate::outcome::Outcome;

impl<B: Backend> Flight<B> {
    /// The service took some of the part.
    pub(super) async fn apply_partial(&mut self, mut part: Part, partial: &Partial) -> Option<DeliveryError> {
        self.note_passed(&part);
        part.maybe_applied |= partial.maybe_repeated;
        // A response of failure can name events, too.
        if partial.status.is_success() {
            self.call.prove_token();
        }
        let ids: Vec<String> = part.positions.iter().map(|position| self.batch.id_text(*position)).collect();
        let repeat = Repeat { maybe_repeated: part.maybe_applied, is_harmless: self.call.idempotent };
        let decided = decide::partial(&ids, partial, repeat);
        let mut open = Vec::new();
        let (mut named, mut taken) = (0, 0);
        for (index, (position, outcome)) in part.positions.iter().zip(decided.outcomes).enumerate() {
            match outcome {
                Some(outcome) => {
                    taken += usize::from(matches!(outcome, Outcome::Accepted | Outcome::Duplicate { .. }));
                    named += usize::from(!outcome.is_accepted());
                    self.outcomes[*position] = Some(outcome);
                }
                None if decided.disputed.iter().any(|disputed| disputed.index == index) => {}
                None => open.push(*position),
            }
        }
        self.note_found(named);
        if taken == part.positions.len() {
            self.parts.note_accepted(&part);
        }
        if taken > 0 {
            self.note_accepted(&part);
        } else {
            self.budget.charge(&part);
        }
        self.look_again(&part, decided.disputed, &decided.why);
        if open.is_empty() {
            return None;
        }
        let is_alone = part.positions.len() == 1;
        let was_contradictory = matches!(part.cause, Some(Cause::Contradiction(_)));
        let why = if is_alone { decide::why_open_alone(partial) } else { decided.why };
        let (cause, suspicion) = if partial.is_contradictory {
            (Cause::Contradiction(why), Suspicion::Nothing)
        } else if decided.is_one_refused {
            (Cause::Open(why), Suspicion::Certain)
        } else {
            // The list may go on.
            (Cause::Open(why), if named > 0 { Suspicion::SendWhole } else { Suspicion::Nothing })
        };
        let rest = Part { positions: open, maybe_applied: true, cause: Some(cause), suspicion };
        let is_last_word = if partial.is_contradictory { was_contradictory } else { is_alone };
        if is_last_word || !self.call.idempotent {
            self.give_up(&rest);
        } else {
            self.parts.push(rest);
        }
        if part.cause.is_some() || taken > 0 {
            return None;
        }
        let is_refused = if is_alone { self.is_one_too_many() } else { self.await_turn().await };
        is_refused.then(|| DeliveryError::none_named(self.operation(), partial))
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
}
