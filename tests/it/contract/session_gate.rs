//! The first batch of a client, those after it, and those beside one that fails.

use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::{Either, join, join_all, select};
use togai_ext::prelude::*;
use togai_sandbox::Fault;
use tokio::sync::Notify;

use super::S;
use crate::delayed_sandbox::{DELAY, release_responses, start_delayed};
use crate::services::Service as _;
use crate::support::counts;

#[tokio::test]
async fn a_client_sends_its_first_batch_alone_and_later_ones_concurrently() {
    let (sandbox, clock) = start_delayed::<S>().await;
    let client = S::client_of(&sandbox);
    let pulled = AtomicU32::new(0);
    let events = |numbers: Range<u32>| numbers.map(S::event).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let sent = client.ingest_events(events(0..30)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(1).await;
        // Nothing is pulled beyond the batch on its way, so there is nothing that could be on its way beside it.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (1, 2));
        clock.advance(DELAY);
        clock.until_sleeping(4).await;
        // Four are on their way, and nothing is pulled that would have to wait for them.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (5, 10));
        release_responses(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);

    // Another call of the client, or of a clone, need not be cautious any more.
    sandbox.clear_requests();
    let other = client.clone();
    let sent = other.ingest_events(events(30..60)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(4).await;
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (4, 38));
        release_responses(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
    assert_eq!(S::metered(&sandbox).len(), 60);
}

#[tokio::test]
async fn any_success_opens_the_gate_for_concurrent_batches() {
    let (sandbox, clock) = start_delayed::<S>().await;
    let client = S::client_of(&sandbox);
    sandbox.clear_faults();
    S::succeed(&client).await;
    sandbox.fault(Fault::delay(DELAY).on(S::BATCH));
    let sent = client.ingest_events((0..30).map(S::event)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(4).await;
        release_responses(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
}

#[tokio::test]
async fn ten_concurrent_calls_with_a_wrong_token_cost_one_request() {
    for status in [401, 403] {
        let (sandbox, client) = S::start().await;
        sandbox.fault(Fault::status(status));
        let sent =
            join_all((0..10).map(|call| client.ingest_events((call * 5..call * 5 + 5).map(S::event)).send())).await;
        assert_eq!(sandbox.requests().len(), 1, "{status}");
        let reports: Vec<String> = sent.into_iter().map(|sent| counts(sent.unwrap_err().report())).collect();
        assert_eq!(reports[0], "5 not sent");
        assert!(reports[1..].iter().all(|report| report == "5 not sent"), "{reports:?}");
        // A later call does not send the token again.
        let later = client.ingest_events([S::event(0)]).send().await.unwrap_err();
        assert!(later.error().is_auth() && later.error().retry_after().unwrap() > DELAY * 590, "{later}");
        assert_eq!((counts(later.report()).as_str(), sandbox.requests().len()), ("1 not sent", 1));
    }
}

#[tokio::test]
async fn after_a_refused_token_batches_in_flight_finish_without_retry() {
    let (sandbox, clock) = start_delayed::<S>().await;
    sandbox.clear_faults();
    let client = S::client_of(&sandbox);
    client.ingest_events([S::event(100)]).send().await.unwrap().into_result().unwrap();
    // Of four batches on their way one is refused, and the others would be sent again another time.
    sandbox.fault(Fault::status(401).first(1));
    sandbox.fault(Fault::status(503).delayed_by(DELAY));
    let refused = Notify::new();
    let call = client.ingest_events((0..30).map(S::event)).batch_size(2);
    let sent = call
        .on_progress(|progress| {
            if progress.not_sent > 0 {
                refused.notify_one();
            }
        })
        .send();
    let watch = async {
        clock.until_sleeping(3).await;
        refused.notified().await;
        clock.advance(DELAY);
    };
    let (sent, ()) = join(sent, watch).await;
    let failure = sent.unwrap_err();
    assert!(failure.error().is_auth());
    // The other batches were never pulled.
    assert_eq!(counts(failure.report()), "6 unknown, 2 not sent");
    assert_eq!(sandbox.requests().len(), 1 + 4);
}

#[tokio::test]
async fn a_pause_from_another_call_beyond_the_deadline_sends_nothing() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").on(S::BATCH));
    let hasty = client.with(CallOptions::new().deadline(DELAY));
    for call in 0..2 {
        let failure = hasty.ingest_events([S::event(call)]).send().await.unwrap_err();
        assert!(failure.error().is_throttled() && failure.error().retry_after().unwrap() > DELAY * 3500);
        assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("1 not sent", 1));
    }
}

#[tokio::test]
async fn a_revoked_token_is_not_retried() {
    let (sandbox, client) = S::start().await;
    client.ingest_event(S::event(0)).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::status(401));
    client.ingest_event(S::event(1)).send().await.unwrap_err();
    sandbox.clear_requests();
    let failure = client.ingest_events((0..100).map(S::event)).batch_size(10).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("10 not sent", 0));
}

#[tokio::test]
async fn the_watermark_stops_at_the_first_unfinished_batch() {
    let (sandbox, clock) = start_delayed::<S>().await;
    sandbox.clear_faults();
    let client = S::client_of(&sandbox);
    client.ingest_events([S::event(100)]).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::delay(DELAY).first(1));
    let mut progresses = Vec::new();
    let others_are_over = Notify::new();
    let call = client.ingest_events((0..8).map(S::event)).batch_size(2).on_progress(|progress| {
        progresses.push((progress.watermark, progress.accepted));
        if progress.accepted == 6 {
            others_are_over.notify_one();
        }
    });
    let watch = async {
        others_are_over.notified().await;
        clock.until_sleeping(1).await;
        clock.advance(DELAY);
    };
    let (sent, ()) = join(call.send(), watch).await;
    sent.unwrap().into_result().unwrap();
    // The batch that the fault met is the one that arrived first, which need not be the one that was sent first.
    assert!(progresses[..3].iter().all(|(watermark, _)| *watermark < 8), "{progresses:?}");
    assert_eq!((progresses.len(), progresses[3]), (4, (8, 8)));
}
