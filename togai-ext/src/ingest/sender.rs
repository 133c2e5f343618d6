//! The way of the requests of a call to the server.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};
use serde::de::DeserializeOwned;
use togai_api::{CallContext, Core, Error, Operation, ResponseValue, TransportError};

use super::run::Surroundings;
use crate::CallOptions;
use crate::stack::Stack;
use crate::standing::Turn;
use crate::stop::Stop;

/// What became of a request.
pub(super) type Sent<T> = Result<ResponseValue<T>, NotTaken<T>>;

/// Why a request was not taken as a whole, with the answer where there was one that could be read.
pub(super) struct NotTaken<T> {
    pub(super) error: Error,
    #[cfg_attr(not(feature = "enso"), allow(dead_code, reason = "Togai's answers of failure speak of no event"))]
    pub(super) answer: Option<ResponseValue<T>>,
}

impl<T> From<Error> for NotTaken<T> {
    fn from(error: Error) -> Self {
        Self { error, answer: None }
    }
}

/// Sends the requests of a call, one operation over and over.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    core: Core,
    stack: Stack,
    stop: Stop,
    operation: &'static Operation,
}

impl Sender {
    /// One for a call of a client of whichever service, given by what the client stands on and by the operation.
    pub(super) fn new(core: &Core, operation: &'static Operation) -> Self {
        let stop = Stop::new();
        let stack =
            Stack::of_any(core.transport()).with(CallOptions { stop: Some(stop.clone()), ..CallOptions::new() });
        Self { core: core.with_transport(stack.clone()), stack, stop, operation }
    }

    /// Sets whether a request may be sent again after an attempt that may have been applied, whatever its operation says.
    #[cfg(feature = "enso")]
    pub(super) fn assume_idempotent(mut self, is_idempotent: bool) -> Self {
        let options = CallOptions { assume_idempotent: Some(is_idempotent), ..CallOptions::new() };
        self.stack = self.stack.with(options);
        self.core = self.core.with_transport(self.stack.clone());
        self
    }

    pub(super) fn operation(&self) -> &'static Operation {
        self.operation
    }

    pub(super) fn surroundings(&self) -> Surroundings {
        let shared = &self.stack.shared;
        Surroundings { clock: Arc::clone(&shared.clock), limits: Arc::clone(&shared.limits), stop: self.stop.clone() }
    }

    pub(super) fn is_proven(&self) -> bool {
        self.stack.shared.standing.is_proven()
    }

    /// Sends a body, in its turn.
    pub(super) async fn send<T: DeserializeOwned>(self, body: Bytes) -> Sent<T> {
        if self.is_proven() { self.post(body).await } else { self.post_in_turn(body).await }
    }

    async fn post<T: DeserializeOwned>(&self, body: Bytes) -> Sent<T> {
        let request = self.core.request(self.operation, self.operation.path, Some(body))?;
        let answer = self.core.execute_and_read_failure(request, self.operation).await;
        // Whoever waits for a turn is to find it noted.
        let standing = &self.stack.shared.standing;
        match &answer {
            Ok(_) => standing.prove(),
            Err((error, _)) if error.is_decode() => standing.prove(),
            Err((error, _)) if error.is_auth() => standing.refuse(),
            Err(_) => {}
        }
        answer.map_err(|(error, answer)| NotTaken { error, answer })
    }

    /// Sends the request when it is its turn, which matters until the token is known to be good. The wait is part of the
    /// time that the call may take.
    async fn post_in_turn<T: DeserializeOwned>(&self, body: Bytes) -> Sent<T> {
        let shared = &self.stack.shared;
        let start = shared.clock.now();
        let end = select(Box::pin(self.stop.wait()), shared.clock.sleep(self.stack.retry.time_limit()));
        let turn = match select(Box::pin(shared.standing.turn()), end).await {
            Either::Left((turn, _)) => turn,
            Either::Right((Either::Left(_), _)) => return Err(self.cancelled("the call has become pointless").into()),
            Either::Right((Either::Right(_), _)) => {
                let late = TransportError::deadline(CallContext::default());
                let why = "another call of this client has tried the token for so long";
                return Err(Error::from_transport(self.operation, late).with_source(why).into());
            }
        };
        if matches!(turn, Turn::Refused) {
            return Err(self.cancelled("another call met a refusal of the token just now").into());
        }
        let waited = shared.clock.now().saturating_duration_since(start);
        let Some(deadline) = self.stack.retry.deadline() else { return self.post(body).await };
        let left = CallOptions::new().deadline(deadline.saturating_sub(waited));
        Self { core: self.core.with_transport(self.stack.with(left)), ..self.clone() }.post(body).await
    }

    /// The error of a request that was not sent.
    fn cancelled(&self, why: &'static str) -> Error {
        Error::from_transport(self.operation, TransportError::cancelled(CallContext::default())).with_source(why)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use togai_api::Event;

    use super::*;
    use crate::ingest::IngestExt;
    use crate::retry::{Parts, Retry};
    use crate::testing::{Script, VirtualClock};
    use crate::{ClientBuilder, ClientExt, RetryBudget, RetryPolicy};

    #[tokio::test]
    async fn who_waits_for_another_call_to_try_the_token_waits_no_longer_than_it_may() {
        let clock = Arc::new(VirtualClock::new(0.0));
        let retry = Retry::new(Parts {
            inner: Box::new(Script::new(&clock, [])),
            clock: clock.clone(),
            policy: RetryPolicy::default(),
            attempt_timeout: None,
            budget: RetryBudget::default(),
        });
        let stack = Stack::new(retry, clock.clone(), Arc::default());
        let shared = Arc::clone(&stack.shared);
        let client = ClientBuilder::new("token").base_url("http://127.0.0.1:9").build().unwrap();
        let client = client.with_transport(stack).with(CallOptions::new().deadline(Duration::from_secs(5)));

        let another = shared.standing.turn().await;
        let event = Event::new("rides", "acme").id("e1");
        let failure = client.ingest_event(event).send().await.unwrap_err();
        insta::assert_snapshot!(failure, @"ingest: the deadline passed before the request could be sent: another call of this client has tried the token for so long (0 attempts, 0 ms) (0 of 1 events accepted, 1 not sent)");
        assert_eq!((failure.report().not_sent(), clock.elapsed()), (1, Duration::from_secs(5)));
        drop(another);
    }
}
