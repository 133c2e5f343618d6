//! One number as a series of choices. The smallest number makes the simplest choices, and a failure shrinks to these.

/// The rest of a number that choices are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below another one.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = count.max(1) as u64;
        let choice = self.0 % count;
        self.0 /= count;
        usize::try_from(choice).unwrap_or_default()
    }

    /// The rest, for other choices.
    pub(crate) fn rest(self) -> u64 {
        self.0
    }
}
