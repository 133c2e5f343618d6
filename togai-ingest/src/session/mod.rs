//! What all clones of a client share.

mod gate;
mod limits;
mod operation;
mod pacer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use gate::{Closed, Pass, TokenGate};
pub use limits::BatchSize;
pub(crate) use limits::Limits;
pub(crate) use operation::OperationState;
pub use pacer::{Pace, Pacer};

use crate::clock::Clock;

/// What all clones of a client share: the clock, the token gate, and the size limits that the server has shown.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use togai_ingest::{BoxFuture, Clock, Session};
///
/// #[derive(Debug)]
/// struct Tokio;
///
/// impl Clock for Tokio {
///     fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
///         Box::pin(tokio::time::sleep(duration))
///     }
/// }
///
/// let session = Session::new(Arc::new(Tokio));
/// assert!(!session.gate().is_proven());
/// ```
///
/// Clones of a session are one and the same. Make one for each client, and give it to every call of that client.
#[derive(Clone, Debug)]
pub struct Session {
    state: Arc<SessionState>,
}

#[derive(Debug)]
struct SessionState {
    clock: Arc<dyn Clock>,
    gate: TokenGate,
    limits: Limits,
    operations: Mutex<BTreeMap<&'static str, Arc<OperationState>>>,
    pacers: Mutex<BTreeMap<&'static str, Arc<Pacer>>>,
}

impl Session {
    /// How long a refused token is left alone where nothing else is set: 10 minutes.
    ///
    /// Services lock an address out after some requests with a bad token: docs.togai.com, for example, says five in 30
    /// minutes.
    pub const PROBE_INTERVAL: Duration = Duration::from_secs(10 * 60);

    /// A session with the default [`PROBE_INTERVAL`](Self::PROBE_INTERVAL).
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_probe_interval(clock, Self::PROBE_INTERVAL)
    }

    /// A session that leaves a refused token alone for an interval.
    pub fn with_probe_interval(clock: Arc<dyn Clock>, interval: Duration) -> Self {
        let (gate, limits) = (TokenGate::new(interval), Limits::default());
        let (operations, pacers) = (Mutex::default(), Mutex::default());
        Self { state: Arc::new(SessionState { clock, gate, limits, operations, pacers }) }
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.state.clock
    }

    /// Whether the token is good.
    pub fn gate(&self) -> &TokenGate {
        &self.state.gate
    }

    /// How fast requests are sent that count against a quota, which the client names as it likes. [`Pace::Off`] until the
    /// client sets another one.
    pub fn pacer(&self, quota: &'static str) -> Arc<Pacer> {
        let mut pacers = self.state.pacers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pacers.entry(quota).or_insert_with(|| Arc::new(Pacer::new(Pace::Off, 1))))
    }

    /// How large a request may be, as far as the server has shown.
    pub(crate) fn limits(&self) -> &Limits {
        &self.state.limits
    }

    /// What all calls to an operation share.
    pub(crate) fn operation(&self, name: &'static str) -> Arc<OperationState> {
        // A map of handles is whole whatever became of the thread that held it.
        let mut operations = self.state.operations.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(operations.entry(name).or_default())
    }
}
