//! The loop that pulls events, keeps batches in flight and says what becomes of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use togai_api::{BoxFuture, Error};
use uuid::Uuid;

use super::backend::Backend;
use super::batch::{Batch, Encoded, Entry, Slot};
use super::deliver::{Delivered, Delivery, Outcomes};
use super::encode::Encoder;
use super::id::Ids;
use super::limits::{Limits, Room};
use super::mutant::mutant;
use super::payload::{Payload, ReturnedOf, Submission, TagOf};
use super::seen::{Other, Seen};
use super::source::Source;
use super::{IdPolicy, Outcome};
use crate::clock::Clock;
use crate::stop::Stop;

/// How a call goes about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// How large a batch may be.
    pub(super) room: Room,
    pub(super) concurrency: usize,
    pub(super) ids: IdPolicy,
    pub(super) local_checks: bool,
    pub(super) isolation_budget: usize,
    pub(super) linger: Option<Duration>,
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
        }
    }
}

/// What a call needs beside the backend.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub(super) clock: Arc<dyn Clock>,
    /// Where it is remembered how large a request may be.
    pub(super) limits: Arc<Limits>,
    /// Keeps what is on its way from being repeated.
    pub(super) stop: Stop,
}

type EntryOf<S> = Entry<ReturnedOf<S>, TagOf<S>>;

/// A call on its way. It gives out what became of its events, in groups.
pub(super) struct Run<B, S: Source> {
    backend: B,
    settings: Settings,
    surroundings: Surroundings,
    source: S,
    has_ended: bool,
    submitted: u64,
    ids: Ids,
    encoder: Encoder,
    seen: Seen,
    filling: Batch<ReturnedOf<S>, TagOf<S>>,
    /// Passes when the batch that is being filled has waited for long enough.
    linger: Option<BoxFuture<'static, ()>>,
    /// A batch that is full and not on its way yet.
    full: Option<Sealed<EntryOf<S>>>,
    /// The events of batches on their way, by the number of the batch.
    on_their_way: HashMap<u32, Sealed<EntryOf<S>>>,
    in_flight: FuturesUnordered<BoxFuture<'static, (u32, Delivered)>>,
    /// Batches that have ended, before they are told.
    delivered: VecDeque<(u32, Outcomes)>,
    stopped_by: Option<Error>,
    has_lingered: bool,
    source_failed_by: Option<Error>,
    submitted_at_last_turn: u64,
}

/// How many events are pulled before other tasks have their turn, where there is nothing to wait for.
const EVENTS_A_TURN: u64 = 10_000;

/// A batch that nothing is added to any more.
struct Sealed<E> {
    number: u32,
    entries: Vec<E>,
    encoded: Arc<Encoded<Bytes>>,
}

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

impl<B: Backend, S: Source> Run<B, S> {
    pub(super) fn new(backend: B, source: S, settings: Settings, surroundings: Surroundings) -> Self {
        Self {
            filling: Batch::new(backend.envelope(), Vec::new(), 0),
            ids: Ids::new(settings.ids),
            encoder: Encoder::new(backend.fields()),
            backend,
            settings,
            surroundings,
            source,
            has_ended: false,
            submitted: 0,
            seen: Seen::default(),
            linger: None,
            full: None,
            on_their_way: HashMap::new(),
            in_flight: FuturesUnordered::new(),
            delivered: VecDeque::new(),
            stopped_by: None,
            has_lingered: false,
            source_failed_by: None,
            submitted_at_last_turn: 0,
        }
    }

    /// How many events were pulled.
    pub(super) fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Pulls nothing more, and starts no further batch. The first reason holds.
    pub(super) fn stop(&mut self, why: Error) {
        if why.is_auth() {
            self.surroundings.stop.say();
        }
        self.stopped_by.get_or_insert(why);
    }

    /// What stopped the call, once there is nothing more to be polled for.
    pub(super) fn into_stopped_by(self) -> Option<Error> {
        self.stopped_by.or(self.source_failed_by)
    }

