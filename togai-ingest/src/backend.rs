//! What the engine needs to know of a service.

use std::error::Error as StdError;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use serde::Serialize;

use crate::cancel::CancelSignal;
use crate::json::{FieldNames, Fields, ReadBack};
use crate::session::Session;

/// A service that takes events: one implementation for each service.
///
/// The [front page](crate#a-backend-of-your-own) shows a whole one. A clone is made for each call and for each batch, so a
/// backend holds its HTTP client by a handle.
pub trait Backend: Clone + Send + Sync + 'static {
    /// The event of the service. It is written as JSON, and given back when it was not accepted.
    type Event: Serialize;

    /// The fields at the top of an event that are of interest, by their names in JSON: the id first, and at most 7 others.
    ///
    /// It is noted where they stand as an event is written, at no cost, since the names are known to the compiler. It refuses
    /// a list without an id, one of more than 8 names, and names with a character that JSON escapes.
    const FIELDS: &'static [&'static str];

    /// Reads an event back from the bytes that were written of it; nothing by default.
    ///
    /// With it an event is dropped once it is written, and made anew where it comes back with a verdict, so that one in flight
    /// takes less memory and less time. It has to return an event equal to the one that was handed in (with its id), whatever
    /// that says. So leave it out where not all of an event is written, or where reading may change it: by default `serde_json`
    /// reads some floats as their neighbours. Without it events are kept.
    const READ_BACK: Option<ReadBack<Self::Event>> = None;

    /// What requests of the service look like.
    fn protocol(&self) -> &'static Protocol;

    /// Puts the id into an event that has none, where [`FIELDS`](Self::FIELDS) says that it is.
    ///
    /// The event comes back with it. If it does not, an event that is handed in again gets another id, and the service cannot
    /// see that it is the same.
    fn set_id(event: &mut Self::Event, id: &str);

    /// Checks the fields at the top of an encoded event before it is sent. It runs for rows of the caller's own types, too.
    ///
    /// `fields` says where the fields are that [`FIELDS`](Self::FIELDS) names. An event without an id gets one only after this
    /// check. The default is no check.
    ///
    /// # Errors
    ///
    /// The field, what is wrong with it, and what to do. The event is then
    /// [`Rejected`](crate::Outcome::Rejected) without a request.
    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        let _ = (event, fields);
        Ok(())
    }

    /// Checks what [`check`](Self::check) does not see: the inside of an event. The default is no check.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    fn check_event(&self, event: &Self::Event) -> Result<(), String> {
        let _ = event;
        Ok(())
    }

    /// Sends a request, with whatever retries the backend makes, and says how the service responded.
    ///
    /// - It has to end: the engine has no timeout. A panic ends the call, and its report is lost.
    /// - After the [`cancel`](Request::cancel) signal it must not start another attempt.
    /// - A backend that shares its token among calls asks the session's [`TokenGate`](crate::TokenGate) before each attempt,
    ///   and reports to it. One that does not need not: the engine notes the first response of success, and
    ///   [`Scope::Token`] ends the call.
    ///
    /// # Errors
    ///
    /// If the service did not accept the request, in whole or in part, or if nothing says that it did.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>>;
}

/// The fields of a backend, as the encoder takes them.
#[derive(Debug)]
pub(crate) struct FieldsOf<B>(PhantomData<B>);

impl<B: Backend> FieldNames for FieldsOf<B> {
    const NAMES: &'static [&'static str] = B::FIELDS;
}

/// What can be turned into a connection to a service, such as a client of the service.
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_ingest::{Backend, Connection, IntoBackend};
///
/// fn connect<B: Backend>(client: impl IntoBackend<B>) -> Connection<B> {
///     client.into_backend()
/// }
///
/// # fn main() -> Result<(), togai_ext::Error> {
/// let client = ClientBuilder::new("secret-token-0001").build()?;
/// assert_eq!(connect(&client).protocol().operation, "ingest_batch");
/// # Ok(())
/// # }
/// ```
///
/// The backend is a parameter, so that a crate can implement the trait for a client that another crate defines.
pub trait IntoBackend<B: Backend> {
    /// The backend, and what the calls of the client share.
    fn into_backend(self) -> Connection<B>;
}

/// A backend, and the session that its calls share. Calls are made from it; see [`Connection::ingest_events`].
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_ingest::IntoBackend;
///
/// # togai_doctest::run(async |_, client| {
/// let connection = client.into_backend();
/// assert_eq!(connection.protocol().max_batch_size, Some(1000));
/// let report = connection.ingest_events([Event::new("rides", "acme-prod")]).send().await?;
/// assert!(report.accepted() == 1 && connection.session().gate().is_proven());
/// # Ok(())
/// # });
/// ```
///
/// A clone shares the session.
#[derive(Clone, Debug)]
pub struct Connection<B> {
    pub(crate) backend: B,
    pub(crate) session: Session,
}

