use serde_json::{Value, json};

use reqwest::StatusCode;
use togai_api::enso::types::BatchEventsResponse;

use togai_ingest::test_util::{Repeat, decide_partial, encode};
use togai_ingest::{FailureKind, Outcome, Partial};

use super::response::read;
use super::*;

/// What a response says of three events: an outcome each, or why it says nothing.
fn verdicts(body: &Value) -> String {
    verdicts_of(body, 3)
}

fn verdicts_of(body: &Value, events: usize) -> String {
    let response: BatchEventsResponse = serde_json::from_value(body.clone()).unwrap();
    match read(&response, StatusCode::OK, events, false) {
        Ok(Response::AllAccepted) => "all".to_owned(),
        Err(why) => why,
        Ok(Response::Partial(partial)) => {
            let ids = &["a", "b", "c"].map(str::to_owned)[..events];
            let repeat = Repeat { maybe_repeated: false, is_harmless: false };
            let text = |outcome: &Option<Outcome>| outcome.as_ref().map_or("open".to_owned(), ToString::to_string);
            let outcomes = decide_partial(ids, &partial, repeat).outcomes;
            outcomes.iter().map(text).collect::<Vec<_>>().join(", ")
        }
    }
}

fn response(counts: [i64; 3], records: &Value) -> Value {
    let [success, failed, total] = counts;
    json!({
        "status": "success",
        "message": "Success",
        "data": { "summary": { "success": success, "failed": failed, "total": total }, "failedRecords": records },
    })
}

fn record(index: u64) -> Value {
    json!({ "index": index, "error": "bad", "code": 2001, "statusCode": 400 })
}

#[track_caller]
fn check(counts: [i64; 3], records: &[Value], expected: &str) {
    let enveloped = response(counts, &json!(records));
    assert_eq!(verdicts(&enveloped), expected);
    // The bare form says the same.
    assert_eq!(verdicts(&enveloped["data"]), expected);
}

#[test]
fn the_list_names_the_failed_events_in_any_order() {
    check([3, 0, 3], &[], "all");
    check([1, 2, 3], &[record(2), record(0)], "rejected: bad [2001], accepted, rejected: bad [2001]");
    check(
        [0, 3, 3],
        &[record(2), record(0), record(1)],
        "rejected: bad [2001], rejected: bad [2001], rejected: bad [2001]",
    );
}

#[test]
fn a_list_shorter_than_the_summary_accepts_no_unlisted_event() {
    for records in [vec![record(1)], vec![record(1), record(1)], vec![record(1), record(3)]] {
        check([1, 2, 3], &records, "open, rejected: bad [2001], open");
    }
    check([1, 2, 3], &[], "open, open, open");
    check([1, 2, 3], &[json!({ "error": "bad" }), record(0)], "rejected: bad [2001], open, open");
    check([2, 1, 3], &[record(0), record(7)], "rejected: bad [2001], open, open");
}

#[test]
fn a_list_longer_than_the_summary_leaves_everything_uncertain() {
    check([3, 0, 3], &[record(0)], "unknown: bad, open, open");
    check([2, 1, 3], &[record(0), record(1)], "unknown: bad, unknown: bad, open");
    for records in [json!([record(0)]), json!([record(5)])] {
        assert_eq!(verdicts_of(&response([1, 0, 1], &records), 1), "unknown: bad");
        assert_eq!(verdicts_of(&response([0, 1, 1], &records), 1), "rejected: bad [2001]");
    }
}

#[test]
fn the_least_certain_failure_of_an_event_wins() {
    let outage = json!({ "index": 1, "error": "busy", "statusCode": 503 });
    for records in [[record(1), outage.clone()], [outage.clone(), record(1)]] {
        check([2, 1, 3], &records, "accepted, unknown: busy, accepted");
    }
}

#[test]
fn both_forms_at_once_accept_no_event() {
    let mut both = response([2, 1, 3], &json!([record(0)]));
    both["failedRecords"] = json!([record(1)]);
    assert_eq!(verdicts(&both), "rejected: bad [2001], rejected: bad [2001], open");
    let mut both = response([3, 0, 3], &json!([]));
    both["summary"] = json!({ "success": 0, "failed": 3, "total": 3 });
    assert_eq!(verdicts(&both), "and did not say what became of the events: check the base URL");
    // What says nothing is no form.
    let mut bare = response([2, 1, 3], &json!([record(0)]))["data"].take();
    bare["data"] = json!({});
    assert_eq!(verdicts(&bare), "rejected: bad [2001], accepted, accepted");
}

#[test]
fn of_a_summary_of_failures_alone_no_event_is_rejected() {
    let reason = "not sent: the server gave no reason";
    check([0, 3, 3], &[], &format!("{reason}, {reason}, {reason}"));
    check([0, 3, 3], &[record(1)], &format!("{reason}, rejected: bad [2001], {reason}"));
}

