//! A request on its way to the server.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::Url;

use crate::{Operation, Repeat};

/// The headers that no caller sets, beside those of tokens and proxies. A wrong one breaks the framing of messages, so that
/// the next request on a connection is misread; or it has the server write bodies that the client cannot read.
const OWN_HEADERS: [&str; 14] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request of an operation on its way to the server.
///
/// ```
/// use togai_api::operations::GET_EVENTS;
/// use togai_api::Request;
///
/// let mut request = Request::new(&GET_EVENTS, "https://api.togai.com/events".parse()?);
/// request.headers_mut().insert("x-trace-id", "8f14e45f".parse()?);
/// assert!(request.is_idempotent() && request.body().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It says once whether sending it twice has the effect of sending it once, which transports that repeat go by. Method and
/// path are those of the operation; a body is JSON.
#[derive(Clone)]
pub struct Request {
    operation: &'static Operation,
    url: Url,
    headers: HeaderMap,
    // Beside the other headers, which mostly are none: an empty map costs nothing to copy for an attempt.
    authorization: Option<HeaderValue>,
    body: Option<Bytes>,
    timeout: Option<Duration>,
    idempotent: bool,
}

impl Request {
    /// A request without a body, which may be repeated if its operation always may ([`Repeat::Always`]).
    pub fn new(operation: &'static Operation, url: Url) -> Self {
        Self {
            operation,
            url,
            headers: HeaderMap::new(),
            authorization: None,
            body: None,
            timeout: None,
            idempotent: operation.repeat == Repeat::Always,
        }
    }

    /// Sets the body, which is JSON.
    #[must_use]
    pub fn with_body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = Some(json.into());
        self
    }

    /// Sets whether sending the request twice has the effect of sending it once.
    #[must_use]
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Whether a header is none that a caller sets.
    #[doc(hidden)]
    pub fn owns_header(name: &HeaderName) -> bool {
        OWN_HEADERS.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
    }

    /// The operation that is asked for.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The address, to be changed.
    pub fn url_mut(&mut self) -> &mut Url {
        &mut self.url
    }

    /// The headers, but for those that every request has: what is accepted, the type of the body, and the credential.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The same headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The body, where there is one.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// How long an attempt may take, where that is less than the HTTP client allows.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Sets how long an attempt may take.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Whether sending it twice has the effect of sending it once.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// The credential, where there is one: the value of the header `authorization`.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Sets the credential, in place of the one before.
    pub fn set_authorization(&mut self, credential: Option<HeaderValue>) {
        self.authorization = credential;
        if let Some(credential) = &mut self.authorization {
            credential.set_sensitive(true);
        }
    }

    /// The request as the HTTP client takes it.
    pub(super) fn to_http(&self) -> Result<reqwest::Request, http::method::InvalidMethod> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        let method = Method::from_bytes(self.operation.method.as_bytes())?;
        let mut request = reqwest::Request::new(method, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, JSON);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        if !self.headers.is_empty() {
            headers.extend(self.headers.clone());
        }
        if let Some(credential) = &self.authorization {
            headers.insert(AUTHORIZATION, credential.clone());
        }
        *request.body_mut() = self.body.clone().map(Into::into);
        // Even nothing would be kept in a table.
        if self.timeout.is_some() {
            *request.timeout_mut() = self.timeout;
        }
        Ok(request)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A body may hold what no log is to hold.
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        formatter
            .debug_struct("Request")
            .field("operation", &self.operation)
            .field("url", &self.url.as_str())
            .field("headers", &headers)
            .field("body", &self.body.as_ref().map(|body| format!("{} bytes", body.len())))
            .field("timeout", &self.timeout)
            .field("idempotent", &self.idempotent)
            .finish_non_exhaustive()
    }
}
