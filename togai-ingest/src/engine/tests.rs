use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::{FutureExt, Stream, StreamExt, stream};
use reqwest::StatusCode;
use togai_api::{BoxFuture, Error, Event};

use super::backend::{Backend, Envelope, Failed, Failure, FailureKind, Named, Partial, Protocol, Request, Response};
use super::encode::Fields;
use super::record::Recorder;
use super::run::{Run, Settings};
use super::*;
use crate::Timestamp;
use crate::cancel::Cancel;
use crate::session::{Room, Session};
use crate::testing::{self, Script, VirtualClock};

/// A service that answers from a list, and accepts everything when that is used up.
#[derive(Clone)]
struct Fake {
    answers: Arc<Mutex<VecDeque<Result<Response, Error>>>>,
    /// The ids of each request, without what they have in common.
    requests: Arc<Mutex<Vec<String>>>,
    /// How many requests are in flight, and how many have been at most.
    in_flight: Arc<Mutex<(usize, usize)>>,
    session: Session,
    /// What it says to the ids of a request, where there is no list of answers.
    judge: Option<Arc<Judge>>,
}

type Judge = dyn Fn(&[String]) -> Result<Response, Error> + Send + Sync;

impl Default for Fake {
    fn default() -> Self {
        let session = Session::new(Arc::new(VirtualClock::new(0.0)));
        Self { answers: Arc::default(), requests: Arc::default(), in_flight: Arc::default(), session, judge: None }
    }
}

impl Fake {
    fn judging(judge: impl Fn(&[String]) -> Result<Response, Error> + Send + Sync + 'static) -> Self {
        Self { judge: Some(Arc::new(judge)), ..Self::default() }
    }

    fn new(answers: impl IntoIterator<Item = Result<Response, Error>>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() }
    }

    /// How many events each request had.
    fn sizes(&self) -> Vec<usize> {
        self.requests.lock().unwrap().iter().map(|ids| ids.split(' ').count()).collect()
    }

    fn requests(&self) -> String {
        self.requests.lock().unwrap().join("\n")
    }
}

static PROTOCOL: Protocol = Protocol {
    operation: "ingest_batch",
    max_batch_size: Some(10),
    envelope: Envelope { before: "[", between: ",", after: "]" },
    fields: check::FIELDS,
    idempotent: true,
};

impl Backend for Fake {
    fn protocol(&self) -> &'static Protocol {
        &PROTOCOL
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let body = request.body;
        let events: Vec<Event> = serde_json::from_slice(&body).unwrap();
        let ids: Vec<String> = events.into_iter().map(|event| event.id.unwrap().into()).collect();
        self.requests.lock().unwrap().push(ids.join(" "));
        let listed = self.answers.lock().unwrap().pop_front();
        let answer =
            listed.unwrap_or_else(|| self.judge.as_ref().map_or(Ok(Response::AllAccepted), |judge| judge(&ids)));
        let fake = self.clone();
        Box::pin(async move {
            {
                let mut counts = fake.in_flight.lock().unwrap();
                counts.0 += 1;
                counts.1 = counts.1.max(counts.0);
            }
            // Others get their turn, as they do while a request is on its way.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            fake.in_flight.lock().unwrap().0 -= 1;
            if answer.is_ok() {
                fake.session.gate().prove(0, PROTOCOL.operation, false);
            }
            answer.map_err(classify::failed)
        })
    }
}

fn event(number: usize) -> Event {
    Event::new("rides", "acme").id(format!("e{number}")).timestamp(Timestamp::from_unix_seconds(1_713_456_017))
}

fn events(count: usize) -> stream::Iter<impl Iterator<Item = Event>> {
    stream::iter((0..count).map(event))
}

fn settings(batch_size: usize, concurrency: usize) -> Settings {
    let room = Room { events: batch_size, ..Settings::default().room };
    Settings { room, concurrency, ..Settings::default() }
}

/// A call as `send` makes it.
async fn run(backend: &Fake, source: impl Stream<Item = Event>, settings: Settings) -> (IngestReport, Option<Error>) {
    run_until(backend, source, settings, Cancel::new()).await
}

