//! `POST /ingest` and `POST /ingestBatch`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::application::{Application, State};
use crate::arrivals::Owner;
use crate::builder::PartialFailureShape;
use crate::event;
use crate::json_response::{JsonResponse, Refusal, truncate_message};
use crate::operation_call::OperationCall;

/// Accepts one event.
pub(super) fn ingest(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    call.modernise_event();
    let body = call.take_checked_body()?;
    if let Some(event) = body.and_then(|mut body| body.get_mut("event").map(Value::take)) {
        record(application, &mut State::of(application), &call, event);
    }
    Ok(accepted())
}

/// Accepts one event of an account that may use what it counts, which every account may; answers at once what became of
/// it.
pub(super) fn ingest_entitled(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    call.modernise_event();
    let body = call.take_checked_body()?;
    let Some(event) = body.and_then(|mut body| body.get_mut("event").map(Value::take)) else {
        return Err(Refusal::bad_request("event: is required"));
    };
    let mut state = State::of(application);
    if state.arrivals.is_duplicate(&event, call.now) {
        let id = event::id(&event).unwrap_or_default();
        let message = format!("event.id: was ingested within the last 45 days: {id}");
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    if owner(application, &state, &event) == Owner::NotFound {
        let account_id = event::text(&event, "accountId").unwrap_or_default();
        let message = format!("event.accountId: no account has this id or alias: {account_id}");
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    record(application, &mut state, &call, event);
    Ok(JsonResponse::ok(json!({ "success": true })))
}

/// Accepts the events that are in order, one by one.
pub(super) fn ingest_batch(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let Some(mut body) = call.take_unchecked_body() else {
        return Err(Refusal::bad_request("body: is required"));
    };
    application.document.batch_envelope.check_fields("body", &body).map_err(Refusal::bad_request)?;
    let Some(Value::Array(received)) = body.get_mut("events").map(Value::take) else {
        return Err(Refusal::bad_request("events: has to be an array"));
    };
    check_size(&received, application.settings.max_batch.or(application.document.batch_limit))?;

    let total = received.len();
    let mut is_of_2022 = true;
    let mut accepted_events = Vec::with_capacity(total);
    let mut errors = Vec::new();
    for (position, received) in received.into_iter().enumerate() {
        let modernised = event::modernised(&received);
        is_of_2022 &= modernised.is_some();
        let event = modernised.as_ref().unwrap_or(&received);
        if application.settings.refuse_whole_batches {
            // Nothing is sent back with the message, so it says which event is meant.
            let name = format!("events[{position}]");
            application.document.event.check(&name, event).map_err(Refusal::bad_request)?;
        }
        // Fields are named within the event, not within the batch: the event is sent back with the message.
        match application.document.event.check_fields("event", event) {
            Ok(()) => accepted_events.push((position, received, modernised)),
            Err(message) => errors.push((position, failure(message, &received))),
        }
    }

    // Under one lock, so that a batch arrives as one even when others arrive at the same time.
    let mut state = State::of(application);
    for (position, received, modernised) in accepted_events {
        let event = modernised.as_ref().unwrap_or(&received);
        if application.settings.name_duplicates && state.arrivals.is_duplicate(event, call.now) {
            let id = event::id(event).unwrap_or_default();
            let message = format!("duplicate event: the id \"{id}\" was ingested before");
            errors.push((position, failure(message, &received)));
        }
        record(application, &mut state, &call, modernised.unwrap_or(received));
    }
    // Bad events were found before duplicates; they are named in the order of the batch.
    errors.sort_by_key(|(position, _)| *position);
    let errors: Vec<_> = errors.into_iter().map(|(_, error)| error).collect();
    Ok(match (is_of_2022, errors.is_empty()) {
        (true, _) => response_of_2022(&errors),
        (false, true) => accepted(),
        (false, false) => partly_accepted(application, errors, total),
    })
}

/// Refuses a batch of more events than are taken at once, if there is a limit.
pub(super) fn check_size(events: &[Value], limit: Option<usize>) -> Result<(), Refusal> {
    match limit {
        Some(limit) if events.len() > limit => {
            let message = format!("events: has {} events, and at most {limit} are taken at once", events.len());
            Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message))
        }
        _ => Ok(()),
    }
}

/// The account that an event belongs to.
pub(super) fn owner(application: &Application, state: &State, event: &Value) -> Owner {
    let account = event::text(event, "accountId").and_then(|name| state.directory.resolve(name));
    match account {
        Some(account) => Owner::Known { customer_id: account.customer_id.clone(), account_id: account.id.clone() },
        None if application.settings.accept_unknown_accounts => Owner::Assumed,
        None => Owner::NotFound,
    }
}

