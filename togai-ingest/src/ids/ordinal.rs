//! How many events like one came before it, in memory that does not grow.

/// Numbers equal events: 0 for the first, and more for each one after it.
///
/// Counting exactly would take memory for every event of the input. This takes 20 MiB, and what it gives up is only that
/// numbers may be left out: events that are equal always have different numbers, and the same input in the same order
/// always has the same ones. Both are what an id needs. Up to some millions of events the numbers are exact, but for one
/// in many thousands, so they do not depend on the order either.
#[derive(Debug)]
pub(crate) struct Ordinals {
    /// A blocked Bloom filter: which events were there. It never denies one that was.
    blocks: Vec<[u64; 8]>,
    /// A count-min sketch of those that were there before. It never counts too few.
    counts: [Vec<u32>; ROWS],
}

/// 16 MiB, a cache line each.
const BLOCKS: usize = 1 << 18;
const ROWS: usize = 4;
/// 4 MiB in all.
const COLUMNS: usize = 1 << 18;

impl Default for Ordinals {
    fn default() -> Self {
        Self { blocks: vec![[0; 8]; BLOCKS], counts: std::array::from_fn(|_| vec![0; COLUMNS]) }
    }
}

impl Ordinals {
    /// The number of an event, given by a hash of it.
    pub(crate) fn next(&mut self, hash: u128) -> u32 {
        if self.note(hash) { self.count(hash) } else { 0 }
    }

    /// Notes an event, and says whether it was noted before.
    fn note(&mut self, hash: u128) -> bool {
        let block = &mut self.blocks[part(hash, 0, BLOCKS)];
        let mut was_there = true;
        // One bit in each word of the block.
        for (place, word) in block.iter_mut().enumerate() {
            let bit = 1 << part(hash, 18 + 6 * place, 64);
            was_there &= *word & bit != 0;
            *word |= bit;
        }
        was_there
    }

    /// Counts an event that was there before, from 1. Each count of it is larger than the one before: of the counters
    /// that it shares with others the smallest is taken, and none of them is left below it.
    fn count(&mut self, hash: u128) -> u32 {
        // The hash is that of a UUID, so it is mixed again for bits that are independent of the ones above.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let columns: [usize; ROWS] = std::array::from_fn(|row| part(mixed, 56 + 18 * row, COLUMNS));
        let smallest = self.counts.iter().zip(columns).map(|(row, column)| row[column]).min().unwrap_or_default();
        let count = smallest.saturating_add(1);
        for (row, column) in self.counts.iter_mut().zip(columns) {
            row[column] = row[column].max(count);
        }
        count
    }
}

/// Some bits of a hash as a number below a power of two.
fn part(hash: u128, from: usize, below: usize) -> usize {
    let mask = below as u128 - 1;
    usize::try_from(hash >> from & mask).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn hash(number: u32) -> u128 {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_le_bytes()).as_u128()
    }

    #[test]
    fn equal_events_are_numbered_from_0() {
        let mut ordinals = Ordinals::default();
        let numbers: Vec<u32> = [1, 2, 1, 1, 3, 2].map(|number| ordinals.next(hash(number))).into();
        assert_eq!(numbers, [0, 0, 1, 2, 0, 1]);
    }

    #[test]
    fn numbers_of_a_million_events_are_exact() {
        let mut ordinals = Ordinals::default();
        let wrong = (0..1_000_000).filter(|number| ordinals.next(hash(*number)) != 0).count();
        assert!(wrong <= 10, "{wrong}");
    }

    #[test]
    fn equal_events_never_get_the_same_number_even_in_too_little_memory() {
        // A filter that is full, so that everything counts as seen, and more kinds of events than columns.
        let mut ordinals = Ordinals { blocks: vec![[u64::MAX; 8]; BLOCKS], ..Ordinals::default() };
        let mut last = vec![0; COLUMNS + COLUMNS / 4];
        for round in 0..3 {
            for (number, last) in (0..).zip(&mut last) {
                let ordinal = ordinals.next(hash(number));
                assert!(ordinal > *last, "{number} in round {round}");
                *last = ordinal;
            }
        }
    }
}
