//! Calls that their callers end before the source does.

use futures::channel::oneshot;

use super::*;
use crate::clock::Clock;
use crate::tee::Tee;

/// A service whose first requests are accepted, and whose others hang; or wait for something before they are sent, which ends
/// when the call is cancelled.
fn hanging(accepts: usize, only_waits: bool) -> Fake {
    Fake::default().waiting(move |number, cancel| async move {
        if number < accepts {
            return Ok(());
        }
        if !only_waits {
            std::future::pending::<()>().await;
        }
        cancel.cancelled().await;
        Err(Failed::new(Scope::Rate, Effect::NotApplied, "throttled"))
    })
}

/// A call with batches of two that is ended once its requests hang.
async fn end(accepts: usize, only_waits: bool) -> IngestError<Reading> {
    let fake = hanging(accepts, only_waits);
    let (stop, stopped) = oneshot::channel::<()>();
    let (sender, receiver) = unbounded();
    for number in 0..9 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    let call = fake.connection().ingest_stream(receiver).batch_size(2).concurrency(2).stop_when(stopped);
    let mut call = call.send();
    stays_pending(&mut call).await;
    stop.send(()).unwrap();
    // The source is open all the while.
    call.now_or_never().expect("it ends at once").unwrap_err()
}

#[tokio::test]
async fn a_call_that_is_ended_gives_back_every_event_at_once() {
    let failure = end(2, false).await;
    assert_eq!(failure.error().kind(), crate::error::DeliveryErrorKind::Ended);
    // Two batches were accepted, and two are in flight. What was not pulled is still in the source.
    insta::assert_snapshot!(failure, @"record: the caller stopped the call (4 of 8 events accepted, 4 unknown)");
    insta::assert_snapshot!(failure.report().not_accepted()[0].outcome, @"unknown: the call ended while a request with it was in flight");
}

#[tokio::test]
async fn a_request_that_only_waits_says_itself_what_became_of_it() {
    let failure = end(2, true).await;
    insta::assert_snapshot!(failure, @"record: the caller stopped the call (4 of 8 events accepted, 4 not sent)");
}

#[tokio::test]
async fn what_was_pulled_and_not_sent_is_not_sent() {
    // The last event is in a batch that is not full.
    let failure = end(9, false).await;
    insta::assert_snapshot!(failure, @"record: the caller stopped the call (8 of 9 events accepted, 1 not sent)");
    insta::assert_snapshot!(failure.report().not_accepted()[0].outcome, @"not sent: the call was stopped before it: the caller stopped the call");
}

#[tokio::test]
async fn a_time_limit_ends_a_call() {
    // A sleep of the virtual clock is over at once.
    let fake = hanging(0, false);
    let call = fake.connection().ingest_events((0..3).map(reading)).time_limit(Duration::from_secs(30));
    let failure = call.send().await.unwrap_err();
    insta::assert_snapshot!(failure, @"record: the time limit of the call was reached (0 of 0 events accepted)");
}

#[tokio::test]
async fn a_stream_of_verdicts_ends_in_time_too() {
    let fake = hanging(1, false);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut verdicts = fake.connection().ingest_events((0..4).map(reading)).batch_size(2).stop_when(stopped).verdicts();
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        outcomes.push(verdicts.next().await.unwrap().unwrap().outcome.name());
    }
    assert!(futures::poll!(verdicts.next()).is_pending());
    drop(stop);
    let error = loop {
        match verdicts.next().now_or_never().expect("it ends at once").unwrap() {
            Ok(verdict) => outcomes.push(verdict.outcome.name()),
            Err(error) => break error,
        }
    };
    assert_eq!(outcomes, ["accepted", "accepted", "unknown", "unknown"]);
    assert!(error.is_ended() && verdicts.next().await.is_none());
}

#[tokio::test]
async fn both_sides_of_a_tee_end_by_one_timer() {
    let first = Fake::default();
    let second = Fake { session: Session::new(Arc::new(StoppedClock)), ..Fake::default() };
    let call = Tee::new(first.connection(), second.connection()).ingest_stream(stream::pending::<(Reading, Reading)>());
    let report = call.time_limit(Duration::from_secs(30)).send().await;
    let is_ended = |result: Result<_, IngestError<Reading>>| result.is_err_and(|failure| failure.error().is_ended());
    assert!(is_ended(report.first.map(drop)) && is_ended(report.second.map(drop)));
}

/// A clock whose sleep never ends.
#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
