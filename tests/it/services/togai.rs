//! Togai, with its batches.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use super::Service;
use crate::support;

#[derive(Debug)]
pub(crate) struct Togai;

/// An event of a type of the caller's own, with its fields in an order of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ride {
    dimensions: BTreeMap<&'static str, &'static str>,
    timestamp: Timestamp,
    attributes: Vec<Attribute>,
    account_id: &'static str,
    id: String,
    schema_name: &'static str,
}

impl Service for Togai {
    type Client = Client;
    type Own = Ride;

    const NAME: &'static str = "Togai";
    const IS_ASSUMED: bool = false;
    const IDEMPOTENT: bool = true;
    const COUNTS_ONCE: bool = true;
    const BATCH: &'static str = "ingest_batch";
    const ID: &'static str = "id";
    const CHECKED: &'static str =
        r#"rejected: attributes[0]: `value` is "far", and has to be a plain decimal number such as -12.5"#;
    const REFUSED: &'static str = r#"rejected: attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far""#;
    const REFUSED_STATUS: u16 = 207;
    const REFUSED_WHOLE: &'static str =
        r#"rejected: events[0].attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far""#;
    const PASSING: u16 = 503;

    fn base_url(sandbox: &Sandbox) -> &str {
        sandbox.base_url()
    }

    fn builder(token: &str, base_url: &str) -> ClientBuilder {
        let hasty = RetryPolicy::default().with_initial_backoff(Duration::ZERO).with_max_throttling(Duration::ZERO);
        ClientBuilder::new(token).base_url(base_url).with_pacing(Pacing::off()).with_retry(hasty)
    }

    fn build(builder: ClientBuilder, attempt_timeout: Option<Duration>) -> Client {
        let builder = attempt_timeout.into_iter().fold(builder, ClientBuilder::with_attempt_timeout);
        builder.build().unwrap()
    }

    async fn succeed(client: &Client) {
        client.get_events().send().await.unwrap();
    }

    fn event(number: u32) -> Event {
        support::event(number)
    }

    fn bad_event(number: u32) -> Event {
        support::bad_event(number)
    }

    fn anonymous(number: u32) -> Event {
        let time = Timestamp::from_unix_seconds(1_713_456_017);
        Event::new("rides", "acme-prod").timestamp(time).attribute("n", number)
    }

    fn with_id(event: Event, id: &str) -> Event {
        event.id(id)
    }

    fn with_note(event: Event, note: &str) -> Event {
        event.dimension("note", note)
    }

    fn own(event: Event) -> Ride {
        Ride {
            dimensions: BTreeMap::from([("city", "Chennai")]),
            timestamp: event.timestamp,
            attributes: event.attributes,
            account_id: "acme-prod",
            id: event.id.unwrap().to_string(),
            schema_name: "rides",
        }
    }

    fn is_bad(event: &Value) -> bool {
        event["attributes"][0]["value"] == "far"
    }

    fn refusal(id: &str, message: &str) -> Value {
        json!({"errors": [{"message": message, "eventPayload": {"id": id}}]})
    }

    fn arrivals(sandbox: &Sandbox) -> Vec<(String, bool)> {
        let arrivals = sandbox.events().into_iter();
        arrivals.map(|arrival| (arrival.event_id.clone().unwrap(), arrival.is_metered())).collect()
    }

    fn metered_count(sandbox: &Sandbox) -> usize {
        sandbox.metered_count()
    }
}
