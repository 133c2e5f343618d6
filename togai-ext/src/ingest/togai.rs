//! Togai as a service that takes events.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use togai_api::{BoxFuture, CallContext, Client, Error, OPERATIONS, Operation, ResponseValue, TransportError};

use super::backend::{Answer, Backend, Envelope, Failure, Partial};
use super::check;
use super::encode::Fields;
use super::run::Surroundings;
use crate::CallOptions;
use crate::stack::Stack;
use crate::standing::Turn;
use crate::stop::Stop;

/// Documents of 2022 and 2023 cap the list of failures at so many.
const CAP_OF_FAILURES: usize = 100;

/// Where events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `POST /ingest`, one event.
    Single,
    /// `POST /ingestBatch`.
    Batch,
}

impl Endpoint {
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Single => "ingest",
            Self::Batch => "ingest_batch",
        }
    }

    /// The API takes so many events in a request, by the schema of the vendor's Python client 1.0.3.
    pub(super) fn max_batch_size(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Batch => 1000,
        }
    }
}

/// The service that a client talks to.
#[derive(Clone)]
pub(super) struct Togai {
    client: Client,
    stack: Stack,
    stop: Stop,
    endpoint: Endpoint,
    operation: &'static Operation,
}

impl Togai {
    /// Fails where the table of operations has no such operation, which a generated table always has.
    pub(super) fn new(client: &Client, endpoint: Endpoint) -> Result<Self, Error> {
        let id = endpoint.operation();
        let operation = OPERATIONS.iter().copied().find(|operation| operation.id == id);
        let operation =
            operation.ok_or_else(|| Error::configuration(format!("the client was generated without {id}")))?;
        let stop = Stop::new();
        let stack = Stack::of_any(client).with(CallOptions { stop: Some(stop.clone()), ..CallOptions::new() });
        Ok(Self { client: client.with_transport(stack.clone()), stack, stop, endpoint, operation })
    }

    pub(super) fn surroundings(&self) -> Surroundings {
        let shared = &self.stack.shared;
        Surroundings { clock: Arc::clone(&shared.clock), limits: Arc::clone(&shared.limits), stop: self.stop.clone() }
    }

    async fn post(&self, body: Bytes) -> Result<Answer, Error> {
        let json = HeaderValue::from_static("application/json");
        let request = self
            .client
            .http()
            .post(format!("{}{}", self.client.base_url(), self.operation.path))
            .header(ACCEPT, &json)
            .header(CONTENT_TYPE, json)
            .body(body)
            .build()
            .map_err(|error| {
                Error::invalid_request(self.operation.id, "the request could not be built")
                    .with_source(error.without_url())
            })?;
        let answer = match self.client.execute::<Value>(request, self.operation).await {
            Ok(response) => Ok(read(&response)),
            // What stands in the body of a 202 changes nothing about it.
            Err(error) if error.is_decode() && error.status() == Some(StatusCode::ACCEPTED) => Ok(Answer::All),
            Err(error) => Err(error.of_events_with_ids()),
        };
        // Whoever waits for a turn is to find it noted.
        let standing = &self.stack.shared.standing;
        match &answer {
            Ok(_) => standing.prove(),
            Err(error) if error.is_auth() => standing.refuse(),
            Err(_) => {}
        }
        answer
    }

    /// Sends the request when it is its turn, which matters until the token is known to be good. The wait is part of the
    /// time that the call may take.
    async fn post_in_turn(&self, body: Bytes) -> Result<Answer, Error> {
        let shared = &self.stack.shared;
        let start = shared.clock.now();
        let end = select(Box::pin(self.stop.wait()), shared.clock.sleep(self.stack.retry.time_limit()));
        let turn = match select(Box::pin(shared.standing.turn()), end).await {
            Either::Left((turn, _)) => turn,
            Either::Right((Either::Left(_), _)) => return Err(self.cancelled("the call has become pointless")),
            Either::Right((Either::Right(_), _)) => {
                let late = TransportError::deadline(CallContext::default());
                let why = "another call of this client has tried the token for so long";
                return Err(Error::from_transport(self.operation, late).with_source(why));
            }
        };
        if matches!(turn, Turn::Refused) {
            return Err(self.cancelled("another call met a refusal of the token just now"));
        }
        let waited = shared.clock.now().saturating_duration_since(start);
        let Some(deadline) = self.stack.retry.deadline() else { return self.post(body).await };
        let left = CallOptions::new().deadline(deadline.saturating_sub(waited));
        Self { client: self.client.with_transport(self.stack.with(left)), ..self.clone() }.post(body).await
    }

