//! Which ids are on their way, or were not long ago.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::batch::{Encoded, Slot};
use crate::ids::content;

/// How many bytes of batches are remembered that are on their way no more. More of them would not stay in the caches of
/// the processor, which would make all of ingestion a tenth slower.
const REMEMBERED_BYTES: usize = 1 << 20;

/// The ids of the batch that is being filled, of all batches on their way, and of the last MiB of batches that were
/// accepted. An id is in it once.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: DefaultHashBuilder,
    table: HashTable<Place>,
    /// The batches that are known by their number, from `first` on; nothing where one is forgotten.
    batches: VecDeque<Option<Arc<Encoded<Bytes>>>>,
    first: u32,
    /// Batches that are on their way no more, the oldest first.
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

/// What another event with the same id is to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// Equal in all it says.
    Same,
    Different,
}

impl Seen {
    pub(crate) fn hash(&self, id: &[u8]) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Looks for another event with the id. `filling` is the batch that has no number yet.
    pub(crate) fn find(&self, hash: u64, id: &[u8], event: &[u8], filling: &Encoded<Vec<u8>>) -> Option<Other> {
        let place = self.table.find(hash, |place| place.hash == hash && self.id(*place, filling) == Some(id))?;
        let other = match self.batch(place.batch) {
            Some(batch) => batch.event(place.position as usize),
            None => filling.event(place.position as usize),
        };
        let is_same = content::is_same(other, event);
        Some(if is_same { Other::Same } else { Other::Different })
    }

    fn id<'a>(&'a self, place: Place, filling: &'a Encoded<Vec<u8>>) -> Option<&'a [u8]> {
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

    /// Notes that a batch is on its way no more. Its ids are remembered for a while, but for those of the events that
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
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare)
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
    use super::*;

    const ENVELOPE: Envelope = Envelope { before: "[", between: ",", after: "]" };

    /// A call that hands in events of two letters each: an id, and something to say.
    struct Call {
        seen: Seen,
        filling: Batch<(), ()>,
    }

    impl Call {
        fn new() -> Self {
            Self { seen: Seen::default(), filling: Batch::new(ENVELOPE, Vec::new(), 0) }
        }

        /// Takes an event in unless there is another with its id.
        fn push(&mut self, event: &str) -> Option<Other> {
            let hash = self.seen.hash(&event.as_bytes()[..1]);
            let other = self.seen.find(hash, &event.as_bytes()[..1], event.as_bytes(), &self.filling.encoded);
            if other.is_none() {
                self.seen.add(hash, self.filling.len());
                let space = self.filling.space();
                let start = space.len();
                space.extend_from_slice(event.as_bytes());
                let slot = Slot { event: start..space.len(), id: 0..1, hash };
                self.filling.push(Entry { index: 0, event: (), tag: () }, slot);
            }
            other
        }

        fn seal(&mut self) -> u32 {
            let filled = std::mem::replace(&mut self.filling, Batch::new(ENVELOPE, Vec::new(), 0));
            self.seen.seal(Arc::new(filled.freeze().1))
        }
    }

    #[test]
    fn an_id_is_found_while_its_batch_is_filled_on_its_way_and_accepted() {
        let mut call = Call::new();
        assert_eq!(call.push("a1"), None);
        assert_eq!(call.push("b1"), None);
        let check = |call: &mut Call| {
            assert_eq!((call.push("a1"), call.push("a2")), (Some(Other::Same), Some(Other::Different)));
        };
        check(&mut call);
        let number = call.seal();
        check(&mut call);
        assert_eq!(call.push("c1"), None);
        call.seal();
        check(&mut call);
        call.seen.settle(number, |_| true);
        check(&mut call);
        assert_eq!(call.push("c1"), Some(Other::Same));
    }

    #[test]
    fn an_event_that_was_not_accepted_may_come_again() {
        let mut call = Call::new();
        assert_eq!((call.push("a1"), call.push("b1")), (None, None));
        let number = call.seal();
        call.seen.settle(number, |position| position != 0);
        assert_eq!((call.push("b2"), call.push("a2")), (Some(Other::Different), None));
        assert_eq!(call.push("a1"), Some(Other::Different));
    }

    #[test]
    fn what_was_accepted_is_forgotten_after_some_megabytes_and_what_is_on_its_way_is_not() {
        let mut call = Call::new();
        let large = "x".repeat(REMEMBERED_BYTES / 2);
        assert_eq!(call.push("a1"), None);
        call.seal();
        assert_eq!(call.push("b1"), None);
        let accepted = call.seal();
        call.seen.settle(accepted, |_| true);
        for id in ["c", "d"] {
            assert_eq!(call.push(&format!("{id}{large}")), None);
            let number = call.seal();
            assert_eq!(call.push("b1"), Some(Other::Same));
            call.seen.settle(number, |_| true);
        }
        assert_eq!((call.push("a1"), call.push("b1")), (Some(Other::Same), None));
        assert!(call.seen.settled_bytes <= REMEMBERED_BYTES);
    }
}
