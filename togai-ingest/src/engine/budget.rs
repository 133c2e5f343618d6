//! How many further requests there may be for a batch.

use super::parts::Part;

/// What an event adds that is shown to be at fault: about as much as it costs to find it among a thousand.
const FOR_EACH_FOUND: usize = 8;

/// How many further requests there may be for a batch that are refused or have no response.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new(requests: usize) -> Self {
        Self { left: requests }
    }

    /// Whether a part may be sent. The first request for an event always may.
    pub(super) fn covers(&self, part: &Part) -> bool {
        part.cause.is_none() || self.left > 0
    }

    /// Takes away a further request for what was sent before.
    pub(super) fn charge(&mut self, part: &Part) {
        self.left = self.left.saturating_sub(usize::from(part.cause.is_some()));
    }

    /// Gives back what a further request that is accepted earns.
    pub(super) fn earn(&mut self, part: &Part) {
        self.left = self.left.saturating_add(usize::from(part.cause.is_some()));
    }

    /// Adds what it takes to find as many events again as were shown to be at fault.
    pub(super) fn note_named(&mut self, events: usize) {
        self.left = self.left.saturating_add(events.saturating_mul(FOR_EACH_FOUND));
    }
}