impl<B: Backend> Connection<B> {
    /// A connection to a service.
    pub fn new(backend: B, session: Session) -> Self {
        Self { backend, session }
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// What the calls share.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What requests of the service look like.
    pub fn protocol(&self) -> &'static Protocol {
        self.backend.protocol()
    }
}

impl<B: Backend> IntoBackend<B> for Connection<B> {
    fn into_backend(self) -> Connection<B> {
        self
    }
}

impl<B: Backend> IntoBackend<B> for &Connection<B> {
    fn into_backend(self) -> Connection<B> {
        self.clone()
    }
}

/// What requests of a service look like.
///
/// ```
/// use togai_ingest::{Envelope, Protocol};
///
/// static PROTOCOL: Protocol = Protocol::new("record")
///     .max_batch_size(500)
///     .envelope(Envelope { before: r#"{"events":["#, between: ",", after: "]}" })
///     .idempotent(true);
/// assert_eq!(PROTOCOL.max_batch_size, Some(500));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Protocol {
    /// The name of the operation, for errors.
    pub operation: &'static str,
    /// The largest number of events in a request that the service documents; none by default.
    pub max_batch_size: Option<usize>,
    /// The text around the events of a request; a JSON array by default.
    pub envelope: Envelope,
    /// Whether the service counts an id once, so that sending an event twice is harmless; `false` by default.
    pub idempotent: bool,
}

impl Protocol {
    /// The requests of an operation with events in a JSON array.
    pub const fn new(operation: &'static str) -> Self {
        let envelope = Envelope { before: "[", between: ",", after: "]" };
        Self { operation, max_batch_size: None, envelope, idempotent: false }
    }

    /// Sets the largest number of events in a request.
    ///
    /// # Panics
    ///
    /// If it is 0. In a `static` that is an error of the compiler.
    #[must_use]
    pub const fn max_batch_size(self, events: usize) -> Self {
        assert!(events > 0, "a request has 1 event or more");
        Self { max_batch_size: Some(events), ..self }
    }

    /// Sets the text around the events of a request.
    #[must_use]
    pub const fn envelope(self, envelope: Envelope) -> Self {
        Self { envelope, ..self }
    }

    /// Sets whether sending an event twice is harmless.
    #[must_use]
    pub const fn idempotent(self, is_idempotent: bool) -> Self {
        Self { idempotent: is_idempotent, ..self }
    }
}

/// The text around the events of a request.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// Before the first event.
    pub before: &'static str,
    /// Between two events.
    pub between: &'static str,
    /// After the last event.
    pub after: &'static str,
}

/// A request for some events.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The body. A clone shares the bytes.
    pub body: Bytes,
    /// The number of events in it.
    pub events: usize,
    /// Whether sending the request twice is harmless: what [`Protocol::idempotent`] says, or the caller.
    pub idempotent: bool,
    /// After this signal no further attempt starts.
    pub cancel: CancelSignal,
    /// How many times the request may be retried, where the engine isolates an event behind failures; else as often as the
    /// backend retries any request. Such a retry takes nothing from a budget that other calls share.
    pub max_retries: Option<u32>,
}

/// The response to a request that the service accepted, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The service accepted every event, and said so: a body that cannot be read is [`Effect::MaybeApplied`].
    AllAccepted,
    /// The service did not accept every event.
    Partial(Partial),
}

/// The response to a request that the service accepted in part.
///
/// ```
/// use http::StatusCode;
/// use togai_ingest::{EventRef, Failure, FailureKind, Partial, Response};
///
/// // The service lists at most 100 failures, so a list of 100 may be incomplete.
/// fn partial(refused: &[(usize, &str)]) -> Response {
///     let failure = |(index, message): &(usize, &str)| {
///         Failure::new(EventRef::Index(*index), FailureKind::Refused, Some(message))
///     };
///     let mut partial = Partial::new(StatusCode::MULTI_STATUS, refused.iter().map(failure).collect());
///     partial.may_be_incomplete = refused.len() == 100;
///     Response::Partial(partial)
/// }
/// assert!(matches!(partial(&[(3, "unknown meter")]), Response::Partial(partial) if !partial.may_be_incomplete));
/// ```
///
/// An event that the list does not name is accepted only if the list is complete and each failure names an event of the
/// request. Otherwise the engine retries what is open if that is harmless, or it is [`Unknown`](crate::Outcome::Unknown).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// The status of the response.
    pub status: StatusCode,
    /// The events that were not accepted. If an event is named twice, the least certain failure wins; if it is refused and
    /// a duplicate, it is sent once more.
    pub failures: Vec<Failure>,
    /// The events that the response names as accepted, where it names those, too.
    pub accepted: Vec<EventRef>,
    /// Whether failures can be missing from the list: because the service caps it, or because there is none.
    pub may_be_incomplete: bool,
    /// Whether the response contradicts itself, such as a status of success with a body that says failure. What it leaves
    /// open is sent once more in one request, where that is harmless.
    pub is_contradictory: bool,
    /// The service's message about the request as a whole.
    pub message: Option<Arc<str>>,
    /// Whether an earlier attempt may have been applied, so that a duplicate may be one of our own.
    pub maybe_repeated: bool,
}

