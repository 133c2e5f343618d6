//! The decorator that carries a call through: it waits out pauses, repeats, keeps deadlines, counts and traces.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::select;
use reqwest::StatusCode;
use togai_api::{BoxFuture, CallContext, Operation, Transport, TransportError, TransportErrorKind, retry_after};
use tracing::Instrument as _;

use super::RetryPolicy;
use super::backoff::{self, Backoff};
use super::budget::{Account, RetryBudget};
use super::pause::Pauses;
use super::repeatable;
use crate::CallOptions;
use crate::clock::{Clock, SystemClock};
use crate::stats::{Counters, Stats};
use crate::stop::Stop;
use crate::trace;

/// Carries calls through.
#[derive(Clone)]
pub(crate) struct Retry {
    shared: Arc<Shared>,
    options: CallOptions,
}

/// What all clones of a client have in common.
struct Shared {
    inner: Box<dyn Transport>,
    clock: Arc<dyn Clock>,
    policy: RetryPolicy,
    attempt_timeout: Option<Duration>,
    budget: Account,
    pauses: Pauses,
    counters: Counters,
}

/// What a retry transport is made of.
pub(crate) struct Parts {
    pub(crate) inner: Box<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: RetryPolicy,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) budget: RetryBudget,
}

impl Retry {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { inner, clock, policy, attempt_timeout, budget } = parts;
        let shared = Shared {
            inner,
            clock,
            policy,
            attempt_timeout,
            budget: Account::open(budget),
            pauses: Pauses::default(),
            counters: Counters::default(),
        };
        Self { shared: Arc::new(shared), options: CallOptions::new() }
    }

    /// One around the transport of a client that was put together by hand. It repeats nothing unless it is told to.
    pub(crate) fn around(transport: &Arc<dyn Transport>) -> Self {
        Self::new(Parts {
            inner: Box::new(Arc::clone(transport)),
            clock: Arc::new(SystemClock),
            policy: RetryPolicy::never(),
            attempt_timeout: None,
            budget: RetryBudget::default(),
        })
    }

    pub(crate) fn with(&self, options: CallOptions) -> Self {
        Self { shared: Arc::clone(&self.shared), options: self.options.clone().merged(options) }
    }

    /// How long a call may take before its last attempt begins, by deadline and policy.
    pub(crate) fn time_limit(&self) -> Duration {
        let policy = self.options.retry.as_ref().unwrap_or(&self.shared.policy);
        self.options.deadline.map_or(policy.max_elapsed(), |deadline| deadline.min(policy.max_elapsed()))
    }

    /// The deadline of each call.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.options.deadline
    }

    pub(crate) fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }
}

impl Transport for Retry {
    fn execute<'a>(
        &'a self,
        mut request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        for (name, value) in &self.options.headers {
            request.headers_mut().insert(name, value.clone());
        }
        if !self.options.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(&self.options.query);
        }
        let span = trace::call(operation);
        Box::pin(Call::new(self, operation).run(request).instrument(span))
    }
}

/// A call on its way.
struct Call<'a> {
    shared: &'a Shared,
    policy: &'a RetryPolicy,
    operation: &'static Operation,
    start: Instant,
    deadline: Option<Duration>,
    stop: Option<&'a Stop>,
    assume_idempotent: bool,
    backoff: Backoff,
    attempts: u32,
    /// Whether an attempt may have been applied, whatever became of the ones after it.
    maybe_delivered: bool,
}

/// What became of an attempt.
type Answer = Result<reqwest::Response, TransportError>;

/// Why an attempt is worth repeating, and when.
struct Again {
    is_throttled: bool,
    /// What the server asked for.
    asked: Option<Duration>,
    jitter: Duration,
}

impl Again {
    /// How long to wait, where there is so much time; nothing where it does not fit.
    fn wait_within(&self, left: Duration) -> Option<Duration> {
        match self.asked {
            Some(asked) => backoff::spread(asked, self.jitter, left),
            None => Some(self.jitter).filter(|jitter| *jitter <= left),
        }
    }
}

impl<'a> Call<'a> {
    fn new(retry: &'a Retry, operation: &'static Operation) -> Self {
        let shared = &*retry.shared;
        let policy = retry.options.retry.as_ref().unwrap_or(&shared.policy);
        shared.counters.count(operation.quota_class, |counts| counts.calls += 1);
        Self {
            shared,
            policy,
            operation,
            start: shared.clock.now(),
            deadline: retry.options.deadline,
            stop: retry.options.stop.as_ref(),
            assume_idempotent: retry.options.assume_idempotent == Some(true),
            backoff: policy.backoff(),
            attempts: 0,
            maybe_delivered: false,
        }
    }

    async fn run(mut self, request: reqwest::Request) -> Answer {
        let mut current = request;
        // The answer that is handed out should there be no further attempt.
        let mut last: Option<Answer> = None;
        loop {
            if let Err(failure) = self.keep_pause().await {
                // A pause says how long to wait, which the answer before may not have known.
                let is_pause = failure.kind() == TransportErrorKind::Paused;
                return self.finish(last.filter(|_| !is_pause).unwrap_or(Err(failure)));
            }
            // Paid for only now that the wait is over: a call that is dropped while it waits has taken nothing.
            if let Some(answer) = last.take()
                && !is_throttling(&answer)
                && !self.shared.budget.pay_for_a_retry()
            {
                return self.finish(answer);
            }
            // A body that is a stream cannot be sent twice; none of ours is.
            let copy = current.try_clone();
            let answer = self.attempt(current).await;
            let Some(copy) = copy else { return self.finish(answer) };
            let Some(again) = self.again(&answer, &copy) else { return self.finish(answer) };
            let left = self.left();
            let Some(wait) = again.wait_within(left).filter(|_| !left.is_zero()) else { return self.finish(answer) };
            if !again.is_throttled && !self.shared.budget.covers_a_retry() {
                return self.finish(answer);
            }
            self.wait(wait).await;
            last = Some(answer);
            current = copy;
        }
    }

