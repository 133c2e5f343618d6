//! How a call went.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How a call went: it travels with a [`Response`](crate::Response) or in a [`TransportError`](crate::TransportError).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallContext {
    /// How many times the request was sent, or an attempt was made at it.
    pub attempts: u32,
    /// The time spent in all, waits included.
    pub elapsed: Duration,
    /// Whether an attempt before the last one may have been applied, whatever became of the last.
    pub maybe_delivered: bool,
    /// Whether sending the request twice has the effect of sending it once; nothing where no transport went by it.
    pub idempotent: Option<bool>,
    /// What kept a transport that repeats from making another attempt; nothing where the result was final by itself.
    pub stopped_by: Option<RetryStop>,
    secrets: Secrets,
}

/// What kept a request from being sent again that failed in a way which may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryStop {
    /// As many attempts were made as the policy allows.
    Attempts,
    /// The next attempt would have been later than the policy allows.
    Time,
    /// The next attempt would have been later than the deadline of the call.
    Deadline,
    /// The server asked for a pause that is longer than the call may wait.
    Pause,
    /// The retries that all calls of a client share in an outage were used up.
    Budget,
    /// The request may have been applied, and sending it again is not known to be harmless.
    NotIdempotent,
    /// The caller gave the call up.
    Cancelled,
}

/// Texts that no error shows.
#[derive(Clone, Default, PartialEq, Eq)]
struct Secrets(Arc<[Arc<str>]>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl CallContext {
    /// The context of a call that made so many attempts in so much time.
    pub fn new(attempts: u32, elapsed: Duration) -> Self {
        Self { attempts, elapsed, ..Self::default() }
    }

    /// Sets the credential of the call, so that no error repeats it should the server have echoed it.
    pub fn set_secret(&mut self, secret: Arc<str>) {
        self.set_secrets(Arc::new([secret]));
    }

    /// The same for several, such as a token and the ones that it has replaced.
    pub fn set_secrets(&mut self, secrets: Arc<[Arc<str>]>) {
        self.secrets = Secrets(secrets);
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.0.iter().filter(|secret| !secret.is_empty()) {
            text = crate::error::redact(&text, secret);
        }
        text
    }
}
