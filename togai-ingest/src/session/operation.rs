//! What all calls of a session to one operation share.

use std::sync::Arc;

use futures::lock::{Mutex, OwnedMutexGuard};
use tokio::sync::watch;

/// What all calls of a session to one operation share: how many requests were accepted, and whose turn it is to isolate an
/// event behind failures.
#[derive(Debug)]
pub(crate) struct OperationState {
    accepted: watch::Sender<u64>,
    isolation: Arc<Mutex<()>>,
}

impl Default for OperationState {
    fn default() -> Self {
        Self { accepted: watch::Sender::new(0), isolation: Arc::default() }
    }
}

impl OperationState {
    /// How many requests were accepted, in whole or in part.
    pub(crate) fn accepted(&self) -> u64 {
        *self.accepted.borrow()
    }

    /// Notes that a request was accepted.
    pub(crate) fn note_accepted(&self) {
        self.accepted.send_modify(|accepted| *accepted += 1);
    }

    /// Waits until more requests than that were accepted.
    pub(crate) async fn accepted_beyond(self: Arc<Self>, count: u64) {
        // The sender is part of the state, so waiting does not fail.
        drop(self.accepted.subscribe().wait_for(|accepted| *accepted > count).await);
    }

    /// Waits for the turn to isolate an event behind failures.
    pub(crate) async fn isolation_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.isolation).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_for_an_acceptance_sees_the_next_one() {
        let state = Arc::new(OperationState::default());
        state.note_accepted();
        let mut waiting = Box::pin(Arc::clone(&state).accepted_beyond(1));
        assert!(waiting.as_mut().now_or_never().is_none());
        state.note_accepted();
        waiting.await;
        assert_eq!(state.accepted(), 2);
    }

    #[test]
    fn one_batch_isolates_at_a_time() {
        let state = OperationState::default();
        let first = state.isolation_turn().now_or_never();
        assert!(first.is_some() && state.isolation_turn().now_or_never().is_none());
        drop(first);
        assert!(state.isolation_turn().now_or_never().is_some());
    }
}
