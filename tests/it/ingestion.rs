//! Ingestion through the whole client: a verdict for each event, whatever the server does.

use std::time::Duration;

use serde_json::json;
use togai_ext::Outcome;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, PartialFailureShape, Sandbox};

use crate::support::{TOKEN, bad_event, builder_of, client_of, event, log, sandbox, start, told};

/// The verdicts of a report in short, checked to add up.
#[track_caller]
pub(crate) fn counts<E, T>(report: &IngestReport<E, T>) -> String {
    let parts = [
        (report.accepted(), "accepted"),
        (report.duplicates(), "duplicate"),
        (report.rejected(), "rejected"),
        (report.unknown(), "unknown"),
        (report.not_sent(), "not sent"),
    ];
    assert_eq!(report.submitted(), parts.iter().map(|(count, _)| count).sum::<u64>());
    assert_eq!(report.outcomes().count() as u64, report.submitted());
    let named = parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    named.collect::<Vec<_>>().join(", ")
}

/// What becomes of events 0 to 9, in batches of 5, in a sandbox with faults: the verdicts, what stopped the call, what
/// the server saw, and how many events it metered.
async fn ten_events(sandbox: &Sandbox, client: &Client) -> String {
    let sent = client.ingest_events((0..10).map(event)).batch_size(5).concurrency(1).send().await;
    let (verdicts, stopped) = match &sent {
        Ok(report) => (counts(report), "nothing".to_owned()),
        Err(failure) => (counts(failure.report()), told(failure.error())),
    };
    format!("{verdicts}\nstopped by: {stopped}\n{}\nmetered: {}", log(sandbox), sandbox.metered().len())
}

#[tokio::test]
async fn any_number_of_events_goes_in_batches_of_a_thousand() {
    for (count, batches) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (2500, 3)] {
        let (sandbox, client) = start().await;
        let report = client.ingest_events((0..count).map(event)).send().await.unwrap();
        assert_eq!(report.accepted(), u64::from(count));
        assert_eq!((sandbox.requests().len(), sandbox.metered().len()), (batches, count as usize));

        let (sandbox, client) = start().await;
        let report = client.ingest_stream(futures::stream::iter((0..count).map(event))).send().await.unwrap();
        assert_eq!((report.accepted(), sandbox.requests().len()), (u64::from(count), batches));
    }
}

#[tokio::test]
async fn a_throttled_batch_is_sent_again_until_it_is_taken() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").on("ingest_batch").first(2));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    10 accepted
    stopped by: nothing
    POST /ingestBatch 5 events -> 429 (fault: status 429)
    POST /ingestBatch 5 events -> 429 (fault: status 429)
    POST /ingestBatch 5 events -> 202
    POST /ingestBatch 5 events -> 202
    metered: 10
    "###);
}

#[tokio::test]
async fn throttling_by_a_page_for_browsers_is_throttling() {
    let (sandbox, client) = start().await;
    let page = Fault::status(429).header("content-type", "text/html").body("<html><title>Slow down</title></html>");
    sandbox.fault(page.on("ingest_batch").first(1));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    10 accepted
    stopped by: nothing
    POST /ingestBatch 5 events -> 429 (fault: status 429)
    POST /ingestBatch 5 events -> 202
    POST /ingestBatch 5 events -> 202
    metered: 10
    "###);
}

#[tokio::test]
async fn events_that_are_throttled_for_ever_were_not_sent() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").json(json!({"message": "slow down"})));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 not sent
    stopped by: ingest_batch: the server answered 429 Too Many Requests: slow down (1 attempt); send fewer requests, or wait at least 3600 s before the next
    POST /ingestBatch 5 events -> 429 (fault: status 429)
    metered: 0
    "###);
}

