//! A set of indexes, as the ranges that they form.

use std::ops::Range;

/// Indexes in order, without gaps of zero between two ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds indexes, none of which is there yet. Batches end in any order, so ranges are joined to both sides.
    pub(crate) fn add(&mut self, added: Range<u64>) {
        if added.is_empty() {
            return;
        }
        let place = self.0.partition_point(|range| range.end < added.start);
        let Some(range) = self.0.get_mut(place).filter(|range| range.end == added.start || range.start == added.end)
        else {
            self.0.insert(place, added);
            return;
        };
        if range.start == added.end {
            range.start = added.start;
            return;
        }
        range.end = added.end;
        if let Some(next) = self.0.get(place + 1).filter(|next| next.start == added.end) {
            let end = next.end;
            self.0[place].end = end;
            self.0.remove(place + 1);
        }
    }

    /// The first index that is not in the set.
    pub(crate) fn first_missing(&self) -> u64 {
        self.0.first().filter(|range| range.start == 0).map_or(0, |range| range.end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(added: &[Range<u64>], expected: &[Range<u64>], first_missing: u64) {
        let mut ranges = Ranges::default();
        for range in added {
            ranges.add(range.clone());
        }
        assert_eq!((&*ranges.0, ranges.first_missing()), (expected, first_missing));
    }

    #[test]
    fn touching_ranges_join_in_any_order() {
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [0, 2, 4, 1, 3], [3, 0, 4, 1, 2]] {
            check(&order.map(|start| start * 3..start * 3 + 3), &[Range { start: 0, end: 15 }], 15);
        }
    }

    #[test]
    fn ranges_with_gaps_stay_apart() {
        check(&[1..2, 5..9, 3..4], &[1..2, 3..4, 5..9], 0);
        check(&[0..2, 5..9, 3..4, 4..4], &[0..2, 3..4, 5..9], 2);
        check(&[], &[], 0);
    }
}
