//! The intake: each event is checked, gets its id, and is written into the batch that is being filled.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::batch::{Batch, Entry};
use super::encoded::{Encoded, Slot};
use super::flight::BatchOutcomes;
use super::kept::Kept;
use super::seen::{SameId, Seen};
use super::settings::Settings;
use crate::backend::{Backend, Connection, FieldsOf};
use crate::ids::Ids;
use crate::json::{Buffer, Encoder, ReadBack};
use crate::outcome::Outcome;
use crate::session::{BatchSize, Session};
use crate::submission::Payload;

/// Takes events in.
pub(crate) struct Intake<B, E, T> {
    backend: B,
    session: Session,
    /// How large a batch may be.
    max_size: BatchSize,
    local_checks: bool,
    ids: Ids,
    encoder: Encoder<FieldsOf<B>>,
    seen: Seen,
    filling: Batch<E, T>,
}

/// A batch that nothing is added to any more.
pub(crate) struct FullBatch<E, T> {
    number: u32,
    pub(crate) entries: Vec<Entry<T>>,
    pub(crate) kept: Kept<E>,
    pub(crate) encoded: Arc<Encoded<Bytes>>,
    /// Whether it could have been larger, had the service not refused larger requests.
    pub(crate) is_limited: bool,
}

/// What became of an event that was handed in.
pub(crate) enum Added<E, T> {
    /// It is in the batch that is being filled.
    ToFilling,
    /// It is the first of the next batch, since the one before had no room for it.
    ToNext(FullBatch<E, T>),
    /// It is not to be sent.
    Refused { event: E, tag: T, id: Option<String>, outcome: Outcome },
}

impl<B: Backend, E, T> Intake<B, E, T> {
    /// The intake of a call. `read_back` reads events back from their bytes; without it they are kept.
    pub(crate) fn new(connection: Connection<B>, settings: &Settings, read_back: Option<ReadBack<E>>) -> Self {
        let Connection { backend, session } = connection;
        Self {
            session,
            max_size: settings.max_size,
            local_checks: settings.local_checks,
            ids: Ids::new(settings.ids),
            encoder: Encoder::new(),
            seen: Seen::default(),
            filling: Batch::new(backend.protocol().envelope, Buffer::default(), Kept::new(read_back, 0), 0),
            backend,
        }
    }

    /// How many events are in the batch that is being filled.
    pub(crate) fn len(&self) -> usize {
        self.filling.len()
    }

    /// Whether there is no room for another event where a batch may become so large.
    #[inline]
    pub(crate) fn is_full(&self, limit: BatchSize) -> bool {
        self.filling.len() >= limit.events || self.filling.bytes() >= limit.bytes
    }

    /// How large a batch may become now.
    pub(crate) fn limit(&self) -> BatchSize {
        self.session.limits().within(self.max_size)
    }

    /// Whether the service has refused larger requests than a batch may be now.
    fn is_limited(&self) -> bool {
        self.limit() != self.max_size
    }

    /// Writes an event into the batch that is being filled, which may become so large, unless it is one not to be sent.
    pub(crate) fn add<P: Payload<B::Event, Returned = E>>(
        &mut self,
        index: u64,
        mut payload: P,
        tag: T,
        limit: BatchSize,
    ) -> Added<E, T> {
        let slot = match self.encode(&mut payload) {
            Ok(slot) => slot,
            Err((slot, outcome)) => {
                let id = slot.map(|slot| self.filling.encoded.id_text_in(&slot));
                self.filling.discard();
                return Added::Refused { event: payload.into_returned(), tag, id, outcome };
            }
        };
        let hash = slot.hash;
        let entry = Entry { index, tag };
        let taken = if self.filling.len() > 0 && self.filling.bytes() > limit.bytes {
            let buffer = self.seen.take_buffer();
            let next = self.filling.carry(entry, slot, buffer);
            let is_limited = self.is_limited();
            Added::ToNext(self.replace(next, is_limited))
        } else {
            self.filling.push(entry, slot);
            Added::ToFilling
        };
        self.seen.add(hash, self.filling.len() - 1);
        // Else it is dropped here, while it is still in the caches of the processor.
        if self.filling.kept.holds_events() {
            self.filling.kept.push(payload.into_returned());
        }
        taken
    }

