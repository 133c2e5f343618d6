//! The open requests are those that the engine has no result of.

use crate::request::Request;
use crate::response::{Body, Meaning, Response};

/// The requests of the engine that have no result yet.
#[derive(Default)]
pub(crate) struct OpenRequests {
    requests: Vec<OpenRequest>,
    begun: usize,
}

/// A request of the engine, with what has become of it so far.
pub(crate) struct OpenRequest {
    pub(crate) request: Request,
    /// How the engine made it.
    sent: togai_ingest::Request,
    /// How often it came to the service.
    pub(crate) attempts: usize,
    /// How many of these failed; throttling is no failure.
    failures: usize,
    /// What the last response means; nothing where there was none.
    pub(crate) meaning: Option<Meaning>,
    /// Whether a response left open, as a whole, whether the service took the request.
    pub(crate) is_in_doubt: bool,
    /// Whether the last response has a status that is none of an outage, so that it is not for a single event.
    pub(crate) has_other_status: bool,
    /// Whether the last response contradicts itself.
    pub(crate) is_contradictory: bool,
}

/// After how many failed attempts a client gives a request up. It goes on while it is throttled.
const MOST_FAILURES: usize = 3;

impl OpenRequests {
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &OpenRequest> {
        self.requests.iter()
    }

    /// How many requests there were.
    pub(crate) fn begun(&self) -> usize {
        self.begun
    }

    pub(crate) fn next_number(&mut self) -> usize {
        self.begun += 1;
        self.begun - 1
    }

    pub(crate) fn add(&mut self, request: Request, sent: togai_ingest::Request) {
        self.requests.push(OpenRequest {
            request,
            sent,
            attempts: 0,
            failures: 0,
            meaning: None,
            is_in_doubt: false,
            has_other_status: false,
            is_contradictory: false,
        });
    }

    /// Whether an event is in one of the requests.
    pub(crate) fn has(&self, index: usize) -> bool {
        self.requests.iter().any(|open| open.request.indexes.contains(&index))
    }

    /// Counts an attempt, by what is sent.
    pub(crate) fn attempt(&mut self, body: &[u8]) -> Option<&OpenRequest> {
        let open = self.requests.iter_mut().find(|open| open.sent.body == body)?;
        open.attempts += 1;
        Some(open)
    }

    pub(crate) fn note_response(&mut self, number: usize, response: &Response, is_wire: bool) {
        let Some(open) = self.requests.iter_mut().find(|open| open.request.number == number) else { return };
        open.meaning = Some(response.body.meaning());
        open.failures += usize::from(open.meaning == Some(Meaning::Transient));
        open.is_in_doubt |= response.is_in_doubt;
        open.has_other_status = match response.body {
            Body::Status(status, _) => status < 500 && status != 408,
            // A client says with which status it could not read a response.
            Body::Unclear | Body::Garbled => is_wire,
            _ => false,
        };
        open.is_contradictory = matches!(&response.body, Body::Partial(partial) if partial.is_contradictory);
    }

    /// Whether the last attempt at a request failed.
    pub(crate) fn fails(&self, number: usize) -> bool {
        let is_transient = |open: &OpenRequest| open.meaning == Some(Meaning::Transient);
        self.requests.iter().any(|open| open.request.number == number && is_transient(open))
    }

    pub(crate) fn remove(&mut self, number: usize) -> Option<OpenRequest> {
        let position = self.requests.iter().position(|open| open.request.number == number)?;
        Some(self.requests.remove(position))
    }
}

impl OpenRequest {
    /// Whether a client may retry it.
    pub(crate) fn may_retry(&self) -> bool {
        let is_transient = matches!(self.meaning, Some(Meaning::Throttled | Meaning::Transient));
        is_transient && self.failures < MOST_FAILURES
    }
}
