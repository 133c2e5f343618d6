//! Togai as a service that takes events.

mod counts;
mod response;
mod signs;

use reqwest::StatusCode;
use togai_api::operations::{INGEST, INGEST_BATCH};
use togai_api::{BoxFuture, Client, Event, NoSuccess};
use togai_ingest::{Backend, Connection, Envelope, Failed, Fields, IntoBackend, Protocol, ReadBack, Request, Response};

use super::sender::Sender;
use super::{check, classify};

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

static SINGLE: Protocol = Protocol::new("ingest")
    .max_batch_size(1)
    .envelope(Envelope { before: r#"{"event":"#, between: "", after: "}" })
    .idempotent(IDEMPOTENT);

/// At most 1000 events, by the schema of the vendor's Python client 1.0.3.
static BATCH: Protocol = Protocol::new("ingest_batch")
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

    const FIELDS: &'static [&'static str] = check::FIELDS;
    /// An event is all text, and is read as it is written; the tests of `togai-api` show it.
    const READ_BACK: Option<ReadBack<Event>> = Some(read_back);

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
        let events = request.events;
        let sending = self.sender.clone().send(request);
        Box::pin(async move {
            match sending.await {
                Ok(response) => response::read(&response, events),
                Err(NoSuccess { error, .. }) if error.is_decode() && error.status() == Some(StatusCode::ACCEPTED) => {
                    Ok(response::unreadable(error.body_excerpt().unwrap_or_default()))
                }
                Err(NoSuccess { error, .. }) => Err(classify::failed(error)),
            }
        })
    }
}

fn read_back(json: &[u8]) -> Event {
    // An event reads what it writes, so the fallback is never taken.
    serde_json::from_slice(json).unwrap_or_default()
}

#[cfg(test)]
mod tests;
