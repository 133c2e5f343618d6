//! What ingestion needs to know of a service, so that another service is another implementation.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use togai_api::{BoxFuture, Error};

/// A service that takes events in batches.
pub(crate) trait Backend: Send + Sync + 'static {
    type Event: Send + 'static;

    /// The largest number of events in a request that the service documents.
    fn max_batch_size(&self) -> usize;

    /// The id that the service tells events apart by.
    fn id<'a>(&self, event: &'a Self::Event) -> Option<&'a str>;

    fn set_id(&self, event: &mut Self::Event, id: String);

    /// What stands before the first event of a request, between two, and after the last.
    fn envelope(&self) -> Envelope;

    /// Appends an event as it is sent.
    fn encode(&self, event: &Self::Event, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error>;

    /// Sends a request and says what the service answered.
    fn send(&self, body: Bytes) -> BoxFuture<'static, Result<Answer, Error>>;
}

/// The text around the events of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) before: &'static str,
    pub(crate) between: &'static str,
    pub(crate) after: &'static str,
}

/// What a service answered to a batch that it took, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Every event was accepted.
    All,
    /// Some were not.
    Partial {
        status: StatusCode,
        failures: Vec<Failure>,
        /// Whether the list can be short of failures: where the service caps it, or where there is none.
        may_be_incomplete: bool,
    },
}

/// An event that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The id of the event, where the service said which it is.
    pub(crate) id: Option<String>,
    pub(crate) message: Arc<str>,
    /// Whether the service has the event already.
    pub(crate) is_duplicate: bool,
}
