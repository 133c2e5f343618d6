//! What became of a batch.

use super::super::decide::Refusal;
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::OperationState;

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
    /// Why its one event failed without a response. If the next batch has success, it was for the event.
    pub(crate) failed_alone: Option<DeliveryError>,
}

impl BatchResult {
    /// Of a batch that was accepted whole.
    pub(crate) fn all_accepted() -> Self {
        Self {
            outcomes: BatchOutcomes::AllAccepted,
            held: None,
            stopped_by: None,
            refused_whole: None,
            failed_alone: None,
        }
    }
}

/// What became of the events of a batch, by their place in it.
#[derive(Debug)]
pub enum BatchOutcomes {
    /// All were accepted.
    AllAccepted,
    /// The outcome of each.
    Each(Vec<Outcome>),
}

/// Events that were refused alone, when no later request had been accepted: the service may refuse everything.
#[derive(Debug, Default)]
pub(crate) struct Held {
    events: Vec<HeldEvent>,
}

#[derive(Debug)]
struct HeldEvent {
    position: usize,
    refusal: Refusal,
    /// The number of the last request of the session when it was refused.
    last_sent: u64,
}

impl Held {
    /// Adds an event that was refused when this was the last request of the session.
    pub(super) fn push(&mut self, position: usize, refusal: Refusal, last_sent: u64) {
        self.events.push(HeldEvent { position, refusal, last_sent });
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes out the events that are at fault: a request was accepted that was sent after they were refused.
    pub(super) fn take_proven(&mut self, operation: &OperationState) -> Vec<(usize, Outcome)> {
        let proven = self.events.extract_if(.., |event| operation.has_accepted_after(event.last_sent));
        proven.map(|event| (event.position, event.refusal.rejected())).collect()
    }

    /// The number of the request after which one has to be accepted that shows all of them to be at fault.
    pub(crate) fn last_sent(&self) -> u64 {
        self.events.last().map_or(0, |event| event.last_sent)
    }

    /// Writes the outcomes of the events. Where nothing shows that one is at fault, it is not sent.
    pub(crate) fn settle(mut self, outcomes: &mut BatchOutcomes, operation: &OperationState) {
        let BatchOutcomes::Each(outcomes) = outcomes else { return };
        for (position, outcome) in self.take_proven(operation) {
            outcomes[position] = outcome;
        }
        for HeldEvent { position, refusal, .. } in self.events {
            let note = "it was refused by itself, and no other request was accepted since";
            outcomes[position] = refusal.with_note(note).not_sent();
        }
    }
}
