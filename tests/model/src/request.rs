//! A request, as the service reads it.

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
