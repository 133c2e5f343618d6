//! Why a call stopped.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::backend::{Effect, Failed, Partial, Scope};

/// Why a call stopped before its source ended, or why its result is an error.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |sandbox, _| {
/// let client = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
/// let failure = client.ingest_events([Event::new("rides", "acme-prod")]).send().await.unwrap_err();
///
/// let error = failure.error();
/// assert!(error.is_auth());
/// assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
/// // The error of the client has more, such as the id of the request.
/// let call_error = error.service_error().and_then(|error| error.downcast_ref::<togai_ext::Error>());
/// assert!(call_error.is_some());
/// # Ok(())
/// # });
/// ```
pub struct DeliveryError {
    // Boxed, so that a `Result` stays small.
    inner: Box<Inner>,
}

struct Inner {
    operation: &'static str,
    kind: DeliveryErrorKind,
    cause: Cause,
}

/// The kinds of a [`DeliveryError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryErrorKind {
    /// A setting of the call is one that no request can be made with.
    InvalidSettings,
    /// The source of the events failed.
    Source,
    /// The service refused the token, or what it may do.
    Token,
    /// The service throttles, for longer than its client waits.
    Throttled,
    /// The service failed, or the way to it.
    Service,
    /// The service refused one batch after the other, and accepted no event in between; or all batches of the call, however few.
    Refused,
    /// The caller ended the call: its [`time_limit`](crate::Ingest::time_limit) was over, or what it was to
    /// [`stop_when`](crate::Ingest::stop_when) happened.
    Ended,
    /// More events were not accepted than the report keeps.
    TooManyNotAccepted,
    /// The call reached its end, and an event was not accepted.
    NotAllAccepted,
}

enum Cause {
    /// A request failed.
    Failed(Failed),
    /// The engine itself stopped the call.
    Problem { problem: String, source: Option<Box<dyn StdError + Send + Sync>> },
}

impl DeliveryError {
    /// The error of a failed request after which the call stops.
    pub(crate) fn from_failed(operation: &'static str, failed: Failed) -> Self {
        let kind = match failed.scope {
            Scope::Token => DeliveryErrorKind::Token,
            Scope::Rate => DeliveryErrorKind::Throttled,
            Scope::Content | Scope::Size { .. } | Scope::Service => DeliveryErrorKind::Service,
        };
        Self { inner: Box::new(Inner { operation, kind, cause: Cause::Failed(failed) }) }
    }

    /// The error of a call whose batches were refused, one after the other.
    pub(crate) fn refused(operation: &'static str, failed: Failed) -> Self {
        let (kind, cause) = (DeliveryErrorKind::Refused, Cause::Failed(failed));
        Self { inner: Box::new(Inner { operation, kind, cause }) }
    }

    /// The same where the responses were no errors, and named no event.
    pub(crate) fn none_named(operation: &'static str, partial: &Partial) -> Self {
        let said = partial.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        let status = partial.status.as_str();
        let name = partial.status.canonical_reason().map_or_else(String::new, |name| format!(" {name}"));
        let problem = format!("the server answered {status}{name} and accepted no event that it named{said}");
        let mut failed = Failed::new(Scope::Content, Effect::MaybeApplied, problem);
        (failed.status, failed.message) = (Some(partial.status), partial.message.clone());
        Self::refused(operation, failed)
    }

    /// The failed request that stopped the call, where one did.
    fn failed(&self) -> Option<&Failed> {
        match &self.inner.cause {
            Cause::Failed(failed) => Some(failed),
            Cause::Problem { .. } => None,
        }
    }

    /// The error of a source, after so many events.
    pub(crate) fn source_failed(operation: &'static str, events: u64, source: Box<dyn StdError + Send + Sync>) -> Self {
        let problem = format!("the source failed after {events} events");
        Self::with(operation, DeliveryErrorKind::Source, problem, Some(source))
    }

    /// An error of the engine itself.
    pub(crate) fn new(operation: &'static str, kind: DeliveryErrorKind, problem: String) -> Self {
        Self::with(operation, kind, problem, None)
    }

