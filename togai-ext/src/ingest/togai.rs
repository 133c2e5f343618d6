//! Togai as a service that takes events in batches.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use togai_api::{BoxFuture, Client, Error, Event, OPERATIONS, Operation, ResponseValue};

use super::backend::{Answer, Backend, Envelope, Failure};

/// The API takes so many events in a request, by the schema of the vendor's Python client 1.0.3.
const MAX_BATCH_SIZE: usize = 1000;
/// Documents of 2022 and 2023 cap the list of failures at so many.
const CAP_OF_FAILURES: usize = 100;

/// `POST /ingestBatch`.
pub(super) struct Togai {
    client: Client,
    operation: &'static Operation,
}

impl Togai {
    /// Fails where the table of operations has no such operation, which a generated table always has.
    pub(super) fn new(client: Client) -> Result<Self, Error> {
        let operation = OPERATIONS.iter().copied().find(|operation| operation.id == "ingest_batch");
        let operation =
            operation.ok_or_else(|| Error::configuration("the client was generated without ingest_batch"))?;
        Ok(Self { client, operation })
    }
}

impl Backend for Togai {
    type Event = Event;

    fn max_batch_size(&self) -> usize {
        MAX_BATCH_SIZE
    }

    fn id<'a>(&self, event: &'a Event) -> Option<&'a str> {
        // An empty id tells no events apart, and the service has no use for it.
        event.id.as_deref().filter(|id| !id.is_empty())
    }

    fn set_id(&self, event: &mut Event, id: String) {
        event.id = Some(id);
    }

    fn envelope(&self) -> Envelope {
        Envelope { before: r#"{"events":["#, between: ",", after: "]}" }
    }

    fn encode(&self, event: &Event, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(buffer, event)
    }

    fn send(&self, body: Bytes) -> BoxFuture<'static, Result<Answer, Error>> {
        let (client, operation) = (self.client.clone(), self.operation);
        Box::pin(async move {
            let json = HeaderValue::from_static("application/json");
            let request = client
                .http()
                .post(format!("{}{}", client.base_url(), operation.path))
                .header(ACCEPT, &json)
                .header(CONTENT_TYPE, json)
                .body(body)
                .build()
                .map_err(|error| {
                    Error::invalid_request(operation.id, "the request could not be built")
                        .with_source(error.without_url())
                })?;
            match client.execute::<Value>(request, operation).await {
                Ok(response) => Ok(read(&response)),
                // What stands in the body of a 202 changes nothing about it.
                Err(error) if error.is_decode() && error.status() == Some(StatusCode::ACCEPTED) => Ok(Answer::All),
                Err(error) => Err(error),
            }
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
    let answer: &Value = response;
    let listed = answer["errors"].as_array().filter(|listed| !listed.is_empty());
    let listed = listed.or_else(|| answer["details"]["errors"].as_array());
    let failures: Vec<Failure> = listed.into_iter().flatten().map(|error| failure(response, error)).collect();
    if status == StatusCode::ACCEPTED && failures.is_empty() {
        return Answer::All;
    }
    let may_be_incomplete = failures.is_empty() || failures.len() >= CAP_OF_FAILURES;
    Answer::Partial { status, failures, may_be_incomplete }
}

fn failure(response: &ResponseValue<Value>, error: &Value) -> Failure {
    let id = match error.pointer("/eventPayload/id") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let message = response.safe_text(error["message"].as_str().unwrap_or("the server gave no reason"));
    let is_duplicate = message.to_ascii_lowercase().contains("duplicate");
    Failure { id, message: message.into(), is_duplicate }
}
