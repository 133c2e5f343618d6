//! Sending the requests of a call through the retries of the client.

use std::time::Instant;

use serde::de::DeserializeOwned;
use togai_api::{Core, Error, Operation, ResponseValue, read_response};

use togai_ingest::{Request, Session};

use crate::retry::CallTerms;
use crate::stack::Stack;

/// The result of a request.
pub(super) type Sent<T> = Result<ResponseValue<T>, NotAccepted<T>>;

/// Why a request was not accepted as a whole, with the response where there was one that could be read.
pub(super) struct NotAccepted<T> {
    pub(super) error: Error,
    #[cfg_attr(not(feature = "enso"), allow(dead_code, reason = "Togai's responses of failure speak of no event"))]
    pub(super) response: Option<ResponseValue<T>>,
}

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
        let request = request.map_err(|error| NotAccepted { error, response: None })?;
        let start = Instant::now();
        let terms = CallTerms { idempotent, cancel: Some(cancel), max_retries };
        let result = self.stack.retry.call(request, self.operation, terms).await;
        let read = read_response(self.operation, result, start).await;
        read.map_err(|(error, response)| NotAccepted { error, response })
    }
}