#[test]
fn a_response_about_other_events_says_nothing() {
    check([2, 0, 2], &[], "and counts 2 events where 3 were sent: check the base URL");
    check([3, 1, 4], &[record(1)], "and counts 4 events where 3 were sent: check the base URL");
}

#[test]
fn a_response_without_counts_accepts_no_event() {
    let nothing = "and did not say what became of the events: check the base URL";
    for empty in
        [json!({}), json!({ "status": "success" }), json!({ "data": null }), json!({ "data": { "failedRecords": [] } })]
    {
        assert_eq!(verdicts(&empty), nothing, "{empty}");
    }
    assert_eq!(verdicts(&json!({ "failedRecords": [record(1)] })), "open, rejected: bad [2001], open");
    // Counts that do not add up are none.
    check([1, 1, 3], &[record(1)], "open, rejected: bad [2001], open");
    check([-1, 1, 3], &[], nothing);
    let without_total = json!({ "summary": { "success": 2, "failed": 1 }, "failedRecords": [record(1)] });
    assert_eq!(verdicts(&without_total), "accepted, rejected: bad [2001], accepted");
}

#[test]
fn a_failure_has_its_own_status_and_its_code_as_it_was_written() {
    let of = |code: Value, status: Value| {
        let records = json!([{ "index": 0, "code": code, "statusCode": status }]);
        let response: BatchEventsResponse = serde_json::from_value(response([0, 1, 1], &records)).unwrap();
        let Ok(Response::Partial(Partial { mut failures, .. })) = read(&response, StatusCode::OK, 1, false) else {
            panic!("it failed")
        };
        let failure = failures.remove(0);
        let status = failure.status.map(|status| status.as_u16());
        (failure.code.unwrap_or_default().to_string(), status, failure.kind, failure.message.to_string())
    };
    let refused =
        |code: &str, status, message: &str| (code.to_owned(), status, FailureKind::Refused, message.to_owned());
    let unmet = |code: &str, status, message: &str| (code.to_owned(), status, FailureKind::Unmet, message.to_owned());
    let vague =
        |code: &str, status| (code.to_owned(), status, FailureKind::Vague, "the server gave no reason".to_owned());
    assert_eq!(of(json!(2001), json!(400)), refused("2001", Some(400), "customer entity id missing"));
    assert_eq!(of(json!("2002"), json!(409)), unmet("2002", Some(409), "customer entity unknown"));
    assert_eq!(of(json!(2002), json!(null)), unmet("2002", Some(404), "customer entity unknown"));
    assert_eq!(of(json!("27"), json!("400")), vague("27", Some(400)));
    assert_eq!(of(json!("TIMEOUT"), json!(1)), vague("TIMEOUT", None));
    assert_eq!(of(json!(2009), json!(409)), vague("2009", Some(409)));
}

#[test]
fn an_event_that_the_service_failed_at_may_be_there() {
    for (status, expected) in
        [(500, "unknown: bad"), (503, "unknown: bad"), (408, "unknown: bad"), (400, "rejected: bad")]
    {
        let record = json!({ "index": 1, "error": "bad", "statusCode": status });
        check([2, 1, 3], &[record], &format!("accepted, {expected}, accepted"));
    }
}

#[test]
fn a_field_that_is_missing_or_of_another_type_is_named() {
    let problem = |change: Value| {
        let mut event = json!({
            "CustomerEntityId": "ent_acme", "metric": "api_calls", "value": 1.5, "timestamp": "2023-11-07T05:31:56Z"
        });
        for (name, value) in change.as_object().unwrap() {
            event[name] = value.clone();
        }
        event.as_object_mut().unwrap().retain(|_, value| *value != "gone");
        let (json, fields) = encode::<Enso>(&event).unwrap();
        check_fields(&json, &fields).err().unwrap_or_default()
    };
    assert_eq!(problem(json!({})), "");
    assert_eq!(problem(json!({ "eventId": "a", "value": -1, "metadata": { "value": "x" } })), "");
    insta::assert_snapshot!(problem(json!({ "CustomerEntityId": "gone" })), @"`CustomerEntityId` is not set, and every event has one");
    insta::assert_snapshot!(problem(json!({ "metric": "" })), @"`metric` is empty");
    insta::assert_snapshot!(problem(json!({ "timestamp": 1 })), @"`timestamp` is no text: write it in quotes");
    insta::assert_snapshot!(problem(json!({ "value": "1.5" })), @"`value` is no number: write it without quotes");
    insta::assert_snapshot!(problem(json!({ "eventId": 7 })), @"`eventId` is no text: write it in quotes");
}
