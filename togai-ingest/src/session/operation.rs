//! What all calls of a session to one operation share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// What all calls of a session to one operation share: which requests were sent and accepted.
#[derive(Debug)]
pub(crate) struct OperationState {
    /// How many requests were sent. The number of a request is how many there were with it.
    sent: AtomicU64,
    accepted: watch::Sender<Accepted>,
}

/// The requests that were accepted, in whole or in part.
#[derive(Clone, Copy, Debug, Default)]
struct Accepted {
    count: u64,
    /// The highest number of one of them.
    latest: u64,
}

impl Default for OperationState {
    fn default() -> Self {
        Self { sent: AtomicU64::new(0), accepted: watch::Sender::new(Accepted::default()) }
    }
}

impl OperationState {
    /// Notes that a request is sent: its number.
    pub(crate) fn note_sent(&self) -> u64 {
        self.sent.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the request that was sent last.
    pub(crate) fn last_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Notes that a request was accepted.
    pub(crate) fn note_accepted(&self, number: u64) {
        self.accepted.send_modify(|accepted| {
            *accepted = Accepted { count: accepted.count + 1, latest: accepted.latest.max(number) };
        });
    }

    /// How many requests were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.borrow().count
    }

    /// Whether a request was accepted that was sent after the one with this number.
    pub(crate) fn has_accepted_after(&self, number: u64) -> bool {
        self.accepted.borrow().latest > number
    }

    /// Waits until there is such a request.
    pub(crate) async fn accepted_after(self: Arc<Self>, number: u64) {
        // The sender is part of the state, so waiting does not fail.
        drop(self.accepted.subscribe().wait_for(|accepted| accepted.latest > number).await);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn only_the_acceptance_of_a_later_request_counts() {
        let state = Arc::new(OperationState::default());
        let [first, second] = [state.note_sent(), state.note_sent()];
        let mut waiting = Box::pin(Arc::clone(&state).accepted_after(second));
        state.note_accepted(first);
        state.note_accepted(second);
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!((state.accepted(), state.has_accepted_after(second), state.last_sent()), (2, false, second));
        state.note_accepted(state.note_sent());
        waiting.await;
        assert!(state.has_accepted_after(second));
    }
}
