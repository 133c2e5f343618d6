//! The loop that pulls events, keeps batches in flight and says what becomes of them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use togai_api::{BoxFuture, Error};

use super::backend::Backend;
use super::batch::{Encoded, Entry};
use super::flight::{self, Landed, Outcomes, Terms};
use super::intake::{FullBatch, Intake, Taken};
use super::payload::Submission;
use super::source::{ReturnedOf, Source, TagOf};
use super::{IdPolicy, Outcome};
use crate::cancel::Cancel;
use crate::mutant::mutant;
use crate::session::{Room, Session};

/// How a call goes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// How large a batch may be.
    pub(super) room: Room,
    pub(super) concurrency: usize,
    pub(super) ids: IdPolicy,
    pub(super) local_checks: bool,
    pub(super) isolation_budget: usize,
    pub(super) linger: Option<Duration>,
    /// Whether sending an event again is harmless when the service may have it.
    pub(super) idempotent: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            room: Room { events: 1000, bytes: 4 << 20 },
            concurrency: 4,
            ids: IdPolicy::default(),
            local_checks: true,
            isolation_budget: 64,
            linger: None,
            idempotent: true,
        }
    }
}

/// A call in progress. It gives out what became of its events, in groups.
pub(super) struct Run<B, S: Source> {
    source: S,
    input: Input,
    /// How many events were pulled.
    submitted: u64,
    submitted_at_last_break: u64,
    intake: Intake<B, ReturnedOf<S>, TagOf<S>>,
    linger: Linger,
    /// A batch that is full and not in flight yet.
    full: Option<FullBatchOf<S>>,
    in_flight: FuturesUnordered<InFlight<ReturnedOf<S>, TagOf<S>>>,
    /// Batches that have landed, before their verdicts are given out.
    landed: VecDeque<(FullBatchOf<S>, Outcomes)>,
    stopped_by: Option<Error>,
    concurrency: usize,
    linger_time: Option<Duration>,
    terms: Terms<B>,
}

/// What the source has left.
enum Input {
    Open,
    Ended,
    Failed(Error),
}

/// Whether the batch that is being filled waits for more events.
enum Linger {
    Off,
    Waiting(BoxFuture<'static, ()>),
    Over,
}

/// A batch in flight, and its events, which need not be sent anywhere and so may be of any type.
struct InFlight<E, T> {
    batch: Option<FullBatch<E, T>>,
    flight: BoxFuture<'static, Landed>,
}

// The future inside is in a box, and the events are never pinned.
impl<E, T> Unpin for InFlight<E, T> {}

impl<E, T> Future for InFlight<E, T> {
    /// There is a batch unless it was taken before.
    type Output = Option<(FullBatch<E, T>, Landed)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let landed = ready!(self.flight.poll_unpin(context));
        Poll::Ready(self.batch.take().map(|batch| (batch, landed)))
    }
}

/// How many events are pulled before other tasks have their turn, where there is nothing to wait for.
const EVENTS_A_TURN: u64 = 10_000;

/// Events with what became of them.
pub(super) enum Settled<E> {
    /// An event that was not sent.
    One {
        entry: E,
        id: Option<String>,
        outcome: Outcome,
    },
    Batch {
        entries: Vec<E>,
        encoded: Arc<Encoded<Bytes>>,
        outcomes: Outcomes,
    },
}

type FullBatchOf<S> = FullBatch<ReturnedOf<S>, TagOf<S>>;
type SettledOf<S> = Settled<Entry<ReturnedOf<S>, TagOf<S>>>;

impl<B: Backend, S: Source> Run<B, S> {
    pub(super) fn new(backend: B, source: S, settings: &Settings, session: Session, cancel: Cancel) -> Self {
        let Settings { room, concurrency, ids, local_checks, isolation_budget, linger, idempotent } = *settings;
        Self {
            source,
            input: Input::Open,
            submitted: 0,
            submitted_at_last_break: 0,
            intake: Intake::new(backend.clone(), session.clone(), room, ids, local_checks),
            linger: Linger::Off,
            full: None,
            in_flight: FuturesUnordered::new(),
            landed: VecDeque::new(),
            stopped_by: None,
            concurrency,
            linger_time: linger,
            terms: Terms { backend, session, isolation_budget, idempotent, cancel },
        }
    }

    /// How many events were pulled.
    pub(super) fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Pulls nothing more, and starts no further batch. The first reason holds.
    pub(super) fn stop(&mut self, why: Error) {
        if why.is_auth() {
            self.terms.cancel.cancel();
        }
        self.stopped_by.get_or_insert(why);
    }

    /// What stopped the call, once there is nothing more to be polled for.
    pub(super) fn into_stopped_by(self) -> Option<Error> {
        let source_failed_by = match self.input {
            Input::Failed(error) => mutant!("forgets that the source failed", Some(error), None),
            Input::Open | Input::Ended => None,
        };
        self.stopped_by.or(source_failed_by)
    }

