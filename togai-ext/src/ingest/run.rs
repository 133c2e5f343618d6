//! The loop that pulls events, keeps batches in flight and records what becomes of them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt};
use togai_api::{BoxFuture, Error, Event};

use super::backend::{Answer, Backend};
use super::batch::Batch;
use super::verdict::{self, Next};
use super::{IdPolicy, IngestReport, Outcome};

/// How a call goes about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) batch_size: usize,
    pub(super) concurrency: usize,
    pub(super) ids: IdPolicy,
    pub(super) max_not_accepted: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch_size: 1000, concurrency: 4, ids: IdPolicy::default(), max_not_accepted: 100_000 }
    }
}

/// Ingests all events: what became of each that was pulled, and what stopped the call where something did.
pub(super) async fn run<B: Backend<Event = Event>>(
    backend: &B,
    events: impl Stream<Item = Event>,
    settings: Settings,
) -> (IngestReport, Option<Error>) {
    let mut events = pin!(events);
    let mut run = Run {
        backend,
        settings,
        report: IngestReport::default(),
        filling: Batch::new(backend.envelope()),
        in_flight: FuturesUnordered::new(),
        has_ended: false,
        is_proven: false,
        stopped_by: None,
    };
    loop {
        if run.may_start() && (run.filling.len() >= run.settings.batch_size || run.has_ended && run.filling.len() > 0) {
            run.start();
        }
        match poll_fn(|context| run.poll_step(events.as_mut(), context)).await {
            Step::Pulled(event) => run.take_in(event),
            Step::Ended => run.has_ended = true,
            Step::Answered(answered) => run.settle(answered),
            Step::Idle => break,
        }
    }
    run.finish()
}

struct Run<'a, B: Backend> {
    backend: &'a B,
    settings: Settings,
    report: IngestReport,
    filling: Batch<Event>,
    in_flight: FuturesUnordered<BoxFuture<'static, Answered>>,
    has_ended: bool,
    /// Whether the server has taken a batch, so that the token is known to be good.
    is_proven: bool,
    stopped_by: Option<Error>,
}

/// A batch with what the server answered.
struct Answered {
    events: Vec<(u64, Event)>,
    answer: Result<Answer, Error>,
}

enum Step {
    Pulled(Event),
    Ended,
    Answered(Answered),
    /// Nothing is in flight, and nothing more is to be pulled.
    Idle,
}

impl<B: Backend<Event = Event>> Run<'_, B> {
    fn may_start(&self) -> bool {
        let limit = if self.is_proven { self.settings.concurrency } else { 1 };
        self.stopped_by.is_none() && self.in_flight.len() < limit
    }

    fn may_pull(&self) -> bool {
        self.stopped_by.is_none()
            && !self.has_ended
            && self.may_start()
            && self.filling.len() < self.settings.batch_size
    }

    /// Waits for whatever comes first. Batches in flight are polled before the source, so that an endless source does
    /// not starve them.
    fn poll_step(&mut self, events: Pin<&mut impl Stream<Item = Event>>, context: &mut Context<'_>) -> Poll<Step> {
        let in_flight = self.in_flight.poll_next_unpin(context);
        if let Poll::Ready(Some(answered)) = in_flight {
            return Poll::Ready(Step::Answered(answered));
        }
        if self.may_pull() {
            return events.poll_next(context).map(|event| event.map_or(Step::Ended, Step::Pulled));
        }
        if self.in_flight.is_empty() { Poll::Ready(Step::Idle) } else { Poll::Pending }
    }

    /// Gives the event an id and a place in the batch that is being filled.
    fn take_in(&mut self, mut event: Event) {
        let index = self.report.count_submitted();
        if self.backend.id(&event).is_none() {
            if let Some(id) = self.settings.ids.make() {
                self.backend.set_id(&mut event, id);
            } else {
                let message = "`id` is not set: give the event one with `.id(..)`, or take another `IdPolicy`";
                self.reject(index, event, message.into());
                return;
            }
        }
        let backend = self.backend;
        if let Err((event, error)) = self.filling.push(index, event, |event, body| backend.encode(event, body)) {
            self.reject(index, event, format!("the event cannot be written as JSON: {error}").into());
        }
    }

    fn reject(&mut self, index: u64, event: Event, message: Arc<str>) {
        self.report.record(index, event, Outcome::Rejected { status: None, message });
        self.check_bound();
    }

    fn start(&mut self) {
        let batch = std::mem::replace(&mut self.filling, Batch::new(self.backend.envelope()));
        let (events, body) = batch.into_parts();
        let call = self.backend.send(body);
        self.in_flight.push(Box::pin(async move { Answered { events, answer: call.await } }));
    }

    fn settle(&mut self, Answered { events, answer }: Answered) {
        match answer {
            Ok(answer) => {
                self.is_proven = true;
                let ids: Vec<&str> =
                    events.iter().map(|(_, event)| self.backend.id(event).unwrap_or_default()).collect();
                let outcomes = verdict::of_answer(&ids, answer);
                for ((index, event), outcome) in events.into_iter().zip(outcomes) {
                    self.report.record(index, event, outcome);
                }
            }
            Err(error) => {
                let (outcome, next) = verdict::of_error(&error);
                for (index, event) in events {
                    self.report.record(index, event, outcome.clone());
                }
                if next == Next::Stop && self.stopped_by.is_none() {
                    self.stopped_by = Some(error);
                }
            }
        }
        self.check_bound();
    }

    fn check_bound(&mut self) {
        let kept = self.report.not_accepted().len();
        if kept > self.settings.max_not_accepted && self.stopped_by.is_none() {
            let problem = format!(
                "{kept} events were not accepted, more than are kept: look at the first of them, or raise \
                 `max_not_accepted`"
            );
            self.stopped_by = Some(Error::protocol("ingest_batch", problem));
        }
    }

    fn finish(mut self) -> (IngestReport, Option<Error>) {
        if let Some(error) = &self.stopped_by {
            let why: Arc<str> = format!("the call was stopped before it: {error}").into();
            for (index, event) in self.filling.into_events() {
                self.report.record(index, event, Outcome::NotSent { why: Arc::clone(&why) });
            }
        }
        self.report.finish();
        (self.report, self.stopped_by)
    }
}
