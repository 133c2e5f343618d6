//! The vendor's samples, read and written; and a call, from the client to the answer.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::types::{BatchEventsResponse, CreateEventsBatchRequest, EnsoEvent};
use super::{Client, FailureCode, OPERATIONS};
use crate::{BoxFuture, QuotaClass, Repeat, Request, Response, Timestamp, Transport, TransportError};

/// The vendor's sample of a request.
const REQUEST: &str = r#"{
"events": [
{
"CustomerEntityId": "<string>",
"metric": "<string>",
"value": 123,
"timestamp": "2023-11-07T05:31:56Z",
"metadata": {},
"eventId": "<string>",
"JobId": "<string>",
"jobId": "<string>"
}
]
}"#;

/// The vendor's sample of an answer.
const RESPONSE: &str = r#"{
"status": "success",
"message": "Success",
"data": {
"summary": {
"success": 0,
"failed": 3,
"total": 3
},
"failedRecords": [
{
"index": 2,
"error": "Customer entity not found",
"code": 2002,
"statusCode": 404
},
{
"index": 0,
"error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
"code": "27",
"statusCode": 400
},
{
"index": 1,
"error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
"code": "27",
"statusCode": 400
}
]
}
}"#;

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// Reads and writes JSON, and says nothing was lost: neither by way of text nor by way of values.
#[track_caller]
fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(json: &str) -> T {
    let read: T = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value(json));
    assert_eq!(value(&serde_json::to_string(&read).unwrap()), value(json));
    let rewritten: T = serde_json::from_value(value(json)).unwrap();
    assert_eq!(rewritten, read);
    assert_eq!(serde_json::from_str::<T>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    read
}

#[test]
fn the_sample_request_survives_a_round_trip() {
    let request: CreateEventsBatchRequest = check_round_trip(REQUEST);
    let event = &request.events[0];
    assert_eq!((event.customer_entity_id.as_str(), event.metric.as_str()), ("<string>", "<string>"));
    assert_eq!((event.value.as_str(), event.timestamp.to_string().as_str()), ("123", "2023-11-07T05:31:56Z"));
    assert_eq!(event.metadata, Some(Map::new()));
    assert_eq!(event.event_id.as_deref(), Some("<string>"));
}