    /// Sends the request once.
    async fn attempt(&mut self, mut request: reqwest::Request) -> Answer {
        self.attempts += 1;
        let is_retry = self.attempts > 1;
        self.shared.counters.count(self.operation.quota_class, |counts| {
            counts.attempts += 1;
            counts.retries += u64::from(is_retry);
        });
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_sub(self.elapsed());
            let limits = [self.shared.attempt_timeout, request.timeout().copied()];
            *request.timeout_mut() = Some(limits.into_iter().flatten().fold(left, Duration::min));
        }
        let span = trace::attempt(self.operation, &request, self.attempts - 1);
        let answer = self.shared.inner.execute(request, self.operation).instrument(span.clone()).await;
        trace::answered(&span, &answer);

        if is_throttling(&answer) {
            self.shared.counters.count(self.operation.quota_class, |counts| counts.throttled += 1);
        } else if answer.as_ref().is_ok_and(|response| !is_failure(response.status())) {
            self.shared.budget.earn();
        }
        answer
    }

    /// Whether and when to try again. What the server asks for is kept by all calls of the class from here on.
    fn again(&mut self, answer: &Answer, request: &reqwest::Request) -> Option<Again> {
        let is_harmless = || {
            self.assume_idempotent
                || repeatable::is_harmless(self.operation, request.body().and_then(reqwest::Body::as_bytes))
        };
        let (is_throttled, asked, is_repeated) = match answer {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                (true, retry_after(response.headers(), self.shared.clock.wall()), true)
            }
            Ok(response) if is_failure(response.status()) => {
                self.maybe_delivered = true;
                (false, retry_after(response.headers(), self.shared.clock.wall()), is_harmless())
            }
            Err(failure) => {
                self.maybe_delivered |= failure.kind().maybe_delivered();
                let is_repeated = match failure.kind() {
                    TransportErrorKind::Connect => true,
                    TransportErrorKind::Timeout | TransportErrorKind::Interrupted => is_harmless(),
                    _ => false,
                };
                (false, None, is_repeated)
            }
            Ok(_) => return None,
        };
        if let (true, Some(asked)) = (is_throttled, asked) {
            self.shared.pauses.extend(self.operation.quota_class, self.shared.clock.now(), asked);
        }
        if !is_repeated || self.attempts >= self.policy.max_attempts() {
            return None;
        }
        let jitter = backoff::jitter(self.backoff.next()?, self.shared.clock.random());
        Some(Again { is_throttled, asked, jitter })
    }

    /// Waits until the server has had the pause that it asked another call for. It is an error where there is not to be
    /// an attempt any more.
    async fn keep_pause(&self) -> Result<(), TransportError> {
        loop {
            if self.stop.is_some_and(Stop::is_said) {
                return Err(TransportError::cancelled(CallContext::default()));
            }
            if self.deadline.is_some_and(|deadline| self.elapsed() >= deadline) {
                return Err(TransportError::deadline(CallContext::default()));
            }
            let now = self.shared.clock.now();
            let Some(left) = self.shared.pauses.left(self.operation.quota_class, now) else { return Ok(()) };
            // Whoever waited comes back a little apart from the others.
            let bound = self.policy.backoff().next().unwrap_or_default();
            let jitter = backoff::jitter(bound, self.shared.clock.random());
            match backoff::spread(left, jitter, self.left()) {
                Some(wait) => self.wait(wait).await,
                None => return Err(TransportError::paused(left, CallContext::default())),
            }
        }
    }

    async fn wait(&self, wait: Duration) {
        self.shared.counters.count(self.operation.quota_class, |counts| {
            counts.waits += 1;
            counts.waited = counts.waited.saturating_add(wait);
        });
        trace::waiting(self.operation, wait);
        let sleep = self.shared.clock.sleep(wait);
        match self.stop {
            Some(stop) => drop(select(sleep, pin!(stop.wait())).await),
            None => sleep.await,
        }
    }

    fn elapsed(&self) -> Duration {
        self.shared.clock.now().saturating_duration_since(self.start)
    }

    /// How long the call may still wait.
    fn left(&self) -> Duration {
        let limit = self.deadline.map_or(self.policy.max_elapsed(), |deadline| deadline.min(self.policy.max_elapsed()));
        limit.saturating_sub(self.elapsed())
    }

    /// Puts down how the call went, where errors and responses look for it.
    fn finish(&self, mut answer: Answer) -> Answer {
        let context = match &mut answer {
            Ok(response) => {
                let extensions = response.extensions_mut();
                if extensions.get::<CallContext>().is_none() {
                    extensions.insert(CallContext::default());
                }
                extensions.get_mut()
            }
            Err(failure) => Some(failure.context_mut()),
        };
        if let Some(context) = context {
            context.attempts = self.attempts;
            context.elapsed = self.elapsed();
            context.maybe_delivered = self.maybe_delivered;
        }
        answer
    }
}

fn is_throttling(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|response| response.status() == StatusCode::TOO_MANY_REQUESTS)
}

/// Statuses of an outage, after which the request may have been applied or not.
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504)
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
