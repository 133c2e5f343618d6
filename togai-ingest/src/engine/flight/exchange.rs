//! A request, and what the service said.

use bytes::Bytes;

use super::super::call::CallState;
use super::super::encoded::Encoded;
use crate::backend::{Backend, Failed, Request, Response};

/// A request that was sent, and its response.
pub(super) struct Exchange {
    /// The number of the request.
    pub(super) number: u64,
    /// How many requests of the session had been accepted when it was sent.
    pub(super) accepted_before: u64,
    /// There is none where the call ended first.
    pub(super) response: Option<Result<Response, Failed>>,
}

impl Exchange {
    /// Sends a whole batch, and waits for the response.
    pub(super) async fn of_batch<B: Backend>(call: &CallState<B>, batch: &Encoded<Bytes>) -> Self {
        Self::of(call, batch.body(), batch.slots().len(), None).await
    }

    /// The same for some events.
    pub(super) async fn of<B: Backend>(
        call: &CallState<B>,
        body: Bytes,
        events: usize,
        max_retries: Option<u32>,
    ) -> Self {
        let accepted_before = call.operation.accepted();
        let number = call.operation.note_sent();
        let cancel = call.cancel.clone();
        let request = Request { body, events, idempotent: call.idempotent, cancel, max_retries };
        let response = call.unless_abandoned(call.backend.send(request)).await;
        Self { number, accepted_before, response }
    }
}
