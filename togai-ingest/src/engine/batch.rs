//! A batch: its events, and the bytes that they are sent as.

use std::ops::Range;

use bytes::Bytes;

use crate::backend::Envelope;

/// An event that has been taken in, without its bytes.
#[derive(Debug)]
pub struct Entry<E, T> {
    /// Its place in the input.
    pub index: u64,
    /// What comes back of it.
    pub event: E,
    /// Its tag.
    pub tag: T,
}

/// A batch that is being filled. Events are encoded once, side by side.
pub(crate) struct Batch<E, T> {
    pub(crate) entries: Vec<Entry<E, T>>,
    pub(crate) encoded: Encoded<Vec<u8>>,
}

/// The events of a batch as they are sent, with where each of them stands.
#[derive(Debug)]
pub struct Encoded<B> {
    body: B,
    slots: Vec<Slot>,
    envelope: Envelope,
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

impl<E, T> Batch<E, T> {
    /// A batch that is written to a buffer, and is expected to have so many events.
    pub(crate) fn new(envelope: Envelope, mut body: Vec<u8>, events: usize) -> Self {
        body.clear();
        body.extend_from_slice(envelope.before.as_bytes());
        let encoded = Encoded { body, slots: Vec::with_capacity(events), envelope };
        Self { entries: Vec::with_capacity(events), encoded }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes a request of it has.
    pub(crate) fn bytes(&self) -> usize {
        self.encoded.body.len() + self.encoded.envelope.after.len()
    }

    /// Where the next event is to be written: the end of the buffer, behind what stands between two events.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        if !self.entries.is_empty() {
            self.encoded.body.extend_from_slice(self.encoded.envelope.between.as_bytes());
        }
        &mut self.encoded.body
    }

    /// Takes away what was written since the last event.
    pub(crate) fn discard(&mut self) {
        let end = self.encoded.slots.last().map_or(self.encoded.envelope.before.len(), |slot| slot.event.end);
        self.encoded.body.truncate(end);
    }

    /// Takes in the event that was written last.
    pub(crate) fn push(&mut self, entry: Entry<E, T>, slot: Slot) {
        self.entries.push(entry);
        self.encoded.slots.push(slot);
    }

    /// Takes the event that was written last, and not yet taken in, into a batch of its own.
    pub(crate) fn carry(&mut self, entry: Entry<E, T>, mut slot: Slot, buffer: Vec<u8>) -> Self {
        let before = self.encoded.envelope.before.len();
        let mut next = Self::new(self.encoded.envelope, buffer, self.len());
        next.encoded.body.extend_from_slice(&self.encoded.body[slot.event.clone()]);
        slot.event = before..next.encoded.body.len();
        next.push(entry, slot);
        self.discard();
        next
    }

    /// The events, and the body of the request without a copy.
    pub(crate) fn freeze(mut self) -> (Vec<Entry<E, T>>, Encoded<Bytes>) {
        let Encoded { body, slots, envelope } = &mut self.encoded;
        body.extend_from_slice(envelope.after.as_bytes());
        let body = Bytes::from(std::mem::take(body));
        (self.entries, Encoded { body, slots: std::mem::take(slots), envelope: *envelope })
    }
}

impl<B: AsRef<[u8]>> Encoded<B> {
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn event(&self, position: usize) -> &[u8] {
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
    /// The body of a request of some of the events, by the bytes that are there already.
    pub(crate) fn request(&self, positions: &[usize]) -> Bytes {
        if positions.len() == self.slots.len() {
            return self.body.clone();
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

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: Envelope = Envelope { before: "<", between: ",", after: ">" };

    fn write(batch: &mut Batch<u8, ()>, text: &str) -> Slot {
        let space = batch.space();
        let start = space.len();
        space.extend_from_slice(text.as_bytes());
        Slot { event: start..space.len(), id: 0..1, hash: 0 }
    }

    fn push(batch: &mut Batch<u8, ()>, number: u8, text: &str) {
        let slot = write(batch, text);
        batch.push(Entry { index: number.into(), event: number, tag: () }, slot);
    }

    fn batch() -> Batch<u8, ()> {
        let mut batch = Batch::new(ENVELOPE, Vec::new(), 0);
        for (number, text) in (0..).zip(["aa", "bb", "cc"]) {
            push(&mut batch, number, text);
        }
        batch
    }

    #[test]
    fn events_are_encoded_side_by_side() {
        assert_eq!(batch().bytes(), 10);
        let (entries, encoded) = batch().freeze();
        assert_eq!((entries.len(), &encoded.body[..]), (3, &b"<aa,bb,cc>"[..]));
        assert_eq!((encoded.event(1), encoded.id(1)), (&b"bb"[..], &b"b"[..]));
    }

    #[test]
    fn a_request_of_a_part_has_the_bytes_of_the_batch() {
        let (_, encoded) = batch().freeze();
        for (positions, body) in [(&[0, 2][..], "<aa,cc>"), (&[1], "<bb>"), (&[0, 1, 2], "<aa,bb,cc>")] {
            assert_eq!((encoded.request(positions), encoded.request_bytes(positions)), (body.into(), body.len()));
        }
        // All of them are the body itself and no copy.
        assert_eq!(encoded.request(&[0, 1, 2]).as_ptr(), encoded.body.as_ptr());
    }

    #[test]
    fn a_discarded_event_leaves_nothing_behind() {
        let mut batch = Batch::new(ENVELOPE, Vec::new(), 0);
        write(&mut batch, "x");
        batch.discard();
        push(&mut batch, 0, "aa");
        write(&mut batch, "x");
        batch.discard();
        push(&mut batch, 1, "bb");
        assert_eq!(&batch.freeze().1.body[..], b"<aa,bb>");
    }

    #[test]
    fn an_event_without_room_moves_to_the_next_batch() {
        let mut first = batch();
        let slot = write(&mut first, "dd");
        let next = first.carry(Entry { index: 3, event: 3, tag: () }, slot, Vec::new());
        assert_eq!(&first.freeze().1.body[..], b"<aa,bb,cc>");
        let (entries, encoded) = next.freeze();
        assert_eq!((entries[0].event, encoded.event(0), &encoded.body[..]), (3, &b"dd"[..], &b"<dd>"[..]));
    }
}
