//! Togai as a service that takes events.

use reqwest::StatusCode;
use serde_json::Value;
use togai_api::operations::{INGEST, INGEST_BATCH};
use togai_api::{BoxFuture, Client, Event, ResponseValue};
use togai_ingest::{
    Backend, Connection, Envelope, EventRef, Failed, Failure, FailureKind, Fields, IntoBackend, Partial, Protocol,
    Request, Response,
};

use super::sender::{NotAccepted, Sender};
use super::{check, classify};

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

/// The API meters an id once in 45 days (vendor's Python client 1.0.3, `Event.id`).
const IDEMPOTENT: bool = true;

static SINGLE: Protocol = Protocol::new("ingest", check::FIELDS)
    .max_batch_size(1)
    .envelope(Envelope { before: r#"{"event":"#, between: "", after: "}" })
    .idempotent(IDEMPOTENT);

/// At most 1000 events, by the schema of the vendor's Python client 1.0.3.
static BATCH: Protocol = Protocol::new("ingest_batch", check::FIELDS)
    .max_batch_size(1000)
    .envelope(Envelope { before: r#"{"events":["#, between: ",", after: "]}" })
    .idempotent(IDEMPOTENT);

/// Togai as a service that events are delivered to.
///
/// It is the backend in the types of calls, such as [`Ingest`](crate::Ingest).
#[derive(Clone, Debug)]
pub struct Togai {
    sender: Sender,
    endpoint: Endpoint,
}

impl Togai {
    pub(super) fn connect(client: &Client, endpoint: Endpoint) -> Connection<Self> {
        let operation = match endpoint {
            Endpoint::Single => &INGEST,
            Endpoint::Batch => &INGEST_BATCH,
        };
        let sender = Sender::new(client.core(), operation);
        let session = sender.session();
        Connection::new(Self { sender, endpoint }, session)
    }
}

impl IntoBackend<Togai> for &Client {
    fn into_backend(self) -> Connection<Togai> {
        Togai::connect(self, Endpoint::Batch)
    }
}

impl Backend for Togai {
    type Event = Event;

    fn protocol(&self) -> &'static Protocol {
        match self.endpoint {
            Endpoint::Single => &SINGLE,
            Endpoint::Batch => &BATCH,
        }
    }

    fn set_id(event: &mut Event, id: &str) {
        event.id = Some(id.into());
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn check_event(&self, event: &Event) -> Result<(), String> {
        check::check_event(event)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let sending = self.sender.clone().send(request);
        Box::pin(async move {
            match sending.await {
                Ok(response) => read(&response),
                // What stands in the body of a 202 changes nothing about it.
                Err(NotAccepted { error, .. }) if error.is_decode() && error.status() == Some(StatusCode::ACCEPTED) => {
                    Ok(Response::AllAccepted)
                }
                Err(NotAccepted { error, .. }) => Err(classify::failed(error)),
            }
        })
    }
}

/// What a response says of the events.
///
/// How a 207 names the events that failed is not documented today. Up to 2023 it was `errors` at top level, with the
/// event in `eventPayload`; the response of today has `details`, so the same list is looked for there. It is read as plain
/// JSON, since an event may have failed for a field that cannot be decoded.
///
/// The API responds with no other status of success. Another one may come from a gateway or a wrong address, so it
/// says nothing of the events.
fn read(response: &ResponseValue<Value>) -> Result<Response, Failed> {
    let status = response.status();
    if !matches!(status, StatusCode::ACCEPTED | StatusCode::MULTI_STATUS) {
        let why = format!("the server answered {status}, which the API does not answer with; check the base URL");
        return Err(classify::unclear(&why, response.unclear(why.as_str())));
    }
    let body: &Value = response;
    let listed = body["errors"].as_array().filter(|listed| !listed.is_empty());
    let listed = listed.or_else(|| body["details"]["errors"].as_array());
    let failures: Vec<Failure> = listed.into_iter().flatten().map(|error| failure(response, error)).collect();
    if status == StatusCode::ACCEPTED && failures.is_empty() && body["success"] != Value::Bool(false) {
        return Ok(Response::AllAccepted);
    }
    let may_be_incomplete = failures.is_empty() || failures.len() >= CAP_OF_FAILURES;
    let mut partial = Partial::new(status, failures);
    partial.may_be_incomplete = may_be_incomplete;
    partial.says_success = body["success"] == Value::Bool(true);
    partial.message = body["message"].as_str().map(|message| response.safe_text(message).into());
    partial.maybe_repeated = response.maybe_repeated();
    Ok(Response::Partial(partial))
}

fn failure(response: &ResponseValue<Value>, error: &Value) -> Failure {
    let event = match error.pointer("/eventPayload/id") {
        Some(Value::String(id)) => EventRef::Id(id.clone()),
        Some(Value::Number(id)) => EventRef::Id(id.to_string()),
        _ => EventRef::Unnamed,
    };
    let message = error["message"].as_str().map(|message| response.safe_text(message));
    let is_duplicate = message.as_deref().is_some_and(speaks_of_duplicate);
    let kind = if is_duplicate { FailureKind::Duplicate } else { FailureKind::Refused };
    Failure::new(event, kind, message.as_deref())
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
    use super::*;

    #[test]
    fn a_duplicate_event_differs_from_an_event_with_something_twice() {
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
