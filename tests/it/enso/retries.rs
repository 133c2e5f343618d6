//! No document of Enso says that an id counts once. So what the service may have is not sent again, unless the caller knows
//! better.

use std::time::Duration;

use serde_json::json;
use togai_ext::enso::Client;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, PartialFailureShape, Sandbox};

use super::{Enso, batch};
use crate::services::{AssumedEnso, Service as _, sizes};
use crate::support::{TOKEN, counts, stable_text};

const HOUR: Duration = Duration::from_secs(3600);

/// Ways in which events are taken and nobody is told.
fn ambiguous() -> [Fault; 4] {
    [
        Fault::reset_after_reading(),
        Fault::cut_off(),
        Fault::status(503).after_applying(),
        Fault::delay(HOUR).after_applying(),
    ]
}

/// A client that waits for an answer no longer than it takes.
fn impatient(sandbox: &Sandbox) -> Client {
    Enso::build(Enso::builder(TOKEN, sandbox.enso_base_url()), Some(Duration::from_millis(300)))
}

#[tokio::test]
async fn ambiguous_events_are_not_retried() {
    for fault in ambiguous() {
        let sandbox = Enso::sandbox().start().await.unwrap();
        sandbox.fault(fault.first(1));
        let failure = impatient(&sandbox).ingest_events((0..5).map(Enso::event)).send().await.unwrap_err();
        assert!(failure.error().maybe_delivered(), "{failure}");
        assert!(!failure.to_string().contains("harmless"), "{failure}");
        assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("5 unknown", vec![5]));
        assert!(failure.report().not_accepted().iter().all(|verdict| !verdict.outcome.is_retryable()));
        assert_eq!((sandbox.enso_events().len(), sandbox.enso_metered_count()), (5, 5));
    }
}

#[tokio::test]
async fn ambiguous_events_are_retried_if_ids_are_assumed_idempotent() {
    for fault in ambiguous() {
        let sandbox = AssumedEnso::sandbox().start().await.unwrap();
        sandbox.fault(fault.first(1));
        let call = impatient(&sandbox).ingest_events((0..5).map(Enso::event)).idempotent(true);
        assert_eq!(counts(&call.send().await.unwrap()), "5 accepted");
        // They arrived twice, with the same ids, and count once.
        assert_eq!((sizes(&sandbox), sandbox.enso_events().len()), (vec![5, 5], 10));
        assert_eq!(AssumedEnso::metered(&sandbox).len(), 5);
    }
}

#[tokio::test]
async fn unknown_events_are_retryable_if_ids_are_assumed_idempotent() {
    let (sandbox, client) = AssumedEnso::start().await;
    sandbox.fault(Fault::reset_after_reading());
    let call = client.ingest_events((0..5).map(Enso::event)).idempotent(true);
    let failure = call.send().await.unwrap_err();
    assert!(failure.report().not_accepted().iter().all(|verdict| verdict.outcome.is_retryable()));
    insta::assert_snapshot!(stable_text(failure.error()), @"create_events_batch: the connection broke before the answer was complete: <cause> (6 attempts; the retry policy allows no more); the request may have been applied; to send its events again with the same ids is harmless");
}

#[tokio::test]
async fn the_error_of_a_lost_response_advises_to_check_first() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::reset_after_reading());
    let failure = client.ingest_events([Enso::event(1)]).send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(failure.error()), @"create_events_batch: the connection broke before the answer was complete: <cause> (1 attempt; no retry, since it is not idempotent); the request may have been applied, so look before repeating it");
}

#[tokio::test]
async fn events_that_a_response_leaves_open_are_not_retried() {
    let builder = Enso::sandbox().partial_failure(PartialFailureShape::WithoutList);
    let sandbox = builder.start().await.unwrap();
    let call = Enso::client_of(&sandbox).ingest_events([Enso::event(0), Enso::bad_event(1)]).local_checks(false);
    let report = call.send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("2 unknown", vec![2]));
    assert!(report.not_accepted().iter().all(|verdict| !verdict.outcome.is_retryable()));
    assert_eq!(sandbox.enso_metered_count(), 1);
}

