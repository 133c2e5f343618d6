//! Which ids are in flight, or were not long ago.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::encoded::{Encoded, Slot};
use crate::ids::content;
use crate::json::Buffer;

/// How many bytes of batches are remembered that are no longer in flight. More of them would not stay in the caches of
/// the processor, which would make all of ingestion a tenth slower.
const REMEMBERED_BYTES: usize = 1 << 20;

/// The ids of the batch that is being filled, of all batches in flight, and of the last MiB of batches that were
/// accepted. An id is in it once.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: DefaultHashBuilder,
    table: HashTable<Place>,
    /// The batches that are known by their number, from `first` on; nothing where one is forgotten.
    batches: VecDeque<Option<Arc<Encoded<Bytes>>>>,
    first: u32,
    /// Batches that are no longer in flight, the oldest first.
    settled: VecDeque<u32>,
    settled_bytes: usize,
    /// The buffer of a batch that was forgotten, to be used again.
    spare: Vec<u8>,
}

/// Where an event is to be found.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u64,
    batch: u32,
    position: u32,
}

/// How an earlier event with the same id compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameId {
    /// It has the same content.
    SameContent,
    /// It says something else.
    OtherContent,
}

impl Seen {
    pub(crate) fn hash(&self, id: &[u8]) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Looks for another event with the id. `filling` is the batch that has no number yet.
    pub(crate) fn find(&self, hash: u64, id: &[u8], event: &[u8], filling: &Encoded<Buffer>) -> Option<SameId> {
        let place = self.table.find(hash, |place| place.hash == hash && self.id(*place, filling) == Some(id))?;
        let other = match self.batch(place.batch) {
            Some(batch) => batch.event(place.position as usize),
            None => filling.event(place.position as usize),
        };
        let is_same = content::is_same(other, event);
        Some(if is_same { SameId::SameContent } else { SameId::OtherContent })
    }

    fn id<'a>(&'a self, place: Place, filling: &'a Encoded<Buffer>) -> Option<&'a [u8]> {
        let position = place.position as usize;
        match self.batch(place.batch) {
            Some(batch) => Some(batch.id(position)),
            None if place.batch == self.next_number() => Some(filling.id(position)),
            None => None,
        }
    }

    fn batch(&self, number: u32) -> Option<&Encoded<Bytes>> {
        self.batches.get(number.wrapping_sub(self.first) as usize)?.as_deref()
    }

    /// The number that the batch gets that is being filled.
    fn next_number(&self) -> u32 {
        self.first.wrapping_add(u32::try_from(self.batches.len()).unwrap_or_default())
    }

    /// Notes an event of the batch that is being filled.
    pub(crate) fn add(&mut self, hash: u64, position: usize) {
        let place = Place { hash, batch: self.next_number(), position: u32::try_from(position).unwrap_or_default() };
        self.table.insert_unique(hash, place, |place| place.hash);
    }

    /// Gives the batch that was being filled a number.
    pub(crate) fn seal(&mut self, batch: Arc<Encoded<Bytes>>) -> u32 {
        let number = self.next_number();
        self.batches.push_back(Some(batch));
        number
    }

    /// Notes that a batch is no longer in flight. Its ids are remembered for a while, but for those of the events that
    /// were not accepted: who hands one of them in again wants it to be sent.
    pub(crate) fn settle(&mut self, number: u32, is_kept: impl Fn(usize) -> bool) {
        let Some(batch) = self.batches.get(self.place_of(number)).cloned().flatten() else { return };
        for (position, slot) in batch.slots().iter().enumerate() {
            if !is_kept(position) {
                self.remove(number, position, slot);
            }
        }
        self.settled.push_back(number);
        self.settled_bytes += batch.bytes();
        while self.settled_bytes > REMEMBERED_BYTES {
            let Some(oldest) = self.settled.pop_front() else { break };
            self.forget(oldest);
        }
    }

    /// An empty buffer for another batch, with room where one was used before.
    pub(crate) fn take_buffer(&mut self) -> Buffer {
        Buffer::reuse(std::mem::take(&mut self.spare))
    }

