//! The seam between the generated client and everything that happens to a request on its way.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::ResponseBuilderExt as _;

use crate::{Operation, QuotaClass};

/// A future in a box, as the methods of [`Transport`] return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries a request to the server and its answer back.
///
/// Transports are decorators: each does one thing (authentication, retry) and hands the request on. They work below
/// decoding, so they see the raw status and headers whatever the body is. An answer of any status is an `Ok`; an `Err`
/// means that there was no whole answer.
///
/// ```
/// use std::time::Duration;
/// use togai_api::{BoxFuture, Operation, Transport, TransportError};
///
/// /// Counts nothing and changes nothing, but says what is called.
/// #[derive(Debug)]
/// struct Announce<T>(T);
///
/// impl<T: Transport> Transport for Announce<T> {
///     fn execute<'a>(
///         &'a self,
///         request: reqwest::Request,
///         operation: &'static Operation,
///     ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
///         eprintln!("{}", operation.id);
///         self.0.execute(request, operation)
///     }
///
///     // Without this a client of togai-ext below would not know what it may repeat.
///     fn execute_with<'a>(
///         &'a self,
///         request: reqwest::Request,
///         operation: &'static Operation,
///         idempotent: bool,
///     ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
///         eprintln!("{}", operation.id);
///         self.0.execute_with(request, operation, idempotent)
///     }
/// }
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// # let _ = Announce(togai_api::HttpTransport::new(reqwest::Client::new()));
/// ```
///
/// It is [`Any`], so that an extension of the client finds its own transport behind [`Client::transport`](crate::Client).
pub trait Transport: Any + fmt::Debug + Send + Sync {
    /// Sends the request and waits for the whole answer.
    ///
    /// Dropping the future abandons the request; the server may have applied it.
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>>;

    /// Sends a request of which the caller knows whether sending it twice has the effect of sending it once.
    ///
    /// The generated builders know it from the operation and the body, ingestion from the ids of the events. A transport
    /// that repeats requests goes by it, and decorators of such a transport hand it on. By default it is dropped; then a
    /// request is repeated only where its operation always may be ([`Repeat::Always`](crate::Repeat::Always)).
    fn execute_with<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
        idempotent: bool,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        let _ = idempotent;
        self.execute(request, operation)
    }
}

impl Transport for Arc<dyn Transport> {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        self.as_ref().execute(request, operation)
    }

    fn execute_with<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
        idempotent: bool,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        self.as_ref().execute_with(request, operation, idempotent)
    }
}

/// How a call went: it travels in the extensions of a response or in a [`TransportError`].
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
            // JSON may write a slash with a backslash before it.
            text = text.replace(&**secret, "***").replace(&secret.replace('/', r"\/"), "***");
        }
        text
    }
}

/// The transport at the bottom: one HTTP exchange, its answer read whole.
///
/// ```
/// use togai_api::HttpTransport;
///
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let transport = HttpTransport::new(reqwest::Client::new()).with_max_response_bytes(1 << 20);
/// ```
///
/// It owns the HTTP client, so nothing above it sees one. Clones share the connections.
///
/// The body of the answer is read here, so that an answer that breaks off in the middle is an attempt whose outcome is
/// unknown, and not a success that cannot be decoded. It is at most 32 MiB after decompression unless
/// [`with_max_response_bytes`](Self::with_max_response_bytes) says otherwise. A response to ingestion is at most 1 MiB and twice
/// the bytes of its request, so that those in flight are bounded by what was sent.
#[derive(Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
    max_response_bytes: usize,
}

/// How much of a response is read.
#[derive(Clone, Copy)]
struct Limit {
    bytes: usize,
    /// What the error says of it.
    remedy: &'static str,
}

/// What a response to ingestion may have beside twice its request, which it may echo. The API documents at most 500
/// characters of message for an event.
const INGEST_RESPONSE_BYTES: usize = 1 << 20;

impl HttpTransport {
    /// A transport over an HTTP client, with the default bound on responses, 32 MiB.
    pub fn new(http: reqwest::Client) -> Self {
        Self { http, max_response_bytes: 32 << 20 }
    }

