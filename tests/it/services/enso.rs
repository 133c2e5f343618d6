//! Enso, with and without the assumption that an id counts once.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use togai_ext::enso::{Client, EnsoEvent, types};
use togai_ext::prelude::*;
use togai_sandbox::{LoggedRequest, Sandbox, SandboxBuilder};

use super::Service;
use crate::support;

/// Enso; `ASSUMED` is whether calls are made with `idempotent(true)`, in a sandbox where it is true.
#[derive(Debug)]
pub(crate) struct Enso<const ASSUMED: bool>;

/// An event of a type of the caller's own, with its fields in an order of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    metadata: Map<String, Value>,
    value: Decimal,
    event_id: String,
    job_id: String,
    metric: &'static str,
    timestamp: Timestamp,
    #[serde(rename = "CustomerEntityId")]
    customer_entity_id: String,
}

impl<const ASSUMED: bool> Service for Enso<ASSUMED> {
    type Client = Client;
    type Own = Usage;

    const NAME: &'static str = "Enso";
    const IS_ASSUMED: bool = ASSUMED;
    const IDEMPOTENT: bool = ASSUMED;
    const COUNTS_ONCE: bool = ASSUMED;
    const BATCH: &'static str = "create_events_batch";
    const ID: &'static str = "eventId";
    const CHECKED: &'static str = "rejected: `CustomerEntityId` is empty";
    const REFUSED: &'static str = "rejected: Customer entity ID required [2001]";
    const REFUSED_STATUS: u16 = 400;
    const REFUSED_WHOLE: &'static str = "rejected: events[0].CustomerEntityId: is required, with at least 1 character";
    /// With any other one the service may have the events.
    const PASSING: u16 = 429;

    fn sandbox() -> SandboxBuilder {
        support::sandbox().enso_meters_an_id_once(ASSUMED)
    }

    fn base_url(sandbox: &Sandbox) -> &str {
        sandbox.enso_base_url()
    }

    fn builder(token: &str, base_url: &str) -> ClientBuilder<Client> {
        let hasty = RetryPolicy::default().with_initial_backoff(Duration::ZERO).with_max_throttling(Duration::ZERO);
        ClientBuilder::enso(token).base_url(base_url).with_pacing(Pacing::off()).with_retry(hasty)
    }

    fn build(builder: ClientBuilder<Client>, attempt_timeout: Option<Duration>) -> Client {
        let builder = attempt_timeout.into_iter().fold(builder, ClientBuilder::with_attempt_timeout);
        builder.build().unwrap()
    }

    async fn succeed(client: &Client) {
        client
            .create_events_batch()
            .body(types::CreateEventsBatchRequest::new(Vec::<EnsoEvent>::new()))
            .send()
            .await
            .unwrap();
    }

    fn event(number: u32) -> EnsoEvent {
        let time = Timestamp::from_unix_seconds(1_713_456_017 + i64::from(number));
        let distance = Decimal::try_from(f64::from(number) / 2.0).unwrap();
        let about = json!({"city": "Chennai", "unit": "km"}).as_object().unwrap().clone();
        let event = EnsoEvent::new("ent_acme", "distance", time, distance).metadata(about);
        event.event_id(format!("ride-{number}")).job_id("job_nightly")
    }

    fn bad_event(number: u32) -> EnsoEvent {
        Self::event(number).customer_entity_id("")
    }

    fn anonymous(number: u32) -> EnsoEvent {
        EnsoEvent::new("ent_acme", "distance", Timestamp::from_unix_seconds(1_713_456_017), number)
    }

    fn with_id(event: EnsoEvent, id: &str) -> EnsoEvent {
        event.event_id(id)
    }

    fn with_note(mut event: EnsoEvent, note: &str) -> EnsoEvent {
        event.metadata.get_or_insert_default().insert("note".to_owned(), note.into());
        event
    }

    fn own(event: EnsoEvent) -> Usage {
        Usage {
            metadata: event.metadata.unwrap(),
            value: event.value,
            event_id: event.event_id.unwrap(),
            job_id: event.job_id.unwrap(),
            metric: "distance",
            timestamp: event.timestamp,
            customer_entity_id: event.customer_entity_id,
        }
    }

    fn is_bad(event: &Value) -> bool {
        event["CustomerEntityId"] == ""
    }

    fn refusal(_: &str, message: &str) -> Value {
        let record = json!({"index": 0, "error": message, "statusCode": 400});
        json!({"data": {"summary": {"success": 0, "failed": 1, "total": 1}, "failedRecords": [record]}})
    }

    fn arrivals(sandbox: &Sandbox) -> Vec<(String, bool)> {
        let arrivals = sandbox.enso_events().into_iter();
        arrivals.map(|arrival| (arrival.event_id.unwrap(), arrival.counts)).collect()
    }

    fn metered_count(sandbox: &Sandbox) -> usize {
        sandbox.enso_metered_count()
    }

    /// Enso answers 200 where Togai answers 202, and where it answers 207, since it took some of the events.
    fn line(request: &LoggedRequest) -> String {
        let mut request = request.clone();
        if request.status == Some(200) {
            let events = request.body.json().and_then(|body| body["events"].as_array()).into_iter().flatten();
            request.status = Some(if events.into_iter().any(Self::is_bad) { 207 } else { 202 });
        }
        request.to_string().replace("/events/batch", "/ingestBatch")
    }

    fn stable_text(error: &(impl std::fmt::Debug + std::fmt::Display)) -> String {
        let text = support::stable_text(error).replace(Self::BATCH, "ingest_batch");
        text.replace("use the one for Enso that", "use the one that")
    }
}