fn record(application: &Application, state: &mut State, call: &OperationCall<'_>, event: Value) {
    let owner = owner(application, state, &event);
    state.arrivals.record(event, owner, call.now);
}

/// What the answer says of an event that was not accepted, which is sent back as it was received, whatever its shape.
fn failure(message: String, received: &Value) -> Value {
    json!({ "message": truncate_message(message), "eventPayload": received })
}

fn accepted() -> JsonResponse {
    JsonResponse::new(StatusCode::ACCEPTED, json!({ "success": true }))
}

/// Who speaks the shape of 2022 is answered in it: the list of what was not accepted, empty or not, and nothing else. The
/// vendor's client of that time takes no other answer.
fn response_of_2022(errors: &[Value]) -> JsonResponse {
    let status = if errors.is_empty() { StatusCode::ACCEPTED } else { StatusCode::MULTI_STATUS };
    JsonResponse::new(status, json!({ "errors": errors }))
}

fn partly_accepted(application: &Application, mut errors: Vec<Value>, total: usize) -> JsonResponse {
    let message = format!("{} of {total} events were not accepted", errors.len());
    if let Some(limit) = application.settings.partial_failure_limit {
        errors.truncate(limit);
    }
    let mut body = Map::new();
    body.insert("success".to_owned(), json!(false));
    body.insert("message".to_owned(), json!(message));
    match application.settings.partial_failure {
        PartialFailureShape::TopLevel => {
            body.insert("errors".to_owned(), json!(errors));
        }
        PartialFailureShape::UnderDetails => {
            body.insert("details".to_owned(), json!({ "errors": errors }));
        }
        PartialFailureShape::WithoutList => {}
    }
    JsonResponse::new(StatusCode::MULTI_STATUS, Value::Object(body))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::arrivals::{ACCOUNT_NOT_FOUND, DUPLICATE, METERED, NO_EVENT_ID};
    use crate::testing::{Reply, TestSandbox, event};

    fn batch(events: &[Value]) -> Value {
        json!({ "events": events })
    }

    fn with(mut event: Value, pointer: &str, value: Value) -> Value {
        *event.pointer_mut(pointer).unwrap() = value;
        event
    }

    fn number_as_value() -> Value {
        with(event("bad"), "/attributes/0/value", json!(12))
    }

    #[test]
    fn one_event_is_accepted_or_refused() {
        let sandbox = TestSandbox::new();
        let reply = sandbox.post("/ingest", &json!({ "event": event("a") }));
        assert_eq!(reply, Reply(202, json!({ "success": true })));
        let reply = sandbox.post("/ingest", &json!({ "event": number_as_value() }));
        let message = "event.attributes[0].value: has to be a string, but is a number";
        assert_eq!(reply, Reply(400, json!({ "message": message })));
        assert_eq!(sandbox.statuses(), [METERED]);
    }

    #[test]
    fn a_batch_of_valid_events_is_accepted_whole() {
        let sandbox = TestSandbox::new();
        let reply = sandbox.post("/ingestBatch", &batch(&[event("a"), event("b")]));
        assert_eq!(reply, Reply(202, json!({ "success": true })));
        assert_eq!(sandbox.statuses(), [METERED, METERED]);
    }

    #[test]
    fn invalid_events_are_refused_and_returned_as_sent() {
        let sandbox = TestSandbox::new();
        let events = [number_as_value(), event("a"), json!("no event"), json!({ "eventName": "old" })];
        let Reply(status, body) = sandbox.post("/ingestBatch", &batch(&events));
        let refused = [
            ("attributes[0].value: has to be a string, but is a number", &events[0]),
            ("event: has to be an object, but is a string", &events[2]),
            ("timestamp: is required", &events[3]),
        ];
        let errors: Vec<_> =
            refused.iter().map(|(message, event)| json!({ "message": message, "eventPayload": event })).collect();
        let expected = json!({ "success": false, "message": "3 of 4 events were not accepted", "errors": errors });
        assert_eq!((status, body), (207, expected));
        assert_eq!(sandbox.statuses(), [METERED]);
    }

    #[test]
    fn a_batch_of_invalid_events_returns_207() {
        let sandbox = TestSandbox::new();
        let Reply(status, body) = sandbox.post("/ingestBatch", &batch(&[json!(1), json!(2)]));
        assert_eq!((status, body["errors"].as_array().unwrap().len()), (207, 2));
    }

    #[test]
    fn the_response_to_a_partly_accepted_batch_has_other_shapes() {
        let reply = |shape, limit| {
            let sandbox = TestSandbox::with(|settings| {
                settings.partial_failure = shape;
                settings.partial_failure_limit = limit;
            });
            sandbox.post("/ingestBatch", &batch(&[json!(1), json!(2), event("a")])).1
        };
        assert_eq!(reply(PartialFailureShape::TopLevel, Some(1))["errors"].as_array().unwrap().len(), 1);
        let under_details = reply(PartialFailureShape::UnderDetails, None);
        assert_eq!(under_details["details"]["errors"].as_array().unwrap().len(), 2);
        let without_list = json!({ "success": false, "message": "2 of 3 events were not accepted" });
        assert_eq!(reply(PartialFailureShape::WithoutList, None), without_list);
    }

    #[test]
    fn one_invalid_event_can_refuse_the_whole_batch() {
        let sandbox = TestSandbox::with(|settings| settings.refuse_whole_batches = true);
        let check = |events: &[Value], message: &str| {
            assert_eq!(sandbox.post("/ingestBatch", &batch(events)), Reply(400, json!({ "message": message })));
        };
        let late = with(event("late"), "/timestamp", json!("yesterday"));
        let message = "events[1].attributes[0].value: has to be a string, but is a number";
        check(&[event("a"), number_as_value(), late], message);
        check(&[json!("no event"), event("a")], "events[0]: has to be an object, but is a string");
        check(&[event("a"), json!({ "eventName": "old" })], "events[1].timestamp: is required");
        assert_eq!(sandbox.statuses(), [""; 0]);
        assert_eq!(sandbox.post("/ingestBatch", &batch(&[event("a"), event("b")])).0, 202);
        assert_eq!(sandbox.statuses(), [METERED, METERED]);
    }

    #[test]
    fn duplicates_can_be_listed_as_not_accepted() {
        let sandbox = TestSandbox::with(|settings| settings.name_duplicates = true);
        sandbox.post("/ingest", &json!({ "event": event("a") }));
        let events = [event("b"), event("a"), number_as_value(), event("b"), event("c")];
        let Reply(status, body) = sandbox.post("/ingestBatch", &batch(&events));
        let refused = [
            (r#"duplicate event: the id "a" was ingested before"#, &events[1]),
            ("attributes[0].value: has to be a string, but is a number", &events[2]),
            (r#"duplicate event: the id "b" was ingested before"#, &events[3]),
        ];
        let errors: Vec<_> =
            refused.iter().map(|(message, event)| json!({ "message": message, "eventPayload": event })).collect();
        let expected = json!({ "success": false, "message": "3 of 5 events were not accepted", "errors": errors });
        assert_eq!((status, body), (207, expected));
        assert_eq!(sandbox.statuses(), [METERED, METERED, DUPLICATE, DUPLICATE, METERED]);

        sandbox.clock.advance(Duration::from_secs(45 * 24 * 60 * 60));
        assert_eq!(sandbox.post("/ingestBatch", &batch(&[event("a")])).0, 202);
    }

    #[test]
    fn duplicates_are_accepted_silently_by_default() {
        let sandbox = TestSandbox::new();
        assert_eq!(sandbox.post("/ingestBatch", &batch(&[event("a"), event("a")])).0, 202);
        assert_eq!(sandbox.statuses(), [METERED, DUPLICATE]);
    }

    #[test]
    fn the_envelope_of_a_batch_is_checked_first() {
        let sandbox = TestSandbox::with(|settings| settings.max_batch = Some(2));
        let check = |body: Value, status: u16, message: &str| {
            assert_eq!(sandbox.post("/ingestBatch", &body), Reply(status, json!({ "message": message })));
        };
        check(json!({}), 400, "events: is required");
        check(json!({ "events": {} }), 400, "events: has to be an array, but is an object");
        check(json!({ "events": [] }), 400, "events: has to have at least 1 item");
        check(json!([]), 400, "body: has to be an object, but is an array");
        check(batch(&[json!(1), json!(2), json!(3)]), 422, "events: has 3 events, and at most 2 are taken at once");
        assert_eq!(sandbox.statuses(), [""; 0]);
    }

    #[test]
    fn the_document_limits_a_batch_to_1000_events() {
        let sandbox = TestSandbox::new();
        let events: Vec<_> = (0..1001).map(|number| event(&number.to_string())).collect();
        assert_eq!(sandbox.post("/ingestBatch", &batch(&events)).0, 422);
        assert_eq!(sandbox.post("/ingestBatch", &batch(&events[1..])).0, 202);
        assert_eq!(sandbox.statuses().len(), 1000);
    }

    #[test]
    fn events_in_the_2022_shape_are_accepted() {
        let sandbox = TestSandbox::new();
        let old = json!({
            "eventName": "rides",
            "id": "old",
            "eventTimestamp": "2022-06-15T07:30:35.123",
            "accountId": "acme-prod",
            "eventAttributes": [{ "attributeName": "distance", "attributeValue": "1", "attributeValueUnit": "km" }],
            "dimensions": {},
        });
        assert_eq!(sandbox.post("/ingest", &json!({ "event": old })).0, 202);
        assert_eq!(sandbox.post("/ingestBatch", &batch(&[old])).0, 202);
        let Reply(_, body) = sandbox.get("/events/old");
        assert_eq!(body["events"][0]["eventPayload"]["schemaName"], "rides");
        assert_eq!(sandbox.statuses(), [METERED, DUPLICATE]);
    }

    #[test]
    fn an_id_is_metered_once_in_45_days_over_both_operations() {
        let sandbox = TestSandbox::new();
        sandbox.post("/ingest", &json!({ "event": event("a") }));
        sandbox.post("/ingestBatch", &batch(&[event("a"), event("b"), event("b")]));
        sandbox.clock.advance(Duration::from_secs(45 * 24 * 60 * 60));
        sandbox.post("/ingest", &json!({ "event": event("a") }));
        assert_eq!(sandbox.statuses(), [METERED, DUPLICATE, METERED, DUPLICATE, METERED]);
    }

    #[test]
    fn required_accounts_are_found_by_id_or_alias() {
        let sandbox = TestSandbox::with(|settings| {
            settings.accept_unknown_accounts = false;
            settings.accounts.push(("acme".to_owned(), "acme-prod".to_owned()));
        });
        let alias = json!({ "aliases": ["ops@acme.test"] });
        sandbox.post("/customers/acme/accounts/acme-prod/add_aliases", &alias);
        let events = [
            event("by id"),
            with(event("by alias"), "/accountId", json!("ops@acme.test")),
            with(event("unknown"), "/accountId", json!("nobody")),
        ];
        sandbox.post("/ingestBatch", &batch(&events));
        assert_eq!(sandbox.statuses(), [METERED, METERED, ACCOUNT_NOT_FOUND]);
        let Reply(_, body) = sandbox.get("/events/by%20alias");
        let info = &body["events"][0]["eventPipelineInfo"];
        let account = json!({ "id": "acme-prod", "name": "Account acme-prod", "alias": "ops@acme.test" });
        assert_eq!((&info["account"], &info["customer"]["id"]), (&account, &json!("acme")));
    }

    #[test]
    fn a_batch_in_the_2022_shape_gets_a_2022_response() {
        let sandbox = TestSandbox::new();
        let old = |id: &str, value: &str| {
            json!({
                "eventName": "rides", "id": id, "eventTimestamp": "2022-06-15T07:30:35Z", "accountId": "acme-prod",
                "eventAttributes": [{ "attributeName": "distance", "attributeValue": value }], "dimensions": {},
            })
        };
        let Reply(status, body) = sandbox.post("/ingestBatch", &batch(&[old("a", "1")]));
        assert_eq!((status, body), (202, json!({ "errors": [] })));
        let refused = old("c", "many");
        let Reply(status, body) = sandbox.post("/ingestBatch", &batch(&[old("b", "1"), refused.clone()]));
        assert_eq!((status, body.as_object().unwrap().len()), (207, 1));
        assert_eq!(body["errors"][0]["eventPayload"], refused);
    }

    #[test]
    fn an_event_without_an_id_is_accepted_and_not_metered() {
        let sandbox = TestSandbox::new();
        let mut without_id = event("a");
        without_id.as_object_mut().unwrap().remove("id");
        assert_eq!(sandbox.post("/ingest", &json!({ "event": without_id })).0, 202);
        assert_eq!(sandbox.statuses(), [NO_EVENT_ID]);
    }

    #[test]
    fn an_entitled_event_is_metered_once_and_a_second_one_is_a_conflict() {
        let sandbox = TestSandbox::with(|settings| settings.accept_unknown_accounts = false);
        sandbox.post("/customers/acme/accounts", &json!({ "id": "acme-prod", "name": "Production" }));
        let body = json!({ "event": event("a") });
        assert_eq!(sandbox.post("/entitled", &body), Reply(200, json!({ "success": true })));
        let message = "event.id: was ingested within the last 45 days: a";
        assert_eq!(sandbox.post("/entitled", &body), Reply(409, json!({ "message": message })));
        assert_eq!(sandbox.statuses(), [METERED]);
        let mut body = json!({ "event": event("b") });
        body["event"]["accountId"] = json!("nobody");
        assert_eq!(sandbox.post("/entitled", &body).0, 403);
    }
}