#[tokio::test]
async fn one_refused_event_is_named_and_the_others_are_accepted() {
    let (sandbox, client) = start().await;
    let events = (0..10).map(|number| if number == 7 { bad_event(number) } else { event(number) });
    let report = client.ingest_events(events).batch_size(5).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    let refused = &report.not_accepted()[0];
    assert_eq!((refused.index, refused.id.as_deref(), &refused.event), (7, Some("ride-7"), &bad_event(7)));
    insta::assert_snapshot!(refused.outcome, @r###"rejected: attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far""###);
    assert!(matches!(refused.outcome, Outcome::Rejected { status: Some(status), .. } if status == 207));
    assert_eq!((sandbox.requests().len(), sandbox.metered().len()), (2, 9));
    assert!(report.into_result().is_err());
}

#[tokio::test]
async fn an_event_beyond_a_documented_limit_is_rejected_before_it_is_sent() {
    let (sandbox, client) = start().await;
    let events = (0..10).map(|number| if number == 7 { bad_event(number) } else { event(number) });
    let report = client.ingest_events(events).batch_size(5).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    let refused = &report.not_accepted()[0];
    assert_eq!((refused.index, refused.id.as_deref(), &refused.event), (7, Some("ride-7"), &bad_event(7)));
    insta::assert_snapshot!(refused.outcome, @r###"rejected: attributes[0]: `value` is "far", and has to be a plain decimal number such as -12.5"###);
    // It did not come from the server, which was not even asked.
    assert!(matches!(refused.outcome, Outcome::Rejected { status: None, .. }));
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 5 events -> 202
    POST /ingestBatch 4 events -> 202
    "###);
    assert_eq!(sandbox.events().len(), 9);
}

#[tokio::test]
async fn where_no_event_passes_the_local_checks_nothing_is_sent() {
    let (sandbox, client) = start().await;
    let report = client.ingest_events((0..10).map(bad_event)).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("10 rejected", 0));

    // Of an own type the fields at the top are checked, and the server has the last word on the others.
    let mut unnamed = serde_json::to_value(event(1)).unwrap();
    unnamed["schemaName"] = json!("");
    let inner = serde_json::to_value(bad_event(2)).unwrap();
    let report = client.ingest_slice(&[unnamed, inner]).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("2 rejected", 1));
    let messages: Vec<String> = report.not_accepted().iter().map(|refused| refused.outcome.to_string()).collect();
    insta::assert_snapshot!(messages.join("\n"), @r###"
    rejected: `schemaName` is empty
    rejected: attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far"
    "###);
}

#[tokio::test]
async fn all_events_can_be_refused() {
    let (sandbox, client) = start().await;
    let report = client.ingest_events((0..10).map(bad_event)).local_checks(false).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("10 rejected", 1));
    assert_eq!(
        report.not_accepted().iter().map(|refused| refused.index).collect::<Vec<_>>(),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!(sandbox.metered().len(), 0);
}

#[tokio::test]
async fn refused_events_are_found_below_details_too() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::UnderDetails).start().await.unwrap();
    let report = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("1 accepted, 1 rejected", 1));
}

#[tokio::test]
async fn where_the_refused_events_are_not_named_they_are_found_by_sending_halves() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    let events = (0..8).map(|number| if number == 5 { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    // It was in an earlier request, of which it may have been taken, so what was found is not told as a refusal.
    assert_eq!(counts(&report), "7 accepted, 1 unknown");
    let refused = &report.not_accepted()[0];
    assert_eq!(refused.index, 5);
    insta::assert_snapshot!(refused.outcome, @"unknown: the server refused the event, or has it already, and does not say which: 1 of 1 events were not accepted");
    // Where one half was taken the other must hold the bad event, so it is halved again without being sent.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 8 events -> 207
    POST /ingestBatch 4 events -> 202
    POST /ingestBatch 2 events -> 207
    POST /ingestBatch 1 event -> 202
    POST /ingestBatch 1 event -> 207
    POST /ingestBatch 2 events -> 202
    "###);
    // Every good event was taken twice, event 4 three times, and each counts once.
    assert_eq!((sandbox.events().len(), sandbox.metered().len()), (15, 7));
}

#[tokio::test]
async fn where_the_list_of_refused_events_may_be_short_the_others_are_sent_again_in_halves() {
    let sandbox = sandbox().partial_failure_limit(100).start().await.unwrap();
    let events = (0..300).map(|number| if number < 200 { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "100 accepted, 200 rejected");
    assert!(report.not_accepted().iter().map(|refused| refused.index).eq(0..200));
    // Of the first half of the rest, all of which is bad, as many are named as the list can hold: 100.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 300 events -> 207
    POST /ingestBatch 100 events -> 207
    POST /ingestBatch 100 events -> 202
    "###);
    assert_eq!(sandbox.metered().len(), 100);
}

#[tokio::test]
async fn where_the_requests_for_a_batch_are_used_up_what_is_left_open_is_unknown() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    let call = client_of(&sandbox).ingest_events((0..8).map(bad_event)).local_checks(false).isolation_budget(3);
    let report = call.send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("8 unknown", 4));
    insta::assert_snapshot!(report.not_accepted()[7].outcome, @"unknown: the server refused events of the request and may not have listed them all");
}

