//! How many further requests there may be for a batch.

use super::parts::Part;

/// What an event adds that is shown to be at fault: about as much as it costs to find it among a thousand.
const FOR_EACH_FOUND: usize = 8;

/// How many further requests there may be for a batch that are refused or have no response.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    /// How many events were found that are at fault, unless the service refuses everything.
    found: usize,
    /// How many requests of the call had been accepted then.
    accepted_before: u64,
}

impl Budget {
    pub(super) fn new(requests: usize) -> Self {
        Self { left: requests, found: 0, accepted_before: 0 }
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

    /// Notes events that were refused by themselves, when so many requests of the call had been accepted.
    pub(super) fn note_found(&mut self, events: usize, accepted: u64) {
        self.settle(accepted);
        self.found += events;
        self.accepted_before = accepted;
    }

    /// Adds what it takes to find as many events again, once another request of the call was accepted.
    pub(super) fn settle(&mut self, accepted: u64) {
        if accepted > self.accepted_before {
            let found = std::mem::take(&mut self.found);
            self.left = self.left.saturating_add(found.saturating_mul(FOR_EACH_FOUND));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::Cause;
    use super::*;

    /// How many further requests may be refused.
    fn left(budget: &mut Budget) -> usize {
        let part = Part { cause: Some(Cause::Open("".into())), ..Part::default() };
        let mut requests = 0;
        while budget.covers(&part) {
            budget.charge(&part);
            requests += 1;
        }
        requests
    }

    #[test]
    fn an_event_that_is_found_counts_once_another_request_is_accepted() {
        let mut budget = Budget::new(3);
        budget.note_found(2, 5);
        budget.settle(5);
        assert_eq!(left(&mut budget), 3);
        budget.settle(6);
        assert_eq!(left(&mut budget), 16);
        budget.settle(7);
        assert_eq!(left(&mut budget), 0);
        assert!(budget.covers(&Part::default()), "the first request always may be sent");
    }
}
