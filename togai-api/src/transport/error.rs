//! Why a request had no response.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::CallContext;
use super::body::Limit;

/// Why there was no whole answer.
///
/// It converts into [`Error`](crate::Error), which is what callers see.
#[derive(Debug)]
pub struct TransportError {
    failure: Failure,
    context: CallContext,
    retry_after: Option<Duration>,
}

/// What went wrong, without the circumstances.
#[derive(Debug)]
pub(super) struct Failure {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request could not be put together; nothing was sent.
    Request,
    /// No connection could be made, or not in time; nothing was sent.
    Connect,
    /// No answer came within the time of an attempt.
    Timeout,
    /// The connection broke after the request was sent, in part or in whole, and before the answer was complete.
    Interrupted,
    /// The answer is larger than the client reads.
    TooLarge,
    /// The deadline of the call passed before an attempt could be made; nothing was sent.
    Deadline,
    /// The server had asked for a pause that is longer than the call may wait; nothing was sent.
    Paused,
    /// The call was given up before an attempt could be made, since it had become pointless; nothing was sent.
    Cancelled,
    /// The server has refused the token, so it is not sent again for now; nothing was sent.
    TokenRefused,
    /// The server does not let the token carry out the operation, so it is not asked again for now; nothing was sent.
    Forbidden,
    /// There is no token: the provider of tokens failed; nothing was sent.
    NoToken,
}

impl TransportErrorKind {
    /// Whether the server can have acted on the request.
    pub fn maybe_delivered(self) -> bool {
        matches!(self, Self::Timeout | Self::Interrupted | Self::TooLarge)
    }
}

impl TransportError {
    /// An error of a transport of your own.
    ///
    /// ```
    /// use togai_api::{CallContext, TransportError, TransportErrorKind};
    ///
    /// let error = TransportError::new(TransportErrorKind::Connect, "no route", CallContext::default());
    /// assert!(!error.kind().maybe_delivered());
    /// ```
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
        context: CallContext,
    ) -> Self {
        Self { failure: Failure { kind, source: Some(source.into()) }, context, retry_after: None }
    }

    /// The error of a call that was not made because the server had asked for a pause, with what is left of that.
    pub fn paused(left: Duration, context: CallContext) -> Self {
        let failure = Failure { kind: TransportErrorKind::Paused, source: None };
        Self { failure, context, retry_after: Some(left) }
    }

    /// The error of a call that was not made because its deadline had passed.
    pub fn deadline(context: CallContext) -> Self {
        let failure = Failure { kind: TransportErrorKind::Deadline, source: None };
        Self { failure, context, retry_after: None }
    }

    /// The error of a call that was not made because the server has refused the token, with the time until the next probe:
    /// the next request that tries the token again.
    pub fn token_refused(left: Duration, context: CallContext) -> Self {
        let failure = Failure { kind: TransportErrorKind::TokenRefused, source: None };
        Self { failure, context, retry_after: Some(left) }
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.failure.source = Some(source.into());
        self
    }

    /// The same for a token that may not carry out the operation.
    pub fn forbidden(left: Duration, context: CallContext) -> Self {
        let failure = Failure { kind: TransportErrorKind::Forbidden, source: None };
        Self { failure, context, retry_after: Some(left) }
    }

    /// The error of a call that was given up before it was made.
    pub fn cancelled(context: CallContext) -> Self {
        let failure = Failure { kind: TransportErrorKind::Cancelled, source: None };
        Self { failure, context, retry_after: None }
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.failure.kind
    }

    /// Attempts and time spent so far.
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// The same to be changed, as a transport does that repeats requests.
    pub fn context_mut(&mut self) -> &mut CallContext {
        &mut self.context
    }

    /// How long to wait before the call is worth making, where a pause or a refused token kept it from being made.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.failure.source
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.failure.kind.describe())
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.failure.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl TransportErrorKind {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Request => "the request could not be built",
            Self::Connect => "no connection could be made",
            Self::Timeout => "no answer came in time",
            Self::Interrupted => "the connection broke before the answer was complete",
            Self::TooLarge => "the answer is larger than the client reads",
            Self::Deadline => "the deadline passed before the request could be sent",
            Self::Paused => "the server has asked for a pause that the call cannot wait out",
            Self::Cancelled => "the call was given up before the request could be sent",
            Self::TokenRefused => "the server has refused the token, so it is not sent again for now",
            Self::Forbidden => "the server does not let the token do this, so it is not asked again for now",
            Self::NoToken => "there is no token to send",
        }
    }
}

impl Failure {
    pub(super) fn with_context(self, context: CallContext) -> TransportError {
        TransportError { failure: self, context, retry_after: None }
    }

    pub(super) fn of_request(error: http::method::InvalidMethod) -> Self {
        Self { kind: TransportErrorKind::Request, source: Some(error.into()) }
    }

    pub(super) fn of_sending(error: reqwest::Error) -> Self {
        let kind = if error.is_builder() {
            TransportErrorKind::Request
        } else if error.is_connect() {
            TransportErrorKind::Connect
        } else if error.is_timeout() {
            TransportErrorKind::Timeout
        } else {
            TransportErrorKind::Interrupted
        };
        Self::of(kind, error)
    }

    pub(super) fn of_reading(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() { TransportErrorKind::Timeout } else { TransportErrorKind::Interrupted };
        Self::of(kind, error)
    }

    pub(super) fn too_large(limit: Limit) -> Self {
        let Limit { bytes, remedy } = limit;
        let message = format!("more than {bytes} bytes{remedy}");
        Self { kind: TransportErrorKind::TooLarge, source: Some(message.into()) }
    }

    fn of(kind: TransportErrorKind, error: reqwest::Error) -> Self {
        // The address may hold what a user would not want in a log, and the operation says enough.
        Self { kind, source: Some(Box::new(error.without_url())) }
    }
}
