//! The settings of a call.

use std::time::Duration;

use crate::ids::IdPolicy;
use crate::session::BatchSize;

/// How a call goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How large a batch may be.
    pub max_size: BatchSize,
    /// Batches in flight.
    pub concurrency: usize,
    /// Where ids come from.
    pub ids: IdPolicy,
    /// Whether events are checked before they are sent.
    pub local_checks: bool,
    /// Further requests for a batch that are refused or have no response.
    pub isolation_budget: usize,
    /// How long a batch waits for more events.
    pub linger: Option<Duration>,
    /// Whether sending an event again is harmless when the service may have it.
    pub idempotent: bool,
    /// Whether events are kept that could be read back from their bytes: where all of them come back.
    pub keep_events: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_size: BatchSize { events: 1000, bytes: 4 << 20 },
            concurrency: 4,
            ids: IdPolicy::default(),
            local_checks: true,
            isolation_budget: 128,
            linger: None,
            idempotent: true,
            keep_events: false,
        }
    }
}