#[tokio::test]
async fn events_that_never_arrived_are_retried_and_are_retryable() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0"));
    let failure = client.ingest_events((0..5).map(Enso::event)).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox).len()), ("5 not sent", 6));
    assert!(failure.report().not_accepted().iter().all(|verdict| verdict.outcome.is_retryable()));
    sandbox.clear_faults();
    let (_, not_sent, _) = failure.into_parts();
    let resent = client.ingest_events(not_sent.into_iter().map(|verdict| verdict.event)).send().await.unwrap();
    assert_eq!((counts(&resent).as_str(), Enso::metered(&sandbox).len()), ("5 accepted", 5));
}

#[tokio::test]
async fn an_id_from_an_earlier_call_is_sent_for_the_service_to_judge() {
    for (counts_once, metered) in [(false, 5), (true, 3)] {
        let sandbox = Enso::sandbox().enso_meters_an_id_once(counts_once).start().await.unwrap();
        let client = Enso::client_of(&sandbox);
        client.ingest_events([1, 2].map(Enso::event)).send().await.unwrap().into_result().unwrap();
        let report = client.ingest_events([1, 2, 3].map(Enso::event)).send().await.unwrap();
        // Enso says nothing of duplicates.
        assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("3 accepted", vec![2, 3]));
        assert_eq!((sandbox.enso_events().len(), sandbox.enso_metered_count()), (5, metered));
    }
}

#[tokio::test]
async fn the_plain_operation_is_not_retried_after_an_ambiguous_attempt() {
    for fault in ambiguous() {
        let sandbox = Enso::sandbox().start().await.unwrap();
        sandbox.fault(fault.first(1));
        let client = impatient(&sandbox);
        let error = client.create_events_batch().body(batch([Enso::event(1)])).send().await.unwrap_err();
        assert!(error.maybe_delivered(), "{error}");
        assert_eq!((sandbox.request_count(), sandbox.enso_metered_count()), (1, 1));
    }
}

#[tokio::test]
async fn the_plain_operation_is_retried_when_throttled() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").first(2));
    client.create_events_batch().body(batch([Enso::event(1)])).send().await.unwrap();
    assert_eq!((sandbox.request_count(), sandbox.enso_metered_count()), (3, 1));
}

#[tokio::test]
async fn the_assumption_applies_to_one_call_only() {
    let (sandbox, client) = AssumedEnso::start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let call = client.ingest_events([Enso::event(1)]).idempotent(true);
    assert_eq!(counts(&call.send().await.unwrap()), "1 accepted");
    sandbox.fault(Fault::reset_after_reading().first(1));
    let failure = client.ingest_events([Enso::event(2)]).send().await.unwrap_err();
    assert_eq!(counts(failure.report()), "1 unknown");
    // And it can be taken back.
    sandbox.fault(Fault::reset_after_reading().first(1));
    let call = client.ingest_events([Enso::event(3)]).idempotent(true).idempotent(false);
    assert_eq!(counts(call.send().await.unwrap_err().report()), "1 unknown");
}

// A refusal that could be said of what an earlier request has delivered.

fn summary_response(success: u32, failed: u32, records: &[serde_json::Value]) -> Fault {
    let summary = json!({ "success": success, "failed": failed, "total": success + failed });
    Fault::status(200).json(json!({ "data": { "summary": summary, "failedRecords": records } }))
}

#[tokio::test]
async fn an_event_left_open_and_then_counted_as_failed_is_not_rejected() {
    let (sandbox, client) = AssumedEnso::start().await;
    sandbox.fault(summary_response(1, 1, &[]).after_applying().first(1));
    sandbox.fault(summary_response(0, 1, &[]));
    let call = client.ingest_events([Enso::event(0), Enso::event(1)]).idempotent(true);
    let report = call.send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.enso_metered_count()), ("2 unknown", 2));
}