    fn with(
        operation: &'static str,
        kind: DeliveryErrorKind,
        problem: String,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { inner: Box::new(Inner { operation, kind, cause: Cause::Problem { problem, source } }) }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> DeliveryErrorKind {
        self.inner.kind
    }

    /// The name of the operation, such as `ingest_batch`.
    pub fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// Whether the service refused the token, or what it may do.
    pub fn is_auth(&self) -> bool {
        self.kind() == DeliveryErrorKind::Token
    }

    /// Whether the service throttles. [`retry_after`](Self::retry_after) is how long it asked to wait.
    pub fn is_throttled(&self) -> bool {
        self.kind() == DeliveryErrorKind::Throttled
    }

    /// Whether the service refused one batch after the other: what it says holds for every event, such as that a schema does
    /// not exist.
    pub fn is_refused(&self) -> bool {
        self.kind() == DeliveryErrorKind::Refused
    }

    /// Whether the caller ended the call, by its time limit or otherwise.
    pub fn is_ended(&self) -> bool {
        self.kind() == DeliveryErrorKind::Ended
    }

    /// Whether the source of the events failed. [`source`](StdError::source) is its error.
    pub fn is_source(&self) -> bool {
        self.kind() == DeliveryErrorKind::Source
    }

    /// Whether the call did not start because a setting of it is invalid.
    pub fn is_builder(&self) -> bool {
        self.kind() == DeliveryErrorKind::InvalidSettings
    }

    /// The status of the response that stopped the call.
    pub fn status(&self) -> Option<StatusCode> {
        self.failed()?.status
    }

    /// The service's code for what is wrong.
    pub fn code(&self) -> Option<&str> {
        self.failed()?.code.as_deref()
    }

    /// The service's message.
    pub fn message(&self) -> Option<&str> {
        self.failed()?.message.as_deref()
    }

    /// What happened, in a sentence without what differs from request to request, such as times: to group by.
    pub fn reason(&self) -> &str {
        match &self.inner.cause {
            Cause::Failed(failed) => &failed.reason,
            Cause::Problem { problem, .. } => problem,
        }
    }

    /// How long the service asked to wait, or how long the client leaves a refused token alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.failed()?.retry_after
    }

    /// Whether the service may have applied the request that stopped the call.
    pub fn maybe_delivered(&self) -> bool {
        self.failed().is_some_and(|failed| failed.effect == Effect::MaybeApplied)
    }

    /// The error of the service's client, where a request stopped the call.
    pub fn service_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.failed().map(|failed| &*failed.error)
    }

    /// What happened, without the name of the operation; the error of the service's client or of the source.
    pub fn into_parts(self) -> (String, Option<Box<dyn StdError + Send + Sync>>) {
        match self.inner.cause {
            Cause::Failed(Failed { error, .. }) => (error.to_string(), Some(error)),
            Cause::Problem { problem, source } => (problem, source),
        }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.cause {
            Cause::Failed(Failed { error, .. }) => fmt::Display::fmt(error, formatter),
            Cause::Problem { problem, source } => {
                write!(formatter, "{}: {problem}", self.inner.operation)?;
                source.as_ref().map_or(Ok(()), |source| write!(formatter, ": {source}"))
            }
        }
    }
}

impl fmt::Debug for DeliveryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("DeliveryError");
        debug.field("operation", &self.inner.operation).field("kind", &self.inner.kind);
        match &self.inner.cause {
            Cause::Failed(Failed { error, .. }) => debug.field("error", error),
            Cause::Problem { problem, source } => debug.field("problem", problem).field("source", source),
        };
        debug.finish()
    }
}

impl StdError for DeliveryError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.inner.cause {
            // The text of this error is that of the client's error, so what is below that is the source.
            Cause::Failed(Failed { error, .. }) => error.source(),
            Cause::Problem { source, .. } => source.as_ref().map(|source| &**source as _),
        }
    }
}
