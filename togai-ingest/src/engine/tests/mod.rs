mod contradictions;
mod endings;
mod refusals;
mod unanswered;

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::mpsc::unbounded;
use futures::{FutureExt, Stream, StreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::*;
use crate::backend::{Effect, EventRef, Failed, Failure, FailureKind, Partial, Protocol, Request, Response, Scope};
use crate::cancel::CancelSignal;
use crate::report::{IngestError, IngestReport, Recorder};
use crate::session::{BatchSize, OperationState, Session};
use crate::source::FromStream;
use crate::testing::VirtualClock;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    id: String,
}

/// What the service says to the ids of a request.
type Respond = dyn Fn(&[String]) -> Result<Response, Failed> + Send + Sync;

/// What a request waits for before it has its response, by how many there were before it.
type Wait = dyn Fn(usize, CancelSignal) -> BoxFuture<'static, Result<(), Failed>> + Send + Sync;

/// A service in memory. It accepts everything, unless it is given something else to say.
#[derive(Clone)]
struct Fake {
    respond: Arc<Respond>,
    wait: Arc<Wait>,
    /// The ids of each request.
    requests: Arc<Mutex<VecDeque<Vec<String>>>>,
    /// How often each request may be retried.
    max_retries: Arc<Mutex<Vec<Option<u32>>>>,
    in_flight: Arc<Mutex<usize>>,
    session: Session,
}

impl Default for Fake {
    fn default() -> Self {
        Self::new(|_| Ok(Response::AllAccepted))
    }
}

impl Fake {
    fn new(respond: impl Fn(&[String]) -> Result<Response, Failed> + Send + Sync + 'static) -> Self {
        Self {
            respond: Arc::new(respond),
            wait: Arc::new(|_, _| Box::pin(ready(Ok(())))),
            requests: Arc::default(),
            max_retries: Arc::default(),
            in_flight: Arc::default(),
            session: Session::new(Arc::new(VirtualClock)),
        }
    }

    /// The same, whose requests wait.
    fn waiting<F>(self, wait: impl Fn(usize, CancelSignal) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Failed>> + Send + 'static,
    {
        Self { wait: Arc::new(move |number, cancel| Box::pin(wait(number, cancel))), ..self }
    }

    /// How many events each request had.
    fn sizes(&self) -> Vec<usize> {
        self.requests.lock().unwrap().iter().map(Vec::len).collect()
    }

    fn requests(&self) -> String {
        self.requests.lock().unwrap().iter().map(|ids| ids.join(" ")).collect::<Vec<_>>().join("\n")
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn in_flight(&self) -> usize {
        *self.in_flight.lock().unwrap()
    }

    fn connection(&self) -> Connection<Self> {
        Connection::new(self.clone(), self.session.clone())
    }
}

static PROTOCOL: Protocol = Protocol::new("record").max_batch_size(1000).idempotent(true);

impl Backend for Fake {
    type Event = Reading;

    const FIELDS: &'static [&'static str] = &["id"];

    fn protocol(&self) -> &'static Protocol {
        &PROTOCOL
    }

    fn set_id(event: &mut Reading, id: &str) {
        event.id = id.to_owned();
    }

    fn check_event(&self, event: &Reading) -> Result<(), String> {
        if event.id == "malformed" { Err("`id` is malformed".to_owned()) } else { Ok(()) }
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let events: Vec<Reading> = serde_json::from_slice(&request.body).unwrap();
        let ids: Vec<String> = events.into_iter().map(|event| event.id).collect();
        let waiting = (self.wait)(self.count(), request.cancel);
        let response = (self.respond)(&ids);
        self.requests.lock().unwrap().push_back(ids);
        self.max_retries.lock().unwrap().push(request.max_retries);
        let fake = self.clone();
        Box::pin(async move {
            *fake.in_flight.lock().unwrap() += 1;
            // Others get their turn, as they do while a request is in flight.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            let waited = waiting.await;
            *fake.in_flight.lock().unwrap() -= 1;
            waited.and(response)
        })
    }
}

/// Delivers so many events in batches of 1000, as a caller does.
async fn deliver(fake: &Fake, count: usize) -> Result<IngestReport<Reading>, IngestError<Reading>> {
    fake.connection().ingest_events((0..count).map(reading)).send().await
}

