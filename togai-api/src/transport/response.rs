//! A response that was read.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{CallContext, TransportError, TransportErrorKind};

/// A response: its status and headers, and its body as far as it came.
///
/// ```
/// use togai_api::Response;
///
/// let response = Response::new(reqwest::StatusCode::OK, Default::default(), r#"{"events": []}"#);
/// assert!(response.is_complete() && response.context().attempts == 1);
/// ```
///
/// The head of a response is the response: whatever became of the body of a failure, its status and headers count. A body
/// of success is whole, or there is no response but a [`TransportError`](crate::TransportError).
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    is_complete: bool,
    context: CallContext,
}

impl Response {
    /// A response that came whole, to a request that was sent once.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        let context = CallContext::new(1, Duration::ZERO);
        Self { status, headers, body: body.into(), is_complete: true, context }
    }

    /// The same, of which the body was not read to its end.
    #[must_use]
    pub fn with_incomplete_body(mut self) -> Self {
        self.is_complete = false;
        self
    }

    /// The response, unless it is a success that did not come whole, which leaves open what became of the request.
    #[doc(hidden)]
    pub fn into_whole(self) -> Result<Self, TransportError> {
        if self.is_complete || !self.status.is_success() {
            return Ok(self);
        }
        Err(TransportError::new(
            TransportErrorKind::Interrupted,
            "the body of a success was not read whole",
            self.context,
        ))
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The body, as far as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the body came to its end.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// How the call went so far.
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// The same to be changed, as a transport does that repeats requests.
    pub fn context_mut(&mut self) -> &mut CallContext {
        &mut self.context
    }

    /// Status, headers, body and context.
    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, Bytes, CallContext) {
        (self.status, self.headers, self.body, self.context)
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        let (head, body) = response.into_parts();
        Self::new(head.status, head.headers, body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A redirection may lead to a signed address, a cookie is a credential, and so may the body be.
        let headers: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("is_complete", &self.is_complete)
            .field("context", &self.context)
            .finish()
    }
}
