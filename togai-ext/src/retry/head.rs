//! What the head of a response says to all calls of a client.

use std::time::Instant;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use togai_api::{Operation, is_passing_outage, retry_after};
use togai_ingest::Pacer;

use super::state::RetryState;
use crate::auth::AdmittedRequest;

/// The attempt that a head is the answer to.
#[derive(Clone, Copy)]
pub(super) struct SentAttempt<'a> {
    pub(super) state: &'a RetryState,
    pub(super) pacer: &'a Pacer,
    pub(super) operation: &'static Operation,
    pub(super) sent: Instant,
    pub(super) admitted: &'a AdmittedRequest<'a>,
}

impl SentAttempt<'_> {
    /// Notes what a status says of the token, of the quota, and of the budget of retries.
    pub(super) fn note_head(self, status: StatusCode, headers: &HeaderMap) {
        let clock = self.state.session.clock();
        let now = clock.now();
        self.state.auth.note_status(self.admitted, self.operation, status, now);
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.state.counters.count(self.operation.quota_class, |counts| counts.throttled += 1);
            let pause = retry_after(headers, clock.wall());
            self.pacer.throttled(now, self.sent, pause, clock.random());
        } else if !is_passing_outage(status) {
            self.state.budget.earn();
            self.pacer.succeeded(now, self.sent);
        }
    }

    /// The same for a failure alone, whose body is not waited for. Other calls would pay for that: they would send a refused
    /// token again, and send within a pause. A success that does not come whole is none.
    pub(super) fn note_head_of_failure(self, status: StatusCode, headers: &HeaderMap) {
        if !status.is_success() {
            self.note_head(status, headers);
        }
    }
}
