//! The loop that pulls events, keeps batches in flight and says what becomes of them.

mod batch;
mod budget;
mod call;
mod decide;
mod encoded;
mod flight;
mod intake;
mod kept;
mod parts;
mod refusals;
mod seen;
mod settings;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

pub use batch::Entry;
#[cfg(feature = "test-util")]
pub use decide::{Repeat, partial as decide_partial};
pub use encoded::Encoded;
pub use flight::BatchOutcomes;
pub use kept::Kept;
pub use settings::Settings;

use crate::backend::{Backend, Connection};
use crate::cancel::Cancel;
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::BatchSize;
use crate::source::{PayloadOf, ReturnedOf, Source, TagOf};
use crate::submission::{Payload, Submission};
use call::CallState;
use flight::{BatchResult, Held};
use intake::{Added, FullBatch, Intake};

/// A call in progress. It gives out what became of its events, in groups.
pub struct Run<B, S: Source> {
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
    /// Batches that have their outcomes, which were not given out yet.
    finished: VecDeque<(FullBatchOf<S>, BatchOutcomes)>,
    /// Batches with events that were refused alone, which wait until another request of the session is accepted.
    held: VecDeque<HeldBatchOf<S>>,
    /// Ends when the first of them need not wait any more.
    held_wait: Option<BoxFuture<'static, ()>>,
    stopped_by: Option<DeliveryError>,
    /// That a batch was refused whole, and whether all were.
    refused_whole: Option<DeliveryError>,
    are_all_refused: bool,
    /// That a batch of one event failed without a response, and how many requests of the call had been accepted then.
    failed_alone: Option<(DeliveryError, u64)>,
    concurrency: usize,
    linger_time: Option<Duration>,
    call: Arc<CallState<B>>,
    cancel: Cancel,
    abandon: Cancel,
}

/// A batch with events that are held.
struct HeldBatch<E, T> {
    batch: FullBatch<E, T>,
    outcomes: BatchOutcomes,
    held: Held,
}

/// What the source has left.
enum Input {
    Open,
    Ended,
    Failed(DeliveryError),
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
    flight: BoxFuture<'static, BatchResult>,
}

// The future inside is in a box, and the events are never pinned.
impl<E, T> Unpin for InFlight<E, T> {}

impl<E, T> Future for InFlight<E, T> {
    /// There is a batch unless it was taken before.
    type Output = Option<(FullBatch<E, T>, BatchResult)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.flight.poll_unpin(context));
        Poll::Ready(self.batch.take().map(|batch| (batch, result)))
    }
}

/// How many events are pulled before other tasks have their turn, where there is nothing to wait for.
const EVENTS_A_TURN: u64 = 10_000;

/// Events that have their outcomes.
pub enum Finished<E, T> {
    /// An event that was not sent.
    Event {
        /// Its place in the input.
        index: u64,
        /// The event.
        event: E,
        /// Its tag.
        tag: T,
        /// Its id, where it has one.
        id: Option<String>,
        /// Its outcome.
        outcome: Outcome,
    },
    /// A batch.
    Batch {
        /// Which events it has.
        entries: Vec<Entry<T>>,
        /// How they come back.
        kept: Kept<E>,
        /// Their bytes.
        encoded: Arc<Encoded<Bytes>>,
        /// Their outcomes.
        outcomes: BatchOutcomes,
    },
}

type FullBatchOf<S> = FullBatch<ReturnedOf<S>, TagOf<S>>;
type HeldBatchOf<S> = HeldBatch<ReturnedOf<S>, TagOf<S>>;
type FinishedOf<S> = Finished<ReturnedOf<S>, TagOf<S>>;

impl<S: Source, B: Backend<Event = S::Event>> Run<B, S> {
    /// A call that has not pulled anything yet.
    pub fn new(connection: Connection<B>, source: S, settings: &Settings, cancel: Cancel) -> Self {
        let Settings { concurrency, linger, keep_events, .. } = *settings;
        let read_back = if keep_events { None } else { PayloadOf::<S>::read_back(B::READ_BACK) };
        let abandon = Cancel::new();
        Self {
            source,
            input: Input::Open,
            submitted: 0,
            submitted_at_last_break: 0,
            intake: Intake::new(connection.clone(), settings, read_back),
            linger: Linger::Off,
            full: None,
            in_flight: FuturesUnordered::new(),
            finished: VecDeque::new(),
            held: VecDeque::new(),
            held_wait: None,
            stopped_by: None,
            refused_whole: None,
            are_all_refused: true,
            failed_alone: None,
            concurrency,
            linger_time: linger,
            call: Arc::new(CallState::new(connection, settings, cancel.signal(), abandon.signal())),
            cancel,
            abandon,
        }
    }

