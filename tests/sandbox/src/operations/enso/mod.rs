//! `POST /events/batch` of Enso.

mod failure;

use http::StatusCode;
use serde_json::{Value, json};

use crate::application::{Application, State};
use crate::builder::PartialFailureShape;
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;
use crate::operations::ingestion::check_size;
use failure::Failure;

/// Takes the events that are in order, one by one.
pub(super) fn create_events_batch(
    application: &Application,
    mut call: OperationCall<'_>,
) -> Result<JsonResponse, Refusal> {
    let mut body = call.take_unchecked_body().filter(|body| application.enso_document.batch_envelope.allow(body));
    let Some(Value::Array(received)) = body.as_mut().and_then(|body| body.get_mut("events")).map(Value::take) else {
        return Ok(no_list_of_events());
    };
    check_size(&received, application.settings.max_batch.or(application.enso_document.batch_limit))?;

    let total = received.len();
    let mut taken = Vec::with_capacity(total);
    let mut failed = Vec::new();
    for (index, event) in received.into_iter().enumerate() {
        match Failure::of(application, &event) {
            None => taken.push(event),
            Some(failure) if application.settings.refuse_whole_batches => {
                return Err(Refusal::bad_request(format!("events[{index}].{}", failure.message(&event))));
            }
            Some(failure) => failed.push((failure.is_of_customer_entity(), failure.record(index, &event))),
        }
    }
    // In the vendor's sample what fails for its customer entity comes first, as if the service looked for all of them before
    // it stores anything.
    failed.sort_by_key(|(is_of_customer_entity, _)| !is_of_customer_entity);

    // Under one lock, so that a batch arrives as one even when others arrive at the same time.
    let mut state = State::of(application);
    for event in taken {
        state.enso_arrivals.record(event, call.now, application.settings.enso.meters_an_id_once);
    }
    drop(state);
    Ok(batch_response(application, failed.into_iter().map(|(_, record)| record).collect(), total))
}

fn no_list_of_events() -> JsonResponse {
    let message = "events array is required: send an object with the list of events as `events`";
    JsonResponse::new(StatusCode::BAD_REQUEST, json!({ "status": "error", "message": message, "code": 2003 }))
}

