//! The retry state that all calls of a client share.

use std::sync::Arc;
use std::time::Duration;

use togai_api::{HttpTransport, Transport};
use togai_ingest::{Pacer, Session};

use super::RetryPolicy;
use super::budget::BudgetBalance;
use crate::auth::Auth;
use crate::stats::Counters;

/// The transport below the retries.
#[derive(Debug)]
pub(crate) enum Inner {
    /// The one at the bottom, whose exchange needs no box.
    Http(HttpTransport),
    Other(Box<dyn Transport>),
}

/// What all clones of a client share.
pub(super) struct RetryState {
    pub(super) inner: Inner,
    pub(super) session: Session,
    pub(super) auth: Auth,
    pub(super) policy: RetryPolicy,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) budget: BudgetBalance,
    /// One for each quota class.
    pub(super) pacers: [Arc<Pacer>; 3],
    pub(super) counters: Counters,
}