    /// Waits for the next events that something became of; there are none once all that were pulled are accounted for.
    ///
    /// Batches in flight are looked at before the source, so that an endless source does not starve them.
    pub(super) fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Option<SettledOf<S>>> {
        loop {
            self.drive(context);
            if let Some((batch, outcomes)) = self.landed.pop_front() {
                self.intake.settle(&batch, &outcomes);
                let FullBatch { entries, encoded, .. } = batch;
                return Poll::Ready(Some(Settled::Batch { entries, encoded, outcomes }));
            }
            if mutant!("goes on after a failure", self.stopped_by.is_some(), false) {
                return self.poll_rest();
            }
            if self.submitted - self.submitted_at_last_break >= EVENTS_A_TURN {
                self.submitted_at_last_break = self.submitted;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(settled) = self.pull(context) {
                return Poll::Ready(Some(settled));
            }
            self.poll_linger(context);
            if self.full.is_none() && self.is_due() {
                self.seal();
            }
            // A request is sent when it is polled, so there is another round where one was started.
            if !self.start() {
                return if self.is_done() { Poll::Ready(None) } else { Poll::Pending };
            }
        }
    }

    /// Lets batches in flight go on. What lands is kept for [`poll_settled`](Self::poll_settled).
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(landing)) = self.in_flight.poll_next_unpin(context) {
            let Some((batch, Landed { outcomes, stopped_by })) = landing else { continue };
            // Said before any other batch has its turn.
            if let Some(error) = stopped_by {
                self.stop(error);
            }
            self.landed.push_back((batch, outcomes));
        }
    }

    /// Pulls until the batch is full or the source has nothing, or until something became of an event without a request.
    fn pull(&mut self, context: &mut Context<'_>) -> Option<SettledOf<S>> {
        while self.may_pull() && !self.is_due() {
            match self.source.poll_pull(context) {
                Poll::Ready(Some(Ok(submission))) => {
                    let settled = self.take_in(submission);
                    if settled.is_some() {
                        return settled;
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // What was pulled before is sent, so it is said only at the end.
                    let problem = format!("the source failed after {} events", self.submitted);
                    let operation = self.terms.backend.protocol().operation;
                    self.input = Input::Failed(Error::source_failed(operation, problem).with_source(error));
                }
                Poll::Ready(None) => self.input = Input::Ended,
                Poll::Pending => break,
            }
        }
        None
    }

    /// Whether there is to be another event. Nothing is pulled that would have to wait for batches in flight: it would be
    /// sent no sooner, and its bytes would have left the caches of the processor by then.
    fn may_pull(&self) -> bool {
        !self.has_ended() && self.full.is_none() && self.may_start()
    }

    fn has_ended(&self) -> bool {
        !matches!(self.input, Input::Open)
    }

    /// Whether another batch may be in flight.
    fn may_start(&self) -> bool {
        let is_proven = mutant!("does not wait for the first success", self.terms.session.gate().is_proven(), true);
        let limit = if is_proven { self.concurrency } else { 1 };
        self.in_flight.len() < limit
    }

    /// Whether the batch that is being filled is to be sent.
    fn is_due(&self) -> bool {
        let has_waited = matches!(self.linger, Linger::Over);
        self.intake.len() > 0 && (self.intake.is_full() || self.has_ended() || has_waited)
    }

    fn is_done(&self) -> bool {
        self.has_ended() && self.intake.len() == 0 && self.full.is_none() && self.in_flight.is_empty()
    }

    fn poll_linger(&mut self, context: &mut Context<'_>) {
        if let Linger::Waiting(timer) = &mut self.linger
            && timer.poll_unpin(context).is_ready()
        {
            self.linger = mutant!("forgets that it has lingered", Linger::Over, Linger::Off);
        }
    }

    /// Takes an event in, and says what became of it where it is not to be sent.
    fn take_in(&mut self, submission: S::Item) -> Option<SettledOf<S>> {
        let (payload, tag) = submission.into_parts();
        let index = self.submitted;
        self.submitted += mutant!("does not count what is not sent", 1, u64::from(self.intake.len() > 0));
        match self.intake.take(index, payload, tag) {
            Taken::Settled { entry, id, outcome } => return Some(Settled::One { entry, id, outcome }),
            Taken::NoRoomInLast(batch) => self.fill(batch),
            Taken::Filling => {}
        }
        if let Some(time) = self.linger_time.filter(|_| self.intake.len() == 1) {
            self.linger = Linger::Waiting(self.terms.session.clock().sleep(time));
        }
        None
    }

    /// Closes the batch that is being filled.
    fn seal(&mut self) {
        let batch = self.intake.seal(self.has_ended());
        self.fill(batch);
    }

    fn fill(&mut self, batch: FullBatchOf<S>) {
        self.full = Some(batch);
        self.linger = Linger::Off;
    }

    /// Starts the batch that waits, where it need not wait any more, and says whether it did.
    fn start(&mut self) -> bool {
        if !self.may_start() {
            return false;
        }
        let Some(batch) = self.full.take() else { return false };
        let flight = Box::pin(flight::fly(self.terms.clone(), Arc::clone(&batch.encoded)));
        self.in_flight.push(InFlight { batch: Some(batch), flight });
        true
    }

    /// After a stop: batches in flight are waited for, and the others were not sent.
    fn poll_rest(&mut self) -> Poll<Option<SettledOf<S>>> {
        if mutant!("forgets what is in flight on a stop", !self.in_flight.is_empty(), false) {
            return Poll::Pending;
        }
        while self.full.is_none() && !self.is_due() {
            let Some(submission) = self.source.leftover() else { break };
            if let Some(settled) = self.take_in(submission) {
                return Poll::Ready(Some(settled));
            }
        }
        if mutant!("forgets what was not sealed on a stop", self.full.is_none() && self.intake.len() > 0, false) {
            self.seal();
        }
        Poll::Ready(self.full.take().map(|FullBatch { entries, encoded, .. }| {
            let why = match &self.stopped_by {
                Some(error) => format!("the call was stopped before it: {error}").into(),
                None => "the call was stopped before it".into(),
            };
            let outcomes = Outcomes::Each(vec![Outcome::NotSent { why }; entries.len()]);
            Settled::Batch { entries, encoded, outcomes }
        }))
    }
}
