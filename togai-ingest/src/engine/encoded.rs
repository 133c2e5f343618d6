//! The bytes of a batch, and where its events stand in them.

use std::ops::Range;

use bytes::Bytes;

use crate::backend::Envelope;

/// The events of a batch as they are sent, with where each of them stands.
#[derive(Debug)]
pub struct Encoded<B> {
    pub(super) body: B,
    pub(super) slots: Vec<Slot>,
    pub(super) envelope: Envelope,
}

/// Where an event stands in its batch.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) event: Range<usize>,
    /// The id as it stands in the event, with its quotes.
    pub(crate) id: Range<usize>,
    /// A hash of the id.
    pub(crate) hash: u64,
}

impl<B: AsRef<[u8]>> Encoded<B> {
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The bytes of an event.
    pub fn event(&self, position: usize) -> &[u8] {
        self.event_in(&self.slots[position])
    }

    /// The id of an event as JSON.
    pub(crate) fn id(&self, position: usize) -> &[u8] {
        self.id_in(&self.slots[position])
    }

    /// The id of an event as the service says it.
    pub fn id_text(&self, position: usize) -> String {
        self.id_text_in(&self.slots[position])
    }

    pub(crate) fn event_in(&self, slot: &Slot) -> &[u8] {
        &self.body.as_ref()[slot.event.clone()]
    }

    pub(crate) fn id_in(&self, slot: &Slot) -> &[u8] {
        &self.event_in(slot)[slot.id.clone()]
    }

    pub(crate) fn id_text_in(&self, slot: &Slot) -> String {
        let id = self.id_in(slot);
        // An id that is a number is compared as it is written.
        serde_json::from_slice(id).unwrap_or_else(|_| String::from_utf8_lossy(id).into_owned())
    }
}

impl Encoded<Bytes> {
    /// The body of a request of all events.
    pub(crate) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// The body of a request of some of the events, by the bytes that are there already.
    pub(crate) fn request(&self, positions: &[usize]) -> Bytes {
        if positions.len() == self.slots.len() {
            return self.body();
        }
        let mut body = Vec::with_capacity(self.request_bytes(positions));
        body.extend_from_slice(self.envelope.before.as_bytes());
        for (place, position) in positions.iter().enumerate() {
            if place > 0 {
                body.extend_from_slice(self.envelope.between.as_bytes());
            }
            body.extend_from_slice(self.event(*position));
        }
        body.extend_from_slice(self.envelope.after.as_bytes());
        body.into()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// How many bytes a request of some of the events has.
    pub(crate) fn request_bytes(&self, positions: &[usize]) -> usize {
        let events: usize = positions.iter().map(|position| self.further_bytes(*position)).sum();
        let Envelope { before, between, after } = self.envelope;
        (before.len() + events + after.len()).saturating_sub(between.len())
    }

    /// How many bytes an event adds to a request of others.
    pub(crate) fn further_bytes(&self, position: usize) -> usize {
        self.envelope.between.len() + self.slots[position].event.len()
    }

    /// The buffer, where nobody else has a part of it any more.
    pub(crate) fn into_buffer(self) -> Option<Vec<u8>> {
        self.body.try_into_mut().ok().map(Vec::from)
    }
}
