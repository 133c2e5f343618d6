//! One call, carried through: it waits out pauses, retries, keeps deadlines, counts and traces.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::{Either, FutureExt as _, select};
use reqwest::StatusCode;
use togai_api::{CallContext, Operation, TransportError, TransportErrorKind, is_passing_outage, retry_after};
use tracing::Instrument as _;

use super::RetryPolicy;
use super::backoff::{self, Backoff};
use super::shared::Shared;
use crate::auth::Admitted;
use crate::{CallOptions, trace};
use togai_ingest::Cancel;

/// What a caller says with a request.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Whether sending it twice has the effect of sending it once.
    pub(crate) idempotent: bool,
    /// After this signal no further attempt starts.
    pub(crate) cancel: Option<Cancel>,
}

/// A call in flight.
pub(super) struct Call<'a> {
    shared: &'a Shared,
    policy: &'a RetryPolicy,
    operation: &'static Operation,
    terms: Terms,
    start: Instant,
    deadline: Option<Duration>,
    backoff: Backoff,
    attempts: u32,
    /// How long it has waited for another call to try the token. That is no part of the time for retries.
    held_up: Duration,
    /// Whether the provider was asked for another token.
    has_renewed: bool,
    /// Whether an attempt may have been applied, whatever became of the ones after it.
    maybe_delivered: bool,
}

