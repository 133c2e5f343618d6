//! The learned sizes hold how large a request may be, as far as the responses say.

use togai_ingest::test_util::BatchSize;

use crate::evidence::Certainty;

/// What limits the size of a request. It is the index into a [`Size`], too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Events,
    Bytes,
}

/// The events and the bytes of a request.
pub(crate) type Size = [usize; 2];

/// The limits that responses teach, and all that held before.
#[derive(Default)]
pub(crate) struct LearnedSizes {
    passed: Size,
    /// How many requests passed since one was refused for its events, and for its bytes.
    calm: [u32; 2],
    /// The limits after each response.
    limits: Vec<Limit>,
}

/// How large a request may be.
#[derive(Clone, Copy)]
struct Limit {
    size: Size,
    /// Whether it is the limit that the engine has, and not only the most that it may have.
    is_certain: bool,
}

/// After this number of requests that passed, the engine may exceed a limit.
const CALM: u32 = 32;
const NO_LIMIT: Limit = Limit { size: [usize::MAX; 2], is_certain: true };

impl LearnedSizes {
    /// Counts the responses that were learned from.
    pub(crate) fn lessons(&self) -> usize {
        self.limits.len()
    }

    /// Learns from a request that passed.
    pub(crate) fn note_passed(&mut self, size: Size) {
        let Limit { size: mut limit, mut is_certain } = self.limit_after(self.lessons());
        for ((limit, passed), size) in limit.iter_mut().zip(&mut self.passed).zip(size) {
            *passed = size.max(*passed);
            // What was never refused has no limit that could be raised.
            *limit = size.max(*limit);
        }
        for (limit, calm) in limit.iter_mut().zip(&mut self.calm) {
            *calm += 1;
            if *calm >= CALM && *limit < usize::MAX {
                // From here on the engine may try whether the limit still holds.
                (*limit, is_certain) = (usize::MAX, false);
            }
        }
        self.limits.push(Limit { size: limit, is_certain });
    }

    /// Learns from a request that was refused for its size.
    pub(crate) fn note_refused(&mut self, size: Size, dimension: Dimension) {
        let Limit { size: mut limit, is_certain } = self.limit_after(self.lessons());
        let order = match dimension {
            Dimension::Events => [0, 1],
            Dimension::Bytes => [1, 0],
        };
        let cause = order.into_iter().find(|cause| size[*cause] > self.passed[*cause]);
        // A single event cannot be made smaller.
        if size[Dimension::Events as usize] > 1 {
            let cause = cause.unwrap_or_else(|| {
                // What passed before does not pass any more.
                self.passed[order[0]] = size[order[0]] / 2;
                order[0]
            });
            limit[cause] = size[cause].div_ceil(2).max(self.passed[cause]).min(limit[cause]);
            self.calm[cause] = 0;
        }
        self.limits.push(Limit { size: limit, is_certain });
    }

    /// Learns from a request of that many bytes that failed again and again, while all of its events passed in smaller ones.
    pub(crate) fn note_unanswered(&mut self, bytes: usize) {
        let Limit { size: mut limit, is_certain } = self.limit_after(self.lessons());
        let dimension = Dimension::Bytes as usize;
        if bytes > self.passed[dimension] {
            limit[dimension] = bytes.div_ceil(2).max(self.passed[dimension]).min(limit[dimension]);
            self.calm[dimension] = 0;
        }
        self.limits.push(Limit { size: limit, is_certain });
    }

    /// What was said of size was said of a single event, too, so it is not true.
    pub(crate) fn forget_refusals(&mut self) {
        self.limits.push(NO_LIMIT);
    }

    /// The engine may have forgotten which sizes were refused.
    pub(crate) fn note_maybe_forgotten(&mut self) {
        self.limits.push(Limit { is_certain: false, ..NO_LIMIT });
    }

    /// Whether the responses did not limit a request that is within a size, at any time after this number of lessons.
    pub(crate) fn were_unlimited_since(&self, lessons: usize, size: BatchSize) -> Certainty {
        let is_unlimited = |limit: Limit| {
            let holds = Certainty::of(limit.size[0] >= size.events && limit.size[1] >= size.bytes);
            if limit.is_certain { holds } else { holds.min(Certainty::Maybe) }
        };
        let mut each = (lessons..=self.lessons()).map(|lessons| is_unlimited(self.limit_after(lessons)));
        let first = each.next().unwrap_or(Certainty::Maybe);
        each.fold(first, |all, one| if all == one { all } else { Certainty::Maybe })
    }

    /// The most that was allowed at some time after this number of lessons.
    pub(crate) fn most_since(&self, lessons: usize) -> Size {
        let limits = (lessons..=self.lessons()).map(|lessons| self.limit_after(lessons).size);
        limits.fold([0; 2], |most, limit| [most[0].max(limit[0]), most[1].max(limit[1])])
    }

    fn limit_after(&self, lessons: usize) -> Limit {
        lessons.checked_sub(1).map_or(NO_LIMIT, |last| self.limits[last])
    }
}
