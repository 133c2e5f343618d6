//! Calls that their callers end before the source does.

use futures::channel::oneshot;

use super::*;

/// A service whose first requests, of so many events each, are accepted, and whose others hang until they are cancelled; they
/// then say what became of them.
#[derive(Clone)]
struct Hanging {
    fake: Fake,
    accepts: usize,
    /// Whether a request waits for something before it is sent, which ends when the call is cancelled.
    only_waits: bool,
}

impl Backend for Hanging {
    type Event = Reading;

    fn protocol(&self) -> &'static Protocol {
        &PROTOCOL
    }

    fn set_id(event: &mut Reading, id: &str) {
        Fake::set_id(event, id);
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let (only_waits, cancel) = (self.only_waits, request.cancel.clone());
        let is_accepted = self.fake.count() < self.accepts;
        let response = self.fake.send(request);
        Box::pin(async move {
            if !is_accepted {
                if only_waits {
                    cancel.cancelled().await;
                    return Err(Failed::new(Scope::Rate, Effect::NotApplied, "throttled"));
                }
                std::future::pending::<()>().await;
            }
            response.await
        })
    }
}

/// A call with batches of two that is ended once its requests hang.
async fn end(accepts: usize, only_waits: bool) -> IngestError<Reading> {
    let hanging = Hanging { fake: Fake::default(), accepts, only_waits };
    let connection = Connection::new(hanging.clone(), hanging.fake.session.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let (sender, receiver) = unbounded();
    for number in 0..9 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    let call = connection.ingest_stream(receiver).batch_size(2).concurrency(2).stop_when(stopped);
    let mut call = call.send();
    for _ in 0..100 {
        assert!((&mut call).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
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
    let hanging = Hanging { fake: Fake::default(), accepts: 0, only_waits: false };
    let connection = Connection::new(hanging.clone(), hanging.fake.session.clone());
    let call = connection.ingest_events((0..3).map(reading)).time_limit(Duration::from_secs(30));
    let failure = call.send().await.unwrap_err();
    insta::assert_snapshot!(failure, @"record: the time limit of the call was reached (0 of 0 events accepted)");
}

#[tokio::test]
async fn a_stream_of_verdicts_ends_in_time_too() {
    let hanging = Hanging { fake: Fake::default(), accepts: 1, only_waits: false };
    let connection = Connection::new(hanging.clone(), hanging.fake.session.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut verdicts = connection.ingest_events((0..4).map(reading)).batch_size(2).stop_when(stopped).verdicts();
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
