//! Sending the requests of a call through the retries of the client.

use serde::de::DeserializeOwned;
use togai_api::{Core, NoSuccess, Operation, ResponseValue, read_response};

use togai_ingest::{Request, Session};

use crate::retry::CallTerms;
use crate::stack::Stack;

/// The result of a request.
pub(super) type Sent<T> = Result<ResponseValue<T>, NoSuccess<T>>;

/// Sends the requests of a call, one operation over and over.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    core: Core,
    stack: Stack,
    operation: &'static Operation,
}

impl Sender {
    /// One for a call of a client of whichever service, given by what the client stands on and by the operation.
    pub(super) fn new(core: &Core, operation: &'static Operation) -> Self {
        Self { core: core.clone(), stack: Stack::of_any(core.transport()), operation }
    }

    /// What the call shares with others of its client.
    pub(super) fn session(&self) -> Session {
        self.stack.session.clone()
    }

    /// Sends a body.
    pub(super) async fn send<T: DeserializeOwned>(self, request: Request) -> Sent<T> {
        let Request { body, idempotent, cancel, max_retries, .. } = request;
        let request = self.core.request(self.operation, self.operation.path, Some(body));
        let request = request.map_err(|error| NoSuccess { error, response: None })?;
        let terms = CallTerms { cancel: Some(cancel), max_retries, outlasts_throttling: true };
        let result = self.stack.retry.call(&mut request.with_idempotent(idempotent), terms).await;
        read_response(self.operation, result)
    }
}
