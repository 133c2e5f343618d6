//! The decorator that repeats.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use togai_api::{BoxFuture, CallContext, Operation, Transport, TransportError, retry_after};

use super::RetryPolicy;
use super::backoff::{self, Backoff};
use crate::clock::Clock;

/// Repeats requests that were throttled.
#[derive(Debug)]
pub(crate) struct Retry<T> {
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    inner: T,
}

impl<T: Transport> Retry<T> {
    pub(crate) fn new(policy: RetryPolicy, clock: Arc<dyn Clock>, inner: T) -> Self {
        Self { policy, clock, inner }
    }

    async fn run(
        &self,
        http: &reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<reqwest::Response, TransportError> {
        let start = self.clock.now();
        let mut bounds = self.policy.backoff();
        let mut current = request;
        let mut attempts = 1;
        loop {
            // A body that is a stream cannot be sent twice; none of ours is.
            let copy = current.try_clone();
            let mut answer = self.inner.execute(http, current, operation).await;
            let elapsed = self.clock.now() - start;
            if let (Ok(response), Some(copy)) = (&answer, copy)
                && let Some(wait) = self.wait(response, attempts, &mut bounds)
                && elapsed.saturating_add(wait) <= self.policy.max_elapsed()
            {
                self.clock.sleep(wait).await;
                current = copy;
                attempts += 1;
                continue;
            }
            if let Some(context) = context_of(&mut answer) {
                context.attempts = attempts;
                context.elapsed = elapsed;
            }
            return answer;
        }
    }

    /// How long to wait before the next attempt; nothing where there is to be none.
    fn wait(&self, response: &reqwest::Response, attempts: u32, bounds: &mut Backoff) -> Option<Duration> {
        if response.status() != StatusCode::TOO_MANY_REQUESTS || attempts >= self.policy.max_attempts() {
            return None;
        }
        let asked = retry_after(response.headers(), self.clock.wall());
        Some(backoff::wait(bounds.next()?, self.clock.random(), asked))
    }
}

/// Where the circumstances of a call travel. A transport below may have left none.
fn context_of(answer: &mut Result<reqwest::Response, TransportError>) -> Option<&mut CallContext> {
    match answer {
        Ok(response) => {
            let extensions = response.extensions_mut();
            if extensions.get::<CallContext>().is_none() {
                extensions.insert(CallContext::default());
            }
            extensions.get_mut()
        }
        Err(failure) => Some(failure.context_mut()),
    }
}

impl<T: Transport> Transport for Retry<T> {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        Box::pin(self.run(http, request, operation))
    }
}

#[cfg(test)]
mod tests;
