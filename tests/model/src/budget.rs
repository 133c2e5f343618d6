//! The budget of a batch: how many further requests there may be that are refused or have no response.

/// How many requests were sent and accepted, of the session and of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acceptances {
    /// How many requests of the session were sent. The number of a request is how many there were with it.
    pub(crate) sent: u64,
    /// The highest number of one that was accepted.
    pub(crate) latest: u64,
    pub(crate) session: u64,
    pub(crate) call: u64,
}

/// What is left of the budget of a batch.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    was_spent: bool,
    /// How many events were found that are at fault, and how many requests of the call had been accepted by then.
    found: usize,
    accepted_before: u64,
}

/// What an event adds that is shown to be at fault.
const FOR_EACH_FOUND: usize = 8;

impl Budget {
    pub(crate) fn new(requests: usize) -> Self {
        Self { left: requests, was_spent: requests == 0, found: 0, accepted_before: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Whether it was spent at some time.
    pub(crate) fn was_spent(&self) -> bool {
        self.was_spent
    }

    /// A further request was refused, or had no response.
    pub(crate) fn charge(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.was_spent |= self.left == 0;
    }

    /// A further request was accepted.
    pub(crate) fn earn(&mut self) {
        self.left += 1;
    }

    /// Events were refused by themselves. They count once another request of the call is accepted.
    pub(crate) fn note_found(&mut self, events: usize, accepted: Acceptances) {
        self.release(accepted);
        self.found += events;
        self.accepted_before = accepted.call;
    }

    pub(crate) fn release(&mut self, accepted: Acceptances) {
        if accepted.call > self.accepted_before {
            self.left += std::mem::take(&mut self.found) * FOR_EACH_FOUND;
        }
    }
}
