//! Settings of single calls.

use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use togai_api::{Error, Request};

use super::RetryPolicy;

/// Settings of the calls of a client, in place of those that it was built with.
///
/// ```
/// use std::time::Duration;
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |sandbox, client| {
/// let options = CallOptions::new()
///     .deadline(Duration::from_secs(5))
///     .retry(RetryPolicy::never())
///     .header("x-trace-id", "8f14e45f")?
///     .query("_sort", "updated_at");
/// client.with(options).get_events().send().await?;
/// assert_eq!(sandbox.requests()[0].header("x-trace-id"), Some("8f14e45f"));
/// # Ok(())
/// # });
/// ```
///
/// What is not set is as before. Options of options add up: `client.with(a).with(b)` has the headers and query pairs of
/// both. Where both set deadline, retry or a header of the same name, `b` holds.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
}

impl CallOptions {
    /// Options that change nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time that each call may take in all, from its beginning, waits and retries included.
    ///
    /// An attempt gets what is left of it at most. A wait that does not fit ends the call at once. For ingestion it is
    /// the time of each request, and for a list that of each page.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how calls are repeated.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Adds a header to each request.
    ///
    /// ```
    /// use togai_ext::CallOptions;
    ///
    /// let options = CallOptions::new().header("x-trace-id", "8f14e45f")?;
    /// let error = options.header("content-length", "3").unwrap_err();
    /// assert_eq!(error.to_string(), "the header `content-length` is set by the client: leave it out");
    /// # Ok::<(), togai_ext::Error>(())
    /// ```
    ///
    /// The client sets these itself, and refuses them: `authorization`, `proxy-*`; what frames a message or belongs to the
    /// connection (`connection`, `content-length`, `expect`, `host`, `http2-settings`, `keep-alive`, `te`, `trailer`,
    /// `transfer-encoding`, `upgrade`); and what says how bodies are written (`accept`, `accept-encoding`,
    /// `content-encoding`, `content-type`).
    ///
    /// # Errors
    ///
    /// If name or value cannot be those of a header, or the client sets the header itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let problem = |problem: &str| Error::configuration(format!("the header `{name}` {problem}"));
        let key = HeaderName::try_from(name).map_err(|_| problem("has a name that no header can have"))?;
        if key == header::AUTHORIZATION {
            return Err(problem("is set by the client: give the token to the builder of the client"));
        }
        if Request::owns_header(&key) {
            return Err(problem("is set by the client: leave it out"));
        }
        let value = HeaderValue::try_from(value).map_err(|_| problem("has a value that no header can have"))?;
        self.headers.insert(key, value);
        Ok(self)
    }

    /// Adds a pair to the query of each request, for parameters that the document does not have.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// These options with others on top.
    pub(crate) fn merged(mut self, other: Self) -> Self {
        self.deadline = other.deadline.or(self.deadline);
        self.retry = other.retry.or(self.retry);
        self.headers.extend(other.headers);
        self.query.extend(other.query);
        self
    }
}
