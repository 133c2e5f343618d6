//! Enso as a service that takes events.

use bytes::Bytes;
use togai_api::enso::Client;
use togai_api::enso::operations::CREATE_EVENTS_BATCH;
use togai_api::enso::types::EnsoEvent;
use togai_api::{BoxFuture, Error};

use super::backend::{Answer, Backend, Envelope};
use super::encode::Fields;
use super::payload::{Owned, Payload};
use super::run::Surroundings;
use super::sender::{NotTaken, Sender};
use super::source::Source;
use super::{Ingest, IngestExt, check};

/// The fields at the top of an event, by their names: the id, and what has to be there. That is documented for single
/// events, and taken to hold for batches.
const FIELDS: &[&str] = &["eventId", "CustomerEntityId", "metric", "timestamp", "value"];

/// Enso, as one call needs it.
#[derive(Clone, Debug)]
pub struct Enso {
    sender: Sender,
    is_idempotent: bool,
}

impl IngestExt for Client {
    type Event = EnsoEvent;
    type Backend = Enso;

    /// A single event is a batch of one: no other operation of Enso is in the document.
    fn backend(&self, _is_single: bool) -> Enso {
        let sender = Sender::new(self.core(), &CREATE_EVENTS_BATCH);
        Enso { sender, is_idempotent: false }
    }
}

impl<S: Source> Ingest<'_, S, Enso> {
    /// Sets whether sending an event again with the same id is harmless; it is not taken to be so by default.
    ///
    /// ```
    /// use togai_ext::enso::EnsoEvent;
    /// use togai_ext::prelude::*;
    /// use togai_sandbox::{Fault, Sandbox};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::start().await?;
    /// let client = ClientBuilder::enso(sandbox.enso_token()).base_url(sandbox.enso_base_url()).build()?;
    /// let event = || EnsoEvent::new("ent_acme", "api_calls", Timestamp::now(), 1);
    ///
    /// // The event is taken, and the answer gets lost.
    /// sandbox.fault(Fault::reset_after_reading().first(1));
    /// let failure = client.ingest_events([event()]).send().await.unwrap_err();
    /// assert_eq!(failure.report().unknown(), 1);
    /// assert!(!failure.report().not_accepted()[0].outcome.is_retryable());
    ///
    /// // Whoever knows that an id counts once gets it accepted.
    /// sandbox.fault(Fault::reset_after_reading().first(1));
    /// let report = client.ingest_events([event()]).assume_idempotent(true).send().await?;
    /// assert_eq!(report.accepted(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// No document of Enso says that an `eventId` counts once. So by default a request whose answer did not come, or was
    /// one of an outage, is not sent again: its events are [`Unknown`](crate::Outcome::Unknown), and the call ends. With
    /// `true`, which you should have from the vendor, it is sent again as a request to Togai is, and so are in halves the
    /// events that an answer leaves open.
    pub fn assume_idempotent(mut self, is_idempotent: bool) -> Self {
        self.backend = self.backend.assume_idempotent(is_idempotent);
        self
    }
}

impl Enso {
    pub(super) fn assume_idempotent(self, is_idempotent: bool) -> Self {
        Self { sender: self.sender.assume_idempotent(is_idempotent), is_idempotent }
    }
}

impl Backend for Enso {
    fn operation(&self) -> &'static str {
        self.sender.operation().id
    }

    fn max_batch_size(&self) -> Option<usize> {
        None
    }

    fn envelope(&self) -> Envelope {
        Envelope { before: r#"{"events":["#, between: ",", after: "]}" }
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check_fields(event, fields)
    }

    fn is_resending_harmless(&self) -> bool {
        self.is_idempotent
    }

    fn is_proven(&self) -> bool {
        self.sender.is_proven()
    }

    fn surroundings(&self) -> Surroundings {
        self.sender.surroundings()
    }

    fn send(&self, body: Bytes, events: usize) -> BoxFuture<'static, Result<Answer, Error>> {
        let (sending, is_idempotent) = (self.sender.clone().send(body), self.is_idempotent);
        Box::pin(async move {
            match sending.await {
                Ok(response) => Ok(answer::told(&response, events)),
                Err(NotTaken { error, answer }) => {
                    match answer.and_then(|answer| answer::told_of_failure(&answer, events)) {
                        Some(answer) => Ok(answer),
                        None if is_idempotent => Err(error.of_events_with_ids()),
                        None => Err(error),
                    }
                }
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
