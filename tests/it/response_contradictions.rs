//! Responses of Togai that contradict themselves, and the words in which a server may say that it has an event.

use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use crate::services::sizes;
use crate::support::{bad_event, counts, event, start};

/// What becomes of ten events, three of which are bad, and the sizes of the requests, if the first response is this one.
async fn ten(status: u16, response: Value) -> (String, Vec<usize>) {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(status).json(response).first(1));
    let events = (0..10).map(|number| if is_bad(number) { bad_event(number) } else { event(number) });
    let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
    for verdict in report.not_accepted() {
        assert!(is_bad(u32::try_from(verdict.index).unwrap()), "{verdict:?}");
    }
    (counts(&report), sizes(&sandbox))
}

fn is_bad(number: u32) -> bool {
    [3, 5, 7].contains(&number)
}

fn entry(number: u32, message: &str) -> Value {
    json!({"message": message, "eventPayload": {"id": format!("ride-{number}")}})
}

fn entries(numbers: &[u32]) -> Value {
    numbers.iter().map(|number| entry(*number, "value not allowed")).collect()
}

#[tokio::test]
async fn a_list_that_is_shorter_than_a_count_is_not_complete() {
    for response in [
        json!({"errors": entries(&[3]), "failedCount": 3}),
        json!({"errors": entries(&[3]), "details": {"failed": 3}}),
        json!({"details": {"errors": entries(&[3]), "summary": {"rejectedEvents": 3, "acceptedEvents": 7}}}),
        json!({"errors": entries(&[3]), "success": 7}),
    ] {
        let (report, sizes) = ten(207, response.clone()).await;
        assert_eq!((report.as_str(), sizes), ("7 accepted, 3 rejected", vec![10, 9]), "{response}");
    }
}

#[tokio::test]
async fn a_list_that_counts_confirm_is_complete() {
    for response in [
        json!({"errors": entries(&[3, 5, 7]), "failedCount": 3, "success": false}),
        json!({"errors": entries(&[3, 5, 7]), "message": "3 of 10 events failed", "statusCode": 207}),
        json!({"errors": entries(&[3, 5, 7]), "code": "7", "details": {"errorCode": 12}}),
    ] {
        let (report, sizes) = ten(207, response.clone()).await;
        assert_eq!((report.as_str(), sizes), ("7 accepted, 3 rejected", vec![10]), "{response}");
    }
}

#[tokio::test]
async fn counts_that_cannot_be_true_leave_events_open() {
    for response in [
        json!({"errors": entries(&[3, 5, 7]), "failedCount": 2}),
        json!({"errors": entries(&[3, 5, 7]), "failedCount": 300}),
        json!({"failed": 0}),
    ] {
        let (report, sizes) = ten(207, response.clone()).await;
        assert_eq!((report.as_str(), sizes.len()), ("7 accepted, 3 rejected", 2), "{response}");
    }
}

#[tokio::test]
async fn a_list_with_a_round_number_of_entries_may_be_capped() {
    for (named, requests) in [(9, 1), (10, 2), (20, 2), (25, 2), (26, 1)] {
        let (sandbox, client) = start().await;
        let response = json!({"errors": entries(&(0..named).collect::<Vec<_>>())});
        sandbox.fault(Fault::status(207).json(response).first(1));
        let events = (0..200).map(|number| if number < named { bad_event(number) } else { event(number) });
        let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
        assert_eq!((report.rejected(), report.accepted()), (named.into(), (200 - named).into()), "{named}");
        assert_eq!(sizes(&sandbox).len(), requests, "{named}");
    }
}

#[tokio::test]
async fn an_event_that_is_refused_and_a_duplicate_is_rejected() {
    for messages in [["value not allowed", "duplicate event"], ["duplicate event", "value not allowed"]] {
        let (sandbox, client) = start().await;
        let twice: Vec<Value> = messages.iter().map(|message| entry(3, message)).collect();
        sandbox.fault(Fault::status(207).json(json!({ "errors": twice })));
        let report = client.ingest_events((0..4).map(event)).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("3 accepted, 1 rejected", vec![4, 1]));
        assert_eq!(report.not_accepted()[0].outcome.to_string(), "rejected: value not allowed");
    }
}

