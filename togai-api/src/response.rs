//! A decoded answer with what came along with it.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::{CallContext, Error, Operation, UnreadableRecord};

/// A decoded answer, with its status and headers and how the call went.
///
/// It dereferences to the decoded value, and [`into_inner`](Self::into_inner) takes that out.
#[derive(Clone)]
pub struct ResponseValue<T> {
    value: T,
    unreadable: Vec<UnreadableRecord>,
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    context: CallContext,
}

impl<T> ResponseValue<T> {
    /// A response that was decoded by hand, as tests make them.
    #[doc(hidden)]
    pub fn new(
        value: T,
        unreadable: Vec<UnreadableRecord>,
        operation: &'static Operation,
        status: StatusCode,
        headers: HeaderMap,
        context: CallContext,
    ) -> Self {
        Self { value, unreadable, operation, status, headers, context }
    }

    /// The decoded value.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The records of a page that could not be read whole, in their order; empty for nearly every response.
    ///
    /// A value that cannot be read is left out of its record, like one that the server leaves out, and an entry that is
    /// no record is left out of its page. Only the lists of operations that page are read like this: any other response
    /// that cannot be read is an error.
    pub fn unreadable(&self) -> &[UnreadableRecord] {
        &self.unreadable
    }

    /// The status of the answer, which matters where there are several of success, such as 202 and 207.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where a redirection leads, such as that of `get_file`.
    ///
    /// No redirection is followed, so that the token goes nowhere else: fetch the address without it.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(http::header::LOCATION)?.to_str().ok()
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.context.attempts
    }

    /// The time the call took, waits between attempts included.
    pub fn elapsed(&self) -> Duration {
        self.context.elapsed
    }

    /// Whether an attempt before the answered one may have been applied.
    ///
    /// Then what the answer says may be due to that attempt, such as that an event is there already.
    pub fn maybe_repeated(&self) -> bool {
        self.context.maybe_delivered
    }

    /// A text of the answer as errors tell it: on one line, cut where it is long, and without the token.
    #[doc(hidden)]
    pub fn safe_text(&self, text: &str) -> String {
        crate::error::safe_text(&self.context, text)
    }

    /// The same answer with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseValue<U> {
        let Self { value, unreadable, operation, status, headers, context } = self;
        ResponseValue { value: change(value), unreadable, operation, status, headers, context }
    }

    /// The value, and the response without it.
    #[doc(hidden)]
    pub fn split(self) -> (T, ResponseValue<()>) {
        let Self { value, unreadable, operation, status, headers, context } = self;
        (value, ResponseValue { value: (), unreadable, operation, status, headers, context })
    }

    /// The error of a response that does not say what became of the request. `problem` goes on after the status.
    #[doc(hidden)]
    pub fn unclear(&self, problem: impl Into<String>) -> Error {
        Error::unclear(self, problem.into())
    }

    /// The error of a response that cannot be gone on with.
    #[doc(hidden)]
    pub fn protocol(&self, problem: impl Into<String>) -> Error {
        Error::protocol_of(self, problem.into())
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    pub(crate) fn context(&self) -> &CallContext {
        &self.context
    }
}

impl<T: fmt::Debug> fmt::Debug for ResponseValue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A redirection may lead to a signed address, and a cookie is a credential.
        let headers: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        let mut shown = formatter.debug_struct("ResponseValue");
        shown
            .field("value", &self.value)
            .field("unreadable", &self.unreadable)
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("headers", &headers);
        shown.field("context", &self.context).finish()
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> AsRef<T> for ResponseValue<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}
