//! The transport at the bottom: one HTTP exchange.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::body::{self, Limit};
use super::error::Failure;
use super::{BoxFuture, CallContext, Request, Response, Transport, TransportError};
use crate::QuotaClass;

/// The transport at the bottom: one HTTP exchange, its response read whole.
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
/// The body is read here, so that a response of success that breaks off in the middle is an attempt whose outcome is
/// unknown, and not a success that cannot be decoded. It is at most 32 MiB, unpacked, unless
/// [`with_max_response_bytes`](Self::with_max_response_bytes) says otherwise. A response to ingestion is at most 1 MiB and twice
/// the bytes of its request, so that those in flight are bounded by what was sent.
///
/// The status of a failure says what it has to say. Of its body so much is read as comes in 5 seconds, 1 MiB at most beside
/// twice the bytes of the request: a message for people.
#[derive(Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
    max_response_bytes: usize,
}

/// What a response may have beside twice its request, which it may echo, where it is short by its nature: the API documents
/// at most 500 characters of message, for an event or for a failure.
const SHORT_RESPONSE_BYTES: usize = 1 << 20;

impl HttpTransport {
    /// A transport over an HTTP client, with the default bound on responses, 32 MiB.
    pub fn new(http: reqwest::Client) -> Self {
        Self { http, max_response_bytes: 32 << 20 }
    }

    /// Sets the size above which a response of success is not read to its end but ends the call with an error.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends the request and reads the response, without a box around the future, and without looking at the clock: the
    /// context says nothing of the time. `on_head` is told status and headers before the body is read, which may take long,
    /// or never happen where the call is dropped meanwhile.
    #[doc(hidden)]
    pub async fn exchange(
        &self,
        request: &Request,
        on_head: impl FnOnce(StatusCode, &HeaderMap),
    ) -> Result<Response, TransportError> {
        self.send(request, on_head).await.map_err(|failure| failure.with_context(CallContext::new(1, Duration::ZERO)))
    }

    async fn send(&self, request: &Request, on_head: impl FnOnce(StatusCode, &HeaderMap)) -> Result<Response, Failure> {
        let http_request = request.to_http().map_err(Failure::of_request)?;
        let response = self.http.execute(http_request).await.map_err(Failure::of_sending)?;
        on_head(response.status(), response.headers());
        let short = SHORT_RESPONSE_BYTES + 2 * request.body().map_or(0, Bytes::len);
        body::read(response, self.limit_of(request, short), short.min(self.max_response_bytes)).await
    }

    /// How many bytes a response of success may have. Many requests of ingestion are in flight together, and a response to
    /// one names each event once at most.
    fn limit_of(&self, request: &Request, short: usize) -> Limit {
        match request.operation().quota_class {
            QuotaClass::Ingest | QuotaClass::IngestBatch if short < self.max_response_bytes => {
                Limit { bytes: short, remedy: ", far more than a response to these events can have" }
            }
            _ => Limit { bytes: self.max_response_bytes, remedy: "; raise the limit with `with_max_response_bytes`" },
        }
    }
}

impl Transport for HttpTransport {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async {
            let start = Instant::now();
            let mut result = self.exchange(request, |_, _| {}).await;
            let context = match &mut result {
                Ok(response) => response.context_mut(),
                Err(failure) => failure.context_mut(),
            };
            context.elapsed = start.elapsed();
            result
        })
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