    /// Waits for the next events that something became of; there are none once all that were pulled are accounted for.
    ///
    /// Batches in flight are looked at before the source, so that an endless source does not starve them.
    pub(super) fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Option<Settled<EntryOf<S>>>> {
        loop {
            self.drive(context);
            if let Some((number, outcomes)) = self.delivered.pop_front() {
                if let Some(settled) = self.settle(number, outcomes) {
                    return Poll::Ready(Some(settled));
                }
                continue;
            }
            if mutant!("goes on after a failure", self.stopped_by.is_some(), false) {
                return self.poll_rest();
            }
            if self.is_others_turn() {
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

    /// Lets batches on their way go on. What ends is kept for [`poll_settled`](Self::poll_settled).
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some((number, mut delivered))) = self.in_flight.poll_next_unpin(context) {
            // Said before any other batch has its turn.
            if let Some(error) = delivered.stopped_by.take() {
                self.stop(error);
            }
            self.delivered.push_back((number, delivered.outcomes));
        }
    }

    /// Pulls until the batch is full or the source has nothing, or until something became of an event without a request.
    fn pull(&mut self, context: &mut Context<'_>) -> Option<Settled<EntryOf<S>>> {
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
                    let error = Error::source_failed(self.backend.operation(), problem).with_source(error);
                    self.source_failed_by = mutant!("forgets that the source failed", Some(error), None);
                    self.has_ended = true;
                }
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending => break,
            }
        }
        None
    }

    /// Whether there is to be another event. Nothing is pulled that would have to wait for batches on their way: it would
    /// be sent no sooner, and its bytes would have left the caches of the processor by then.
    fn may_pull(&self) -> bool {
        !self.has_ended && self.full.is_none() && self.may_start()
    }

    /// Whether another batch may be on its way.
    fn may_start(&self) -> bool {
        let is_proven = mutant!("does not wait for the first success", self.backend.is_proven(), true);
        let limit = if is_proven { self.settings.concurrency } else { 1 };
        self.in_flight.len() < limit
    }

    /// Whether the batch that is being filled is to be sent.
    fn is_due(&self) -> bool {
        let room = self.room();
        let is_full = self.filling.len() >= room.events || self.filling.bytes() >= room.bytes;
        self.filling.len() > 0 && (is_full || self.has_ended || self.has_lingered)
    }

    /// How large the batch may become that is being filled.
    fn room(&self) -> Room {
        self.surroundings.limits.within(self.settings.room)
    }

    fn is_done(&self) -> bool {
        self.has_ended && self.filling.len() == 0 && self.full.is_none() && self.in_flight.is_empty()
    }

    /// Whether so many events were pulled without a wait that other tasks are to have their turn.
    fn is_others_turn(&mut self) -> bool {
        let is_turn = self.submitted - self.submitted_at_last_turn >= EVENTS_A_TURN;
        if is_turn {
            self.submitted_at_last_turn = self.submitted;
        }
        is_turn
    }

    fn poll_linger(&mut self, context: &mut Context<'_>) {
        if let Some(timer) = &mut self.linger
            && timer.poll_unpin(context).is_ready()
        {
            self.linger = None;
            self.has_lingered = mutant!("forgets that it has lingered", true, false);
        }
    }

    /// Encodes an event into the batch that is being filled, unless it is one not to be sent.
    fn take_in(&mut self, submission: S::Item) -> Option<Settled<EntryOf<S>>> {
        let (mut payload, tag) = submission.into_parts();
        let index = self.submitted;
        self.submitted += mutant!("does not count what is not sent", 1, u64::from(self.filling.len() > 0));
        let encoded = self.encode(&mut payload);
        let entry = Entry { index, event: payload.into_returned(), tag };
        let slot = match encoded {
            Ok(slot) => slot,
            Err((slot, outcome)) => {
                let id = slot.map(|slot| self.filling.encoded.id_text_in(&slot));
                self.filling.discard();
                return Some(Settled::One { entry, id, outcome });
            }
        };
        let hash = slot.hash;
        if self.filling.len() > 0 && self.filling.bytes() > self.room().bytes {
            let buffer = self.seen.take_buffer();
            let next = self.filling.carry(entry, slot, buffer);
            self.seal_before(next);
        } else {
            self.filling.push(entry, slot);
        }
        mutant!("does not note an id", self.seen.add(hash, self.filling.len() - 1), ());
        if let Some(linger) = self.settings.linger.filter(|_| self.filling.len() == 1) {
            self.linger = Some(self.surroundings.clock.sleep(linger));
        }
        None
    }

    /// Writes an event behind the others, with its id, and says what becomes of it where it is not to be sent.
    fn encode(&mut self, payload: &mut <S::Item as Submission>::Payload) -> Result<Slot, (Option<Slot>, Outcome)> {
        let rejected = |message: String| Outcome::Rejected { status: None, code: None, message: message.into() };
        let id_name = self.backend.fields()[0];
        let space = self.filling.space();
        let start = space.len();
        if let Err(error) = self.encoder.encode(payload, space) {
            return Err((None, rejected(format!("the event cannot be written as JSON: {error}"))));
        }
        let slot_of = |encoder: &Encoder, end| encoder.fields().id().map(|id| Slot { event: start..end, id, hash: 0 });
        if self.settings.local_checks {
            let checked = self.backend.check(&space[start..], self.encoder.fields()).and_then(|()| payload.check());
            if let Err(problem) = checked {
                return Err((slot_of(&self.encoder, space.len()), rejected(problem)));
            }
        }
        if self.encoder.fields().id().is_none() {
            let Some(id) = self.ids.make(&space[start..]) else {
                let problem =
                    format!("`{id_name}` is not set: give the event one, or take another `IdPolicy` than `Require`");
                return Err((None, rejected(problem)));
            };
            let mut buffer = Uuid::encode_buffer();
            let id = id.hyphenated().encode_lower(&mut buffer);
            if let Err(error) = self.encoder.add_id(id, start, space) {
                return Err((None, rejected(format!("the id cannot be written as JSON: {error}"))));
            }
            payload.set_id(id);
        }
        let Some(mut slot) = slot_of(&self.encoder, space.len()) else {
            return Err((None, rejected(format!("`{id_name}` cannot be found in the event"))));
        };
        let encoded = &self.filling.encoded;
        let id = encoded.id_in(&slot);
        slot.hash = self.seen.hash(id);
        match self.seen.find(slot.hash, id, encoded.event_in(&slot), encoded) {
            None => Ok(slot),
            Some(Other::Same) => Err((Some(slot), Outcome::Duplicate)),
            Some(Other::Different) => {
                let problem = format!(
                    "another event of this call has the same `{id_name}` and says something else: give each its own"
                );
                Err((Some(slot), rejected(problem)))
            }
        }
    }

    /// Closes the batch that is being filled.
    fn seal(&mut self) {
        // The next one is about as large, if there is one.
        let (bytes, events) = if self.has_ended { (0, 0) } else { (self.filling.bytes(), self.filling.len()) };
        let mut buffer = self.seen.take_buffer();
        buffer.reserve(bytes);
        let next = Batch::new(self.backend.envelope(), buffer, events);
        self.seal_before(next);
    }

    /// Closes the batch that is being filled, and goes on with another.
    fn seal_before(&mut self, next: Batch<ReturnedOf<S>, TagOf<S>>) {
        let (entries, encoded) = std::mem::replace(&mut self.filling, next).freeze();
        let encoded = Arc::new(encoded);
        let number = self.seen.seal(Arc::clone(&encoded));
        self.full = Some(Sealed { number, entries, encoded });
        self.linger = None;
        self.has_lingered = false;
        self.ids.refresh();
    }

    /// Starts the batch that waits, where it need not wait any more.
    fn start(&mut self) -> bool {
        if !self.may_start() {
            return false;
        }
        let Some(batch) = self.full.take() else { return false };
        let delivery = Delivery {
            backend: self.backend.clone(),
            limits: Arc::clone(&self.surroundings.limits),
            isolation_budget: self.settings.isolation_budget,
            stop: self.surroundings.stop.clone(),
        };
        let (number, encoded) = (batch.number, Arc::clone(&batch.encoded));
        self.on_their_way.insert(number, batch);
        self.in_flight.push(Box::pin(async move { (number, delivery.deliver(encoded).await) }));
        true
    }

    /// A batch has ended.
    fn settle(&mut self, number: u32, outcomes: Outcomes) -> Option<Settled<EntryOf<S>>> {
        self.seen.settle(number, |position| match &outcomes {
            Outcomes::AllAccepted => true,
            Outcomes::Each(outcomes) => mutant!(
                "forgets the id of what must not be sent again",
                holds_its_id(&outcomes[position]),
                matches!(outcomes[position], Outcome::Accepted | Outcome::Duplicate)
            ),
        });
        let Sealed { entries, encoded, .. } = self.on_their_way.remove(&number)?;
        Some(Settled::Batch { entries, encoded, outcomes })
    }

    /// After a stop: batches on their way are waited for, and the others were not sent.
    fn poll_rest(&mut self) -> Poll<Option<Settled<EntryOf<S>>>> {
        if mutant!("forgets what is in flight on a stop", !self.in_flight.is_empty(), false) {
            return Poll::Pending;
        }
        while self.full.is_none() && !self.is_due() {
            let Some(submission) = self.source.leftover() else { break };
            if let Some(settled) = self.take_in(submission) {
                return Poll::Ready(Some(settled));
            }
        }
        if mutant!("forgets what was not sealed on a stop", self.full.is_none() && self.filling.len() > 0, false) {
            self.seal();
        }
        Poll::Ready(self.full.take().map(|Sealed { entries, encoded, .. }| {
            let why = match &self.stopped_by {
                Some(error) => format!("the call was stopped before it: {error}").into(),
                None => "the call was stopped before it".into(),
            };
            let outcomes = Outcomes::Each(vec![Outcome::NotSent { why }; entries.len()]);
            Settled::Batch { entries, encoded, outcomes }
        }))
    }
}

/// Whether no other event with its id is to be sent after it: the service has it, or may have it and would bill it twice.
fn holds_its_id(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted | Outcome::Duplicate | Outcome::Unknown { may_be_resent: false, .. })
}
