//! The one error of the client, and how a response becomes a value or an error.

mod decode;
mod display;
mod error_response;
mod redact;

use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::{CallContext, Operation, QuotaClass, TransportError, TransportErrorKind, is_outage, is_passing_outage};

pub(crate) use decode::receive;
pub use decode::{NoSuccess, read_response};
use error_response::ErrorResponse;
pub(crate) use error_response::safe_text;
pub(crate) use redact::redact;

/// Why a call failed: what was asked, what the server said, and what to do.
///
/// ```
/// use togai_api::{Client, HttpTransport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let client = Client::new("http://127.0.0.1:8080", HttpTransport::new(reqwest::Client::new()));
/// let error = client.get_account().customer_id("acme").send().await.unwrap_err();
/// assert!(error.is_invalid_request());
/// assert_eq!(error.to_string(), "get_account: `account_id` is not set: call `.account_id(..)` before `.send()`");
/// # }
/// ```
///
/// It is opaque: ask it with the predicates and accessors. Its text is one sentence for the person on call. It never
/// holds the token, nor a body beyond a short excerpt.
pub struct Error {
    // Boxed, so that a `Result` stays small.
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    operation: Option<&'static str>,
    context: Option<CallContext>,
    /// Whether the operation can change something, so that "may have been applied" means anything.
    changes: bool,
    /// Whether events were to be sent.
    has_events: bool,
    response: Option<ErrorResponse>,
    resume_token: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

enum ErrorKind {
    /// The client cannot be built as it was configured.
    Configuration(String),
    /// The request was not sent because a value of it is missing or of no use.
    InvalidRequest(String),
    /// There was no whole answer.
    Transport(TransportErrorKind),
    /// The server answered with a status that is not one of success.
    Status,
    /// The server answered with success and a body that cannot be decoded.
    Decode { path: String, problem: String },
    /// What the server answered cannot be gone on with, such as a page token that was there before.
    Protocol(String),
    /// What the server answered with success does not say what became of the request.
    Unclear(String),
    /// What was to be sent could not be had from where it comes from.
    Source(String),
}

impl Error {
    fn of(kind: ErrorKind) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                operation: None,
                context: None,
                changes: false,
                has_events: false,
                response: None,
                resume_token: None,
                retry_after: None,
                source: None,
            }),
        }
    }

    /// The error of a call that was made, or that a transport kept from being made.
    fn of_call(kind: ErrorKind, operation: &'static Operation, context: CallContext) -> Self {
        let mut error = Self::of(kind);
        error.inner.operation = Some(operation.id);
        error.inner.changes = operation.method != "GET";
        error.inner.has_events = operation.quota_class != QuotaClass::Other;
        error.inner.context = Some(context);
        error
    }

    /// The error of a configuration that cannot work. `problem` says what to set.
    #[doc(hidden)]
    pub fn configuration(problem: impl Into<String>) -> Self {
        Self::of(ErrorKind::Configuration(problem.into()))
    }

    /// The error of a request that is not sent. `problem` names the field and the remedy.
    #[doc(hidden)]
    pub fn invalid_request(operation: &'static str, problem: impl Into<String>) -> Self {
        let mut error = Self::of(ErrorKind::InvalidRequest(problem.into()));
        error.inner.operation = Some(operation);
        error
    }

    /// The error of an answer that cannot be gone on with.
    #[doc(hidden)]
    pub fn protocol(operation: &'static str, problem: impl Into<String>) -> Self {
        let mut error = Self::of(ErrorKind::Protocol(problem.into()));
        error.inner.operation = Some(operation);
        error
    }

    /// The error of an answer of success that does not say what became of a request which changes something.
    pub(crate) fn unclear(operation: &'static Operation, problem: String, context: CallContext) -> Self {
        Self::of_call(ErrorKind::Unclear(problem), operation, context)
    }

    /// The error of a source that broke while it was read.
    #[doc(hidden)]
    pub fn source_failed(operation: &'static str, problem: impl Into<String>) -> Self {
        let mut error = Self::of(ErrorKind::Source(problem.into()));
        error.inner.operation = Some(operation);
        error
    }

    /// The error of a call that had no whole answer.
    #[doc(hidden)]
    pub fn from_transport(operation: &'static Operation, failure: TransportError) -> Self {
        let mut error = Self::of_call(ErrorKind::Transport(failure.kind()), operation, failure.context().clone());
        error.inner.retry_after = failure.retry_after();
        error.inner.source = failure.into_source();
        error
    }

    /// Adds the error underneath.
    #[doc(hidden)]
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds the token of the page that could not be read.
    #[doc(hidden)]
    #[must_use]
    pub fn with_resume_token(mut self, token: Option<String>) -> Self {
        self.inner.resume_token = token;
        self
    }

    /// Name of the operation that failed; none where no client could be built.
    pub fn operation(&self) -> Option<&str> {
        self.inner.operation
    }

    /// How many times the request was sent, or an attempt was made at it; 0 where it was not sent at all.
    pub fn attempts(&self) -> u32 {
        self.inner.context.as_ref().map_or(0, |context| context.attempts)
    }

    /// The time spent in all, waits between attempts included.
    pub fn elapsed(&self) -> Duration {
        self.inner.context.as_ref().map_or(Duration::ZERO, |context| context.elapsed)
    }

    /// The status of the server's last answer, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.response.as_ref().map(|response| response.status)
    }

    /// The headers of the server's last answer, where there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.inner.response.as_ref().map(|response| &response.headers)
    }

    /// What the server said, where its answer had a message, at most 500 characters of it.
    ///
    /// It is taken from `{"message"}`, from an error object below `error`, or from an answer in plain text.
    pub fn message(&self) -> Option<&str> {
        self.inner.response.as_ref().and_then(|response| response.message.as_deref())
    }

    /// The server's code for the error, where its answer had one.
    pub fn code(&self) -> Option<&str> {
        self.inner.response.as_ref().and_then(|response| response.code.as_deref())
    }

    /// The id that the server or a gateway gave the request, from `x-request-id` and its kind.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.response.as_ref().and_then(|response| response.request_id.as_deref())
    }

    /// How long the server asked to wait, from `Retry-After` or `retry-after-ms` of its last answer.
    ///
    /// A date is measured against the system clock at the time of the answer. Where the call was not made because the
    /// server had asked for a pause before, or has refused the token, it is what is left of that.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after.or_else(|| self.inner.response.as_ref().and_then(|response| response.retry_after))
    }

    /// The place in the body that could not be decoded, such as `data[3].status`.
    pub fn json_path(&self) -> Option<&str> {
        match &self.inner.kind {
            ErrorKind::Decode { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The first characters of the body that could not be decoded.
    pub fn body_excerpt(&self) -> Option<&str> {
        self.inner.response.as_ref().and_then(|response| response.excerpt.as_deref())
    }

    /// Whether the client could not be built as it was configured.
    pub fn is_configuration(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Configuration(_))
    }

    /// Whether the request was not sent because a value of it is missing or of no use.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::InvalidRequest(_))
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Connect))
    }

    /// Whether no answer came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Timeout))
    }

    /// Whether the server answered with success and a body that cannot be decoded.
    pub fn is_decode(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Decode { .. })
    }

    /// Whether the source of what was to be sent failed, such as a stream of events, and not the server.
    ///
    /// [`source`](std::error::Error::source) is the error of that.
    pub fn is_source(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Source(_))
    }

    /// Whether the server throttled the call, status 429, or had asked for a pause that it could not wait out.
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
            || matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Paused))
    }

    /// Whether the same call may succeed later: throttling, outages, broken connections, a deadline that passed.
    ///
    /// It does not say that repeating is harmless; [`maybe_delivered`](Self::maybe_delivered) has the other half.
    pub fn is_retryable(&self) -> bool {
        match &self.inner.kind {
            ErrorKind::Transport(kind) => !matches!(
                kind,
                TransportErrorKind::Request
                    | TransportErrorKind::TooLarge
                    | TransportErrorKind::TokenRefused
                    | TransportErrorKind::Forbidden
            ),
            ErrorKind::Status => self.is_throttled() || self.status().is_some_and(is_passing_outage),
            _ => false,
        }
    }

    /// Whether the server did not accept the token or what it may do, status 401 or 403.
    ///
    /// It is so, too, where nothing was sent because the server has refused the token shortly before. Then
    /// [`retry_after`](Self::retry_after) is the time until a request may try the token again.
    pub fn is_auth(&self) -> bool {
        matches!(self.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) || self.is_gate()
    }

    /// Whether a token that was refused before kept the request from being sent.
    fn is_gate(&self) -> bool {
        matches!(
            self.inner.kind,
            ErrorKind::Transport(TransportErrorKind::TokenRefused | TransportErrorKind::Forbidden)
        )
    }

    /// Whether the server does not know what was asked for, status 404.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the server may have applied the request although the call failed.
    ///
    /// It is so for requests that change something, where no answer came (in time, or whole), where the answer was 408
    /// or a 5xx, and where an answer of success could not be decoded or did not say what became of it. It is so, too, where that happened to an attempt
    /// before the last, whatever became of the last. Repeating such a request may do it twice.
    pub fn maybe_delivered(&self) -> bool {
        let before = self.inner.context.as_ref().is_some_and(|context| context.maybe_delivered);
        self.inner.changes
            && match &self.inner.kind {
                ErrorKind::Transport(kind) => before || kind.maybe_delivered(),
                ErrorKind::Status => before || self.status().is_some_and(is_outage),
                ErrorKind::Decode { .. } | ErrorKind::Unclear(_) => true,
                ErrorKind::Configuration(_)
                | ErrorKind::InvalidRequest(_)
                | ErrorKind::Protocol(_)
                | ErrorKind::Source(_) => false,
            }
    }

    /// Whether the request was sent as one that is harmless to repeat.
    #[doc(hidden)]
    pub fn is_idempotent(&self) -> bool {
        self.inner.context.as_ref().and_then(|context| context.idempotent) == Some(true)
    }

    /// The token to go on listing with, on an error of a stream of pages or items.
    ///
    /// It is the token of the page that could not be read; none where that was the first page.
    pub fn resume_token(&self) -> Option<&str> {
        self.inner.resume_token.as_deref()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;