    fn forget(&mut self, number: u32) {
        let place = self.place_of(number);
        let Some(batch) = self.batches.get_mut(place).and_then(Option::take) else { return };
        for (position, slot) in batch.slots().iter().enumerate() {
            self.remove(number, position, slot);
        }
        self.settled_bytes -= batch.bytes();
        if let Some(buffer) = Arc::into_inner(batch).and_then(Encoded::into_buffer) {
            self.spare = buffer;
        }
        while let Some(None) = self.batches.front() {
            self.batches.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    fn remove(&mut self, number: u32, position: usize, slot: &Slot) {
        let is_it = |place: &Place| place.batch == number && place.position as usize == position;
        if let Ok(found) = self.table.find_entry(slot.hash, is_it) {
            found.remove();
        }
    }

    fn place_of(&self, number: u32) -> usize {
        number.wrapping_sub(self.first) as usize
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::Envelope;

    use super::super::batch::{Batch, Entry};
    use super::super::kept::Kept;
    use super::*;

    const ENVELOPE: Envelope = Envelope { before: "[", between: ",", after: "]" };

    /// The input of a call. Its events have two letters each: an id and a content.
    struct Input {
        seen: Seen,
        filling: Batch<(), ()>,
    }

    impl Input {
        fn new() -> Self {
            Self { seen: Seen::default(), filling: Self::batch() }
        }

        fn batch() -> Batch<(), ()> {
            Batch::new(ENVELOPE, Buffer::default(), Kept::new(None, 0), 0)
        }

        /// Takes an event in unless there is another with its id.
        fn push(&mut self, event: &str) -> Option<SameId> {
            let hash = self.seen.hash(&event.as_bytes()[..1]);
            let other = self.seen.find(hash, &event.as_bytes()[..1], event.as_bytes(), &self.filling.encoded);
            if other.is_none() {
                self.seen.add(hash, self.filling.len());
                let space = self.filling.space();
                let start = space.len();
                space.put(event.as_bytes());
                let slot = Slot { event: start..space.len(), id: 0..1, hash };
                self.filling.push(Entry { index: 0, tag: () }, slot);
            }
            other
        }

        fn seal(&mut self) -> u32 {
            let filled = std::mem::replace(&mut self.filling, Self::batch());
            self.seen.seal(Arc::new(filled.freeze().2))
        }
    }

    #[test]
    fn an_id_is_found_while_its_batch_is_filled_in_flight_and_accepted() {
        let mut input = Input::new();
        assert_eq!(input.push("a1"), None);
        assert_eq!(input.push("b1"), None);
        let check = |input: &mut Input| {
            assert_eq!((input.push("a1"), input.push("a2")), (Some(SameId::SameContent), Some(SameId::OtherContent)));
        };
        check(&mut input);
        let number = input.seal();
        check(&mut input);
        assert_eq!(input.push("c1"), None);
        input.seal();
        check(&mut input);
        input.seen.settle(number, |_| true);
        check(&mut input);
        assert_eq!(input.push("c1"), Some(SameId::SameContent));
    }

    #[test]
    fn the_id_of_an_event_that_was_not_accepted_is_free_again() {
        let mut input = Input::new();
        assert_eq!((input.push("a1"), input.push("b1")), (None, None));
        let number = input.seal();
        input.seen.settle(number, |position| position != 0);
        assert_eq!((input.push("b2"), input.push("a2")), (Some(SameId::OtherContent), None));
        assert_eq!(input.push("a1"), Some(SameId::OtherContent));
    }

    #[test]
    fn accepted_ids_are_forgotten_after_a_mebibyte_and_ids_in_flight_are_not() {
        let mut input = Input::new();
        let large = "x".repeat(REMEMBERED_BYTES / 2);
        assert_eq!(input.push("a1"), None);
        input.seal();
        assert_eq!(input.push("b1"), None);
        let accepted = input.seal();
        input.seen.settle(accepted, |_| true);
        for id in ["c", "d"] {
            assert_eq!(input.push(&format!("{id}{large}")), None);
            let number = input.seal();
            assert_eq!(input.push("b1"), Some(SameId::SameContent));
            input.seen.settle(number, |_| true);
        }
        assert_eq!((input.push("a1"), input.push("b1")), (Some(SameId::SameContent), None));
        assert!(input.seen.settled_bytes <= REMEMBERED_BYTES);
    }
}
