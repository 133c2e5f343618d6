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
        Repeat::WithIdempotencyKey => json(body).is_some_and(|body| is_text(&body["idempotencyKey"])),
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

    #[test]
    fn a_body_with_an_idempotency_key_is_repeated() {
        // No operation of the table has one yet, so one is made of another.
        let mut operation = **togai_api::OPERATIONS.iter().find(|operation| operation.id == "create_account").unwrap();
        operation.repeat = Repeat::WithIdempotencyKey;
        assert!(is_harmless(&operation, Some(br#"{"idempotencyKey": "k"}"#)));
        assert!(!is_harmless(&operation, Some(b"{}")));
        assert!(!is_harmless(&operation, None));
    }
}