    /// Sets the size above which an answer is not read to its end but ends the call with an error.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends the request and reads the answer to its end, without a box around the future.
    ///
    /// Dropping the future abandons the request; the server may have applied it.
    ///
    /// # Errors
    ///
    /// Where there was no whole answer.
    pub async fn exchange(&self, request: reqwest::Request) -> Result<reqwest::Response, TransportError> {
        self.exchange_within(request, self.limit()).await
    }

    /// The same where the response may have so many bytes.
    async fn exchange_within(
        &self,
        request: reqwest::Request,
        limit: Limit,
    ) -> Result<reqwest::Response, TransportError> {
        let start = Instant::now();
        let result = match self.http.execute(request).await {
            Ok(response) => read(response, limit).await,
            Err(error) => Err(Failure::from_sending(error)),
        };
        result.map_err(|failure| {
            let context = CallContext::new(1, start.elapsed());
            TransportError { failure, context, retry_after: None }
        })
    }

    /// How many bytes the response to a request may have. Many requests of ingestion are in flight together, and a response
    /// to one names each event once at most.
    fn limit_of(&self, request: &reqwest::Request, operation: &Operation) -> Limit {
        let sent = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
        let bytes = INGEST_RESPONSE_BYTES + 2 * sent;
        match operation.quota_class {
            QuotaClass::Ingest | QuotaClass::IngestBatch if bytes < self.max_response_bytes => {
                Limit { bytes, remedy: ", far more than a response to these events can have" }
            }
            _ => self.limit(),
        }
    }

    fn limit(&self) -> Limit {
        Limit { bytes: self.max_response_bytes, remedy: "; raise the limit with `with_max_response_bytes`" }
    }
}

/// Reads a response to its end, up to so many bytes.
async fn read(mut response: reqwest::Response, limit: Limit) -> Result<reqwest::Response, Failure> {
    // Without its address the response would be given an invented one, which is parsed anew each time.
    let mut whole = http::Response::builder()
        .status(response.status())
        .version(response.version())
        .url(response.url().clone())
        .body(Bytes::new())
        .map_err(Failure::of_response)?;
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    *whole.body_mut() = match response.content_length() {
        // The length that was announced is kept to, below and above, so there is nothing to count.
        Some(length) if length <= limit.bytes as u64 => response.bytes().await.map_err(Failure::from_reading)?,
        Some(_) => return Err(Failure::too_large(limit)),
        None => collect(response, limit).await?,
    };
    Ok(reqwest::Response::from(whole))
}

/// Reads a body whose length is not known, up to the bound.
async fn collect(mut response: reqwest::Response, limit: Limit) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(Failure::from_reading)? {
        if body.len() + piece.len() > limit.bytes {
            return Err(Failure::too_large(limit));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

impl Transport for HttpTransport {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        let limit = self.limit_of(&request, operation);
        Box::pin(self.exchange_within(request, limit))
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The HTTP client would show its default headers, which may hold a credential.
        formatter
            .debug_struct("HttpTransport")
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}

/// Why there was no whole answer.
///
/// It converts into [`Error`](crate::Error), which is what callers see.
#[derive(Debug)]
pub struct TransportError {
    failure: Failure,
    context: CallContext,
    retry_after: Option<Duration>,
}

/// The failure without the circumstances.
#[derive(Debug)]
struct Failure {
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
    fn from_sending(error: reqwest::Error) -> Self {
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

    fn from_reading(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() { TransportErrorKind::Timeout } else { TransportErrorKind::Interrupted };
        Self::of(kind, error)
    }

    fn of(kind: TransportErrorKind, error: reqwest::Error) -> Self {
        // The address may hold what a user would not want in a log, and the operation says enough.
        Self { kind, source: Some(Box::new(error.without_url())) }
    }

    fn of_response(error: http::Error) -> Self {
        Self { kind: TransportErrorKind::Interrupted, source: Some(error.into()) }
    }

    fn too_large(limit: Limit) -> Self {
        let Limit { bytes, remedy } = limit;
        let message = format!("more than {bytes} bytes{remedy}");
        Self { kind: TransportErrorKind::TooLarge, source: Some(message.into()) }
    }
}
