//! What the batches of a call share.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{Either, select};
use futures::lock;

use super::refusals::WholeRefusals;
use super::settings::Settings;
use crate::backend::{Backend, Connection};
use crate::cancel::CancelSignal;
use crate::session::{OperationState, Session};

/// The number of the token of a backend that does not manage tokens by the gate. Where tokens have numbers of their own, it
/// is never in use, and noting it changes nothing.
const NO_TOKEN: u64 = 0;

/// What the batches of a call share.
#[derive(Debug)]
pub(crate) struct CallState<B> {
    pub(super) backend: B,
    pub(super) session: Session,
    /// What the call shares with other calls to its operation.
    pub(super) operation: Arc<OperationState>,
    pub(super) refusals: WholeRefusals,
    pub(super) isolation_budget: usize,
    /// Whether sending an event again is harmless when the service may have it.
    pub(super) idempotent: bool,
    /// After this signal no further request starts.
    pub(super) cancel: CancelSignal,
    /// After this one, those in flight are dropped.
    pub(super) abandon: CancelSignal,
    /// Held by the batch in which an event is isolated behind failures. It is of the call alone: a stream of verdicts that
    /// nobody polls is not to keep other calls from going on.
    isolation: Arc<lock::Mutex<()>>,
    /// How many requests had been accepted when a batch that failed without a response was tried in vain with a few events.
    tried_in_vain: Mutex<Option<u64>>,
}

impl<B: Backend> CallState<B> {
    pub(super) fn new(
        connection: Connection<B>,
        settings: &Settings,
        cancel: CancelSignal,
        abandon: CancelSignal,
    ) -> Self {
        let Connection { backend, session } = connection;
        Self {
            operation: session.operation(backend.protocol().operation),
            backend,
            session,
            refusals: WholeRefusals::default(),
            isolation_budget: settings.isolation_budget,
            idempotent: settings.idempotent,
            cancel,
            abandon,
            isolation: Arc::default(),
            tried_in_vain: Mutex::default(),
        }
    }

    /// Notes that the service has taken events of the request with this number, or has them already.
    pub(super) fn note_accepted(&self, number: u64) {
        self.operation.note_accepted(number);
        self.refusals.note_accepted();
    }

    /// Notes that the service has taken a whole batch.
    pub(super) fn note_all_accepted(&self, number: u64) {
        self.prove_token();
        self.note_accepted(number);
    }

    /// Notes that a request with the token had success.
    pub(super) fn prove_token(&self) {
        self.session.gate().prove(NO_TOKEN, self.backend.protocol().operation, false);
    }

    /// Waits for the turn to isolate an event behind failures.
    pub(super) async fn isolation_turn(&self) -> lock::OwnedMutexGuard<()> {
        Arc::clone(&self.isolation).lock_owned().await
    }

    /// Notes that the service accepts not even a few events, since so many requests were accepted.
    pub(super) fn note_tried_in_vain(&self, accepted: u64) {
        *self.tried_in_vain.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepted);
    }

    /// Whether that was found out, and nothing accepted since.
    pub(super) fn has_tried_in_vain(&self, accepted: u64) -> bool {
        *self.tried_in_vain.lock().unwrap_or_else(PoisonError::into_inner) == Some(accepted)
    }

    /// Waits for something, unless the call is cancelled first.
    pub(super) async fn unless_cancelled<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless(future, &self.cancel).await
    }

    /// Waits for a response, unless the call is abandoned first.
    pub(super) async fn unless_abandoned<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless(future, &self.abandon).await
    }
}

async fn unless<T>(future: impl Future<Output = T>, signal: &CancelSignal) -> Option<T> {
    match select(std::pin::pin!(future), std::pin::pin!(signal.cancelled())).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