    /// The error of a request that was not sent.
    fn cancelled(&self, why: &'static str) -> Error {
        Error::from_transport(self.operation, TransportError::cancelled(CallContext::default())).with_source(why)
    }
}

impl Backend for Togai {
    fn operation(&self) -> &'static str {
        self.operation.id
    }

    fn max_batch_size(&self) -> usize {
        self.endpoint.max_batch_size()
    }

    fn envelope(&self) -> Envelope {
        match self.endpoint {
            Endpoint::Single => Envelope { before: r#"{"event":"#, between: "", after: "}" },
            Endpoint::Batch => Envelope { before: r#"{"events":["#, between: ",", after: "]}" },
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        check::FIELDS
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    /// The API meters an id once in 45 days (vendor's Python client 1.0.3, `Event.id`).
    fn is_resending_harmless(&self) -> bool {
        true
    }

    fn is_proven(&self) -> bool {
        self.stack.shared.standing.is_proven()
    }

    fn send(&self, body: Bytes) -> BoxFuture<'static, Result<Answer, Error>> {
        let backend = self.clone();
        Box::pin(async move {
            if backend.is_proven() { backend.post(body).await } else { backend.post_in_turn(body).await }
        })
    }
}

/// What the answer says of the events.
///
/// How a 207 names the events that failed is not documented today. Up to 2023 it was `errors` at top level, with the
/// event in `eventPayload`; the answer of today has `details`, so the same list is looked for there. It is read as plain
/// JSON, since an event may have failed for a field that cannot be decoded.
///
/// Any other status of success is none that the API answers with. It may come from a gateway or a wrong address, so it
/// says nothing of the events.
fn read(response: &ResponseValue<Value>) -> Answer {
    let status = response.status();
    if !matches!(status, StatusCode::ACCEPTED | StatusCode::MULTI_STATUS) {
        let why = format!("the server answered {status}, which the API does not answer with; check the base URL");
        return Answer::Unclear { why: why.into() };
    }
    let answer: &Value = response;
    let listed = answer["errors"].as_array().filter(|listed| !listed.is_empty());
    let listed = listed.or_else(|| answer["details"]["errors"].as_array());
    let failures: Vec<Failure> = listed.into_iter().flatten().map(|error| failure(response, error)).collect();
    if status == StatusCode::ACCEPTED && failures.is_empty() && answer["success"] != Value::Bool(false) {
        return Answer::All;
    }
    Answer::Partial(Partial {
        status,
        may_be_incomplete: failures.is_empty() || failures.len() >= CAP_OF_FAILURES,
        failures,
        says_success: answer["success"] == Value::Bool(true),
        message: answer["message"].as_str().map(|message| response.safe_text(message).into()),
        maybe_repeated: response.maybe_repeated(),
    })
}

fn failure(response: &ResponseValue<Value>, error: &Value) -> Failure {
    let id = match error.pointer("/eventPayload/id") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let message = response.safe_text(error["message"].as_str().unwrap_or("the server gave no reason"));
    let is_duplicate = speaks_of_duplicate(&message);
    Failure { id, message: message.into(), is_duplicate }
}

/// Whether a message says that the server has the event already, and not that something in it is there twice.
///
/// No sample of such a message is documented. The status of such an event is `INGESTION_FAILED_DUPLICATE_EVENT`.
fn speaks_of_duplicate(message: &str) -> bool {
    let message = message.to_ascii_lowercase().replace(['_', '-'], " ");
    ["duplicate event", "duplicate id", "duplicated event", "event is a duplicate", "event already", "id already"]
        .iter()
        .any(|words| message.contains(words))
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

    #[test]
    fn a_duplicate_event_is_told_from_an_event_with_something_twice() {
        for message in [
            "INGESTION_FAILED_DUPLICATE_EVENT",
            "Duplicate event: the id \"x\" was ingested before",
            "event id already used",
        ] {
            assert!(speaks_of_duplicate(message), "{message}");
        }
        for message in ["duplicate attribute name: distance", "attributes has duplicates", ""] {
            assert!(!speaks_of_duplicate(message), "{message}");
        }
    }
}
