//! Enso as a service that takes events.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use togai_api::enso::types::{BatchEventsResponse, BatchEventsSummary, EnsoEvent, FailedRecord};
use togai_api::enso::{Client, FailureCode, OPERATIONS};
use togai_api::{BoxFuture, Error, ResponseValue};

use super::backend::{Answer, Backend, Envelope, Failure, FailureKind, Named, Partial};
use super::encode::Fields;
use super::payload::{Owned, Payload};
use super::run::Surroundings;
use super::sender::Sender;
use super::source::Source;
use super::{Ingest, IngestExt, check};

const OPERATION: &str = "create_events_batch";

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
    fn backend(&self, _is_single: bool) -> Result<Enso, Error> {
        let operation = OPERATIONS.iter().copied().find(|operation| operation.id == OPERATION);
        let operation =
            operation.ok_or_else(|| Error::configuration(format!("the client was generated without {OPERATION}")))?;
        let sender = Sender::new(self.base_url(), self.http(), self.transport(), operation);
        Ok(Enso { sender, is_idempotent: false })
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
        self.backend = self.backend.map(|backend| backend.assume_idempotent(is_idempotent));
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
                Ok(response) => Ok(told(&response, events)),
                Err(error) if is_idempotent => Err(error.of_events_with_ids()),
                Err(error) => Err(error),
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

    /// No limit of a field is documented.
    fn check(&self) -> Result<(), String> {
        Ok(())
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

/// What the answer says of the events, with the token blotted out.
fn told(response: &ResponseValue<BatchEventsResponse>, events: usize) -> Answer {
    let mut answer = read(response, response.status(), events);
    if let Answer::Partial(partial) = &mut answer {
        partial.maybe_repeated = response.maybe_repeated();
        let messages = partial.failures.iter_mut().map(|failure| &mut failure.message).chain(&mut partial.message);
        messages.for_each(|message| *message = response.safe_text(message).into());
    }
    answer
}

/// What the answer says of so many events.
///
/// Its `status` is `success` whatever became of them. Who is not in the list was accepted only where the summary counts
/// as many failures as the list has, and as many events as were sent.
fn read(answer: &BatchEventsResponse, status: StatusCode, events: usize) -> Answer {
    let (counts, records) = (answer.summary().and_then(counts), answer.failed_records());
    let mut failures: Vec<Failure> = records.iter().map(failure).collect();
    let named: BTreeSet<usize> = failures.iter().filter_map(|failure| place(failure, events)).collect();
    let may_be_incomplete = match counts {
        None if records.is_empty() => {
            let why =
                format!("the server answered {status} and did not say what became of the events; check the base URL");
            return Answer::Unclear { why: why.into() };
        }
        None => true,
        Some(Counts { total, .. }) if total != events => {
            let why = format!("the server was sent {events} events, and answered for {total}");
            return Answer::Unclear { why: why.into() };
        }
        Some(Counts { failed: 0, .. }) if records.is_empty() => return Answer::All,
        Some(Counts { failed, .. }) if failed == events => {
            // A request of one event leaves no doubt which one a record means.
            let is_told = |place: &usize| named.contains(place) || (events == 1 && !records.is_empty());
            let others = (0..events).filter(|place| !is_told(place));
            failures.extend(others.map(|place| unexplained(Named::Place(place))));
            false
        }
        Some(Counts { failed, .. }) => failed != named.len(),
    };
    let message = answer.message.as_deref().map(Into::into);
    Answer::Partial(Partial {
        status,
        failures,
        may_be_incomplete,
        says_success: false,
        message,
        maybe_repeated: false,
    })
}

/// How many events an answer speaks of.
struct Counts {
    failed: usize,
    total: usize,
}

/// The counts of a summary, where it is whole and adds up.
fn counts(summary: &BatchEventsSummary) -> Option<Counts> {
    let count = |count: Option<i64>| usize::try_from(count?).ok();
    let (success, failed) = (count(summary.success)?, count(summary.failed)?);
    let total = success.checked_add(failed)?;
    let adds_up = summary.total.is_none() || count(summary.total) == Some(total);
    adds_up.then_some(Counts { failed, total })
}

/// The place of an event in its request, where it is one of it.
fn place(failure: &Failure, events: usize) -> Option<usize> {
    match failure.event {
        Named::Place(place) => Some(place).filter(|place| *place < events),
        _ => None,
    }
}

fn failure(record: &FailedRecord) -> Failure {
    let place = record.index.and_then(|index| usize::try_from(index).ok());
    let status = record.status_code.and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let kind = kind(record.code.as_ref(), status);
    let name = record.code.as_ref().and_then(FailureCode::name);
    let message = record.error.as_deref().or(name).unwrap_or(NO_REASON).into();
    Failure {
        event: place.map_or(Named::Nobody, Named::Place),
        kind,
        status,
        code: record.code.as_ref().map(plain),
        message,
    }
}

/// How certain a failure is. Codes and statuses that are about the event itself are never said of one that was taken; any
/// other could be said of an event that is there already, which no document gives a code.
fn kind(code: Option<&FailureCode>, status: Option<StatusCode>) -> FailureKind {
    if code.is_some_and(|code| code.name().is_some()) {
        return FailureKind::Refused;
    }
    match status {
        // What the service failed at it may have all the same, as it is with a whole request.
        Some(status) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => FailureKind::Unclear,
        Some(
            StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY,
        ) => FailureKind::Refused,
        _ => FailureKind::Vague,
    }
}

/// A code without what it means.
fn plain(code: &FailureCode) -> Arc<str> {
    match (code.name(), code.number()) {
        (Some(_), Some(number)) => number.to_string().into(),
        _ => code.to_string().into(),
    }
}

const NO_REASON: &str = "the server gave no reason";

/// A refusal of which no more is known.
fn unexplained(event: Named) -> Failure {
    Failure { event, kind: FailureKind::Vague, status: None, code: None, message: NO_REASON.into() }
}

#[cfg(test)]
mod tests;
