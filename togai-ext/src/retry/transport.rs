//! The transport that carries calls through throttling and outages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use togai_api::{BoxFuture, Error, QuotaClass, Request, Transport};
use togai_ingest::{Pace, Session};
use tracing::Instrument as _;

use super::budget::{BudgetBalance, RetryBudget};
use super::retry_loop::{AttemptResult, CallTerms, RetryLoop};
use super::state::{Inner, RetryState};
use super::{CallOptions, RetryPolicy};
use crate::auth::{AccessToken, Auth, Credentials};
use crate::pacing::{QUOTAS, class_index};
use crate::stats::{Counters, Stats};
use crate::trace;

/// Carries calls through.
#[derive(Clone)]
pub(crate) struct Retry {
    state: Arc<RetryState>,
    options: CallOptions,
}

/// The parts that a retry transport is built from.
pub(crate) struct Parts {
    pub(crate) inner: Inner,
    pub(crate) session: Session,
    /// The token; nothing where the transport below adds it.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) policy: RetryPolicy,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) budget: RetryBudget,
}

impl Retry {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { inner, session, credentials, policy, attempt_timeout, budget } = parts;
        let pacers = QUOTAS.map(|quota| session.pacer(quota));
        let state = RetryState {
            inner,
            auth: Auth::new(session.clone(), credentials),
            session,
            policy,
            attempt_timeout,
            budget: BudgetBalance::new(budget),
            pacers,
            counters: Counters::default(),
        };
        Self { state: Arc::new(state), options: CallOptions::new() }
    }

    /// Around the transport of a client that was put together by hand. Without options it never retries.
    pub(crate) fn around(transport: &Arc<dyn Transport>, session: Session) -> Self {
        Self::new(Parts {
            inner: Inner::Other(Box::new(Arc::clone(transport))),
            session,
            credentials: None,
            policy: RetryPolicy::never(),
            attempt_timeout: None,
            budget: RetryBudget::default(),
        })
    }

    pub(crate) fn with(&self, options: CallOptions) -> Self {
        Self { state: Arc::clone(&self.state), options: self.options.clone().merged(options) }
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.state.counters.snapshot();
        for (class, pacer) in
            [&mut stats.ingest, &mut stats.ingest_batch, &mut stats.other].into_iter().zip(&self.state.pacers)
        {
            class.rate = pacer.rate();
        }
        stats
    }

    /// Carries a request through.
    pub(crate) fn call<'a>(&'a self, request: &'a mut Request, terms: CallTerms) -> BoxFuture<'a, AttemptResult> {
        if self.options.headers.is_empty() && self.options.query.is_empty() {
            return self.run(request, terms);
        }
        // The request itself stays as it is, since it may be sent once more.
        let mut request = request.clone();
        request.headers_mut().extend(self.options.headers.clone());
        if !self.options.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(&self.options.query);
        }
        Box::pin(async move { self.run(&mut request, terms).await })
    }

    fn run<'a>(&'a self, request: &'a mut Request, terms: CallTerms) -> BoxFuture<'a, AttemptResult> {
        let span = trace::call(request.operation());
        let run = RetryLoop::new(&self.state, &self.options, request, terms).run(request);
        if span.is_disabled() { Box::pin(run) } else { Box::pin(run.instrument(span)) }
    }

    /// Sets how fast the requests of a quota class are sent.
    pub(crate) fn set_pace(&self, class: QuotaClass, pace: Pace) {
        self.state.pacers[class_index(class)].set_pace(pace);
    }

    /// Puts another token in use.
    pub(crate) fn set_token(&self, token: AccessToken) -> Result<(), Error> {
        self.state.auth.set_token(token)
    }
}

impl Transport for Retry {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, AttemptResult> {
        self.call(request, CallTerms::default())
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Retry")
            .field("policy", &self.state.policy)
            .field("options", &self.options)
            .field("inner", &self.state.inner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
