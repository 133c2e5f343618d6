//! The retry loop of a call: it waits out pauses, retries, keeps deadlines, counts and traces.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::{Either, FutureExt as _, select};
use reqwest::StatusCode;
use togai_api::{
    CallContext, Lent, Operation, Request, Response, RetryStop, TransportError, TransportErrorKind, is_passing_outage,
    retry_after,
};
use togai_ingest::{CancelSignal, Pacer};
use tracing::Instrument as _;

use super::backoff::{self, Backoff};
use super::head::SentAttempt;
use super::state::{Inner, RetryState};
use super::{CallOptions, RetryPolicy};
use crate::auth::AdmittedRequest;
use crate::pacing::class_index;
use crate::trace;

/// The terms of a call that its caller sets for each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallTerms {
    /// After this signal no further attempt starts.
    pub(crate) cancel: Option<CancelSignal>,
    /// How many retries after failures there are at most, beside what the policy says; they take nothing from the budget of
    /// all calls. Throttling is no failure.
    pub(crate) max_retries: Option<u32>,
    /// Whether throttling counts neither against the attempts nor against the time, as long as requests of the quota class
    /// get through.
    pub(crate) outlasts_throttling: bool,
}

/// The retry loop of a call in flight.
pub(super) struct RetryLoop<'a> {
    state: &'a RetryState,
    pacer: &'a Pacer,
    policy: &'a RetryPolicy,
    operation: &'static Operation,
    idempotent: bool,
    terms: CallTerms,
    start: Instant,
    deadline: Option<Duration>,
    /// How long an attempt may take without a deadline.
    timeout: Option<Duration>,
    backoff: Backoff,
    attempts: u32,
    /// When the last one was sent.
    sent: Instant,
    /// How many attempts failed otherwise than by throttling.
    failures: u32,
    /// Since when requests of the class are throttled, as far as this call has seen.
    throttled_since: Option<Instant>,
    /// How long it has waited for its turns and for another call to probe the token. This does not count as retry time.
    free_wait: Duration,
    /// Whether it has asked the provider for another token.
    has_renewed: bool,
    /// Whether an attempt may have been applied, whatever became of the ones after it.
    maybe_delivered: bool,
    /// What kept it from another attempt.
    stopped_by: Option<RetryStop>,
}

/// What a call was waiting for whose time was over.
const WAITED_FOR_TOKEN: &str = "it waited for another call to try the token, or for the token provider";
const WAITED_FOR_TURN: &str = "it waited for its turn, since more calls are made than the quota takes";

/// The result of an attempt.
pub(super) type AttemptResult = Result<Response, TransportError>;

impl<'a> RetryLoop<'a> {
    pub(super) fn new(state: &'a RetryState, options: &'a CallOptions, request: &Request, terms: CallTerms) -> Self {
        let operation = request.operation();
        let policy = options.retry.as_ref().unwrap_or(&state.policy);
        state.counters.count(operation.quota_class, |counts| counts.calls += 1);
        let start = state.session.clock().now();
        Self {
            state,
            pacer: &state.pacers[class_index(operation.quota_class)],
            policy,
            operation,
            idempotent: request.is_idempotent(),
            // A policy of one attempt makes one, throttled or not.
            terms: CallTerms { outlasts_throttling: terms.outlasts_throttling && policy.max_attempts() > 1, ..terms },
            start,
            deadline: options.deadline,
            timeout: request.timeout(),
            backoff: policy.backoff(),
            attempts: 0,
            sent: start,
            failures: 0,
            throttled_since: None,
            free_wait: Duration::ZERO,
            has_renewed: false,
            maybe_delivered: false,
            stopped_by: None,
        }
    }