/// A refusal for what is in a request.
fn refused(message: &'static str) -> Result<Response, Failed> {
    let mut failed = Failed::new(Scope::Content, Effect::NotApplied, message);
    (failed.status, failed.message) = (Some(StatusCode::BAD_REQUEST), Some(message.into()));
    Err(failed)
}

/// The counts of a report, as a sentence.
fn counts(result: &Result<IngestReport<Reading>, IngestError<Reading>>) -> String {
    match result {
        Ok(report) => report.to_string(),
        Err(failure) => format!("{:?}: {}", failure.error().kind(), failure.report()),
    }
}

/// Gives a call the time to do all that it can, which does not end it.
async fn stays_pending(call: &mut (impl Future + Unpin)) {
    for _ in 0..100 {
        assert!((&mut *call).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}

/// A request of another call of the session is sent and accepted.
fn accept_elsewhere(operation: &OperationState) {
    operation.note_accepted(operation.note_sent());
}

fn has(ids: &[String], wanted: usize) -> bool {
    ids.iter().any(|id| number(id) == wanted)
}

fn number(id: &str) -> usize {
    id.trim_start_matches('e').parse().unwrap()
}

fn reading(number: usize) -> Reading {
    Reading { id: format!("e{number}") }
}

fn readings(count: usize) -> stream::Iter<impl Iterator<Item = Reading>> {
    stream::iter((0..count).map(reading))
}

fn settings(batch_size: usize, concurrency: usize) -> Settings {
    let max_size = BatchSize { events: batch_size, ..Settings::default().max_size };
    Settings { max_size, concurrency, ..Settings::default() }
}

/// A call as `send` makes it.
async fn run(fake: &Fake, source: impl Stream<Item = Reading>, settings: Settings) -> IngestReport<Reading> {
    let mut run = Run::new(fake.connection(), FromStream::new(source), &settings, Cancel::new());
    let mut recorder = Recorder::new("record", None);
    while let Some(finished) = poll_fn(|context| run.poll_finished(context)).await {
        recorder.record(finished, run.submitted());
    }
    recorder.finish(run.submitted())
}

#[tokio::test]
async fn a_batch_is_filled_to_its_size() {
    for (count, sizes) in
        [(0, vec![]), (1, vec![1]), (9, vec![9]), (10, vec![10]), (11, vec![10, 1]), (25, vec![10, 10, 5])]
    {
        let fake = Fake::default();
        let report = run(&fake, readings(count), settings(10, 2)).await;
        assert_eq!((fake.sizes(), report.accepted()), (sizes, count as u64));
    }
}

#[tokio::test]
async fn a_batch_is_filled_to_its_bytes() {
    let one = serde_json::to_vec(&reading(0)).unwrap().len();
    for (bytes, sizes) in [
        (2 + one, vec![1; 6]),
        // Two events and the text around them, to the byte.
        (3 + 2 * one, vec![2; 3]),
        (2 + 2 * one, vec![1; 6]),
        (usize::MAX, vec![6]),
        // An event that is larger by itself goes alone.
        (1, vec![1; 6]),
    ] {
        let fake = Fake::default();
        let settings = Settings { max_size: BatchSize { events: 10, bytes }, ..settings(10, 1) };
        let report = run(&fake, readings(6), settings).await;
        assert_eq!((fake.sizes(), report.accepted()), (sizes, 6), "{bytes}");
    }
}

#[tokio::test]
async fn one_bad_event_is_found_by_splitting() {
    let fake = Fake::new(|ids| {
        let is_bad = ids.iter().any(|id| id == "e5");
        if is_bad {
            Err(Failed::new(Scope::Content, Effect::NotApplied, "bad event"))
        } else {
            Ok(Response::AllAccepted)
        }
    });
    let report = run(&fake, readings(8), settings(8, 1)).await;
    // When a group is accepted, the rest is known to be refused, so it is not sent whole.
    insta::assert_snapshot!(fake.requests(), @r"
    e0 e1 e2 e3 e4 e5 e6 e7
    e0 e1
    e2 e3 e4
    e5 e6
    e5
    e6 e7
    ");
    assert_eq!((report.accepted(), report.not_accepted()[0].event.id.as_str()), (7, "e5"));
}

#[tokio::test]
async fn a_learned_size_is_kept_for_the_next_batches() {
    let fake = Fake::new(|ids| match ids.len() {
        0..=3 => Ok(Response::AllAccepted),
        _ => Err(Failed::new(Scope::Size { by_bytes: false }, Effect::NotApplied, "too large")),
    });
    let report = run(&fake, readings(25), settings(10, 1)).await;
    assert_eq!((report.accepted(), fake.sizes()), (25, vec![10, 5, 3, 2, 3, 2, 3, 3, 3, 3, 3]));
}

#[tokio::test]
async fn only_a_response_of_success_proves_the_token() {
    for (status, is_proven) in [(StatusCode::MULTI_STATUS, true), (StatusCode::BAD_REQUEST, false)] {
        let failure = || Failure::new(EventRef::Index(0), FailureKind::Refused, None);
        let fake = Fake::new(move |_| Ok(Response::Partial(Partial::new(status, vec![failure()]))));
        let report = run(&fake, readings(2), settings(2, 1)).await;
        assert_eq!((report.rejected(), fake.session.gate().is_proven()), (1, is_proven));
    }
}

#[tokio::test]
async fn a_pending_source_does_not_keep_batches_from_ending() {
    let fake = Fake::default();
    let (sender, receiver) = unbounded();
    for number in 0..5 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    let mut call = Box::pin(run(&fake, receiver, settings(5, 2)));
    for _ in 0..20 {
        assert!(call.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!((fake.sizes(), fake.in_flight()), (vec![5], 0));
    drop(sender);
    assert_eq!(call.await.accepted(), 5);
}

#[tokio::test]
async fn a_batch_that_is_not_full_is_sent_after_its_linger() {
    let fake = Fake::default();
    let (sender, receiver) = unbounded();
    // A sleep of the virtual clock is over at once, so every event is too late for the batch before.
    let linger = Settings { linger: Some(Duration::from_secs(1)), ..settings(5, 1) };
    let mut call = Box::pin(run(&fake, receiver, linger));
    for number in 0..3 {
        sender.unbounded_send(reading(number)).unwrap();
        for _ in 0..20 {
            assert!(call.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(fake.sizes(), [1, 1, 1]);
    drop(sender);
    assert_eq!(call.await.accepted(), 3);
}

#[tokio::test]
async fn batches_in_flight_end_while_nobody_asks_for_verdicts() {
    let fake = Fake::default();
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    let mut run = Run::new(fake.connection(), FromStream::new(readings(20)), &settings(5, 4), Cancel::new());
    // The first batch is given out, and three more are in flight or have ended.
    let first = poll_fn(|context| run.poll_finished(context)).await;
    assert!(first.is_some());
    for _ in 0..20 {
        poll_fn(|context| {
            run.drive(context);
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
    assert_eq!((fake.sizes().len(), fake.in_flight()), (4, 0));
    let mut batches = 1;
    while poll_fn(|context| run.poll_finished(context)).now_or_never().flatten().is_some() {
        batches += 1;
    }
    assert_eq!(batches, 4);
}

#[tokio::test]
async fn other_tasks_get_their_turn_while_the_source_is_always_ready() {
    // They are finished without a request, so that nothing is ever waited for.
    let source = stream::iter(0..100_000).map(|_| Reading { id: "malformed".to_owned() });
    let fake = Fake::default();
    let mut call = Box::pin(run(&fake, source, settings(5, 1)).map(drop));
    let mut turns = 0;
    while call.as_mut().now_or_never().is_none() {
        turns += 1;
    }
    assert!((9..=10).contains(&turns), "{turns}");
}

#[tokio::test]
async fn a_dropped_call_abandons_its_requests_and_its_source() {
    let fake = Fake::default();
    let (sender, receiver) = unbounded();
    for number in 0..7 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    let mut call = Box::pin(run(&fake, receiver, settings(5, 2)));
    assert!(call.as_mut().now_or_never().is_none());
    assert_eq!((fake.sizes(), fake.in_flight()), (vec![5], 1));
    drop(call);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(sender.is_closed());
    assert_eq!((fake.sizes(), fake.in_flight()), (vec![5], 1));
}
