//! A batch: its events, and the bytes that they are sent as.

use std::ops::Range;

use bytes::Bytes;

use super::kept::Kept;
use crate::backend::Envelope;
use crate::json::Buffer;

/// An event that has been taken in, without what it says.
#[derive(Debug)]
pub struct Entry<T> {
    /// Its place in the input.
    pub index: u64,
    /// Its tag.
    pub tag: T,
}

/// A batch that is being filled. Events are encoded once, side by side.
pub(crate) struct Batch<E, T> {
    pub(crate) entries: Vec<Entry<T>>,
    pub(crate) kept: Kept<E>,
    pub(crate) encoded: Encoded<Buffer>,
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
    /// A batch that is written to an empty buffer, and is expected to have so many events.
    pub(crate) fn new(envelope: Envelope, mut body: Buffer, kept: Kept<E>, events: usize) -> Self {
        body.put(envelope.before.as_bytes());
        let encoded = Encoded { body, slots: Vec::with_capacity(events), envelope };
        Self { entries: Vec::with_capacity(events), kept, encoded }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes a request of it has.
    pub(crate) fn bytes(&self) -> usize {
        self.encoded.body.len() + self.encoded.envelope.after.len()
    }

    /// Where the next event is to be written: the end of the buffer, behind what stands between two events.
    pub(crate) fn space(&mut self) -> &mut Buffer {
        if !self.entries.is_empty() {
            self.encoded.body.put(self.encoded.envelope.between.as_bytes());
        }
        &mut self.encoded.body
    }

    /// Takes away what was written since the last event.
    pub(crate) fn discard(&mut self) {
        let end = self.encoded.slots.last().map_or(self.encoded.envelope.before.len(), |slot| slot.event.end);
        self.encoded.body.truncate(end);
    }

    /// Takes in the event that was written last.
    pub(crate) fn push(&mut self, entry: Entry<T>, event: impl FnOnce() -> E, slot: Slot) {
        self.entries.push(entry);
        self.kept.push(event);
        self.encoded.slots.push(slot);
    }

    /// Takes the event that was written last, and not yet taken in, into a batch of its own.
    pub(crate) fn carry(&mut self, entry: Entry<T>, event: impl FnOnce() -> E, mut slot: Slot, buffer: Buffer) -> Self {
        let before = self.encoded.envelope.before.len();
        let mut next = Self::new(self.encoded.envelope, buffer, self.kept.another(self.len()), self.len());
        next.encoded.body.put(self.encoded.event_in(&slot));
        slot.event = before..next.encoded.body.len();
        next.push(entry, event, slot);
        self.discard();
        next
    }

    /// The events, and the body of the request without a copy.
    pub(crate) fn freeze(self) -> (Vec<Entry<T>>, Kept<E>, Encoded<Bytes>) {
        let Encoded { mut body, slots, envelope } = self.encoded;
        body.put(envelope.after.as_bytes());
        (self.entries, self.kept, Encoded { body: body.into_vec().into(), slots, envelope })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: Envelope = Envelope { before: "<", between: ",", after: ">" };

    fn empty() -> Batch<u8, ()> {
        Batch::new(ENVELOPE, Buffer::default(), Kept::new(None, 0), 0)
    }

    fn write(batch: &mut Batch<u8, ()>, text: &str) -> Slot {
        let space = batch.space();
        let start = space.len();
        space.put(text.as_bytes());
        Slot { event: start..space.len(), id: 0..1, hash: 0 }
    }

    fn push(batch: &mut Batch<u8, ()>, number: u8, text: &str) {
        let slot = write(batch, text);
        batch.push(Entry { index: number.into(), tag: () }, || number, slot);
    }

    fn batch() -> Batch<u8, ()> {
        let mut batch = empty();
        for (number, text) in (0..).zip(["aa", "bb", "cc"]) {
            push(&mut batch, number, text);
        }
        batch
    }

    #[test]
    fn events_are_encoded_side_by_side() {
        assert_eq!(batch().bytes(), 10);
        let (entries, _, encoded) = batch().freeze();
        assert_eq!((entries.len(), &encoded.body[..]), (3, &b"<aa,bb,cc>"[..]));
        assert_eq!((encoded.event(1), encoded.id(1)), (&b"bb"[..], &b"b"[..]));
    }

    #[test]
    fn a_request_of_a_part_has_the_bytes_of_the_batch() {
        let (_, _, encoded) = batch().freeze();
        for (positions, body) in [(&[0, 2][..], "<aa,cc>"), (&[1], "<bb>"), (&[0, 1, 2], "<aa,bb,cc>")] {
            assert_eq!((encoded.request(positions), encoded.request_bytes(positions)), (body.into(), body.len()));
        }
        // All of them are the body itself and no copy.
        assert_eq!(encoded.request(&[0, 1, 2]).as_ptr(), encoded.body.as_ptr());
    }

    #[test]
    fn a_discarded_event_leaves_nothing_behind() {
        let mut batch = empty();
        write(&mut batch, "x");
        batch.discard();
        push(&mut batch, 0, "aa");
        write(&mut batch, "x");
        batch.discard();
        push(&mut batch, 1, "bb");
        assert_eq!(&batch.freeze().2.body[..], b"<aa,bb>");
    }

    #[test]
    fn an_event_without_room_moves_to_the_next_batch() {
        let mut first = batch();
        let slot = write(&mut first, "dd");
        let next = first.carry(Entry { index: 3, tag: () }, || 3, slot, Buffer::default());
        assert_eq!(&first.freeze().2.body[..], b"<aa,bb,cc>");
        let (entries, kept, encoded) = next.freeze();
        assert_eq!((entries[0].index, encoded.event(0), &encoded.body[..]), (3, &b"dd"[..], &b"<dd>"[..]));
        assert_eq!(kept.give_back(encoded.into()).collect::<Vec<_>>(), [3]);
    }
}
