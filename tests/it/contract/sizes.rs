//! How large requests are, and what the client learns of it.

use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::S;
use crate::services::{Service as _, fixed_length_event, sizes};
use crate::support::counts;

/// Delivers events of one size, a batch at a time, and all of them are accepted.
async fn deliver_in_turn(client: &<S as crate::services::Service>::Client, numbers: std::ops::Range<u32>) {
    let call = client.ingest_events(numbers.map(fixed_length_event::<S>)).concurrency(1);
    call.send().await.unwrap().into_result().unwrap();
}

#[tokio::test]
async fn a_request_stays_below_the_size_limit() {
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events((0..20).map(fixed_length_event::<S>)).batch_bytes(1000).send().await.unwrap();
    assert_eq!(counts(&report), "20 accepted");
    let bytes =
        |request: &togai_sandbox::LoggedRequest| request.header("content-length").unwrap().parse::<usize>().unwrap();
    let requests = sandbox.requests();
    assert!(requests.iter().all(|request| bytes(request) <= 1000));
    // No more requests than are needed: another event would not have had room.
    let event_bytes = serde_json::to_string(&fixed_length_event::<S>(0)).unwrap().len();
    let room = (1000 - r#"{"events":[]}"#.len() + 1) / (event_bytes + 1);
    assert_eq!((sizes(&sandbox), room), (vec![5, 5, 5, 5], 5));

    // An event that is larger by itself is sent alone.
    sandbox.clear_requests();
    let events = [
        fixed_length_event::<S>(30),
        S::with_note(fixed_length_event::<S>(31), &"x".repeat(200)),
        fixed_length_event::<S>(32),
    ];
    let report = client.ingest_events(events).batch_bytes(300).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("3 accepted", vec![1, 1, 1]));
}

#[tokio::test]
async fn a_batch_with_too_many_events_is_split_and_delivered() {
    let sandbox = S::sandbox().max_batch(4).start().await.unwrap();
    let client = S::client_of(&sandbox);
    let report = client.ingest_events((0..5).map(S::event)).send().await.unwrap();
    assert_eq!(counts(&report), "5 accepted");
    insta::assert_snapshot!(S::log(&sandbox), @r###"
    POST /ingestBatch 5 events -> 422
    POST /ingestBatch 3 events -> 202
    POST /ingestBatch 2 events -> 202
    "###);
    assert_eq!((S::arrivals(&sandbox).len(), S::metered_count(&sandbox)), (5, 5));
}

#[tokio::test]
async fn a_batch_with_too_many_bytes_is_split_and_delivered() {
    let sandbox = S::sandbox().max_body_bytes(600).start().await.unwrap();
    let client = S::client_of(&sandbox);
    let report = client.ingest_events((0..5).map(S::event)).send().await.unwrap();
    assert_eq!(counts(&report), "5 accepted");
    // The log does not count events of a body that is not kept.
    insta::assert_snapshot!(S::log(&sandbox), @r###"
    POST /ingestBatch -> 413
    POST /ingestBatch 3 events -> 202
    POST /ingestBatch 2 events -> 202
    "###);
    assert_eq!(S::metered_count(&sandbox), 5);
}

#[tokio::test]
async fn a_single_event_that_is_too_large_is_rejected_with_the_server_message() {
    let sandbox = S::sandbox().max_body_bytes(100).start().await.unwrap();
    let client = S::client_of(&sandbox);
    let report = client.ingest_events([S::event(1)]).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("1 rejected", 1));
    let bytes = serde_json::to_string(&S::event(1)).unwrap().len() + r#"{"events":[]}"#.len();
    let expected = format!("rejected: body: has {bytes} bytes, and at most 100 are taken; send fewer events");
    assert_eq!(report.not_accepted()[0].outcome.to_string(), expected);
    // Where all are too large, nothing shows that it is for their size.
    let failure = client.ingest_events([S::event(0), S::event(1)]).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("2 not sent", 4));
    assert!(failure.error().is_refused());
}

#[tokio::test]
async fn the_size_limit_learned_from_the_first_batch_applies_to_the_second() {
    let sandbox = S::sandbox().max_batch(500).start().await.unwrap();
    let report = S::client_of(&sandbox)
        .ingest_events((0..2500).map(fixed_length_event::<S>))
        .concurrency(1)
        .send()
        .await
        .unwrap();
    assert_eq!(counts(&report), "2500 accepted");
    // Only the first batch is refused.
    insta::assert_snapshot!(S::log(&sandbox), @r###"
    POST /ingestBatch 1000 events -> 422
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    "###);
    assert_eq!((S::arrivals(&sandbox).len(), S::metered(&sandbox).len()), (2500, 2500));
}

#[tokio::test]
async fn an_accepted_size_is_used_by_later_calls_of_all_clones() {
    let sandbox = S::sandbox().max_batch(4).start().await.unwrap();
    let client = S::client_of(&sandbox);
    client.clone().ingest_events((0..8).map(fixed_length_event::<S>)).send().await.unwrap().into_result().unwrap();
    assert_eq!(sizes(&sandbox), [8, 4, 4]);
    sandbox.clear_requests();
    deliver_in_turn(&client, 8..20).await;
    assert_eq!(sizes(&sandbox), [4, 4, 4]);
    assert_eq!(S::metered(&sandbox).len(), 20);
}

#[tokio::test]
async fn a_server_that_refuses_every_size_does_not_shrink_later_requests() {
    let (sandbox, client) = S::start().await;
    // A gateway answers so for a while, whatever the size.
    sandbox.fault(Fault::status(413));
    let failure = client.ingest_events((0..16).map(fixed_length_event::<S>)).send().await.unwrap_err();
    assert_eq!(counts(failure.report()), "16 not sent");
    sandbox.clear_faults();
    deliver_in_turn(&client, 0..64).await;
    sandbox.clear_requests();
    deliver_in_turn(&client, 64..128).await;
    assert!(sizes(&sandbox).len() < 64, "{:?}", sizes(&sandbox));
}

#[tokio::test]
async fn a_server_with_a_small_batch_limit_receives_all_events() {
    for (most, bytes) in [(10, None), (1000, Some(20_000))] {
        let mut builder = S::sandbox().max_batch(most);
        if let Some(bytes) = bytes {
            builder = builder.max_body_bytes(bytes);
        }
        let sandbox = builder.start().await.unwrap();
        let report = S::client_of(&sandbox)
            .ingest_events((0..2000).map(fixed_length_event::<S>))
            .concurrency(1)
            .send()
            .await
            .unwrap();
        assert_eq!((counts(&report).as_str(), S::metered_count(&sandbox)), ("2000 accepted", 2000), "{most}");
    }
}