    /// How many events were pulled.
    pub fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Pulls nothing more, and starts no further batch. The first reason holds.
    pub fn stop(&mut self, why: DeliveryError) {
        if why.is_auth() {
            self.cancel.cancel();
        }
        self.stopped_by.get_or_insert(why);
    }

    /// Ends the call now: pulls nothing more, ends waits, and drops the requests in flight. What they may have done is not
    /// known.
    pub fn end(&mut self, why: DeliveryError, context: &mut Context<'_>) {
        self.drive(context);
        if self.is_input_sent() && self.in_flight.is_empty() {
            // It has ended by itself.
            return;
        }
        self.stop(why);
        self.cancel.cancel();
        // What only waits ends by itself, and knows what became of its events.
        self.drive(context);
        self.abandon.cancel();
        self.drive(context);
    }

    /// What stopped the call, once there is nothing more to be polled for.
    pub fn into_stopped_by(self) -> Option<DeliveryError> {
        let source_failed_by = match self.input {
            Input::Failed(error) => Some(error),
            Input::Open | Input::Ended => None,
        };
        let refused_by = self.refused_whole.filter(|_| self.are_all_refused);
        let accepted = self.call.refusals.accepted();
        let failed_by = self.failed_alone.filter(|(_, before)| *before == accepted).map(|(error, _)| error);
        self.stopped_by.or(source_failed_by).or(failed_by).or(refused_by)
    }

