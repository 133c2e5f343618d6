use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use reqwest::StatusCode;
use togai_api::{BoxFuture, Error};

use super::backend::{Answer, Backend, Envelope, Failure};
use super::run::{Settings, run};
use super::*;

/// A service that answers from a list, and accepts everything when that is used up.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<VecDeque<Result<Answer, Error>>>>,
    sizes: Arc<Mutex<Vec<usize>>>,
    /// How many batches are in flight, and how many have been at most.
    in_flight: Arc<Mutex<(usize, usize)>>,
}

impl Fake {
    fn new(answers: impl IntoIterator<Item = Result<Answer, Error>>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() }
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().unwrap().clone()
    }
}

impl Backend for Fake {
    type Event = Event;

    fn max_batch_size(&self) -> usize {
        10
    }

    fn id<'a>(&self, event: &'a Event) -> Option<&'a str> {
        event.id.as_deref()
    }

    fn set_id(&self, event: &mut Event, id: String) {
        event.id = Some(id);
    }

    fn envelope(&self) -> Envelope {
        Envelope { before: "[", between: ",", after: "]" }
    }

    fn encode(&self, event: &Event, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(buffer, event)
    }

    fn send(&self, body: Bytes) -> BoxFuture<'static, Result<Answer, Error>> {
        let events: Vec<Event> = serde_json::from_slice(&body).unwrap();
        assert!(events.iter().all(|event| event.id.is_some()));
        self.sizes.lock().unwrap().push(events.len());
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(Answer::All));
        let in_flight = Arc::clone(&self.in_flight);
        Box::pin(async move {
            {
                let mut counts = in_flight.lock().unwrap();
                counts.0 += 1;
                counts.1 = counts.1.max(counts.0);
            }
            // Others get their turn, as they do while a request is on its way.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            in_flight.lock().unwrap().0 -= 1;
            answer
        })
    }
}

fn event(number: usize) -> Event {
    Event::new("rides", "acme").id(format!("e{number}"))
}

fn events(count: usize) -> stream::Iter<impl Iterator<Item = Event>> {
    stream::iter((0..count).map(event))
}

fn settings(batch_size: usize, concurrency: usize) -> Settings {
    Settings { batch_size, concurrency, ..Settings::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, as the failure beside it")]
fn partial(failures: &[(&str, &str)]) -> Result<Answer, Error> {
    let failures = failures
        .iter()
        .map(|(id, message)| Failure { id: Some((*id).to_owned()), message: (*message).into(), is_duplicate: false })
        .collect();
    Ok(Answer::Partial { status: StatusCode::MULTI_STATUS, failures, may_be_incomplete: false })
}

fn broken() -> Result<Answer, Error> {
    Err(Error::invalid_request("ingest_batch", "broken"))
}

/// Whether the verdicts add up to what was pulled, one for each.
#[track_caller]
fn check_sums(report: &IngestReport) {
    let sum = report.accepted() + report.duplicates() + report.rejected() + report.unknown() + report.not_sent();
    assert_eq!(report.submitted(), sum);
    let indexes: Vec<u64> = report.outcomes().map(|(index, _)| index).collect();
    assert_eq!(indexes, (0..report.submitted()).collect::<Vec<_>>());
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
        check_sums(&report);
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
    let fake = Fake::new([Ok(Answer::All), partial(&[("e7", "bad value")])]);
    let (report, error) = run(&fake, events(12), settings(5, 4)).await;
    assert!(error.is_none());
    check_sums(&report);
    let [refused] = report.not_accepted() else { panic!("one was refused") };
    assert_eq!((refused.index, refused.event.id.as_deref()), (7, Some("e7")));
    assert_eq!(refused.outcome.to_string(), "rejected: bad value");
}

#[tokio::test]
async fn nothing_is_pulled_after_a_failure_and_what_was_pulled_is_told() {
    let fake = Fake::new([Ok(Answer::All), broken()]);
    let mut pulled = 0;
    let source = stream::iter(0..).map(|number| {
        pulled += 1;
        event(number)
    });
    let (report, error) = run(&fake, source, settings(5, 1)).await;
    assert!(error.unwrap().is_invalid_request());
    check_sums(&report);
    assert_eq!((report.accepted(), report.not_sent()), (5, 5));
    assert_eq!(pulled, 10);
}

#[tokio::test]
async fn batches_in_flight_are_awaited_after_a_failure() {
    let fake = Fake::new([Ok(Answer::All), broken(), Ok(Answer::All), Ok(Answer::All)]);
    let (report, error) = run(&fake, stream::iter(0..).map(event), settings(5, 3)).await;
    assert!(error.is_some());
    check_sums(&report);
    assert_eq!((report.accepted(), report.not_sent() % 5), (15, 0));
}

#[tokio::test]
async fn an_event_without_an_id_gets_one_or_is_rejected() {
    let without = || stream::iter([Event::new("rides", "acme"), event(1)]);
    let (report, _) = run(&Fake::default(), without(), settings(5, 1)).await;
    assert_eq!(report.accepted(), 2);

    let required = Settings { ids: IdPolicy::Require, ..settings(5, 1) };
    let (report, _) = run(&Fake::default(), without(), required).await;
    check_sums(&report);
    insta::assert_snapshot!(
        report.not_accepted()[0].outcome,
        @"rejected: `id` is not set: give the event one with `.id(..)`, or take another `IdPolicy`"
    );
}

#[tokio::test]
async fn what_was_not_accepted_is_kept_up_to_a_bound() {
    let required = Settings { ids: IdPolicy::Require, max_not_accepted: 3, ..settings(5, 1) };
    let source = stream::iter(0..).map(|_| Event::new("rides", "acme"));
    let (report, error) = run(&Fake::default(), source, required).await;
    assert_eq!(report.rejected(), 4);
    insta::assert_snapshot!(
        error.unwrap(),
        @"ingest_batch: 4 events were not accepted, more than are kept: look at the first of them, or raise `max_not_accepted`"
    );
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

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_pulled() {
    let client = crate::ClientBuilder::new("token").base_url("http://127.0.0.1:9").build().unwrap();
    let refuse = |request: Ingest<stream::Empty<Event>>| {
        request.send().now_or_never().expect("nothing is waited for").unwrap_err().to_string()
    };
    insta::assert_snapshot!(refuse(client.ingest_stream(stream::empty()).batch_size(0)), @"ingest_batch: the batch size is 0: set `batch_size` to 1 to 1000 (0 of 0 events accepted)");
    insta::assert_snapshot!(refuse(client.ingest_stream(stream::empty()).batch_size(1001)), @"ingest_batch: the batch size is 1001: set `batch_size` to 1 to 1000 (0 of 0 events accepted)");
    insta::assert_snapshot!(refuse(client.ingest_stream(stream::empty()).concurrency(0)), @"ingest_batch: the concurrency is 0: set `concurrency` to 1 or more (0 of 0 events accepted)");
}