#[tokio::test]
async fn after_a_lost_response_an_event_is_rejected_only_for_its_own_fault() {
    let record = |code: u32, status: u32| json!({ "index": 0, "error": "no", "code": code, "statusCode": status });
    for (records, expected) in [
        (vec![], "1 unknown"),
        // It may be the event that was taken before.
        (vec![record(2009, 409)], "1 unknown"),
        (vec![json!({ "index": 0 })], "1 unknown"),
        (vec![record(2002, 409)], "1 not sent"),
        (vec![record(27, 400)], "1 unknown"),
    ] {
        let (sandbox, client) = AssumedEnso::start().await;
        sandbox.fault(Fault::reset_after_reading().first(1));
        sandbox.fault(summary_response(0, 1, &records));
        let report = client.ingest_events([Enso::event(0)]).idempotent(true).send().await.unwrap();
        assert_eq!(counts(&report), expected, "{records:?}");

        // Where nothing came before, it was refused, whatever is said of it.
        let (sandbox, client) = AssumedEnso::start().await;
        sandbox.fault(summary_response(0, 1, &records));
        let report = client.ingest_events([Enso::event(0)]).idempotent(true).send().await.unwrap();
        let alone = if expected == "1 not sent" { expected } else { "1 rejected" };
        assert_eq!(counts(&report), alone, "{records:?}");
    }
}

#[tokio::test]
async fn an_ambiguous_id_is_not_resent_in_the_same_call() {
    let faults = [
        // One of the two failed, and nobody says which.
        summary_response(1, 1, &[]),
        // It failed at an event, and may have it.
        summary_response(1, 1, &[json!({ "index": 0, "error": "busy", "statusCode": 503 })]),
    ];
    for fault in faults {
        let (sandbox, client) = Enso::start().await;
        sandbox.fault(fault.after_applying().first(1));
        let events = [Enso::event(0), Enso::event(1), Enso::event(0), Enso::event(2)];
        let report = client.ingest_events(events).batch_size(2).concurrency(1).send().await.unwrap();
        assert_eq!(report.duplicates(), 1, "{}", counts(&report));
        assert_eq!((sizes(&sandbox), Enso::metered(&sandbox).len()), (vec![2, 1], 3));
    }
}

// Statuses of failure.

#[tokio::test]
async fn verdicts_in_an_error_response_are_final() {
    for status in [400, 413, 422, 409, 500] {
        let (sandbox, client) = Enso::start().await;
        let record = json!({ "index": 1, "error": "no", "code": 2002, "statusCode": 404 });
        let body =
            json!({ "data": { "summary": { "success": 1, "failed": 1, "total": 2 }, "failedRecords": [record] } });
        sandbox.fault(Fault::status(status).json(body).after_applying().first(1));
        let report = client.ingest_events([Enso::event(0), Enso::event(1)]).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("1 accepted, 1 not sent", vec![2]), "{status}");

        // One that says that all went well contradicts itself.
        let (sandbox, client) = Enso::start().await;
        let body = json!({ "summary": { "success": 1, "failed": 0, "total": 1 } });
        sandbox.fault(Fault::status(status).json(body).after_applying());
        let failure = client.ingest_events([Enso::event(0)]).send().await.unwrap_err();
        assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("1 unknown", vec![1]), "{status}");
    }
}

#[tokio::test]
async fn an_ambiguous_status_leaves_events_unknown() {
    for (status, expected) in [
        (302, "1 unknown"),
        (303, "1 unknown"),
        (409, "1 unknown"),
        (425, "1 unknown"),
        (499, "1 unknown"),
        (307, "1 not sent"),
        (401, "1 not sent"),
        (404, "1 not sent"),
    ] {
        let (sandbox, client) = Enso::start().await;
        sandbox.fault(Fault::status(status).header("location", "/elsewhere"));
        let failure = client.ingest_events([Enso::event(0)]).send().await.unwrap_err();
        assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), (expected, vec![1]), "{status}");
    }
}

#[tokio::test]
async fn a_success_without_verdicts_leaves_events_unknown() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(200).json(json!({})).after_applying());
    let failure = client.ingest_events([Enso::event(0)]).send().await.unwrap_err();
    assert!(failure.error().maybe_delivered());
    insta::assert_snapshot!(stable_text(failure.error()), @"create_events_batch: the server answered 200 OK and did not say what became of the events: check the base URL; the request may have been applied, so look before repeating it");
    assert_eq!((counts(failure.report()).as_str(), sandbox.enso_metered_count()), ("1 unknown", 1));
}
