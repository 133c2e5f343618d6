//! How often and how long calls are repeated.

use std::time::Duration;

/// How calls are repeated that meet throttling or an outage.
///
/// ```
/// use std::time::Duration;
/// use togai_ext::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_max_attempts(20).with_max_elapsed(Duration::from_secs(600));
/// let never = RetryPolicy::never();
/// assert_eq!(never.max_attempts(), 1);
/// ```
///
/// - A throttled request (status 429) was not carried out, so it is repeated whatever it does. All calls of its quota class
///   keep the pause that the server asked for, up to an hour. For ingestion throttling counts neither against the attempts
///   nor against the time: it goes on as long as requests of the class get through.
/// - So is a request that met no server: nothing was sent.
/// - After 408, a 5xx but 501 and 505, a broken connection or a timeout the request may have been carried out. It is repeated
///   where that is harmless: it reads, replaces or deletes, all its events have ids that count once, or it has an
///   idempotency key.
/// - Other answers are final: 400, 403, 404, 409 and 422 would be the same again. So is a 401, unless
///   [`token_provider`](crate::ClientBuilder::token_provider) gives another token; then the request is sent once more.
///
/// The wait before an attempt is what the server asked for (`Retry-After` in seconds or as a date, or `retry-after-ms`),
/// never less, and a random time on top, whose bound doubles from attempt to attempt. A wait that does not fit into the
/// time ends the call at once: the error then holds the server's last answer, and
/// [`Error::retry_after`](crate::Error::retry_after) says how long it asked to wait.
///
/// | setting | default |
/// |---|---|
/// | attempts, the first included | 6 |
/// | time in all, waits included | 60 s |
/// | bound of the first wait | 250 ms |
/// | bound of every wait | 10 s |
/// | the longest throttling that ingestion waits out | 60 s |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    max_elapsed: Duration,
    initial_backoff: Duration,
    max_backoff: Duration,
    max_throttling: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 6,
            max_elapsed: Duration::from_secs(60),
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(10),
            max_throttling: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// A policy that makes one attempt.
    pub fn never() -> Self {
        Self::default().with_max_attempts(1)
    }

    /// Sets the number of attempts, the first included; 0 is read as 1.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the time for all attempts and the waits between them. An attempt that has begun is not cut short by it.
    #[must_use]
    pub fn with_max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Sets the bound of the random wait before the second attempt; it doubles from there.
    #[must_use]
    pub fn with_initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }

    /// Sets what no bound of a random wait exceeds. What the server asks for is not bounded by it.
    #[must_use]
    pub fn with_max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// Sets how long ingestion waits for its quota; 60 s by default.
    ///
    /// It is the longest `Retry-After` of a 429 that ingestion waits out, and how long it goes on while its requests are
    /// throttled and none of the quota gets through. It makes the policy's attempts in any case. Then the call ends, and what
    /// was not delivered is `NotSent`. Other calls wait as long as the time for all attempts lasts.
    #[must_use]
    pub fn with_max_throttling(mut self, time: Duration) -> Self {
        self.max_throttling = time;
        self
    }

    /// How long ingestion waits for its quota.
    pub fn max_throttling(&self) -> Duration {
        self.max_throttling
    }

    /// The number of attempts, the first included.
    pub fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The time for all attempts and the waits between them.
    pub fn max_elapsed(&self) -> Duration {
        self.max_elapsed
    }

    pub(super) fn backoff(&self) -> super::backoff::Backoff {
        super::backoff::Backoff::new(self.initial_backoff, self.max_backoff)
    }
}