impl Partial {
    /// A complete list of failures, on the first attempt and without a message.
    pub fn new(status: StatusCode, failures: Vec<Failure>) -> Self {
        Self {
            status,
            failures,
            accepted: Vec::new(),
            may_be_incomplete: false,
            is_contradictory: false,
            message: None,
            maybe_repeated: false,
        }
    }
}

/// An event that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Which event of the request it is.
    pub event: EventRef,
    /// Why it was not accepted.
    pub kind: FailureKind,
    /// Its own status, where it has one; else the status of the response counts.
    pub status: Option<StatusCode>,
    /// The service's code for what is wrong.
    pub code: Option<Arc<str>>,
    /// The service's message.
    pub message: Arc<str>,
}

/// The message of a failure for which the service gave none.
pub(crate) const NO_REASON: &str = "the server gave no reason";

impl Failure {
    /// A failure without a status and a code of its own. Without a message its reason is that the server gave none.
    pub fn new(event: EventRef, kind: FailureKind, message: Option<&str>) -> Self {
        Self { event, kind, status: None, code: None, message: message.unwrap_or(NO_REASON).into() }
    }
}

/// How a response says which event of the request it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventRef {
    /// By the id of the event.
    Id(String),
    /// By the index of the event in the request, from 0.
    Index(usize),
    /// Not at all.
    Unnamed,
}

/// Why an event was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// For what is wrong with it.
    Refused,
    /// For something else that is missing, such as a customer that the service does not know: nothing is wrong with the event.
    Unmet,
    /// In words that could also mean that the service has the event from an earlier request.
    Vague,
    /// The service has it already.
    Duplicate,
    /// The service failed at it, and may have it all the same.
    Unclear,
}

/// A request that the service did not accept, or of which nothing says that it did.
///
/// ```
/// use std::time::Duration;
///
/// use http::StatusCode;
/// use togai_ingest::{Effect, Failed, Scope};
///
/// /// A 429 that is not worth waiting for.
/// fn throttled(wait: Duration) -> Failed {
///     let mut failed = Failed::new(Scope::Rate, Effect::NotApplied, "the quota of the hour is used up");
///     failed.status = Some(StatusCode::TOO_MANY_REQUESTS);
///     failed.retry_after = Some(wait);
///     failed
/// }
/// assert_eq!(&*throttled(Duration::from_secs(1800)).reason, "the quota of the hour is used up");
/// ```
///
/// When in doubt, say [`Effect::MaybeApplied`]: a wrong `NotApplied` can bill an event twice, a wrong `MaybeApplied` only
/// leaves it unknown.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failed {
    /// Who is at fault.
    pub scope: Scope,
    /// Whether the service may have applied the request.
    pub effect: Effect,
    /// The status of the response, where there was one. It decides nothing, and stands in the outcomes of the events.
    pub status: Option<StatusCode>,
    /// The service's code for what is wrong.
    pub code: Option<Arc<str>>,
    /// The service's message.
    pub message: Option<Arc<str>>,
    /// What happened, in a sentence: the text of `error`, unless it is set. Leave out what differs from request to request,
    /// such as times, so that events can be grouped by it.
    pub reason: Arc<str>,
    /// Whether the service says that it has an event of the request already. It is about the content of the request.
    pub is_duplicate: bool,
    /// The events of the request that the message names. They are sent by themselves first. One that is refused so, and is
    /// named by its index, is `Rejected` at once. Long ids need not be here: the engine finds them in the message.
    pub named: Vec<EventRef>,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The error of the service's client, for the caller of the engine.
    pub error: Box<dyn StdError + Send + Sync>,
}

impl Failed {
    /// A failure without a response. The other fields are set where they are known.
    pub fn new(scope: Scope, effect: Effect, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let error = error.into();
        let reason = error.to_string().into();
        Self {
            scope,
            effect,
            status: None,
            code: None,
            message: None,
            reason,
            is_duplicate: false,
            named: Vec::new(),
            retry_after: None,
            error,
        }
    }
}

/// Who is at fault for a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The content of the request: an event in it.
    Content,
    /// The size of the request.
    Size {
        /// Whether the service means its bytes (413), and not perhaps the number of events.
        by_bytes: bool,
    },
    /// The token, or what it may do.
    Token,
    /// The rate of requests: the service throttles, and further requests would be refused until it no longer does.
    Rate,
    /// The service, or the way to it: further requests would fail alike.
    Service,
}

/// Whether the service may have applied a failed request, on this attempt or an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It did not.
    NotApplied,
    /// It may have.
    MaybeApplied,
}