    pub(super) async fn run(mut self, request: &mut Request) -> AttemptResult {
        let mut lent = Lent::new(request);
        let request = lent.request();
        // The result to return if there is no further attempt.
        let mut last: Option<AttemptResult> = None;
        loop {
            let admitted = match self.admit().await {
                Ok(admitted) => admitted,
                Err(failure) => {
                    self.stopped_by = last.is_some().then(|| self.stop_of(failure.kind())).flatten();
                    return self.finish(final_result(last, failure));
                }
            };
            // Paid for only now that the wait is over: a call that is dropped while it waits has taken nothing.
            if let Some(result) = last.take()
                && self.pays_for_retries()
                && was_carried_out(&result)
                && !self.state.budget.pay_for_a_retry()
            {
                self.stopped_by = Some(RetryStop::Budget);
                return self.finish(result);
            }
            let result = self.attempt(request, &admitted).await;
            if is_unauthorized(&result) {
                if !self.renew(&admitted).await {
                    return self.finish(result);
                }
            } else {
                drop(admitted);
                match self.plan_retry(&result) {
                    Ok(wait) => self.wait(wait).await,
                    Err(stop) => {
                        self.stopped_by = stop;
                        return self.finish(result);
                    }
                }
            }
            last = Some(result);
        }
    }

    /// Sends the request once.
    async fn attempt(&mut self, request: &mut Request, admitted: &AdmittedRequest<'_>) -> AttemptResult {
        self.attempts += 1;
        let is_retry = self.attempts > 1;
        self.state.counters.count(self.operation.quota_class, |counts| {
            counts.attempts += 1;
            counts.retries += u64::from(is_retry);
        });
        if let Some(left) = self.until_deadline() {
            let limits = [self.state.attempt_timeout, self.timeout];
            request.set_timeout(Some(limits.into_iter().flatten().fold(left, Duration::min)));
        }
        admitted.authorize(request);
        let span = trace::attempt(request, self.attempts - 1);
        let attempt =
            SentAttempt { state: self.state, pacer: self.pacer, operation: self.operation, sent: self.sent, admitted };
        let sending = async {
            match &self.state.inner {
                Inner::Http(http) => {
                    http.exchange(request, |status, headers| attempt.note_head_of_failure(status, headers)).await
                }
                Inner::Other(transport) => {
                    let result = transport.execute(request).await.and_then(Response::into_whole);
                    result.inspect(|response| attempt.note_head_of_failure(response.status(), response.headers()))
                }
            }
        };
        let mut result = if span.is_disabled() { sending.await } else { sending.instrument(span.clone()).await };
        trace::record_result(&span, &result);
        if let Ok(response) = &result
            && response.status().is_success()
        {
            attempt.note_head(response.status(), response.headers());
        }
        self.state.auth.keep_secret(&mut result);
        result
    }

    /// Asks for another token once. A refused request was not carried out, so it may be retried whatever it does.
    async fn renew(&mut self, refused: &AdmittedRequest<'_>) -> bool {
        if std::mem::replace(&mut self.has_renewed, true) {
            return false;
        }
        let renewal = pin!(self.state.auth.renew_after(refused));
        self.within(renewal, Some(self.longest_token_wait()), WAITED_FOR_TOKEN).await.is_ok_and(|is_renewed| is_renewed)
    }