/// A call that somebody else may cancel.
async fn run_until(
    backend: &Fake,
    source: impl Stream<Item = Event>,
    settings: Settings,
    cancel: Cancel,
) -> (IngestReport, Option<Error>) {
    let mut run = Run::new(backend.clone(), FromStream::new(source), &settings, backend.session.clone(), cancel);
    let mut recorder = Recorder::new("ingest_batch", None);
    while let Some(settled) = std::future::poll_fn(|context| run.poll_settled(context)).await {
        recorder.record(settled, run.submitted());
    }
    let report = recorder.finish(run.submitted());
    check_sums(&report);
    (report, run.into_stopped_by())
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, as the failure beside it")]
fn partial(failures: &[(&str, &str)], may_be_incomplete: bool) -> Result<Response, Error> {
    let failures = failures
        .iter()
        .map(|(id, message)| Failure {
            event: Named::Id((*id).to_owned()),
            kind: if *message == "duplicate" { FailureKind::Duplicate } else { FailureKind::Refused },
            status: None,
            code: None,
            message: (*message).into(),
        })
        .collect();
    let status = StatusCode::MULTI_STATUS;
    Ok(Response::Partial(Partial {
        status,
        failures,
        may_be_incomplete,
        says_success: false,
        message: None,
        maybe_repeated: false,
    }))
}

fn broken() -> Result<Response, Error> {
    Err(Error::invalid_request("ingest_batch", "broken"))
}

/// The error of a request that was answered with a status.
fn refused(status: u16, body: &'static str) -> Error {
    let script = Script::new(&VirtualClock::new(0.0), [testing::Answer::Status(status, &[], body)]);
    let client =
        crate::ClientBuilder::new("token").base_url("http://127.0.0.1:9").build().unwrap().with_transport(script);
    client.delete_account().customer_id("c").account_id("a").send().now_or_never().unwrap().unwrap_err()
}

/// A service that refuses a request whole for any of these ids.
fn poisoned(bad: &'static [&'static str]) -> Fake {
    Fake::judging(move |ids| {
        let is_bad = ids.iter().any(|id| bad.contains(&id.as_str()));
        if is_bad { Err(refused(400, r#"{"message":"bad event"}"#)) } else { Ok(Response::AllAccepted) }
    })
}

/// Whether the verdicts add up to what was pulled, one for each.
#[track_caller]
fn check_sums(report: &IngestReport) {
    let sum = report.accepted() + report.duplicates() + report.rejected() + report.unknown() + report.not_sent();
    assert_eq!(report.submitted(), sum);
    let indexes: Vec<u64> = report.outcomes().map(|(index, _)| index).collect();
    assert_eq!(indexes, (0..report.submitted()).collect::<Vec<_>>());
}

/// The verdicts that are no acceptance.
fn told(report: &IngestReport) -> Vec<String> {
    report.not_accepted().iter().map(|verdict| format!("{} {}", verdict.index, verdict.outcome)).collect()
}

#[tokio::test]
async fn events_go_in_batches_of_the_size_that_was_set() {
    for (count, sizes) in
        [(0, vec![]), (1, vec![1]), (9, vec![9]), (10, vec![10]), (11, vec![10, 1]), (25, vec![10, 10, 5])]
    {
        let fake = Fake::default();
        let (report, error) = run(&fake, events(count), settings(10, 2)).await;
        assert!(error.is_none());
        assert_eq!(fake.sizes(), sizes);
        assert_eq!(report.accepted(), count as u64);
    }
}

#[tokio::test]
async fn events_go_in_batches_of_the_bytes_that_were_set() {
    let one = serde_json::to_vec(&event(0)).unwrap().len();
    for (batch_bytes, sizes) in [
        (2 + one, vec![1; 6]),
        // Two events and what stands around them, to the byte.
        (3 + 2 * one, vec![2; 3]),
        (2 + 2 * one, vec![1; 6]),
        (usize::MAX, vec![6]),
        // Whatever is larger by itself goes alone.
        (1, vec![1; 6]),
    ] {
        let fake = Fake::default();
        let (report, _) =
            run(&fake, events(6), Settings { room: Room { events: 10, bytes: batch_bytes }, ..settings(10, 1) }).await;
        assert_eq!((fake.sizes(), report.accepted()), (sizes, 6), "{batch_bytes}");
    }
}

#[tokio::test]
async fn the_first_batch_goes_alone_and_then_as_many_as_were_allowed() {
    let fake = Fake::default();
    let source = events(100).map({
        let fake = fake.clone();
        move |event| {
            if fake.sizes().len() == 1 {
                assert!(fake.in_flight.lock().unwrap().1 <= 1);
            }
            event
        }
    });
    let (report, _) = run(&fake, source, settings(5, 3)).await;
    assert_eq!((report.accepted(), fake.sizes().len()), (100, 20));
    assert_eq!(fake.in_flight.lock().unwrap().1, 3);
}

#[tokio::test]
async fn a_refused_event_is_told_with_its_place_and_comes_back() {
    let fake = Fake::new([Ok(Response::AllAccepted), partial(&[("e7", "bad value")], false)]);
    let (report, error) = run(&fake, events(12), settings(5, 4)).await;
    assert!(error.is_none());
    let [refused] = report.not_accepted() else { panic!("one was refused") };
    assert_eq!((refused.index, refused.id.as_deref(), &refused.event), (7, Some("e7"), &event(7)));
    assert_eq!(refused.outcome.to_string(), "rejected: bad value");
}

#[tokio::test]
async fn nothing_is_pulled_after_a_failure_and_what_was_pulled_is_told() {
    let fake = Fake::new([Ok(Response::AllAccepted), broken()]);
    let mut pulled = 0;
    let source = stream::iter(0..).map(|number| {
        pulled += 1;
        event(number)
    });
    let (report, error) = run(&fake, source, settings(5, 1)).await;
    assert!(error.unwrap().is_invalid_request());
    assert_eq!((report.accepted(), report.not_sent()), (5, 5));
    assert_eq!(pulled, 10);
}

#[tokio::test]
async fn batches_in_flight_are_awaited_after_a_failure() {
    let fake = Fake::new([Ok(Response::AllAccepted), broken(), Ok(Response::AllAccepted), Ok(Response::AllAccepted)]);
    let (report, error) = run(&fake, stream::iter(0..).map(event), settings(5, 3)).await;
    assert!(error.is_some());
    assert_eq!((report.accepted(), report.not_sent() % 5), (15, 0));
}

#[tokio::test]
async fn a_batch_that_has_its_turn_only_after_the_token_was_refused_is_not_sent() {
    let cancel = Cancel::new();
    cancel.cancel();
    let fake = Fake::default();
    let (report, _) = run_until(&fake, events(2), settings(2, 1), cancel).await;
    assert_eq!((fake.requests(), report.not_sent()), (String::new(), 2));
    assert_eq!(told(&report)[0], "0 not sent: the call was stopped before it");
}

#[tokio::test]
async fn an_event_without_an_id_gets_one_or_is_rejected() {
    let without = || stream::iter([Event::new("rides", "acme"), event(1)]);
    let (report, _) = run(&Fake::default(), without(), settings(5, 1)).await;
    assert_eq!(report.accepted(), 2);

    let required = Settings { ids: IdPolicy::Require, ..settings(5, 1) };
    let (report, _) = run(&Fake::default(), without(), required).await;
    insta::assert_snapshot!(told(&report).join("\n"), @"0 rejected: `id` is not set: give the event one, or take another `IdPolicy` than `Require`");
}

#[tokio::test]
async fn an_event_that_is_handed_in_twice_is_sent_once() {
    let fake = Fake::default();
    let other = event(1).dimension("city", "Chennai");
    let source = stream::iter([event(1), event(2), event(1), other, event(3), event(1), event(4)]);
    let (report, _) = run(&fake, source, settings(2, 1)).await;
    insta::assert_snapshot!(fake.requests(), @r"
    e1 e2
    e3 e4
    ");
    insta::assert_snapshot!(told(&report).join("\n"), @r"
    2 duplicate
    3 rejected: another event of this call has the same `id` and says something else: give each its own
    5 duplicate
    ");
}

#[tokio::test]
async fn an_event_that_was_refused_may_be_handed_in_again() {
    let fake = Fake::new([partial(&[("e1", "bad value")], false)]);
    let corrected = event(1).dimension("city", "Chennai");
    let source = stream::iter([event(1), event(2), corrected, event(2)]);
    let (report, _) = run(&fake, source, settings(2, 1)).await;
    assert_eq!(fake.requests(), "e1 e2\ne1");
    assert_eq!(told(&report), ["0 rejected: bad value", "3 duplicate"]);
}

#[tokio::test]
async fn a_list_that_may_be_short_is_completed_by_sending_the_rest_in_halves() {
    let fake = Fake::new([
        partial(&[("e0", "bad"), ("e1", "bad")], true),
        partial(&[("e2", "bad")], false),
        Ok(Response::AllAccepted),
    ]);
    let (report, error) = run(&fake, events(10), settings(10, 1)).await;
    assert!(error.is_none());
    insta::assert_snapshot!(fake.requests(), @r"
    e0 e1 e2 e3 e4 e5 e6 e7 e8 e9
    e2 e3 e4 e5
    e6 e7 e8 e9
    ");
    assert_eq!(told(&report), ["0 rejected: bad", "1 rejected: bad", "2 rejected: bad"]);
}

#[tokio::test]
async fn without_a_list_the_refused_event_is_found_by_halving() {
    let without_list = || partial(&[], true);
    // Of eight events one is bad: e6.
    let fake = Fake::new([
        without_list(),
        Ok(Response::AllAccepted),
        Ok(Response::AllAccepted),
        without_list(),
        Ok(Response::AllAccepted),
    ]);
    let (report, _) = run(&fake, events(8), settings(8, 1)).await;
    insta::assert_snapshot!(fake.requests(), @r"
    e0 e1 e2 e3 e4 e5 e6 e7
    e0 e1 e2 e3
    e4 e5
    e6
    e7
    ");
    insta::assert_snapshot!(told(&report).join("\n"), @"6 unknown: the server refused the event, or has it already, and does not say which");
}

#[tokio::test]
async fn the_one_event_that_a_batch_is_refused_for_is_found_by_halving() {
    let fake = poisoned(&["e5"]);
    let (report, error) = run(&fake, events(8), settings(8, 1)).await;
    assert!(error.is_none());
    // Where the first half is taken the second is known to be refused, so it is not sent whole.
    insta::assert_snapshot!(fake.requests(), @r"
    e0 e1 e2 e3 e4 e5 e6 e7
    e0 e1 e2 e3
    e4 e5
    e4
    e5
    e6 e7
    ");
    assert_eq!(told(&report), ["5 rejected: bad event"]);
}

#[tokio::test]
async fn an_event_is_rejected_only_for_a_request_that_it_was_alone_in() {
    // A service that takes no more than three events and does not say so.
    let fake = Fake::judging(|ids| match ids.len() {
        0..=3 => Ok(Response::AllAccepted),
        _ => Err(refused(400, r#"{"message":"no"}"#)),
    });
    let (report, _) = run(&fake, events(8), settings(8, 1)).await;
    assert_eq!(report.accepted(), 8);
}

#[tokio::test]
async fn when_the_requests_for_a_batch_run_out_the_rest_is_rejected() {
    let fake = Fake::judging(|_| Err(refused(400, r#"{"message":"bad event"}"#)));
    let (report, error) = run(&fake, events(8), Settings { isolation_budget: 4, ..settings(8, 1) }).await;
    assert!(error.is_none());
    assert_eq!((report.rejected(), fake.sizes()), (8, vec![8, 4, 2, 1, 1]));
}

#[tokio::test]
async fn when_the_requests_for_a_batch_run_out_what_may_have_been_taken_is_unknown() {
    let fake = Fake::judging(|_| partial(&[], true));
    let (report, _) = run(&fake, events(8), Settings { isolation_budget: 3, ..settings(8, 1) }).await;
    assert_eq!((report.unknown(), fake.sizes()), (8, vec![8, 4, 2, 1]));
}

#[tokio::test]
async fn without_a_budget_a_batch_is_sent_once() {
    let fake = poisoned(&["e1"]);
    let (report, _) = run(&fake, events(4), Settings { isolation_budget: 0, ..settings(4, 1) }).await;
    assert_eq!((report.rejected(), fake.sizes()), (4, vec![4]));
}

#[tokio::test]
async fn the_size_that_gets_through_is_remembered() {
    let fake = Fake::judging(move |ids| match ids.len() {
        0..=3 => Ok(Response::AllAccepted),
        _ => Err(refused(422, r#"{"message":"too large"}"#)),
    });
    let (report, _) = run(&fake, events(25), settings(10, 1)).await;
    assert_eq!((report.accepted(), fake.sizes()), (25, vec![10, 5, 3, 2, 3, 2, 3, 3, 3, 3, 3]));
}

#[tokio::test]
async fn a_refused_token_ends_the_way_of_a_batch_that_is_being_taken_apart() {
    let fake = Fake::new([
        Err(refused(400, r#"{"message":"bad event"}"#)),
        Ok(Response::AllAccepted),
        Err(refused(401, r#"{"message":"no"}"#)),
    ]);
    let (report, error) = run(&fake, events(20), settings(8, 1)).await;
    assert!(error.unwrap().is_auth());
    assert_eq!(fake.sizes(), [8, 4, 2]);
    assert_eq!((report.accepted(), report.rejected(), report.not_sent()), (4, 2, 2));
}

#[tokio::test]
async fn what_may_have_been_taken_is_unknown_where_the_call_stops() {
    let fake = Fake::new([partial(&[], true), Ok(Response::AllAccepted), Err(refused(403, "{}"))]);
    let (report, error) = run(&fake, events(8), settings(8, 1)).await;
    assert!(error.is_some());
    assert_eq!((report.accepted(), report.unknown()), (4, 4));
}

#[tokio::test]
async fn an_event_that_was_perhaps_taken_before_is_not_rejected_for_a_refusal_after() {
    // Of two events the service takes one and does not say which; then it refuses both, one as a duplicate.
    let fake = Fake::new([partial(&[], true), Err(refused(400, "{}")), Err(refused(400, "{}"))]);
    let (report, error) = run(&fake, events(2), settings(2, 1)).await;
    assert!(error.is_none());
    assert_eq!(fake.requests(), "e0 e1\ne0\ne1");
    assert_eq!((report.unknown(), report.rejected()), (2, 0));
}

#[tokio::test]
async fn a_source_that_has_to_be_waited_for_does_not_keep_batches_from_ending() {
    let fake = Fake::default();
    let (sender, receiver) = futures::channel::mpsc::unbounded();
    for number in 0..5 {
        sender.unbounded_send(event(number)).unwrap();
    }
    let mut call = Box::pin(run(&fake, receiver, settings(5, 2)));
    for _ in 0..20 {
        assert!(call.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!((fake.sizes(), fake.in_flight.lock().unwrap().0), (vec![5], 0));
    drop(sender);
    assert_eq!(call.await.0.accepted(), 5);
}

#[tokio::test]
async fn a_batch_that_is_not_full_is_sent_after_it_has_waited() {
    let fake = Fake::default();
    let (sender, receiver) = futures::channel::mpsc::unbounded();
    // Time passes at once in sleep, so that any event is one too late to be waited for.
    let linger = Settings { linger: Some(std::time::Duration::from_secs(1)), ..settings(5, 1) };
    let mut call = Box::pin(run(&fake, receiver, linger));
    for number in 0..3 {
        sender.unbounded_send(event(number)).unwrap();
        for _ in 0..20 {
            assert!(call.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(fake.sizes(), [1, 1, 1]);
    drop(sender);
    assert_eq!(call.await.0.accepted(), 3);
}

#[tokio::test]
async fn batches_on_their_way_end_while_verdicts_are_not_asked_for() {
    let fake = Fake::default();
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    let mut run =
        Run::new(fake.clone(), FromStream::new(events(20)), &settings(5, 4), fake.session.clone(), Cancel::new());
    // The first batch is told, and three more are on their way or have ended.
    let first = std::future::poll_fn(|context| run.poll_settled(context)).await;
    assert!(first.is_some());
    for _ in 0..20 {
        std::future::poll_fn(|context| {
            run.drive(context);
            std::task::Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
    assert_eq!((fake.sizes().len(), fake.in_flight.lock().unwrap().0), (4, 0));
    let mut told = 1;
    while let Some(settled) = std::future::poll_fn(|context| run.poll_settled(context)).now_or_never().flatten() {
        told += 1;
        drop(settled);
    }
    assert_eq!(told, 4);
}

#[tokio::test]
async fn other_tasks_have_their_turn_while_nothing_is_waited_for() {
    let source = stream::iter(0..100_000).map(|_| Event::new("", "acme"));
    let fake = Fake::default();
    let mut call = Box::pin(run(&fake, source, settings(5, 1)).map(drop));
    let mut turns = 0;
    while call.as_mut().now_or_never().is_none() {
        turns += 1;
    }
    assert!((9..=10).contains(&turns), "{turns}");
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_pulled() {
    let client = crate::ClientBuilder::new("token").base_url("http://127.0.0.1:9").build().unwrap();
    let events = || client.ingest_stream(stream::empty::<Event>());
    let refuse = |request: Ingest<'_, FromStream<stream::Empty<Event>>>| {
        request.send().now_or_never().expect("nothing is waited for").unwrap_err().to_string()
    };
    insta::assert_snapshot!(refuse(events().batch_size(0)), @"ingest_batch: the batch size is 0: set `batch_size` to 1 to 1000 (0 of 0 events accepted)");
    insta::assert_snapshot!(refuse(events().batch_size(1001)), @"ingest_batch: the batch size is 1001: set `batch_size` to 1 to 1000 (0 of 0 events accepted)");
    insta::assert_snapshot!(refuse(events().batch_bytes(0)), @"ingest_batch: the batch bytes are 0: set `batch_bytes` to what a request may have (0 of 0 events accepted)");
    insta::assert_snapshot!(refuse(events().concurrency(0)), @"ingest_batch: the concurrency is 0: set `concurrency` to 1 or more (0 of 0 events accepted)");
}