/// The response says success whatever became of the events, as the vendor's sample does.
fn batch_response(application: &Application, mut failed: Vec<Value>, total: usize) -> JsonResponse {
    let settings = &application.settings;
    let summary = json!({ "success": total - failed.len(), "failed": failed.len(), "total": total });
    let mut result = json!({ "summary": summary });
    if failed.is_empty() || settings.partial_failure != PartialFailureShape::WithoutList {
        failed.truncate(settings.partial_failure_limit.unwrap_or(failed.len()));
        result["failedRecords"] = Value::Array(failed);
    }
    if settings.enso.bare_responses {
        return JsonResponse::ok(result);
    }
    JsonResponse::ok(json!({ "status": "success", "message": "Success", "data": result }))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::AUTHORIZATION;

    use super::*;
    use crate::builder::Settings;
    use crate::enso_arrivals::EnsoArrival;
    use crate::quota::Quotas;
    use crate::testing::{Reply, TestSandbox, enso_event};

    #[track_caller]
    fn send(sandbox: &TestSandbox, events: &[Value]) -> Reply {
        sandbox.post("/enso/events/batch", &json!({ "events": events }))
    }

    /// The success of all events of a batch.
    fn success(count: usize) -> Reply {
        let summary = json!({ "success": count, "failed": 0, "total": count });
        let data = json!({ "summary": summary, "failedRecords": [] });
        Reply(200, json!({ "status": "success", "message": "Success", "data": data }))
    }

    fn arrivals(sandbox: &TestSandbox) -> Vec<EnsoArrival> {
        State::of(&sandbox.shared.application).enso_arrivals.all().to_vec()
    }

    fn ids(sandbox: &TestSandbox) -> Vec<String> {
        arrivals(sandbox).into_iter().filter_map(|arrival| arrival.event_id).collect()
    }

    fn late() -> Value {
        let mut event = enso_event("late");
        event["timestamp"] = json!("yesterday");
        event
    }

    #[test]
    fn a_batch_is_stored_as_sent() {
        let sandbox = TestSandbox::new();
        let mut second = enso_event("b");
        second["plan"] = json!("gold");
        assert_eq!(send(&sandbox, &[enso_event("a"), second.clone()]), success(2));
        assert_eq!(send(&sandbox, &[]), success(0));
        let arrivals = arrivals(&sandbox);
        assert_eq!((arrivals.len(), &arrivals[1].payload), (2, &second));
        assert_eq!(arrivals[1].arrived_at, sandbox.shared.application.clock.now());
        // The two services keep what they are sent apart.
        assert_eq!(sandbox.statuses(), [""; 0]);
    }

    #[test]
    fn valid_events_of_a_mixed_batch_are_stored() {
        let sandbox = TestSandbox::new();
        let events = [enso_event("a"), late(), json!({}), enso_event("b"), late(), json!(null)];
        let Reply(status, body) = send(&sandbox, &events);
        assert_eq!((status, &body["status"]), (200, &json!("success")));
        assert_eq!(body["data"]["summary"], json!({ "success": 2, "failed": 4, "total": 6 }));
        let failed = body["data"]["failedRecords"].as_array().unwrap();
        assert_eq!(failed.iter().map(|record| &record["index"]).collect::<Vec<_>>(), [2, 5, 1, 4]);
        assert_eq!(ids(&sandbox), ["a", "b"]);
    }

    #[test]
    fn a_request_without_a_list_of_events_is_refused() {
        let sandbox = TestSandbox::new();
        let message = "events array is required: send an object with the list of events as `events`";
        let expected = json!({ "status": "error", "message": message, "code": 2003 });
        for body in [json!({}), json!([]), json!({ "events": null }), json!({ "events": {} }), json!(1)] {
            assert_eq!(sandbox.post("/enso/events/batch", &body), Reply(400, expected.clone()), "{body}");
        }
        assert_eq!(sandbox.send("POST", "/enso/events/batch", None), Reply(400, expected));
    }

    #[test]
    fn the_older_response_form_has_no_envelope() {
        let sandbox = TestSandbox::with(|settings| settings.enso.bare_responses = true);
        let summary = json!({ "success": 1, "failed": 0, "total": 1 });
        let expected = json!({ "summary": summary, "failedRecords": [] });
        assert_eq!(send(&sandbox, &[enso_event("a")]), Reply(200, expected));
        let failed = json!({ "index": 1, "error": "Customer entity ID required", "code": 2001, "statusCode": 400 });
        let summary = json!({ "success": 1, "failed": 1, "total": 2 });
        let expected = json!({ "summary": summary, "failedRecords": [failed] });
        assert_eq!(send(&sandbox, &[enso_event("b"), json!({})]), Reply(200, expected));
    }

    #[test]
    fn the_list_of_failures_is_omitted_or_truncated() {
        let reply = |change: fn(&mut Settings), events: &[Value]| send(&TestSandbox::with(change), events);
        let events = [late(), enso_event("a"), late()];
        let without_list: fn(&mut Settings) = |settings| settings.partial_failure = PartialFailureShape::WithoutList;
        let data = json!({ "summary": { "success": 1, "failed": 2, "total": 3 } });
        let expected = json!({ "status": "success", "message": "Success", "data": data });
        assert_eq!(reply(without_list, &events), Reply(200, expected));
        assert_eq!(reply(without_list, &[enso_event("a")]), success(1));

        let Reply(_, cut) = reply(|settings| settings.partial_failure_limit = Some(1), &events);
        assert_eq!(cut["data"]["summary"], json!({ "success": 1, "failed": 2, "total": 3 }));
        assert_eq!(cut["data"]["failedRecords"].as_array().unwrap().len(), 1);

        let Reply(_, listed) = reply(|settings| settings.partial_failure = PartialFailureShape::UnderDetails, &events);
        assert_eq!(listed["data"]["failedRecords"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn one_invalid_event_can_refuse_the_whole_batch() {
        let sandbox = TestSandbox::with(|settings| {
            settings.refuse_whole_batches = true;
            settings.enso.customers.insert("ent_acme".to_owned());
        });
        let check = |events: &[Value], message: &str| {
            assert_eq!(send(&sandbox, events), Reply(400, json!({ "message": message })));
        };
        let message =
            "events[1].timestamp: has to be a date-time such as 2024-11-05T08:31:12.250Z, but is \"yesterday\"";
        check(&[enso_event("a"), late(), json!({})], message);
        check(&[json!(1)], "events[0].CustomerEntityId: is required, with at least 1 character");
        let mut of_another = enso_event("b");
        of_another["CustomerEntityId"] = json!("ent_umbrella");
        check(&[of_another], "events[0].CustomerEntityId: no customer entity has this id: ent_umbrella");
        assert_eq!(ids(&sandbox), [""; 0]);
        assert_eq!(send(&sandbox, &[enso_event("a")]), success(1));
    }

    #[test]
    fn a_batch_has_no_size_limit_by_default() {
        let events: Vec<_> = (0..1001).map(|number| enso_event(&number.to_string())).collect();
        assert_eq!(send(&TestSandbox::new(), &events), success(1001));
        let sandbox = TestSandbox::with(|settings| settings.max_batch = Some(2));
        let message = "events: has 3 events, and at most 2 are taken at once";
        assert_eq!(send(&sandbox, &events[..3]), Reply(422, json!({ "message": message })));
        let sandbox = TestSandbox::with(|settings| settings.max_body_bytes = 1000);
        assert_eq!(send(&sandbox, &events).0, 413);
    }

    #[test]
    fn an_id_counts_each_time_by_default() {
        let counts = |once: bool| -> Vec<_> {
            let sandbox = TestSandbox::with(|settings| {
                settings.enso.meters_an_id_once = once;
                settings.name_duplicates = true;
            });
            // What was sent twice is not named, whatever is set for Togai.
            assert_eq!(send(&sandbox, &[enso_event("a"), enso_event("b")]), success(2));
            assert_eq!(send(&sandbox, &[enso_event("a")]), success(1));
            arrivals(&sandbox).into_iter().map(|arrival| (arrival.duplicate, arrival.counts)).collect()
        };
        assert_eq!(counts(false), [(false, true), (false, true), (true, true)]);
        assert_eq!(counts(true), [(false, true), (false, true), (true, false)]);
    }

    #[test]
    fn enso_has_no_quota_and_uses_none_of_togai() {
        let sandbox = TestSandbox::with(|settings| settings.quotas = Quotas::off().ingest_batch(1.0));
        for _ in 0..10 {
            assert_eq!(send(&sandbox, &[]), success(0));
        }
        assert_eq!(sandbox.post("/ingestBatch", &json!({})).0, 400);
        assert_eq!(sandbox.post("/ingestBatch", &json!({})).0, 429);
    }

    #[test]
    fn each_service_has_its_own_token() {
        let sandbox = TestSandbox::new();
        let check = |target: &str, token: &str, status: u16, message: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
            let response = sandbox.send_raw("POST", target, headers, "");
            assert_eq!((response.status.as_u16(), &response.body["message"]), (status, &json!(message)), "{target}");
        };
        let of_enso = "authorization: the token is not valid; use the one for Enso that the sandbox was started with";
        check("/enso/events/batch", "sandbox-token-0001", 401, of_enso);
        check("/enso/nowhere", "sandbox-token-0001", 401, of_enso);
        let of_togai = "authorization: the token is not valid; use the one that the sandbox was started with";
        check("/ingestBatch", "enso-token-0001", 401, of_togai);
        let unknown = "the API has no path /enso/nowhere: check the base URL";
        check("/enso/nowhere", "enso-token-0001", 404, unknown);
    }
}
