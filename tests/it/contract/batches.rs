//! How events go in batches, and what a call says where the server does not take them.

use std::time::Duration;

use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::{S, ingest_methods::ten_events};
use crate::services::{EventOf, Service as _};
use crate::support::{TOKEN, counts};

#[tokio::test]
async fn events_are_sent_in_batches_of_a_thousand() {
    for (count, batches) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (2500, 3)] {
        let (sandbox, client) = S::start().await;
        let report = client.ingest_events((0..count).map(S::event)).send().await.unwrap();
        assert_eq!(report.accepted(), u64::from(count));
        assert_eq!((sandbox.requests().len(), S::metered_count(&sandbox)), (batches, count as usize));

        let (sandbox, client) = S::start().await;
        let report = client.ingest_stream(futures::stream::iter((0..count).map(S::event))).send().await.unwrap();
        assert_eq!((report.accepted(), sandbox.requests().len()), (u64::from(count), batches));
    }
}

#[tokio::test]
async fn a_throttled_batch_is_retried_until_it_is_accepted() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").on(S::BATCH).first(2));
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
async fn a_429_with_an_html_page_counts_as_throttling() {
    let (sandbox, client) = S::start().await;
    let page = Fault::status(429).header("content-type", "text/html").body("<html><title>Slow down</title></html>");
    sandbox.fault(page.on(S::BATCH).first(1));
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
async fn events_throttled_to_the_end_are_reported_as_not_sent() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").json(json!({"message": "slow down"})));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 not sent
    stopped by: ingest_batch: the server answered 429 Too Many Requests: slow down (1 attempt; the requested pause is too long for the call); send fewer requests, or wait at least 1 h before the next
    POST /ingestBatch 5 events -> 429 (fault: status 429)
    metered: 0
    "###);
}

#[tokio::test]
async fn a_wrong_token_costs_one_request_and_stops_pulling_events() {
    let (sandbox, _) = S::start().await;
    let client = S::build(S::builder("wrong-t0ken", S::base_url(&sandbox)), None);
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 not sent
    stopped by: ingest_batch: the server answered 401 Unauthorized: authorization: the token is not valid; use the one that the sandbox was started with (1 attempt); check the token, and that it belongs to this environment
    POST /ingestBatch 5 events -> 401
    metered: 0
    "###);
}

#[tokio::test]
async fn a_truncated_response_leaves_events_unknown() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::cut_off().on(S::BATCH));
    let summary = ten_events(&sandbox, &client).await;
    assert!(summary.starts_with("5 unknown\n"), "{summary}");
}

#[tokio::test]
async fn a_response_timeout_leaves_events_unknown() {
    let (sandbox, _) = S::start().await;
    let client = S::build(S::builder(TOKEN, S::base_url(&sandbox)), Some(Duration::from_millis(50)));
    let client = client.with(CallOptions::new().retry(RetryPolicy::never()));
    sandbox.fault(Fault::delay(Duration::from_secs(3600)).on(S::BATCH));
    let failure = client.ingest_events((0..5).map(S::event)).send().await.unwrap_err();
    assert!(failure.call_error().is_some_and(Error::is_timeout) && failure.error().maybe_delivered());
    assert_eq!(counts(failure.report()), "5 unknown");
}

#[tokio::test]
async fn without_a_server_events_are_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = S::builder(TOKEN, &address).with_retry(RetryPolicy::never()).build().unwrap();
    let failure = client.ingest_events((0..5).map(S::event)).send().await.unwrap_err();
    assert_eq!(counts(failure.report()), "5 not sent");
    assert!(failure.call_error().is_some_and(Error::is_connect) && !failure.error().maybe_delivered());

    let (report, not_sent, _) = failure.into_parts();
    let events: Vec<EventOf<S>> = not_sent.into_iter().map(|unsent| unsent.event).collect();
    assert_eq!(events, (0..5).map(S::event).collect::<Vec<_>>());
    assert_eq!((report.not_sent(), report.not_accepted().len()), (5, 0));
}