#[tokio::test]
async fn a_202_that_says_failure_is_no_success() {
    for response in [
        json!({"success": "false"}),
        json!({"success": false, "message": "nothing was taken"}),
        json!({"message": "Internal server error", "statusCode": 500}),
        json!({"message": "Internal server error", "statusCode": "500"}),
        json!({"error": {"statusCode": 500, "name": "InternalServerError"}}),
        json!({"status": "failed"}),
        json!({"failedCount": 3}),
    ] {
        let (report, sizes) = ten(202, response.clone()).await;
        assert_eq!((report.as_str(), sizes), ("7 accepted, 3 rejected", vec![10, 10]), "{response}");
    }
    for response in [json!({}), json!({"success": true, "message": "no failed events"}), json!({"statusCode": 202})] {
        let (report, sizes) = ten(202, response.clone()).await;
        assert_eq!((report.as_str(), sizes), ("10 accepted", vec![10]), "{response}");
    }
}

#[tokio::test]
async fn an_entry_that_says_success_is_one() {
    let each = |success: Value, failure: Value| -> Value {
        let entry = |number| {
            let mut entry = entry(number, "it was looked at");
            let says = if is_bad(number) { &failure } else { &success };
            entry.as_object_mut().unwrap().extend(says.as_object().unwrap().clone());
            entry
        };
        json!({"errors": (0..10).map(entry).collect::<Vec<_>>()})
    };
    for response in [
        each(json!({"statusCode": 202}), json!({"statusCode": 400})),
        each(json!({"status": "201"}), json!({"status": "422"})),
        each(json!({"success": true}), json!({"success": false})),
        each(json!({"status": "SUCCESS"}), json!({"status": "FAILED"})),
    ] {
        let (report, sizes) = ten(207, response.clone()).await;
        assert_eq!((report.as_str(), sizes), ("7 accepted, 3 rejected", vec![10]), "{response}");
    }
}

#[tokio::test]
async fn an_entry_with_a_status_of_its_own_says_who_is_at_fault() {
    for (status, expected) in
        [(400, "rejected"), (404, "not sent"), (429, "not sent"), (500, "unknown"), (503, "unknown")]
    {
        let (sandbox, client) = start().await;
        let mut entry = entry(1, "it failed");
        entry["statusCode"] = json!(status);
        sandbox.fault(Fault::status(207).json(json!({"errors": [entry]})));
        let report = client.ingest_events((0..3).map(event)).send().await.unwrap();
        assert_eq!(counts(&report), format!("2 accepted, 1 {expected}"), "{status}");
    }
}

#[tokio::test]
async fn an_event_that_the_server_has_is_a_duplicate_in_every_response() {
    let message = "An event already exists with identifier ride-1.";
    for fault in [
        Fault::status(400).json(json!({ "message": message })),
        Fault::status(409).json(json!({"error": {"statusCode": 409, "message": message}})),
        Fault::status(422).json(json!({ "message": message })),
        Fault::status(207).json(json!({"errors": [entry(1, message)]})),
    ] {
        let (sandbox, client) = start().await;
        sandbox.fault(fault.clone());
        for report in [
            client.ingest_event(event(1)).send().await.unwrap(),
            client.ingest_events([event(1)]).send().await.unwrap(),
        ] {
            assert_eq!(counts(&report), "1 duplicate", "{fault:?}");
            assert_eq!(report.not_accepted()[0].outcome, Outcome::Duplicate { compared: false });
        }
        // After an attempt of our own that was lost, it is the one that was accepted then.
        sandbox.clear_faults();
        sandbox.fault(Fault::reset_after_reading().first(1));
        sandbox.fault(fault.clone());
        let report = client.ingest_events([event(1)]).send().await.unwrap();
        assert_eq!(counts(&report), "1 accepted", "{fault:?}");
    }
}
