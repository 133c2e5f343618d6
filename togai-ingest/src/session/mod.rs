//! What all clones of a client share.

mod gate;
mod limits;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use gate::{Closed, Pass, TokenGate};
pub(crate) use limits::{Limits, Room};

use crate::clock::Clock;

/// What all clones of a client share: the clock, whether the token is good, and how large a request may be. Clones of a
/// session are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    gate: TokenGate,
    limits: Limits,
}

/// How long a token is left alone after it was refused, where nothing else is set.
///
/// The API locks an address out after five requests with a bad token in 30 minutes (docs.togai.com, quotas and limits).
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(10 * 60);

impl Session {
    /// A session with the default interval.
    #[cfg(test)]
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_probe_interval(clock, PROBE_INTERVAL)
    }

    pub(crate) fn with_probe_interval(clock: Arc<dyn Clock>, interval: Duration) -> Self {
        Self { shared: Arc::new(Shared { clock, gate: TokenGate::new(interval), limits: Limits::default() }) }
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Whether the token is good.
    pub(crate) fn gate(&self) -> &TokenGate {
        &self.shared.gate
    }

    /// How large a request may be, as far as the server has shown.
    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }
}
