//! What follows from that an event may be sent again, with the same id.

use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::{S, ingest_methods::ten_events};
#[allow(unused_imports, reason = "with Enso the call has the method of its own")]
use crate::services::Service as _;
use crate::support::counts;

#[tokio::test]
async fn a_lost_response_leaves_events_unknown() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::reset_after_reading().on(S::BATCH));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 unknown
    stopped by: ingest_batch: the connection broke before the answer was complete: <cause> (6 attempts; the retry policy allows no more); the request may have been applied; to send its events again with the same ids is harmless
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 5 events -> no answer (fault: reset after reading)
    POST /ingestBatch 1 event -> no answer (fault: reset after reading)
    POST /ingestBatch 1 event -> no answer (fault: reset after reading)
    POST /ingestBatch 1 event -> no answer (fault: reset after reading)
    POST /ingestBatch 1 event -> no answer (fault: reset after reading)
    metered: 5
    "###);
}

#[tokio::test]
async fn a_server_error_leaves_events_unknown() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(503).body("<html><title>503</title></html>").on(S::BATCH));
    insta::assert_snapshot!(ten_events(&sandbox, &client).await, @r###"
    5 unknown
    stopped by: ingest_batch: the server answered 503 Service Unavailable: 503 (6 attempts; the retry policy allows no more); the request may have been applied; to send its events again with the same ids is harmless
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 5 events -> 503 (fault: status 503)
    POST /ingestBatch 1 event -> 503 (fault: status 503)
    POST /ingestBatch 1 event -> 503 (fault: status 503)
    POST /ingestBatch 1 event -> 503 (fault: status 503)
    POST /ingestBatch 1 event -> 503 (fault: status 503)
    metered: 0
    "###);
}

#[tokio::test]
async fn retried_events_are_metered_once() {
    let (sandbox, client) = S::start().await;
    // The batch, and a few of its events four times.
    sandbox.fault(Fault::reset_after_reading().on(S::BATCH).first(5));
    let once = client.with(CallOptions::new().retry(RetryPolicy::never()));
    let failure = once.ingest_events((0..5).map(S::event)).idempotent(S::IDEMPOTENT).send().await.unwrap_err();
    let (report, _, _) = failure.into_parts();
    let unknown_events = report.into_not_accepted().into_iter().map(|unknown| unknown.event);
    assert_eq!(
        counts(&client.ingest_events(unknown_events).idempotent(S::IDEMPOTENT).send().await.unwrap()),
        "5 accepted"
    );
    assert_eq!((S::arrivals(&sandbox).len(), S::metered_count(&sandbox)), (14, 5));
}

#[tokio::test]
async fn a_refused_batch_after_an_ambiguous_attempt_is_unknown() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::reset_after_reading().on(S::BATCH).first(1));
    sandbox.fault(Fault::status(401).on(S::BATCH));
    let failure = client.ingest_events((0..5).map(S::event)).idempotent(S::IDEMPOTENT).send().await.unwrap_err();
    assert!(failure.error().is_auth() && failure.error().maybe_delivered());
    assert_eq!((counts(failure.report()).as_str(), S::metered_count(&sandbox)), ("5 unknown", 5));
}

#[tokio::test]
async fn refused_events_after_an_ambiguous_attempt_are_unknown() {
    for fault in [Fault::reset_after_reading(), Fault::cut_off(), Fault::status(503).after_applying()] {
        for (status, batch) in [(400, 1), (400, 2), (413, 2), (422, 2)] {
            let (sandbox, client) = S::start().await;
            sandbox.fault(fault.clone().first(1));
            sandbox.fault(Fault::status(status));
            let call = client.ingest_events((0..batch).map(S::event)).idempotent(S::IDEMPOTENT);
            let result = call.send().await;
            let report = result.as_ref().unwrap_or_else(|failure| failure.report());
            let expected = format!("{batch} unknown");
            assert_eq!((counts(report), S::metered(&sandbox).len()), (expected, batch as usize), "{status}");
        }
    }
}
