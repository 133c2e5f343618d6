//! A batch that is being filled.

use bytes::Bytes;

use super::encoded::{Encoded, Slot};
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
        // What an event has left that panicked while it was written.
        self.discard();
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

    /// Takes in the event that was written last. What is to be kept of it is kept afterwards.
    pub(crate) fn push(&mut self, entry: Entry<T>, slot: Slot) {
        self.entries.push(entry);
        self.encoded.slots.push(slot);
    }

    /// Takes the event that was written last, and not yet taken in, into a batch of its own.
    pub(crate) fn carry(&mut self, entry: Entry<T>, mut slot: Slot, buffer: Buffer) -> Self {
        let before = self.encoded.envelope.before.len();
        let mut next = Self::new(self.encoded.envelope, buffer, self.kept.another(self.len()), self.len());
        next.encoded.body.put(self.encoded.event_in(&slot));
        slot.event = before..next.encoded.body.len();
        next.push(entry, slot);
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

#[cfg(test)]
mod tests {
    use super::super::kept::GivenBack;
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
        batch.push(Entry { index: number.into(), tag: () }, slot);
        batch.kept.push(number);
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
        write(&mut batch, "not discarded");
        push(&mut batch, 1, "bb");
        assert_eq!(&batch.freeze().2.body[..], b"<aa,bb>");
    }

    #[test]
    fn an_event_without_room_moves_to_the_next_batch() {
        let mut first = batch();
        let slot = write(&mut first, "dd");
        let mut next = first.carry(Entry { index: 3, tag: () }, slot, Buffer::default());
        next.kept.push(3);
        assert_eq!(&first.freeze().2.body[..], b"<aa,bb,cc>");
        let (entries, kept, encoded) = next.freeze();
        assert_eq!((entries[0].index, encoded.event(0), &encoded.body[..]), (3, &b"dd"[..], &b"<dd>"[..]));
        assert_eq!(kept.give_back(encoded.into()).map(GivenBack::into_event).collect::<Vec<_>>(), [3]);
    }
}
