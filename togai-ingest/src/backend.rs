//! What ingestion needs to know of a service, so that another service is another implementation.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use togai_api::{BoxFuture, Error};

use super::encode::Fields;
use crate::cancel::Cancel;
use crate::session::Session;

/// A service that takes events, as one call needs it: what stands in the type of an [`Ingest`](crate::Ingest).
///
/// It is there to be named, as [`Source`](crate::Source) is. Which services there are is up to this crate.
pub trait Backend: Clone + Send + Sync + 'static {
    /// What the requests of the service look like.
    #[doc(hidden)]
    fn protocol(&self) -> &'static Protocol;

    /// What is wrong with an encoded event, as far as its fields tell.
    ///
    /// # Errors
    ///
    /// The field, what is wrong with it, and what to do.
    #[doc(hidden)]
    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String>;

    /// Sends a request, and says what the service answered.
    #[doc(hidden)]
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>>;
}

/// A service, and what its calls share: what a client gives to a call.
#[derive(Debug)]
pub struct Connection<B> {
    pub(crate) backend: B,
    pub(crate) session: Session,
}

/// What the requests of a service look like.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// The name of the operation, for errors.
    pub(crate) operation: &'static str,
    /// The largest number of events in a request that the service documents, where it documents one.
    pub(crate) max_batch_size: Option<usize>,
    pub(crate) envelope: Envelope,
    /// The fields at the top of an event that are of interest; the first one is the id that the service tells events
    /// apart by.
    pub(crate) fields: &'static [&'static str],
    /// Whether sending an id again that the service may have is harmless.
    pub(crate) idempotent: bool,
}

/// A request for some events.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) body: Bytes,
    /// How many events there are in it.
    #[cfg_attr(not(feature = "enso"), allow(dead_code, reason = "Togai's answers do not count events"))]
    pub(crate) events: usize,
    /// Whether sending it again is harmless when the service may have it.
    pub(crate) idempotent: bool,
    /// After this signal it is not sent again.
    pub(crate) cancel: Cancel,
}

/// The text around the events of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) before: &'static str,
    pub(crate) between: &'static str,
    pub(crate) after: &'static str,
}

/// What a service answered to a request that it took, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Every event was accepted.
    AllAccepted,
    /// Some were not.
    Partial(Partial),
}

/// A request that the service did not take, or of which it did not say that it took it.
#[derive(Debug)]
pub struct Failed {
    pub(crate) scope: Scope,
    pub(crate) effect: Effect,
    /// The status of the response, where there was one.
    pub(crate) status: Option<StatusCode>,
    /// The service's code for what is wrong.
    pub(crate) code: Option<Arc<str>>,
    /// What the service said.
    pub(crate) message: Option<Arc<str>>,
    /// What happened, in a sentence.
    pub(crate) reason: Arc<str>,
    /// What a call ends with that this ends.
    pub(crate) error: Error,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The content of the request: an event in it.
    Content,
    /// The size of the request, in bytes for certain, or in whichever way.
    Size { by_bytes: bool },
    /// The token, or what it may do.
    Token,
    /// The service, or the way to it: further requests would meet the same.
    Service,
}

/// Whether the service may have applied the request, in this attempt or in one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    NotApplied,
    MaybeApplied,
}

/// What a service answered to a request that it took in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    pub(crate) status: StatusCode,
    pub(crate) failures: Vec<Failure>,
    /// Whether the list can be short of failures: where the service caps it, or where there is none.
    pub(crate) may_be_incomplete: bool,
    /// Whether it says of the request as a whole that all went well.
    pub(crate) says_success: bool,
    /// What the service said of the request as a whole.
    pub(crate) message: Option<Arc<str>>,
    /// Whether the service may have had the request before this attempt, so that it knows the events from there.
    pub(crate) maybe_repeated: bool,
}

/// The message of a failure for which the server gave none.
pub(crate) const NO_REASON: &str = "the server gave no reason";

/// An event that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) event: Named,
    pub(crate) kind: FailureKind,
    /// The status that it has of its own; otherwise that of the answer holds.
    pub(crate) status: Option<StatusCode>,
    /// The service's code for what is wrong.
    pub(crate) code: Option<Arc<str>>,
    pub(crate) message: Arc<str>,
}

/// How an answer says which event of the request it means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "enso"), allow(dead_code, reason = "Togai does not name places"))]
pub(crate) enum Named {
    /// By its id.
    Id(String),
    /// By its place in the request.
    Place(usize),
    /// Not at all.
    Nobody,
}

/// Why an event was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "enso"), allow(dead_code, reason = "Togai refuses an event or has it"))]
pub(crate) enum FailureKind {
    /// For what is wrong with it.
    Refused,
    /// In words that could also be said of an event that the service has from an earlier request.
    Vague,
    /// The service has it already.
    Duplicate,
    /// The service failed at it, and may have it all the same.
    Unclear,
}