    /// Writes an event behind the others, with its id, and says what becomes of it where it is not to be sent.
    fn encode<P: Payload<B::Event>>(&mut self, payload: &mut P) -> Result<Slot, (Option<Slot>, Outcome)> {
        let rejected = |message: String| Outcome::Rejected { status: None, code: None, message: message.into() };
        let id_name = B::FIELDS[0];
        let space = self.filling.space();
        let start = space.len();
        if let Err(error) = self.encoder.encode(payload, space) {
            return Err((None, rejected(format!("the event cannot be written as JSON: {error}"))));
        }
        let slot_of =
            |encoder: &Encoder<_>, end| encoder.fields().id().map(|id| Slot { event: start..end, id, hash: 0 });
        if self.local_checks {
            let checked = self
                .backend
                .check(&space.as_ref()[start..], self.encoder.fields())
                .and_then(|()| P::event(payload).map_or(Ok(()), |event| self.backend.check_event(event)));
            if let Err(problem) = checked {
                return Err((slot_of(&self.encoder, space.len()), rejected(problem)));
            }
        }
        let mut made = None;
        if self.encoder.fields().id().is_none() {
            let Some(id) = self.ids.make(&space.as_ref()[start..]) else {
                let problem =
                    format!("`{id_name}` is not set: give the event one, or take another `IdPolicy` than `Require`");
                return Err((None, rejected(problem)));
            };
            self.encoder.add_id(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()), start, space);
            made = Some(id);
        }
        let Some(mut slot) = slot_of(&self.encoder, space.len()) else {
            return Err((None, rejected(format!("`{id_name}` cannot be found in the event"))));
        };
        let encoded = &self.filling.encoded;
        let id = encoded.id_in(&slot);
        slot.hash = self.seen.hash(id);
        let same_id = self.seen.find(slot.hash, id, encoded.event_in(&slot), encoded);
        // One that is read back has its id in its bytes.
        let comes_back = same_id.is_some() || self.filling.kept.holds_events();
        if let (Some(id), Some(event)) = (made.filter(|_| comes_back), P::event_mut(payload)) {
            B::set_id(event, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        }
        match same_id {
            None => Ok(slot),
            Some(SameId::SameContent) => Err((Some(slot), Outcome::Duplicate { compared: true })),
            Some(SameId::OtherContent) => {
                let problem = format!(
                    "another event of this call has the same `{id_name}` and says something else: give each its own"
                );
                Err((Some(slot), rejected(problem)))
            }
        }
    }

    /// Closes the batch that is being filled.
    pub(crate) fn seal(&mut self, is_last: bool) -> FullBatch<E, T> {
        // The next one is about as large, if there is one. One that is a little larger is not to move.
        let (bytes, events) = if is_last { (0, 0) } else { (self.filling.bytes(), self.filling.len()) };
        let mut buffer = self.seen.take_buffer();
        buffer.reserve(bytes + bytes / 8);
        let is_limited = self.is_full(self.limit()) && self.is_limited();
        let kept = self.filling.kept.another(events);
        self.replace(Batch::new(self.backend.protocol().envelope, buffer, kept, events), is_limited)
    }

    /// Closes the batch that is being filled, and goes on with another.
    fn replace(&mut self, next: Batch<E, T>, is_limited: bool) -> FullBatch<E, T> {
        let (entries, kept, encoded) = std::mem::replace(&mut self.filling, next).freeze();
        let encoded = Arc::new(encoded);
        let number = self.seen.seal(Arc::clone(&encoded));
        self.ids.refresh();
        FullBatch { number, entries, kept, encoded, is_limited }
    }

    /// Notes what became of a batch: which ids no other event may have.
    pub(crate) fn settle(&mut self, batch: &FullBatch<E, T>, outcomes: &BatchOutcomes) {
        self.seen.settle(batch.number, |position| match outcomes {
            BatchOutcomes::AllAccepted => true,
            BatchOutcomes::Each(outcomes) => keeps_its_id(&outcomes[position]),
        });
    }
}

/// Whether no other event with its id is to be sent after it: the service has it, or may have it and would bill it twice.
fn keeps_its_id(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted | Outcome::Duplicate { .. } | Outcome::Unknown { may_be_resent: false, .. })
}
