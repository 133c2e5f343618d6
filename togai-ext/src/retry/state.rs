//! The retry state that all calls of a client share.

use std::time::Duration;

use togai_api::Transport;
use togai_ingest::Session;

use super::RetryPolicy;
use super::budget::BudgetBalance;
use super::pause::Pauses;
use crate::auth::Auth;
use crate::stats::Counters;

/// What all clones of a client share.
pub(super) struct RetryState {
    pub(super) inner: Box<dyn Transport>,
    pub(super) session: Session,
    pub(super) auth: Auth,
    pub(super) policy: RetryPolicy,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) budget: BudgetBalance,
    pub(super) pauses: Pauses,
    pub(super) counters: Counters,
}
