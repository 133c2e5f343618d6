//! The one error of the client, and how a response becomes a value or an error.

mod body_kind;
mod conflict;
mod decode;
mod display;
mod error_response;
mod predicates;
mod redact;
mod remedy;
mod shown;

use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::{CallContext, Operation, QuotaClass, ResponseValue, RetryStop, TransportError, TransportErrorKind};

use body_kind::BodyKind;
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
/// assert!(error.is_builder());
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
    Builder(String),
    /// There was no whole answer.
    Transport(TransportErrorKind),
    /// The server answered with a status that is not one of success.
    Status,
    /// The server answered with success and JSON that cannot be decoded.
    Decode { path: String, problem: String },
    /// The server answered with success and a body that is not JSON.
    NotJson(BodyKind),
    /// What the server answered cannot be gone on with, such as a page token that was there before.
    Protocol(String),
    /// The response does not say what became of the request. The text goes on after the status.
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

    /// The error of a call that has a response.
    fn of_response(
        kind: ErrorKind,
        operation: &'static Operation,
        context: CallContext,
        response: ErrorResponse,
    ) -> Self {
        let mut error = Self::of_call(kind, operation, context);
        error.inner.response = Some(response);
        error
    }

    /// The error of a call whose response was read.
    fn of_value<T>(value: &ResponseValue<T>, kind: ErrorKind) -> Self {
        let context = value.context().clone();
        let response = ErrorResponse::new(value.status(), value.headers().clone(), &context);
        Self::of_response(kind, value.operation(), context, response)
    }

    /// The error of a configuration that cannot work. `problem` says what to set.
    #[doc(hidden)]
    pub fn configuration(problem: impl Into<String>) -> Self {
        Self::of(ErrorKind::Configuration(problem.into()))
    }

    /// The error of a request that is not sent. `problem` names the field and the remedy.
    #[doc(hidden)]
    pub fn invalid_request(operation: &'static str, problem: impl Into<String>) -> Self {
        let mut error = Self::of(ErrorKind::Builder(problem.into()));
        error.inner.operation = Some(operation);
        error
    }

    /// The error of a response that cannot be gone on with.
    #[doc(hidden)]
    pub fn protocol(operation: &'static str, problem: impl Into<String>) -> Self {
        let mut error = Self::of(ErrorKind::Protocol(problem.into()));
        error.inner.operation = Some(operation);
        error
    }

    /// Adds the status of the response that an error is about, where nothing else is known of it.
    #[doc(hidden)]
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        let context = self.inner.context.get_or_insert_with(|| CallContext::new(1, Duration::ZERO));
        self.inner.response = Some(ErrorResponse::new(status, HeaderMap::new(), context));
        self
    }

    /// The error of a response of success that cannot be gone on with.
    pub(crate) fn protocol_of<T>(response: &ResponseValue<T>, problem: String) -> Self {
        Self::of_value(response, ErrorKind::Protocol(problem))
    }

    /// The error of a response that does not say what became of the request. `problem` goes on after the status: "and did
    /// not say ..".
    pub(crate) fn unclear<T>(response: &ResponseValue<T>, problem: String) -> Self {
        Self::of_value(response, ErrorKind::Unclear(problem))
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

    /// What kept the client from another attempt, where the last one failed in a way that may pass.
    ///
    /// ```
    /// use togai_api::operations::INGEST_BATCH;
    /// use togai_api::{CallContext, Error, RetryStop, TransportError, TransportErrorKind};
    ///
    /// let mut context = CallContext::new(6, std::time::Duration::from_secs(30));
    /// context.stopped_by = Some(RetryStop::Attempts);
    /// let error = Error::from_transport(&INGEST_BATCH, TransportError::new(TransportErrorKind::Connect, "no route", context));
    /// assert_eq!(error.stopped_by(), Some(RetryStop::Attempts));
    /// assert!(error.to_string().contains("(6 attempts, 30 s; the retry policy allows no more)"));
    /// ```
    pub fn stopped_by(&self) -> Option<RetryStop> {
        self.inner.context.as_ref().and_then(|context| context.stopped_by)
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
