//! The transport that carries calls through throttling and outages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use togai_api::{BoxFuture, Error, Operation, Repeat, Transport};
use tracing::Instrument as _;

use super::RetryPolicy;
use super::budget::{Account, RetryBudget};
use super::call::{Answer, Call, Terms};
use super::pause::Pauses;
use super::shared::Shared;
use crate::auth::{Auth, Credentials};
use crate::stats::{Counters, Stats};
use crate::{AccessToken, CallOptions, trace};
use togai_ingest::Session;

/// Carries calls through.
#[derive(Clone)]
pub(crate) struct Retry {
    shared: Arc<Shared>,
    options: CallOptions,
}

/// What a retry transport is made of.
pub(crate) struct Parts {
    pub(crate) inner: Box<dyn Transport>,
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
        let shared = Shared {
            inner,
            auth: Auth::new(session.clone(), credentials),
            session,
            policy,
            attempt_timeout,
            budget: Account::open(budget),
            pauses: Pauses::default(),
            counters: Counters::default(),
        };
        Self { shared: Arc::new(shared), options: CallOptions::new() }
    }

    /// One around the transport of a client that was put together by hand. It repeats nothing unless it is told to.
    pub(crate) fn around(transport: &Arc<dyn Transport>, session: Session) -> Self {
        Self::new(Parts {
            inner: Box::new(Arc::clone(transport)),
            session,
            credentials: None,
            policy: RetryPolicy::never(),
            attempt_timeout: None,
            budget: RetryBudget::default(),
        })
    }

    pub(crate) fn with(&self, options: CallOptions) -> Self {
        Self { shared: Arc::clone(&self.shared), options: self.options.clone().merged(options) }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Carries a request through.
    pub(crate) fn call<'a>(
        &'a self,
        mut request: reqwest::Request,
        operation: &'static Operation,
        terms: Terms,
    ) -> BoxFuture<'a, Answer> {
        for (name, value) in &self.options.headers {
            request.headers_mut().insert(name, value.clone());
        }
        if !self.options.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(&self.options.query);
        }
        let span = trace::call(operation);
        Box::pin(Call::new(&self.shared, &self.options, operation, terms).run(request).instrument(span))
    }

    /// Puts another token in use.
    pub(crate) fn set_token(&self, token: AccessToken) -> Result<(), Error> {
        self.shared.auth.set_token(token)
    }
}

impl Transport for Retry {
    fn execute<'a>(&'a self, request: reqwest::Request, operation: &'static Operation) -> BoxFuture<'a, Answer> {
        self.execute_with(request, operation, operation.repeat == Repeat::Always)
    }

    fn execute_with<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
        idempotent: bool,
    ) -> BoxFuture<'a, Answer> {
        self.call(request, operation, Terms { idempotent, cancel: None })
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Retry")
            .field("policy", &self.shared.policy)
            .field("options", &self.options)
            .field("inner", &self.shared.inner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