    /// Waits for the next events that something became of; there are none once all that were pulled are accounted for.
    ///
    /// Batches in flight are looked at before the source, so that an endless source does not starve them.
    pub fn poll_finished(&mut self, context: &mut Context<'_>) -> Poll<Option<FinishedOf<S>>> {
        loop {
            self.drive(context);
            self.release_held(context);
            if let Some((batch, outcomes)) = self.finished.pop_front() {
                self.intake.settle(&batch, &outcomes);
                let FullBatch { entries, kept, encoded, .. } = batch;
                return Poll::Ready(Some(Finished::Batch { entries, kept, encoded, outcomes }));
            }
            if self.stopped_by.is_some() {
                return self.poll_rest();
            }
            if self.submitted - self.submitted_at_last_break >= EVENTS_A_TURN {
                self.submitted_at_last_break = self.submitted;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(refused) = self.pull(context) {
                return Poll::Ready(Some(refused));
            }
            self.poll_linger(context);
            if self.full.is_none() && self.is_due(self.intake.limit()) {
                self.seal();
            }
            // A request is sent when it is polled, so there is another round where one was started. There is one, too, where
            // the end of the source leaves nothing to hold events for.
            if !self.start() && (self.held.is_empty() || !self.is_everything_sent()) {
                return if self.is_done() { Poll::Ready(None) } else { Poll::Pending };
            }
        }
    }

    /// Lets batches in flight go on. What ends is kept for [`poll_finished`](Self::poll_finished).
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(flight)) = self.in_flight.poll_next_unpin(context) {
            let Some((batch, result)) = flight else { continue };
            let BatchResult { outcomes, held, stopped_by, refused_whole, failed_alone } = result;
            // Said before any other batch has its turn.
            if let Some(error) = stopped_by {
                self.stop(error);
            }
            if let Some(error) = failed_alone {
                self.note_failed_alone(error);
            }
            self.are_all_refused &= refused_whole.is_some();
            self.refused_whole = self.refused_whole.take().or(refused_whole);
            match held {
                Some(held) => self.held.push_back(HeldBatch { batch, outcomes, held }),
                None => self.finished.push_back((batch, outcomes)),
            }
        }
    }

    /// A batch of one event failed without a response. It may be the event, unless the next one fails, too.
    fn note_failed_alone(&mut self, error: DeliveryError) {
        let accepted = self.call.refusals.accepted();
        match self.failed_alone.take() {
            Some((_, before)) if before == accepted => self.stop(error),
            _ => self.failed_alone = Some((error, accepted)),
        }
    }

    /// Gives out batches whose events need not be held any more: another request was accepted, or there will be none.
    fn release_held(&mut self, context: &mut Context<'_>) {
        let is_last = self.is_everything_sent();
        while let Some(first) = self.held.front() {
            let last_sent = first.held.last_sent();
            let is_at_fault = self.call.operation.has_accepted_after(last_sent);
            if !is_at_fault && !is_last {
                let operation = Arc::clone(&self.call.operation);
                let wait = self.held_wait.get_or_insert_with(|| Box::pin(operation.accepted_after(last_sent)));
                if wait.poll_unpin(context).is_pending() {
                    return;
                }
            }
            self.held_wait = None;
            let Some(HeldBatch { batch, mut outcomes, held }) = self.held.pop_front() else { return };
            held.settle(&mut outcomes, &self.call.operation);
            self.finished.push_back((batch, outcomes));
        }
    }

    /// Pulls until the batch is full or the source has nothing, or until something became of an event without a request.
    fn pull(&mut self, context: &mut Context<'_>) -> Option<FinishedOf<S>> {
        // Nothing is pulled that would have to wait for batches in flight: it would be sent no sooner, and its bytes would have
        // left the caches of the processor by then.
        if !self.may_start() {
            return None;
        }
        // What it depends on is learned from responses, which are not looked at meanwhile.
        let limit = self.intake.limit();
        while !self.has_ended() && self.full.is_none() && !self.is_due(limit) {
            match self.source.poll_pull(context) {
                Poll::Ready(Some(Ok(submission))) => {
                    let refused = self.take_in(submission, limit);
                    if refused.is_some() {
                        return refused;
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // What was pulled before is sent, so it is said only at the end.
                    let operation = self.call.backend.protocol().operation;
                    self.input = Input::Failed(DeliveryError::source_failed(operation, self.submitted, error));
                }
                Poll::Ready(None) => self.input = Input::Ended,
                Poll::Pending => break,
            }
        }
        None
    }

    fn has_ended(&self) -> bool {
        !matches!(self.input, Input::Open)
    }

    /// Whether another batch may be in flight.
    fn may_start(&self) -> bool {
        let is_proven = self.call.session.gate().is_proven();
        let limit = if is_proven { self.concurrency } else { 1 };
        self.in_flight.len() < limit
    }

    /// Whether the batch that is being filled is to be sent, where it may become so large.
    #[inline]
    fn is_due(&self, limit: BatchSize) -> bool {
        let has_waited = matches!(self.linger, Linger::Over);
        self.intake.len() > 0 && (self.intake.is_full(limit) || self.has_ended() || has_waited)
    }

    /// Whether everything that was to be sent is in flight, or was.
    fn is_input_sent(&self) -> bool {
        self.has_ended() && self.intake.len() == 0 && self.full.is_none()
    }

    /// Whether there will be no further response.
    fn is_everything_sent(&self) -> bool {
        self.in_flight.is_empty() && (self.stopped_by.is_some() || self.is_input_sent())
    }

    fn is_done(&self) -> bool {
        self.is_everything_sent() && self.held.is_empty()
    }

    fn poll_linger(&mut self, context: &mut Context<'_>) {
        if let Linger::Waiting(timer) = &mut self.linger
            && timer.poll_unpin(context).is_ready()
        {
            self.linger = Linger::Over;
        }
    }

    /// Takes an event in, and says what became of it where it is not to be sent.
    fn take_in(&mut self, submission: S::Item, limit: BatchSize) -> Option<FinishedOf<S>> {
        let (payload, tag) = submission.into_parts();
        let index = self.submitted;
        self.submitted += 1;
        match self.intake.add(index, payload, tag, limit) {
            Added::Refused { event, tag, id, outcome } => {
                return Some(Finished::Event { index, event, tag, id, outcome });
            }
            Added::ToNext(batch) => self.fill(batch),
            Added::ToFilling => {}
        }
        if let Some(time) = self.linger_time.filter(|_| self.intake.len() == 1) {
            self.linger = Linger::Waiting(self.call.session.clock().sleep(time));
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
        let flight = Box::pin(flight::deliver(Arc::clone(&self.call), Arc::clone(&batch.encoded), batch.is_limited));
        self.in_flight.push(InFlight { batch: Some(batch), flight });
        true
    }

    /// After a stop: batches in flight are waited for, and the others were not sent.
    fn poll_rest(&mut self) -> Poll<Option<FinishedOf<S>>> {
        if !self.in_flight.is_empty() {
            return Poll::Pending;
        }
        let limit = self.intake.limit();
        while self.full.is_none() && !self.is_due(limit) {
            let Some(submission) = self.source.leftover() else { break };
            if let Some(refused) = self.take_in(submission, limit) {
                return Poll::Ready(Some(refused));
            }
        }
        if self.full.is_none() && self.intake.len() > 0 {
            self.seal();
        }
        Poll::Ready(self.full.take().map(|FullBatch { entries, kept, encoded, .. }| {
            let error = self.stopped_by.as_ref();
            let (status, code) =
                (error.and_then(DeliveryError::status), error.and_then(DeliveryError::code).map(Into::into));
            let why = error.map_or_else(String::new, |error| format!(": {}", error.reason()));
            let message = format!("the call was stopped before it{why}").into();
            let outcomes = BatchOutcomes::Each(vec![Outcome::NotSent { status, code, message }; entries.len()]);
            Finished::Batch { entries, kept, encoded, outcomes }
        }))
    }
}

#[cfg(test)]
mod tests;
