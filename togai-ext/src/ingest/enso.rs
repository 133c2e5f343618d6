//! Enso as a service that takes events.

use togai_api::BoxFuture;
use togai_api::enso::Client;
use togai_api::enso::operations::CREATE_EVENTS_BATCH;
use togai_api::enso::types::EnsoEvent;

use super::backend::{Backend, Connection, Envelope, Failed, Protocol, Request, Response};
use super::encode::Fields;
use super::payload::{Owned, Payload};
use super::sender::{NotTaken, Sender};
use super::{IngestExt, check, classify};

/// The fields at the top of an event, by their names: the id, and what has to be there. That is documented for single
/// events, and taken to hold for batches.
const FIELDS: &[&str] = &["eventId", "CustomerEntityId", "metric", "timestamp", "value"];

static BATCH: Protocol = Protocol {
    operation: "create_events_batch",
    max_batch_size: None,
    envelope: Envelope { before: r#"{"events":["#, between: ",", after: "]}" },
    fields: FIELDS,
    // No document says that an `eventId` counts once.
    idempotent: false,
};

/// Enso, as one call needs it.
#[derive(Clone, Debug)]
pub struct Enso {
    sender: Sender,
}

impl IngestExt for Client {
    type Event = EnsoEvent;
    type Backend = Enso;

    /// A single event is a batch of one: no other operation of Enso is in the document.
    fn connect(&self, _is_single: bool) -> Connection<Enso> {
        let sender = Sender::new(self.core(), &CREATE_EVENTS_BATCH);
        Connection { session: sender.session(), backend: Enso { sender } }
    }
}

impl Backend for Enso {
    fn protocol(&self) -> &'static Protocol {
        &BATCH
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check_fields(event, fields)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let events = request.events;
        let sending = self.sender.clone().send(request);
        Box::pin(async move {
            match sending.await {
                Ok(response) => answer::told(&response, events),
                Err(NotTaken { error, answer }) => answer
                    .and_then(|answer| answer::told_of_failure(&answer, events))
                    .unwrap_or_else(|| Err(classify::failed(error))),
            }
        })
    }
}

impl Owned for EnsoEvent {}

impl Payload for EnsoEvent {
    type Returned = Self;

    fn set_id(&mut self, id: &str) {
        self.event_id = Some(id.to_owned());
    }

    /// No limit of a field is documented, and a value is declared as a float.
    fn check(&self) -> Result<(), String> {
        match self.value.to_string().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(()),
            _ => Err("`value` is beyond what a float can hold: send it in parts".to_owned()),
        }
    }

    fn into_returned(self) -> Self {
        self
    }
}

fn check_fields(event: &[u8], fields: &Fields) -> Result<(), String> {
    check::check_set(FIELDS, fields)?;
    let (value, texts) = (FIELDS.len() - 1, &FIELDS[..FIELDS.len() - 1]);
    for (place, name) in texts.iter().enumerate() {
        if let Some(text) = fields.get(place, event) {
            check::check_encoded(name, text, usize::MAX)?;
        }
    }
    match fields.get(value, event) {
        Some([b'-' | b'0'..=b'9', ..]) | None => Ok(()),
        Some(_) => Err("`value` is no number: write it without quotes".to_owned()),
    }
}

mod answer;
#[cfg(test)]
mod tests;
