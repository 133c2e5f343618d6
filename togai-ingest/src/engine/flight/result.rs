//! What became of a batch.

use super::super::decide::Refusal;
use crate::error::DeliveryError;
use crate::outcome::Outcome;

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
    pub(super) events: Vec<(usize, Refusal)>,
    /// The number of the last request of the session when the last of them was refused.
    pub(super) last_sent: u64,
}

impl Held {
    /// The number of the last request of the session when the last event was refused.
    pub(crate) fn last_sent(&self) -> u64 {
        self.last_sent
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
