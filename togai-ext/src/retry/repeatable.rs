//! Whether repeating a request is harmless when the first may have been applied.

use serde_json::Value;
use togai_api::{Operation, Repeat};

/// Whether a request of an operation, with a body, may be sent again although the server may have applied it.
///
/// The body is read only after something has failed, so it costs nothing while all is well.
pub(super) fn is_harmless(operation: &Operation, body: Option<&[u8]>) -> bool {
    match operation.repeat {
        Repeat::Always => true,
        Repeat::WithEventIds => json(body).is_some_and(|body| all_events_have_ids(&body)),
        Repeat::WithIdempotencyKey => json(body).is_some_and(|body| has_idempotency_keys(&body)),
        _ => false,
    }
}

fn json(body: Option<&[u8]>) -> Option<Value> {
    serde_json::from_slice(body?).ok()
}

fn all_events_have_ids(body: &Value) -> bool {
    match (&body["events"], &body["event"]) {
        (Value::Array(events), _) => events.iter().all(|event| is_text(&event["id"])),
        (_, event) => is_text(&event["id"]),
    }
}

/// Whether there is a key at the top of the body, or on every object of the one list that the body consists of: some
/// operations take several of what others take one of.
fn has_idempotency_keys(body: &Value) -> bool {
    let has_key = |object: &Value| is_text(&object["idempotencyKey"]);
    let lists = body.as_object().map(|fields| fields.values().map(Value::as_array));
    let list = lists.filter(|lists| lists.len() == 1).and_then(|mut lists| lists.next()?);
    has_key(body) || list.is_some_and(|objects| !objects.is_empty() && objects.iter().all(has_key))
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, body: &str, expected: bool) {
        let operation = togai_api::OPERATIONS.iter().find(|operation| operation.id == id).unwrap();
        assert_eq!(is_harmless(operation, Some(body.as_bytes())), expected, "{id} {body}");
    }

    #[test]
    fn ingestion_is_repeated_where_every_event_has_an_id() {
        check("ingest", r#"{"event": {"id": "a"}}"#, true);
        check("ingest", r#"{"event": {}}"#, false);
        check("ingest_batch", r#"{"events": [{"id": "a"}, {"id": "b"}]}"#, true);
        check("ingest_batch", r#"{"events": [{"id": "a"}, {"id": ""}]}"#, false);
        check("ingest_batch", r#"{"events": [{"id": "a"}, {}]}"#, false);
        check("ingest_batch", "no json", false);
    }

    #[test]
    fn reading_and_deleting_is_repeated_and_creating_is_not() {
        check("get_events", "", true);
        check("delete_account", "", true);
        check("create_account", r#"{"id": "a"}"#, false);
        check("update_account", r#"{"name": "a"}"#, false);
    }

    /// Whichever areas are built in: an operation that is repeated with a key is made of another one.
    #[track_caller]
    fn check_keys(body: &str, expected: bool) {
        let mut operation = **togai_api::OPERATIONS.iter().find(|operation| operation.id == "create_account").unwrap();
        operation.repeat = Repeat::WithIdempotencyKey;
        assert_eq!(is_harmless(&operation, Some(body.as_bytes())), expected, "{body}");
    }

    #[test]
    fn a_body_with_an_idempotency_key_is_repeated() {
        check_keys(r#"{"idempotencyKey": "k", "lineItems": [{}]}"#, true);
        check_keys(r#"{"idempotencyKey": ""}"#, false);
        check_keys(r#"{"lineItems": [{"idempotencyKey": "k"}], "status": "DRAFT"}"#, false);
        check_keys("{}", false);
        check_keys("", false);
    }

    #[test]
    fn a_list_is_repeated_where_each_of_its_objects_has_an_idempotency_key() {
        check_keys(r#"{"creditRequests": [{"idempotencyKey": "a"}, {"idempotencyKey": "b"}]}"#, true);
        check_keys(r#"{"creditRequests": [{"idempotencyKey": "a"}, {"purpose": "b"}]}"#, false);
        check_keys(r#"{"creditRequests": [{"idempotencyKey": "a"}, {"idempotencyKey": ""}]}"#, false);
        check_keys(r#"{"creditRequests": [{"idempotencyKey": "a"}, 1]}"#, false);
        check_keys(r#"{"creditRequests": []}"#, false);
        check_keys(r#"{"creditRequests": {"idempotencyKey": "a"}}"#, false);
        check_keys(r#"[{"idempotencyKey": "a"}]"#, false);
        // What is beside the list may have an effect of its own.
        check_keys(r#"{"creditRequests": [{"idempotencyKey": "a"}], "other": []}"#, false);
    }
}
