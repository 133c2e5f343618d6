//! Things that go wrong on the way, on demand.
//!
//! A [`Fault`] plays a gateway or a network that misbehaves. It is looked for before anything else, authentication and
//! quotas included; only the log of requests comes earlier.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// Something that goes wrong with a request.
///
/// ```
/// use std::time::Duration;
/// use togai_sandbox::Fault;
///
/// // The first two batches are refused by a gateway that speaks HTML.
/// let overloaded = Fault::status(503).body("<html>busy</html>").on("ingest_batch").first(2);
/// // Every third request is carried out, and its answer gets lost.
/// let lossy = Fault::reset_after_reading().every(3);
/// // All answers are late.
/// let slow = Fault::delay(Duration::from_millis(200));
/// assert_eq!([overloaded.name(), lossy.name(), slow.name()], ["status 503", "reset after reading", "delay"]);
/// ```
///
/// A constructor says what happens; the rest is optional:
///
/// - to which requests: [`on`](Self::on) (all operations of both services), [`every`](Self::every) (each),
///   [`first`](Self::first) (until the faults are cleared);
/// - how late: [`delayed_by`](Self::delayed_by) (not at all);
/// - whether the request is carried out nevertheless: [`after_applying`](Self::after_applying).
///
/// Of several faults, the first one registered that matches a request is applied to it; the others do not see, and do
/// not count, that request. So `status(503).first(2)` and then `status(429).first(1)` make a script of three answers.
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) effect: FaultEffect,
    pub(crate) delay: Duration,
    pub(crate) after_applying: bool,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) operation_id: Option<String>,
    pub(crate) first: Option<u64>,
    pub(crate) every: u64,
}

/// What a fault makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultEffect {
    /// The request gets its normal response.
    Respond,
    Status(StatusCode),
    ResetBeforeReading,
    ResetAfterReading,
    CutOff,
}

impl Fault {
    /// Answers with a status, and does not carry the request out.
    ///
    /// The body is a JSON message unless [`body`](Self::body) or [`json`](Self::json) set another.
    ///
    /// # Panics
    ///
    /// If `status` is not from 200 to 599.
    pub fn status(status: u16) -> Self {
        assert!((200..600).contains(&status), "the status of an answer is from 200 to 599: {status}");
        let status = StatusCode::from_u16(status).expect("statuses from 100 to 999 are valid");
        Self::new(FaultEffect::Status(status))
    }

    /// Answers as usual, but late.
    ///
    /// The time passes on the [`Clock`](crate::Clock) of the sandbox, before the request is carried out (or after it,
    /// see [`after_applying`](Self::after_applying)). If the client gives up in the meantime, it is not carried out.
    pub fn delay(delay: Duration) -> Self {
        Self::new(FaultEffect::Respond).delayed_by(delay)
    }

    /// Resets the connection when the head of the request is there; the body is not read, nothing is carried out.
    pub fn reset_before_reading() -> Self {
        Self::new(FaultEffect::ResetBeforeReading)
    }

    /// Carries the request out and resets the connection instead of answering.
    pub fn reset_after_reading() -> Self {
        Self { after_applying: true, ..Self::new(FaultEffect::ResetAfterReading) }
    }

    /// Carries the request out and closes the connection in the middle of the answer's body.
    ///
    /// The head of the answer is sent, with the length of the whole body.
    pub fn cut_off() -> Self {
        Self { after_applying: true, ..Self::new(FaultEffect::CutOff) }
    }

    /// Adds a header to the answer, or replaces one.
    ///
    /// # Panics
    ///
    /// If the name or the value cannot be sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.parse().unwrap_or_else(|_| panic!("not the name of a header: {name:?}"));
        let value = value.parse().unwrap_or_else(|_| panic!("not the value of a header: {value:?}"));
        self.headers.push((name, value));
        self
    }

    /// Replaces the body of the answer by text; HTML, such as that of a gateway, is recognised by its `<`.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        let content_type = if text.trim_start().starts_with('<') { "text/html" } else { "text/plain" };
        self.headers.insert(0, (CONTENT_TYPE, HeaderValue::from_static(content_type)));
        self.body = Some(text.into());
        self
    }

    /// Replaces the body of the answer by JSON.
    #[must_use]
    pub fn json(mut self, value: impl Borrow<Value>) -> Self {
        self.headers.insert(0, (CONTENT_TYPE, HeaderValue::from_static("application/json")));
        self.body = Some(value.borrow().to_string().into());
        self
    }

    /// Lets time pass first, on the [`Clock`](crate::Clock) of the sandbox.
    #[must_use]
    pub fn delayed_by(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Carries the request out before anything goes wrong, and before any delay.
    ///
    /// With [`status`](Self::status): the service did its work, and the client is told that it did not. Without it such
    /// a fault keeps the request from being carried out. Resetting before reading stays as it is.
    #[must_use]
    pub fn after_applying(mut self) -> Self {
        self.after_applying = self.effect != FaultEffect::ResetBeforeReading;
        self
    }

    /// Applies to one operation only, given by its operation id, such as `ingest_batch`, or `create_events_batch` of
    /// Enso.
    #[must_use]
    pub fn on(mut self, operation_id: impl Into<String>) -> Self {
        self.operation_id = Some(operation_id.into());
        self
    }

    /// Applies `count` times, and then no more.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.first = Some(count);
        self
    }

    /// Applies to every `n`-th matching request: the `n`-th, the `2n`-th and so on; 0 counts as 1.
    #[must_use]
    pub fn every(mut self, n: u64) -> Self {
        self.every = n.max(1);
        self
    }

    /// The name that the log of requests gives the fault.
    pub fn name(&self) -> String {
        self.effect.to_string()
    }

    fn new(effect: FaultEffect) -> Self {
        Self {
            effect,
            delay: Duration::ZERO,
            after_applying: false,
            headers: Vec::new(),
            body: None,
            operation_id: None,
            first: None,
            every: 1,
        }
    }
}

impl fmt::Display for FaultEffect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond => formatter.write_str("delay"),
            Self::Status(status) => write!(formatter, "status {}", status.as_u16()),
            Self::ResetBeforeReading => formatter.write_str("reset before reading"),
            Self::ResetAfterReading => formatter.write_str("reset after reading"),
            Self::CutOff => formatter.write_str("cut off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the status of an answer is from 200 to 599: 99")]
    fn an_invalid_status_panics() {
        let _ = Fault::status(99);
    }
}
