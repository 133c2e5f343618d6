//! The first batch of a client, those after it, and those beside one that fails.

use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::{Either, join, join_all, select};
use togai_ext::prelude::*;
use togai_sandbox::Fault;
use tokio::sync::Notify;

use super::S;
use crate::held::{SECOND, answer, held};
use crate::services::Service as _;
use crate::support::counts;

#[tokio::test]
async fn the_first_batch_of_a_client_goes_alone_and_the_next_ones_go_together() {
    let (sandbox, clock) = held::<S>().await;
    let client = S::client_of(&sandbox);
    let pulled = AtomicU32::new(0);
    let events = |numbers: Range<u32>| numbers.map(S::event).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let sent = client.ingest_events(events(0..30)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(1).await;
        // Nothing is pulled beyond the batch on its way, so there is nothing that could be on its way beside it.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (1, 2));
        clock.advance(SECOND);
        clock.until_sleeping(4).await;
        // Four are on their way, and nothing is pulled that would have to wait for them.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (5, 10));
        answer(&clock).await;
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
        answer(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
    assert_eq!(S::metered(&sandbox).len(), 60);
}

#[tokio::test]
async fn any_success_of_a_client_ends_its_caution() {
    let (sandbox, clock) = held::<S>().await;
    let client = S::client_of(&sandbox);
    sandbox.clear_faults();
    S::succeed(&client).await;
    sandbox.fault(Fault::delay(SECOND).on(S::BATCH));
    let sent = client.ingest_events((0..30).map(S::event)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(4).await;
        answer(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
}

#[tokio::test]
async fn ten_calls_at_once_with_a_wrong_token_cost_one_request() {
    for status in [401, 403] {
        let (sandbox, client) = S::start().await;
        sandbox.fault(Fault::status(status));
        let sent =
            join_all((0..10).map(|call| client.ingest_events((call * 5..call * 5 + 5).map(S::event)).send())).await;
        assert_eq!(sandbox.requests().len(), 1, "{status}");
        let told: Vec<String> = sent.into_iter().map(|sent| counts(sent.unwrap_err().report())).collect();
        assert_eq!(told[0], "5 rejected");
        assert!(told[1..].iter().all(|told| told == "5 not sent"), "{told:?}");
        // A later call does not send the token again.
        let later = client.ingest_events([S::event(0)]).send().await.unwrap_err();
        assert!(later.error().is_auth() && later.error().retry_after().unwrap() > SECOND * 590, "{later}");
        assert_eq!((counts(later.report()).as_str(), sandbox.requests().len()), ("1 not sent", 1));
    }
}

#[tokio::test]
async fn after_a_refusal_of_the_token_batches_on_their_way_are_awaited_and_not_sent_again() {
    let (sandbox, clock) = held::<S>().await;
    sandbox.clear_faults();
    let client = S::client_of(&sandbox);
    client.ingest_events([S::event(100)]).send().await.unwrap().into_result().unwrap();
    // Of four batches on their way one is refused, and the others would be sent again another time.
    sandbox.fault(Fault::status(401).first(1));
    sandbox.fault(Fault::status(503).delayed_by(SECOND));
    let refused = Notify::new();
    let call = client.ingest_events((0..30).map(S::event)).batch_size(2);
    let sent = call
        .on_progress(|progress| {
            if progress.rejected > 0 {
                refused.notify_one();
            }
        })
        .send();
    let watch = async {
        clock.until_sleeping(3).await;
        refused.notified().await;
        clock.advance(SECOND);
    };
    let (sent, ()) = join(sent, watch).await;
    let failure = sent.unwrap_err();
    assert!(failure.error().is_auth());
    // The other batches were never pulled.
    assert_eq!(counts(failure.report()), "2 rejected, 6 unknown");
    assert_eq!(sandbox.requests().len(), 1 + 4);
}

#[tokio::test]
async fn a_pause_that_another_call_was_told_and_that_does_not_fit_sends_nothing() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").on(S::BATCH));
    let hasty = client.with(CallOptions::new().deadline(SECOND));
    for call in 0..2 {
        let failure = hasty.ingest_events([S::event(call)]).send().await.unwrap_err();
        assert!(failure.error().is_throttled() && failure.error().retry_after().unwrap() > SECOND * 3500);
        assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("1 not sent", 1));
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_is_not_sent_again() {
    let (sandbox, client) = S::start().await;
    client.ingest_event(S::event(0)).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::status(401));
    client.ingest_event(S::event(1)).send().await.unwrap_err();
    sandbox.clear_requests();
    let failure = client.ingest_events((0..100).map(S::event)).batch_size(10).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("10 not sent", 0));
}

#[tokio::test]
async fn the_watermark_waits_for_the_first_batch_that_is_not_over() {
    let (sandbox, clock) = held::<S>().await;
    sandbox.clear_faults();
    let client = S::client_of(&sandbox);
    client.ingest_events([S::event(100)]).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::delay(SECOND).first(1));
    let mut told = Vec::new();
    let others_are_over = Notify::new();
    let call = client.ingest_events((0..8).map(S::event)).batch_size(2).on_progress(|progress| {
        told.push((progress.watermark, progress.accepted));
        if progress.accepted == 6 {
            others_are_over.notify_one();
        }
    });
    let watch = async {
        others_are_over.notified().await;
        clock.until_sleeping(1).await;
        clock.advance(SECOND);
    };
    let (sent, ()) = join(call.send(), watch).await;
    sent.unwrap().into_result().unwrap();
    // The batch that the fault met is the one that arrived first, which need not be the one that was sent first.
    assert!(told[..3].iter().all(|(watermark, _)| *watermark < 8), "{told:?}");
    assert_eq!((told.len(), told[3]), (4, (8, 8)));
}
