//! What the sandbox was asked, in order.

use std::fmt;

use serde_json::Value;

/// A request as the sandbox saw it, and what it answered.
///
/// As text it is one line that is the same in every run, fit for a snapshot: ids, page tokens and moments are left out.
///
/// - `POST /ingestBatch 1000 events -> 202`
/// - `GET /events?account_id=..&pageSize=50 -> 200`
/// - `POST /ingest 1 event -> no answer (fault: reset after reading)`
/// - `POST /events/batch 3 events -> 200`, which is a batch of Enso: the path is that of its document, without `/enso`
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Position in the log, from 0; it starts again when the log is cleared.
    pub index: usize,
    /// Id of the operation in the API document; none if there is no such path or method.
    pub operation_id: Option<String>,
    /// The method, in capitals.
    pub method: String,
    /// The path as it was sent, still percent-encoded; one of Enso begins with `/enso`.
    pub path: String,
    /// Names and values of the query, decoded, in the order they were sent in.
    pub query: Vec<(String, String)>,
    /// Names, in lower case, and values of the headers. The token is replaced by `***`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: LoggedBody,
    /// The status that was answered. None while there is no answer, and for good when the connection was reset or the
    /// client gave up.
    pub status: Option<u16>,
    /// Name of the fault that was applied (see [`Fault::name`](crate::Fault::name)).
    pub fault: Option<String>,
    /// The path and the query as the line shows them.
    pub(crate) route: String,
}

/// The body of a logged request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LoggedBody {
    /// It was not read: the connection was reset first, or the request is still arriving.
    NotRead,
    /// There was none.
    Empty,
    /// It is JSON.
    Json(Value),
    /// It is something else.
    Bytes(Vec<u8>),
    /// It was larger than the sandbox takes, and was not kept.
    TooLarge {
        /// How many bytes there were.
        bytes: u64,
    },
}

impl LoggedBody {
    /// The body, if it is JSON.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            _ => None,
        }
    }
}

impl LoggedRequest {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The names of the headers, sorted, each of them once.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How many events the body holds; none if it is not the body of an ingestion request.
    pub fn event_count(&self) -> Option<usize> {
        let body = self.body.json()?;
        match body.get("events") {
            Some(events) => events.as_array().map(Vec::len),
            None => body.get("event").map(|_| 1),
        }
    }
}

impl fmt::Display for LoggedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.route)?;
        match self.event_count() {
            Some(1) => formatter.write_str(" 1 event")?,
            Some(count) => write!(formatter, " {count} events")?,
            None => {}
        }
        match self.status {
            Some(status) => write!(formatter, " -> {status}")?,
            None => formatter.write_str(" -> no answer")?,
        }
        match &self.fault {
            Some(fault) => write!(formatter, " (fault: {fault})"),
            None => Ok(()),
        }
    }
}