#[tokio::test]
async fn where_the_requests_for_a_batch_are_used_up_what_was_refused_as_a_whole_is_rejected() {
    let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
    let call = client_of(&sandbox).ingest_events((0..8).map(bad_event)).local_checks(false).isolation_budget(3);
    let report = call.send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("8 rejected", 4));
    assert!(
        matches!(&report.not_accepted()[7].outcome, Outcome::Rejected { status: Some(status), .. } if *status == 400)
    );
    insta::assert_snapshot!(report.not_accepted()[0].outcome, @r###"rejected: events[0].attributes[0].value: has to match ^-?\d{1,512}(\.\d+)?$, but is "far""###);
}

#[tokio::test]
async fn a_wrong_token_costs_one_request_and_leaves_the_rest_unpulled() {
    let (sandbox, _) = start().await;
    let client = ClientBuilder::new("wrong").base_url(sandbox.base_url()).build().unwrap();
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 rejected
    stopped by: ingest_batch: the server answered 401 Unauthorized: authorization: the token is not valid; use the one that the sandbox was started with (1 attempt); check the token, and that it belongs to this environment
    POST /ingestBatch 5 events -> 401
    metered: 0
    "###);
}

#[tokio::test]
async fn a_batch_of_too_many_events_is_halved_and_delivered() {
    let sandbox = sandbox().max_batch(4).start().await.unwrap();
    let client = client_of(&sandbox);
    let report = client.ingest_events((0..5).map(event)).send().await.unwrap();
    assert_eq!(counts(&report), "5 accepted");
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 5 events -> 422
    POST /ingestBatch 3 events -> 202
    POST /ingestBatch 2 events -> 202
    "###);
    assert_eq!((sandbox.events().len(), sandbox.metered().len()), (5, 5));
}

#[tokio::test]
async fn a_batch_of_too_many_bytes_is_halved_and_delivered() {
    let sandbox = sandbox().max_body_bytes(600).start().await.unwrap();
    let client = client_of(&sandbox);
    let report = client.ingest_events((0..5).map(event)).send().await.unwrap();
    assert_eq!(counts(&report), "5 accepted");
    // The log does not count events of a body that is not kept.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch -> 413
    POST /ingestBatch 3 events -> 202
    POST /ingestBatch 2 events -> 202
    "###);
    assert_eq!(sandbox.metered().len(), 5);
}

#[tokio::test]
async fn a_single_event_that_is_too_large_is_rejected_with_the_server_s_words() {
    let sandbox = sandbox().max_body_bytes(100).start().await.unwrap();
    let report = client_of(&sandbox).ingest_events([event(0), event(1)]).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("2 rejected", 3));
    insta::assert_snapshot!(report.not_accepted()[1].outcome, @"rejected: body: has 201 bytes, and at most 100 are taken; send fewer events");
}

#[tokio::test]
async fn where_the_answer_is_lost_nothing_is_known() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().on("ingest_batch"));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 unknown
    stopped by: ingest_batch: the connection broke before the answer was complete: <cause> (6 attempts); the request may have been applied; to send its events again with the same ids is harmless
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    metered: 5
    "###);
}

#[tokio::test]
async fn where_the_answer_is_cut_off_nothing_is_known() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::cut_off().on("ingest_batch"));
    let told = ten_events(&sandbox, &client).await;
    assert!(told.starts_with("5 unknown\n"), "{told}");
}

#[tokio::test]
async fn where_no_answer_comes_in_time_nothing_is_known() {
    let (sandbox, _) = start().await;
    let client = builder_of(&sandbox).with_attempt_timeout(Duration::from_millis(50)).build().unwrap();
    let client = client.with(CallOptions::new().retry(RetryPolicy::never()));
    sandbox.fault(Fault::delay(Duration::from_secs(3600)).on("ingest_batch"));
    let failure = client.ingest_events((0..5).map(event)).send().await.unwrap_err();
    assert!(failure.error().is_timeout() && failure.error().maybe_delivered());
    assert_eq!(counts(failure.report()), "5 unknown");
}