/// What became of an attempt.
pub(super) type Answer = Result<reqwest::Response, TransportError>;

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
    pub(super) fn new(
        shared: &'a Shared,
        options: &'a CallOptions,
        operation: &'static Operation,
        terms: Terms,
    ) -> Self {
        let policy = options.retry.as_ref().unwrap_or(&shared.policy);
        shared.counters.count(operation.quota_class, |counts| counts.calls += 1);
        Self {
            shared,
            policy,
            operation,
            terms,
            start: shared.session.clock().now(),
            deadline: options.deadline,
            backoff: policy.backoff(),
            attempts: 0,
            held_up: Duration::ZERO,
            has_renewed: false,
            maybe_delivered: false,
        }
    }

    pub(super) async fn run(mut self, request: reqwest::Request) -> Answer {
        let mut current = request;
        // The answer that is handed out should there be no further attempt.
        let mut last: Option<Answer> = None;
        loop {
            let admitted = match self.admit().await {
                Ok(admitted) => admitted,
                Err(failure) => return self.finish(last_word(last, failure)),
            };
            // Paid for only now that the wait is over: a call that is dropped while it waits has taken nothing.
            if let Some(answer) = last.take()
                && was_carried_out(&answer)
                && !self.shared.budget.pay_for_a_retry()
            {
                return self.finish(answer);
            }
            // A body that is a stream cannot be sent twice; none of ours is.
            let copy = current.try_clone();
            let answer = self.attempt(current, &admitted).await;
            let Some(copy) = copy else { return self.finish(answer) };
            if is_unauthorized(&answer) {
                if !self.renew(&admitted).await {
                    return self.finish(answer);
                }
            } else {
                drop(admitted);
                let Some(again) = self.again(&answer) else { return self.finish(answer) };
                let left = self.left();
                let Some(wait) = again.wait_within(left).filter(|_| !left.is_zero()) else {
                    return self.finish(answer);
                };
                if !again.is_throttled && !self.shared.budget.covers_a_retry() {
                    return self.finish(answer);
                }
                self.wait(wait).await;
            }
            last = Some(answer);
            current = copy;
        }
    }

    /// Sends the request once.
    async fn attempt(&mut self, mut request: reqwest::Request, admitted: &Admitted<'_>) -> Answer {
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
        admitted.authorize(&mut request);
        let span = trace::attempt(self.operation, &request, self.attempts - 1);
        let sent = self.shared.inner.execute_with(request, self.operation, self.terms.idempotent);
        let mut answer = sent.instrument(span.clone()).await;
        trace::answered(&span, &answer);
        self.shared.auth.settle(admitted, self.operation, &mut answer);
        if is_throttling(&answer) {
            self.shared.counters.count(self.operation.quota_class, |counts| counts.throttled += 1);
        } else if answer.as_ref().is_ok_and(|response| !is_passing_outage(response.status())) {
            self.shared.budget.earn();
        }
        answer
    }

    /// Asks for another token once. A refused request was not carried out, so it may be sent again whatever it does.
    async fn renew(&mut self, refused: &Admitted<'_>) -> bool {
        if std::mem::replace(&mut self.has_renewed, true) {
            return false;
        }
        let renewal = pin!(self.shared.auth.renew_after(refused));
        self.within(renewal).await.is_ok_and(|is_renewed| is_renewed)
    }

    /// Whether and when to try again. What the server asks for is kept by all calls of the class from here on.
    fn again(&mut self, answer: &Answer) -> Option<Again> {
        let idempotent = self.terms.idempotent;
        let (is_throttled, asked, is_repeated) = match answer {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                (true, retry_after(response.headers(), self.shared.session.clock().wall()), true)
            }
            Ok(response) if is_passing_outage(response.status()) => {
                self.maybe_delivered = true;
                (false, retry_after(response.headers(), self.shared.session.clock().wall()), idempotent)
            }
            Err(failure) => {
                self.maybe_delivered |= failure.kind().maybe_delivered();
                let is_repeated = match failure.kind() {
                    TransportErrorKind::Connect => true,
                    TransportErrorKind::Timeout | TransportErrorKind::Interrupted => idempotent,
                    _ => false,
                };
                (false, None, is_repeated)
            }
            Ok(_) => return None,
        };
        if let (true, Some(asked)) = (is_throttled, asked) {
            self.shared.pauses.extend(self.operation.quota_class, self.shared.session.clock().now(), asked);
        }
        if !is_repeated || self.attempts >= self.policy.max_attempts() {
            return None;
        }
        let jitter = backoff::jitter(self.backoff.next()?, self.shared.session.clock().random());
        Some(Again { is_throttled, asked, jitter })
    }

    /// Waits until the request may be sent. It is an error where there is to be no attempt any more.
    async fn admit(&mut self) -> Result<Admitted<'a>, TransportError> {
        loop {
            self.keep_pause().await?;
            let shared = self.shared;
            let before = shared.session.clock().now();
            let admission = pin!(shared.auth.admit(self.operation));
            let admitted = self.within(admission).await??;
            let now = shared.session.clock().now();
            self.held_up += now.saturating_duration_since(before);
            // In that time the call may have been cancelled or be over, or the server have asked for a pause.
            let is_paused = shared.pauses.left(self.operation.quota_class, now).is_some();
            if !is_paused && self.check_time_left().is_ok() {
                return Ok(admitted);
            }
        }
    }

    /// Waits for something, but no longer than the call may take.
    async fn within<T>(&self, what: impl Future<Output = T> + Unpin) -> Result<T, TransportError> {
        // Mostly there is nothing to wait for.
        let what = match select(what, std::future::ready(())).await {
            Either::Left((value, _)) => return Ok(value),
            Either::Right(((), what)) => what,
        };
        // It is no retry, so the time for retries is no reason to give up before an attempt would have.
        let limit = self.left().max(self.shared.attempt_timeout.unwrap_or_default());
        let left = self.deadline.map_or(limit, |deadline| deadline.saturating_sub(self.elapsed()));
        let late = self.shared.session.clock().sleep(left);
        let end = match &self.terms.cancel {
            Some(cancel) => {
                select(late, Box::pin(cancel.cancelled())).map(|end| matches!(end, Either::Left(_))).left_future()
            }
            None => late.map(|()| true).right_future(),
        };
        match select(what, pin!(end)).await {
            Either::Left((value, _)) => Ok(value),
            Either::Right((true, _)) => Err(TransportError::new(
                TransportErrorKind::Deadline,
                "it waited for another call to try the token, or for the token provider",
                CallContext::default(),
            )),
            Either::Right((false, _)) => Err(TransportError::cancelled(CallContext::default())),
        }
    }

    /// Waits until the server has had the pause that it asked another call for. It is an error where there is to be no
    /// attempt any more.
    async fn keep_pause(&self) -> Result<(), TransportError> {
        loop {
            self.check_time_left()?;
            let now = self.shared.session.clock().now();
            let Some(left) = self.shared.pauses.left(self.operation.quota_class, now) else { return Ok(()) };
            // Whoever waited comes back a little apart from the others.
            let bound = self.policy.backoff().next().unwrap_or_default();
            let jitter = backoff::jitter(bound, self.shared.session.clock().random());
            match backoff::spread(left, jitter, self.left()) {
                Some(wait) => self.wait(wait).await,
                None => return Err(TransportError::paused(left, CallContext::default())),
            }
        }
    }

    /// Fails where the call was cancelled, or its time is over.
    fn check_time_left(&self) -> Result<(), TransportError> {
        if self.terms.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(TransportError::cancelled(CallContext::default()));
        }
        if self.deadline.is_some_and(|deadline| self.elapsed() >= deadline) {
            return Err(TransportError::deadline(CallContext::default()));
        }
        Ok(())
    }

    async fn wait(&self, wait: Duration) {
        self.shared.counters.count(self.operation.quota_class, |counts| {
            counts.waits += 1;
            counts.waited = counts.waited.saturating_add(wait);
        });
        trace::waiting(self.operation, wait);
        let sleep = self.shared.session.clock().sleep(wait);
        match &self.terms.cancel {
            Some(cancel) => drop(select(sleep, pin!(cancel.cancelled())).await),
            None => sleep.await,
        }
    }

    fn elapsed(&self) -> Duration {
        self.shared.session.clock().now().saturating_duration_since(self.start)
    }

    /// How long the call may still wait.
    fn left(&self) -> Duration {
        let elapsed = self.elapsed();
        let for_retries = self.policy.max_elapsed().saturating_sub(elapsed.saturating_sub(self.held_up));
        self.deadline.map_or(for_retries, |deadline| deadline.saturating_sub(elapsed).min(for_retries))
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
            context.maybe_delivered |= self.maybe_delivered;
            context.idempotent = Some(self.terms.idempotent);
        }
        answer
    }
}

fn is_throttling(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|response| response.status() == StatusCode::TOO_MANY_REQUESTS)
}

fn is_unauthorized(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|response| response.status() == StatusCode::UNAUTHORIZED)
}

/// Whether the server did something for the request. A retry of one that it turned away takes nothing from the budget.
fn was_carried_out(answer: &Answer) -> bool {
    !is_throttling(answer) && !is_unauthorized(answer)
}

/// What a call ends with that is kept from a further attempt: the answer to the one before, unless the reason says more.
fn last_word(last: Option<Answer>, failure: TransportError) -> Answer {
    match (failure.kind(), last) {
        // A pause says how long to wait, which the answer before may not have known.
        (TransportErrorKind::Paused, _) | (_, None) => Err(failure),
        // So does a gate that another call has closed.
        (TransportErrorKind::TokenRefused | TransportErrorKind::Forbidden, Some(answer))
            if !is_unauthorized(&answer) =>
        {
            Err(failure)
        }
        (_, Some(answer)) => answer,
    }
}
