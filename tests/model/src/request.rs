//! A request, as the engine makes it.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The events of a request, by their indexes in the call.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) number: usize,
    pub(crate) indexes: Vec<usize>,
    pub(crate) bytes: usize,
    /// Whether it is the first one of a batch, so that it has all its events.
    pub(crate) is_whole: bool,
    /// How often a client may retry it, where an event behind failures is isolated.
    pub(crate) max_retries: Option<u32>,
    /// How many requests of the session had been accepted before.
    pub(crate) accepted_before: u64,
    /// Its number among all requests of the session.
    pub(crate) sent_as: u64,
}

impl Request {
    /// Whether it is to find out if the service responds at all.
    pub(crate) fn is_trial(&self) -> bool {
        self.max_retries == Some(0)
    }
}

/// An event in the body of a request.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentEvent<'a> {
    pub(crate) id: &'a str,
    pub(crate) account_id: &'a str,
}

/// The events in the body of a request, each as it is written.
pub(crate) fn written_events(body: &[u8]) -> serde_json::Result<Vec<&str>> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        events: Vec<&'a RawValue>,
    }
    let Envelope { events } = serde_json::from_slice(body)?;
    Ok(events.into_iter().map(RawValue::get).collect())
}