    /// How long to wait before another attempt, or what keeps it from one; nothing where the result is final by itself.
    fn plan_retry(&mut self, result: &AttemptResult) -> Result<Duration, Option<RetryStop>> {
        let idempotent = self.idempotent;
        let (is_throttled, requested_wait, is_repeated) = match result {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                (true, retry_after(response.headers(), self.state.session.clock().wall()), true)
            }
            Ok(response) if is_passing_outage(response.status()) => {
                self.maybe_delivered = true;
                (false, retry_after(response.headers(), self.state.session.clock().wall()), idempotent)
            }
            Err(failure) => {
                self.maybe_delivered |= failure.kind().maybe_delivered();
                let is_repeated = match failure.kind() {
                    TransportErrorKind::Connect => true,
                    TransportErrorKind::Timeout | TransportErrorKind::Interrupted => idempotent,
                    _ => return Err(None),
                };
                (false, None, is_repeated)
            }
            Ok(_) => return Err(None),
        };
        if is_throttled && self.terms.outlasts_throttling {
            return self.outlast(requested_wait).map_err(Some);
        }
        self.failures += u32::from(!is_throttled);
        let is_last_failure = self.terms.max_retries.is_some_and(|retries| self.failures > retries);
        if !is_repeated {
            return Err(Some(RetryStop::NotIdempotent));
        }
        let attempts = if self.terms.outlasts_throttling { self.failures } else { self.attempts };
        if is_last_failure || attempts >= self.policy.max_attempts() {
            return Err(Some(RetryStop::Attempts));
        }
        let wait = self.fit(requested_wait).map_err(Some)?;
        if !is_throttled && self.pays_for_retries() && !self.state.budget.covers_a_retry() {
            return Err(Some(RetryStop::Budget));
        }
        Ok(wait)
    }

    /// The wait before a retry of a throttled request that goes on as long as requests of its class get through.
    fn outlast(&mut self, pause: Option<Duration>) -> Result<Duration, RetryStop> {
        let now = self.state.session.clock().now();
        self.free_wait += now.saturating_duration_since(self.sent);
        let since = *self.throttled_since.get_or_insert(now);
        if self.pacer.last_success().is_some_and(|success| success > since) {
            self.throttled_since = Some(now);
        } else if now.saturating_duration_since(since) >= self.policy.max_throttling()
            && self.attempts >= self.policy.max_attempts()
        {
            return Err(RetryStop::Time);
        }
        if pause.is_some_and(|pause| pause > self.longest_pause()) {
            return Err(RetryStop::Pause);
        }
        if self.pacer.rate().is_some() {
            // The turn comes after the pause, and at the rate that was learned.
            return Ok(Duration::ZERO);
        }
        let wait = self.next_jitter();
        if self.until_deadline().is_some_and(|left| wait > left) {
            return Err(RetryStop::Deadline);
        }
        self.free_wait += wait;
        Ok(wait)
    }

    /// The wait before a retry, where there is time for it.
    fn fit(&mut self, requested_wait: Option<Duration>) -> Result<Duration, RetryStop> {
        let jitter = self.next_jitter();
        let elapsed = self.elapsed();
        let left = self.left_after(elapsed);
        let wait = match requested_wait {
            Some(requested_wait) => backoff::spread(requested_wait, jitter, left),
            None => Some(jitter).filter(|jitter| *jitter <= left),
        };
        wait.filter(|_| !left.is_zero()).ok_or_else(|| match self.deadline {
            _ if requested_wait.is_some_and(|wait| wait > left) => RetryStop::Pause,
            Some(deadline) if deadline.saturating_sub(elapsed) <= left => RetryStop::Deadline,
            _ => RetryStop::Time,
        })
    }

    /// A random wait, whose bound grows from one to the next.
    fn next_jitter(&mut self) -> Duration {
        let bound = self.backoff.next().unwrap_or_default();
        backoff::jitter(bound, self.state.session.clock().random())
    }

    /// Whether its retries count against the budget that all calls share. Few enough need not.
    fn pays_for_retries(&self) -> bool {
        self.terms.max_retries.is_none()
    }

    /// Waits until the request may be sent. It is an error where there is to be no attempt any more.
    async fn admit(&mut self) -> Result<AdmittedRequest<'a>, TransportError> {
        let state = self.state;
        loop {
            self.check_time_left()?;
            let clock = state.session.clock();
            let mut before = clock.now();
            // Mostly there is nothing to wait for.
            if !self.pacer.try_turn(before, clock.random()) {
                if self.keep_pause(before).await? || !self.take_turn(before).await? {
                    continue;
                }
                before = clock.now();
            }
            if let Some(admitted) = state.auth.try_admit(before) {
                self.sent = before;
                return Ok(admitted);
            }
            let admission = pin!(state.auth.admit(self.operation));
            let admitted = self.within(admission, Some(self.longest_token_wait()), WAITED_FOR_TOKEN).await??;
            let now = clock.now();
            let waited = now.saturating_duration_since(before);
            self.free_wait += waited;
            // In that time the call may have been cancelled or be over, the server have asked for a pause, or its turn have
            // passed.
            let is_late = self.pacer.rate().is_some_and(|rate| waited.as_secs_f64() * rate > 1.0);
            if !is_late && self.pacer.pause(now).is_none() && self.check_time_left().is_ok() {
                self.sent = now;
                return Ok(admitted);
            }
        }
    }

    /// Waits for the turn of an attempt. `false` means that the server has asked for a pause meanwhile.
    async fn take_turn(&mut self, before: Instant) -> Result<bool, TransportError> {
        let clock = self.state.session.clock();
        let turn = pin!(self.pacer.turn(&**clock));
        let has_turn = self.within(turn, None, WAITED_FOR_TURN).await?;
        let waited = clock.now().saturating_duration_since(before);
        self.free_wait += waited;
        self.state.counters.count(self.operation.quota_class, |counts| {
            counts.paced += 1;
            counts.paced_for = counts.paced_for.saturating_add(waited);
        });
        // In that time the call may have been cancelled or be over.
        self.check_time_left()?;
        Ok(has_turn)
    }

    /// Waits for something until the call is over, at the longest for so long.
    async fn within<T>(
        &self,
        future: impl Future<Output = T> + Unpin,
        longest: Option<Duration>,
        what: &'static str,
    ) -> Result<T, TransportError> {
        // Mostly there is nothing to wait for.
        let future = match select(future, std::future::ready(())).await {
            Either::Left((value, _)) => return Ok(value),
            Either::Right(((), future)) => future,
        };
        let late = match self.until_deadline().or(longest) {
            Some(left) => self.state.session.clock().sleep(left),
            None => Box::pin(std::future::pending()),
        };
        let end = match &self.terms.cancel {
            Some(cancel) => {
                select(late, Box::pin(cancel.cancelled())).map(|end| matches!(end, Either::Left(_))).left_future()
            }
            None => late.map(|()| true).right_future(),
        };
        match select(future, pin!(end)).await {
            Either::Left((value, _)) => Ok(value),
            Either::Right((true, _)) => {
                Err(TransportError::new(TransportErrorKind::Deadline, what, CallContext::default()))
            }
            Either::Right((false, _)) => Err(TransportError::cancelled(CallContext::default())),
        }
    }

    /// Waits until the server has had the pause that it asked another call for, and says whether there was one. It is an
    /// error where the call cannot wait so long.
    async fn keep_pause(&mut self, now: Instant) -> Result<bool, TransportError> {
        let Some(left) = self.pacer.pause(now) else { return Ok(false) };
        // Jitter spreads the calls that waited for the same pause.
        let bound = self.policy.backoff().next().unwrap_or_default();
        let jitter = backoff::jitter(bound, self.state.session.clock().random());
        let longest = self.longest_pause();
        let wait = if self.terms.outlasts_throttling {
            let room = self.until_deadline().unwrap_or(Duration::MAX).saturating_sub(left);
            (left <= longest).then(|| left + jitter.min(room))
        } else {
            backoff::spread(left, jitter, longest)
        };
        let Some(wait) = wait else {
            return Err(TransportError::paused(left, CallContext::default()));
        };
        self.wait(wait).await;
        if self.terms.outlasts_throttling {
            self.free_wait += self.state.session.clock().now().saturating_duration_since(now);
        }
        Ok(true)
    }

    /// How long it waits for a token. It is no retry, so the time for retries is no reason to give up before an attempt
    /// would have.
    fn longest_token_wait(&self) -> Duration {
        self.left().max(self.state.attempt_timeout.unwrap_or_default())
    }

    /// The longest pause that the call waits out.
    fn longest_pause(&self) -> Duration {
        if !self.terms.outlasts_throttling {
            return self.left();
        }
        let longest = self.policy.max_throttling();
        self.until_deadline().map_or(longest, |left| left.min(longest))
    }

    /// Fails where the call was cancelled, or its time is over.
    fn check_time_left(&self) -> Result<(), TransportError> {
        if self.terms.cancel.as_ref().is_some_and(CancelSignal::is_cancelled) {
            return Err(TransportError::cancelled(CallContext::default()));
        }
        if self.deadline.is_some_and(|deadline| self.elapsed() >= deadline) {
            return Err(TransportError::deadline(CallContext::default()));
        }
        Ok(())
    }

    async fn wait(&self, wait: Duration) {
        self.state.counters.count(self.operation.quota_class, |counts| {
            counts.waits += 1;
            counts.waited = counts.waited.saturating_add(wait);
        });
        trace::waiting(self.operation, wait);
        let sleep = self.state.session.clock().sleep(wait);
        match &self.terms.cancel {
            Some(cancel) => drop(select(sleep, pin!(cancel.cancelled())).await),
            None => sleep.await,
        }
    }

    /// What a failure before an attempt says of the retries.
    fn stop_of(&self, kind: TransportErrorKind) -> Option<RetryStop> {
        match kind {
            TransportErrorKind::Deadline if self.deadline.is_none() => Some(RetryStop::Time),
            TransportErrorKind::Deadline => Some(RetryStop::Deadline),
            TransportErrorKind::Paused => Some(RetryStop::Pause),
            TransportErrorKind::Cancelled => Some(RetryStop::Cancelled),
            _ => None,
        }
    }

    fn elapsed(&self) -> Duration {
        self.state.session.clock().now().saturating_duration_since(self.start)
    }

    /// What is left of the deadline; nothing where there is none.
    fn until_deadline(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(self.elapsed()))
    }

    /// How long the call may still wait.
    fn left(&self) -> Duration {
        self.left_after(self.elapsed())
    }

    fn left_after(&self, elapsed: Duration) -> Duration {
        let for_retries = self.policy.max_elapsed().saturating_sub(elapsed.saturating_sub(self.free_wait));
        self.deadline.map_or(for_retries, |deadline| deadline.saturating_sub(elapsed).min(for_retries))
    }

    /// Records how the call went, where errors and responses look for it.
    fn finish(&self, mut result: AttemptResult) -> AttemptResult {
        let context = match &mut result {
            Ok(response) => response.context_mut(),
            Err(failure) => failure.context_mut(),
        };
        context.attempts = self.attempts;
        context.elapsed = self.elapsed();
        context.maybe_delivered |= self.maybe_delivered;
        context.idempotent = Some(self.idempotent);
        context.stopped_by = self.stopped_by;
        result
    }
}

fn is_throttling(result: &AttemptResult) -> bool {
    result.as_ref().is_ok_and(|response| response.status() == StatusCode::TOO_MANY_REQUESTS)
}

fn is_unauthorized(result: &AttemptResult) -> bool {
    result.as_ref().is_ok_and(|response| response.status() == StatusCode::UNAUTHORIZED)
}

/// Whether the server acted on the request. A retry of one that it turned away takes nothing from the budget.
fn was_carried_out(result: &AttemptResult) -> bool {
    !is_throttling(result) && !is_unauthorized(result)
}

/// The result of a call that gets no further attempt: that of the attempt before, unless the reason says more.
fn final_result(last: Option<AttemptResult>, failure: TransportError) -> AttemptResult {
    match (failure.kind(), last) {
        // A pause says how long to wait, which the response before may not have known.
        (TransportErrorKind::Paused, _) | (_, None) => Err(failure),
        // So does a gate that another call has closed.
        (TransportErrorKind::TokenRefused | TransportErrorKind::Forbidden, Some(result))
            if !is_unauthorized(&result) =>
        {
            Err(failure)
        }
        (_, Some(result)) => result,
    }
}