#[tokio::test]
async fn where_the_server_fails_nothing_is_known() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(503).body("<html><title>503</title></html>").on("ingest_batch"));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 unknown
    stopped by: ingest_batch: the server answered 503 Service Unavailable: 503 (6 attempts); the request may have been applied; to send its events again with the same ids is harmless
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    metered: 0
    "###);
}

#[tokio::test]
async fn without_a_server_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = ClientBuilder::new(TOKEN).base_url(address).with_retry(RetryPolicy::never()).build().unwrap();
    let failure = client.ingest_events((0..5).map(event)).send().await.unwrap_err();
    assert_eq!(counts(failure.report()), "5 not sent");
    assert!(failure.error().is_connect() && !failure.error().maybe_delivered());

    let (report, not_sent, _) = failure.into_parts();
    let events: Vec<Event> = not_sent.into_iter().map(|unsent| unsent.event).collect();
    assert_eq!(events, (0..5).map(event).collect::<Vec<_>>());
    assert_eq!((report.not_sent(), report.not_accepted().len()), (5, 0));
}

#[tokio::test]
async fn events_that_are_sent_again_are_metered_once() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().on("ingest_batch").first(1));
    let once = client.with(CallOptions::new().retry(RetryPolicy::never()));
    let failure = once.ingest_events((0..5).map(event)).send().await.unwrap_err();
    let (report, _, _) = failure.into_parts();
    let again = report.into_not_accepted().into_iter().map(|unknown| unknown.event);
    assert_eq!(counts(&client.ingest_events(again).send().await.unwrap()), "5 accepted");
    assert_eq!((sandbox.events().len(), sandbox.metered().len()), (10, 5));
}

#[tokio::test]
async fn events_without_an_id_get_one_before_the_first_attempt() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").on("ingest_batch").first(1));
    let events = (0..3).map(|count| Event::new("rides", "acme-prod").attribute("count", count));
    client.ingest_events(events).send().await.unwrap().into_result().unwrap();
    let bodies: Vec<_> = sandbox.requests().iter().map(|request| request.body.json().cloned()).collect();
    // The same ids went with both attempts.
    assert_eq!((bodies.len(), bodies[1].is_some()), (2, true));
    let ids: std::collections::BTreeSet<_> = sandbox.metered().into_iter().filter_map(|event| event.event_id).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_source_may_borrow() {
    let (_sandbox, client) = start().await;
    let rides = [1, 2, 3];
    let report = client.ingest_events(rides.iter().map(|number| event(*number))).send().await.unwrap();
    assert_eq!(report.accepted(), rides.len() as u64);
}

#[tokio::test]
async fn a_success_that_the_api_does_not_answer_with_says_nothing_of_the_events() {
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
async fn a_202_is_an_acceptance_whatever_its_body_says() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).header("content-type", "text/plain").body("OK").on("ingest_batch"));
    assert_eq!(counts(&client.ingest_events([event(1)]).send().await.unwrap()), "1 accepted");
}

#[tokio::test]
async fn a_refusal_after_an_attempt_that_may_have_been_applied_leaves_it_open() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().on("ingest_batch").first(1));
    sandbox.fault(Fault::status(401).on("ingest_batch"));
    let failure = client.ingest_events((0..5).map(event)).send().await.unwrap_err();
    assert!(failure.error().is_auth() && failure.error().maybe_delivered());
    assert_eq!((counts(failure.report()).as_str(), sandbox.metered().len()), ("5 unknown", 5));
}

#[tokio::test]
async fn an_empty_id_is_none() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(1).id("")]).send().await.unwrap().into_result().unwrap();
    assert!(sandbox.metered()[0].event_id.as_ref().is_some_and(|id| id.len() == 36));
    let report = client.ingest_events([event(1).id("")]).ids(IdPolicy::Require).send().await.unwrap();
    assert_eq!(counts(&report), "1 rejected");
}

#[tokio::test]
async fn a_token_that_the_server_echoes_in_a_refusal_is_blotted_out_and_a_long_one_is_cut() {
    let (sandbox, client) = start().await;
    let message = format!("{} {}", TOKEN, "long ".repeat(10_000));
    let answer = json!({"errors": [{"message": message, "eventPayload": {"id": "ride-1"}}]});
    sandbox.fault(Fault::status(207).json(answer).on("ingest_batch"));
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    let told = report.not_accepted()[0].outcome.to_string();
    assert!(told.starts_with("rejected: *** long long") && told.len() < 600, "{told}");
}
