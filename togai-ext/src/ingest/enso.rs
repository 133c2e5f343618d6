//! Enso as a service that takes events.

use togai_api::enso::Client;
use togai_api::enso::operations::CREATE_EVENTS_BATCH;
use togai_api::enso::types::EnsoEvent;
use togai_api::{BoxFuture, NoSuccess};
use togai_ingest::{Backend, Connection, Envelope, Failed, Fields, IntoBackend, Protocol, Request, Response};

use super::sender::Sender;
use super::{IngestExt, check, classify};

/// The fields at the top of an event, by their names: the id, and what has to be there. That is documented for single
/// events, and taken to hold for batches.
const FIELDS: &[&str] = &["eventId", "CustomerEntityId", "metric", "timestamp", "value"];

/// No document says that an `eventId` counts once, so it is not idempotent.
static BATCH: Protocol =
    Protocol::new("create_events_batch").envelope(Envelope { before: r#"{"events":["#, between: ",", after: "]}" });

/// Enso as a service that events are delivered to.
///
/// It is the backend in the types of calls, such as [`Ingest`](crate::Ingest).
#[derive(Clone, Debug)]
pub struct Enso {
    sender: Sender,
}

impl IngestExt for Client {
    type Event = EnsoEvent;
    type Backend = Enso;

    fn connect(&self) -> Connection<Enso> {
        let sender = Sender::new(self.core(), &CREATE_EVENTS_BATCH);
        let session = sender.session();
        Connection::new(Enso { sender }, session)
    }
}

impl IntoBackend<Enso> for &Client {
    fn into_backend(self) -> Connection<Enso> {
        self.connect()
    }
}

impl Backend for Enso {
    type Event = EnsoEvent;

    const FIELDS: &'static [&'static str] = FIELDS;

    fn protocol(&self) -> &'static Protocol {
        &BATCH
    }

    fn set_id(event: &mut EnsoEvent, id: &str) {
        event.event_id = Some(id.to_owned());
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check_fields(event, fields)
    }

    /// No limit of a field is documented, and a value is declared as a float.
    fn check_event(&self, event: &EnsoEvent) -> Result<(), String> {
        match event.value.to_string().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(()),
            _ => Err("`value` is beyond what a float can hold: send it in parts".to_owned()),
        }
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let events = request.events;
        let sending = self.sender.clone().send(request);
        Box::pin(async move {
            match sending.await {
                Ok(response) => response::from_success(&response, events),
                Err(NoSuccess { error, response }) => response
                    .and_then(|response| response::from_failure(&response, events))
                    .unwrap_or_else(|| Err(classify::failed(error))),
            }
        })
    }
}

fn check_fields(event: &[u8], fields: &Fields) -> Result<(), String> {
    check::check_set(FIELDS, fields)?;
    let (value, texts) = (FIELDS.len() - 1, &FIELDS[..FIELDS.len() - 1]);
    for (index, name) in texts.iter().enumerate() {
        if let Some(text) = fields.get(index, event) {
            check::check_encoded(name, text, usize::MAX)?;
        }
    }
    match fields.get(value, event) {
        Some([b'-' | b'0'..=b'9', ..]) | None => Ok(()),
        Some(_) => Err("`value` is no number: write it without quotes".to_owned()),
    }
}

mod response;
#[cfg(test)]
mod tests;
