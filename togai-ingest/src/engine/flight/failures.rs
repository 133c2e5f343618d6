//! Requests of a batch that failed without a response which says anything of the events.

use std::sync::Arc;

use futures::lock::OwnedMutexGuard;

use super::super::parts::{Cause, Part, Suspicion};
use crate::backend::Failed;
use crate::session::BatchSize;

/// Parts of a batch that failed without a response which says anything of the events.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) parts: Vec<FailedPart>,
    /// The smallest request of several events that failed.
    pub(super) smallest: Option<BatchSize>,
    /// Keeps other batches of the call from being isolated at the same time.
    pub(super) turn: Option<OwnedMutexGuard<()>>,
    /// Whether a few events are being tried.
    pub(super) is_trial: bool,
}

/// A part that failed.
#[derive(Debug)]
pub(super) struct FailedPart {
    pub(super) part: Part,
    pub(super) failed: Failed,
    /// How many requests had been accepted when it was sent.
    pub(super) accepted_before: u64,
}

impl Failures {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Notes the size of a request of several events that failed.
    pub(super) fn note_size(&mut self, size: BatchSize) {
        let smallest = self.smallest.filter(|smallest| smallest.bytes < size.bytes);
        self.smallest = Some(smallest.unwrap_or(size));
    }

    /// How often a request for a part may be retried. The whole batch was retried already.
    pub(super) fn max_retries(&self, part: &Part) -> Option<u32> {
        matches!(part.cause, Some(Cause::Unanswered { .. })).then_some(u32::from(!self.is_trial))
    }
}

impl FailedPart {
    /// The part to send again, and its failure.
    pub(super) fn into_unanswered(self, accepted_before: u64) -> (Part, Failed) {
        let Self { part, failed, .. } = self;
        let cause = Some(Cause::Unanswered { why: Arc::clone(&failed.reason), accepted_before });
        (Part { positions: part.positions, maybe_applied: true, cause, suspicion: Suspicion::Nothing }, failed)
    }
}
