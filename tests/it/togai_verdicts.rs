//! What answers of Togai say of events, where those of another service have another form. What holds for every service is
//! in `contract/`.

use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, PartialFailureShape};

use crate::support::{bad_event, client_of, counts, event, log, sandbox, start};

#[tokio::test]
async fn refused_events_below_details_are_found() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::UnderDetails).start().await.unwrap();
    let report = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("1 accepted, 1 rejected", 1));
}

#[tokio::test]
async fn splitting_finds_refused_events_that_are_not_named() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    let events = (0..8).map(|number| if number == 5 { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    // It was in an earlier request, of which it may have been taken, so what was found is not told as a refusal.
    assert_eq!(counts(&report), "7 accepted, 1 unknown");
    let refused = &report.not_accepted()[0];
    assert_eq!(refused.index, 5);
    insta::assert_snapshot!(refused.outcome, @"unknown: the server refused the event or has it already, and does not say which (1 of 1 events were not accepted); sending it again gets the same response, so look up by its id whether the server has it");
    // Where one part was taken the rest must hold the bad event, so it is split again without being sent.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 8 events -> 207
    POST /ingestBatch 2 events -> 202
    POST /ingestBatch 3 events -> 202
    POST /ingestBatch 2 events -> 207
    POST /ingestBatch 1 event -> 207
    POST /ingestBatch 2 events -> 202
    "###);
    // Every good event was taken twice, and event 6 three times, and each counts once.
    assert_eq!((sandbox.events().len(), sandbox.metered().len()), (15, 7));
}

#[tokio::test]
async fn a_possibly_incomplete_list_of_refused_events_is_continued_by_another_request() {
    let sandbox = sandbox().partial_failure_limit(100).start().await.unwrap();
    let events = (0..300).map(|number| if number < 200 { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "100 accepted, 200 rejected");
    assert!(report.not_accepted().iter().map(|refused| refused.index).eq(0..200));
    // Of the rest as many are named as the list can hold: 100.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 300 events -> 207
    POST /ingestBatch 200 events -> 207
    POST /ingestBatch 100 events -> 202
    "###);
    assert_eq!(sandbox.metered().len(), 100);
}

#[tokio::test]
async fn an_exhausted_request_limit_leaves_events_unknown() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    let call = client_of(&sandbox).ingest_events((0..8).map(bad_event)).local_checks(false).isolation_budget(3);
    let report = call.send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("8 unknown", 4));
    insta::assert_snapshot!(report.not_accepted()[7].outcome, @"unknown: the server refused events of the request and may not have listed them all");
}

#[tokio::test]
async fn an_undocumented_success_status_leaves_events_unknown() {
    for status in [200, 204] {
        let (sandbox, client) = start().await;
        sandbox.fault(Fault::status(status).body("").on("ingest_batch"));
        // It is none of this API that answers, so there is no use in going on.
        let failure = client.ingest_events((0..5).map(event)).batch_size(2).send().await.unwrap_err();
        assert!(failure.to_string().contains("check the base URL"), "{failure}");
        assert_eq!((counts(failure.report()).as_str(), sandbox.metered().len()), ("2 unknown", 0), "{status}");
    }
}

#[tokio::test]
async fn a_202_accepts_events_whatever_its_body() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).header("content-type", "text/plain").body("OK").on("ingest_batch"));
    assert_eq!(counts(&client.ingest_events([event(1)]).send().await.unwrap()), "1 accepted");
}

#[tokio::test]
async fn top_level_fields_of_a_custom_event_are_checked() {
    let (sandbox, client) = start().await;
    let mut unnamed = serde_json::to_value(event(1)).unwrap();
    unnamed["schemaName"] = json!("");
    let inner = serde_json::to_value(bad_event(2)).unwrap();
    let report = client.ingest_slice(&[unnamed, inner]).send().await.unwrap();
    // The server has the last word on the others.
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("2 rejected", 1));
    let messages: Vec<String> = report.not_accepted().iter().map(|refused| refused.outcome.to_string()).collect();
    insta::assert_snapshot!(messages.join("\n"), @r###"
    rejected: `schemaName` is empty
    rejected: attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far"
    "###);
}
