//! What ingestion needs to know of a service, so that another service is another implementation.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use togai_api::{BoxFuture, Error};

use super::encode::Fields;
use super::run::Surroundings;

/// A service that takes events, as one call needs it: what stands in the type of an [`Ingest`](crate::Ingest).
///
/// It is there to be named, as [`Source`](crate::Source) is. Which services there are is up to this crate.
pub trait Backend: Clone + Send + Sync + 'static {
    /// The name of the operation, for errors.
    #[doc(hidden)]
    fn operation(&self) -> &'static str;

    /// The largest number of events in a request that the service documents, where it documents one.
    #[doc(hidden)]
    fn max_batch_size(&self) -> Option<usize>;

    /// What stands before the first event of a request, between two, and after the last.
    #[doc(hidden)]
    fn envelope(&self) -> Envelope;

    /// The fields at the top of an event that are of interest; the first one is the id that the service tells events
    /// apart by.
    #[doc(hidden)]
    fn fields(&self) -> &'static [&'static str];

    /// What is wrong with an encoded event, as far as its fields tell.
    ///
    /// # Errors
    ///
    /// The field, what is wrong with it, and what to do.
    #[doc(hidden)]
    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String>;

    /// Whether sending an id again that the service may have is harmless.
    #[doc(hidden)]
    fn is_resending_harmless(&self) -> bool;

    /// Whether the service is known to take the token. Until then one request is in flight.
    #[doc(hidden)]
    fn is_proven(&self) -> bool;

    /// What the call shares with others of its client.
    #[doc(hidden)]
    fn surroundings(&self) -> Surroundings;

    /// Sends a request of so many events, and says what the service answered.
    #[doc(hidden)]
    fn send(&self, body: Bytes, events: usize) -> BoxFuture<'static, Result<Answer, Error>>;
}

/// The text around the events of a request.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    pub(crate) before: &'static str,
    pub(crate) between: &'static str,
    pub(crate) after: &'static str,
}

/// What a service answered to a request that it took, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every event was accepted.
    All,
    /// Some were not.
    Partial(Partial),
    /// It is none of this service, and says nothing of the events.
    Unclear { why: Arc<str> },
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