#[test]
fn the_sample_response_survives_a_round_trip() {
    let response: BatchEventsResponse = check_round_trip(RESPONSE);
    assert_eq!((response.status.as_deref(), response.message.as_deref()), (Some("success"), Some("Success")));
    let summary = response.summary().unwrap();
    assert_eq!((summary.success, summary.failed, summary.total), (Some(0), Some(3), Some(3)));
    let failed = response.failed_records();
    assert_eq!(failed.iter().map(|record| record.index.unwrap()).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!(failed.iter().map(|record| record.status_code.unwrap()).collect::<Vec<_>>(), [404, 400, 400]);
    assert_eq!(failed[0].code, Some(FailureCode::CUSTOMER_ENTITY_UNKNOWN));
    assert_eq!(failed[0].error.as_deref(), Some("Customer entity not found"));
    assert!(failed[1..].iter().all(|record| record.code.as_ref().is_some_and(|code| *code == 27)));
    assert!(failed[2].error.as_ref().unwrap().contains("N NaN:NaN:NaN.NaN\",\"metadata\":null"));
}

#[test]
fn the_bare_response_form_has_the_same_content() {
    let bare = value(RESPONSE)["data"].to_string();
    let response: BatchEventsResponse = check_round_trip(&bare);
    let within: BatchEventsResponse = serde_json::from_str(RESPONSE).unwrap();
    assert_eq!(response.data, None);
    assert_eq!(response.summary(), within.summary());
    assert_eq!(response.failed_records(), within.failed_records());
    assert_eq!(response.failed_records().len(), 3);
}

#[test]
fn data_takes_precedence_and_no_failure_is_lost() {
    for (json, success, failed) in [
        ("{}", None, &[][..]),
        (r#"{"data": null, "summary": {"success": 1}, "failedRecords": [{"index": 4}]}"#, Some(1), &[4]),
        (r#"{"data": {}, "summary": {"success": 1}, "failedRecords": [{"index": 4}]}"#, Some(1), &[4]),
        (r#"{"data": {"failedRecords": []}, "failedRecords": [{"index": 4}]}"#, None, &[4]),
        (r#"{"data": {"failedRecords": [{"index": 5}]}, "failedRecords": [{"index": 4}]}"#, None, &[5]),
        (r#"{"data": {"summary": {"success": 2}}, "summary": {"success": 1}}"#, Some(2), &[]),
    ] {
        let response: BatchEventsResponse = serde_json::from_str(json).unwrap();
        assert_eq!(response.summary().and_then(|summary| summary.success), success, "{json}");
        let indices: Vec<i64> = response.failed_records().iter().filter_map(|record| record.index).collect();
        assert_eq!(indices, failed, "{json}");
    }
}

#[test]
fn response_integers_may_be_strings_and_unknown_fields_are_ignored() {
    let json = r#"{"data": {"summary": {"success": "0", "failed": "1", "total": 1, "more": true},
        "failedRecords": [{"index": "0", "statusCode": "404", "code": null, "error": null, "more": []}]}}"#;
    let response: BatchEventsResponse = serde_json::from_str(json).unwrap();
    let summary = response.summary().unwrap();
    assert_eq!((summary.success, summary.failed, summary.total), (Some(0), Some(1), Some(1)));
    let record = &response.failed_records()[0];
    assert_eq!((record.index, record.status_code), (Some(0), Some(404)));
    assert_eq!((&record.code, &record.error), (&None, &None));
}

#[test]
fn an_event_uses_the_wire_names_and_keeps_an_empty_map() {
    let moment: Timestamp = "2023-11-07T05:31:56Z".parse().unwrap();
    let event = EnsoEvent::new("ent_acme", "api_calls", moment, 123);
    let least = json!({
        "CustomerEntityId": "ent_acme", "metric": "api_calls", "timestamp": "2023-11-07T05:31:56Z", "value": 123,
    });
    assert_eq!(serde_json::to_value(&event).unwrap(), least);

    let event = event.event_id("e").job_id("camel").job_id_pascal_case("pascal").metadata(Map::new());
    let mut most = least;
    most["eventId"] = json!("e");
    most["jobId"] = json!("camel");
    most["JobId"] = json!("pascal");
    most["metadata"] = json!({});
    assert_eq!(serde_json::to_value(&event).unwrap(), most);
}

#[test]
fn an_event_without_a_required_field_is_refused() {
    let whole = &value(REQUEST)["events"][0];
    for field in ["CustomerEntityId", "metric", "value", "timestamp"] {
        let mut event = whole.clone();
        event.as_object_mut().unwrap().remove(field);
        let error = serde_json::from_value::<EnsoEvent>(event).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{field}`")), "{error}");
    }
}

#[test]
fn a_batch_is_never_retried_automatically() {
    let [operation] = OPERATIONS else { panic!("Enso has one operation here") };
    assert_eq!((operation.id, operation.method, operation.path), ("create_events_batch", "POST", "/events/batch"));
    assert_eq!((operation.quota_class, operation.repeat), (QuotaClass::IngestBatch, Repeat::Never));
    assert!(operation.requires_body);
    assert_eq!(operation.statuses, ["2XX"]);
}

/// Answers every request with the sample, and keeps what was sent.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Transport for Recorder {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        let body = request.body().map(|body| String::from_utf8_lossy(body)).unwrap_or_default();
        let sent = format!("{} {} {}", request.operation().id, request.url(), body);
        self.0.lock().unwrap().push(sent);
        Box::pin(async { Ok(http::Response::new(RESPONSE).into()) })
    }
}

#[tokio::test]
async fn a_call_uses_the_transport_and_reads_the_response() {
    let (first, recorder) = (Recorder::default(), Recorder::default());
    let client = Client::new("http://127.0.0.1:9/base/", first.clone());
    let client = client.with_transport(recorder.clone());
    assert_eq!(client.base_url(), "http://127.0.0.1:9/base");

    let request: CreateEventsBatchRequest = serde_json::from_str(r#"{"events": []}"#).unwrap();
    let response = client.create_events_batch().body(request).send().await.unwrap();
    assert_eq!(response.failed_records().len(), 3);

    let url = format!("{}/events/batch", client.base_url());
    let by_hand = Request::new(OPERATIONS[0], url.parse().unwrap());
    let value = client.execute::<Value>(by_hand).await.unwrap().into_inner();
    assert_eq!(value["message"], "Success");

    let sent = recorder.0.lock().unwrap().clone();
    let start = "create_events_batch http://127.0.0.1:9/base/events/batch ";
    assert_eq!(sent, [format!(r#"{start}{{"events":[]}}"#), start.to_owned()]);
    assert!(first.0.lock().unwrap().is_empty());
    assert!(format!("{client:?}").contains("127.0.0.1"));
}

#[tokio::test]
async fn a_call_without_a_body_names_the_missing_setter() {
    let client = Client::new("http://127.0.0.1:9", Recorder::default());
    let error = client.create_events_batch().send().await.unwrap_err();
    assert!(error.is_builder() && error.to_string().contains("`body` is not set"), "{error}");
}
