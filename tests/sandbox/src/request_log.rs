//! Where the requests are kept.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};

use crate::lock;
use crate::log::{LoggedBody, LoggedRequest};
use crate::operation::Operation;
use crate::parameter::Parameter;

/// The log of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// How many entries were cleared: a request in flight still finds its own by its number.
    cleared: usize,
    kept: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    operation_id: Option<String>,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: ReceivedBody,
    status: Option<StatusCode>,
    fault: Option<String>,
    route: String,
}

/// A request body as it came in. It is kept as bytes and read again by those who ask.
#[derive(Debug, Clone)]
pub(crate) enum ReceivedBody {
    NotRead,
    Whole(Bytes),
    TooLarge { bytes: u64 },
}

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Names and values of the path parameters, decoded.
    pub(crate) path_parameters: BTreeMap<String, String>,
    /// Names and values of the query, decoded, in the order they were sent in.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl RequestLog {
    /// Makes an entry for a request of which the head has arrived, and answers its number.
    pub(crate) fn begin(&self, head: &Head, operation: Option<&Operation>, fault: Option<String>) -> usize {
        let mut entries = lock(&self.entries);
        entries.kept.push(Entry {
            operation_id: operation.map(|operation| operation.id.clone()),
            method: head.method.clone(),
            path: head.path.clone(),
            query: head.query.clone(),
            headers: head.headers.clone(),
            body: ReceivedBody::NotRead,
            status: None,
            fault,
            route: route_line(head, operation),
        });
        entries.cleared + entries.kept.len() - 1
    }

    pub(crate) fn set_body(&self, number: usize, body: ReceivedBody) {
        self.with(number, |entry| entry.body = body);
    }

    pub(crate) fn set_status(&self, number: usize, status: StatusCode) {
        self.with(number, |entry| entry.status = Some(status));
    }

    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.entries).kept.iter().enumerate().map(|(index, entry)| entry.publish(index)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.entries).kept.len()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.entries);
        entries.cleared += entries.kept.len();
        entries.kept.clear();
    }

    fn with(&self, number: usize, change: impl FnOnce(&mut Entry)) {
        let mut entries = lock(&self.entries);
        let position = number.checked_sub(entries.cleared);
        if let Some(entry) = position.and_then(|position| entries.kept.get_mut(position)) {
            change(entry);
        }
    }
}

impl Entry {
    fn publish(&self, index: usize) -> LoggedRequest {
        LoggedRequest {
            index,
            operation_id: self.operation_id.clone(),
            method: self.method.to_string(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: published_headers(&self.headers),
            body: self.body.publish(),
            status: self.status.map(|status| status.as_u16()),
            fault: self.fault.clone(),
            route: self.route.clone(),
        }
    }
}

impl ReceivedBody {
    fn publish(&self) -> LoggedBody {
        match self {
            Self::NotRead => LoggedBody::NotRead,
            Self::TooLarge { bytes } => LoggedBody::TooLarge { bytes: *bytes },
            Self::Whole(bytes) if bytes.is_empty() => LoggedBody::Empty,
            Self::Whole(bytes) => match serde_json::from_slice(bytes) {
                Ok(value) => LoggedBody::Json(value),
                Err(_) => LoggedBody::Bytes(bytes.to_vec()),
            },
        }
    }
}

fn published_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let publish = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match value.split_once(' ') {
            _ if *name != AUTHORIZATION => value.into_owned(),
            Some((scheme, _)) => format!("{scheme} ***"),
            None => "***".to_owned(),
        };
        (name.to_string(), value)
    };
    headers.iter().map(publish).collect()
}

/// The path and the query without what differs from run to run.
fn route_line(head: &Head, operation: Option<&Operation>) -> String {
    let mut line = operation.map_or(&head.path, |operation| &operation.template).clone();
    let parameters = operation.map(|operation| operation.parameters.as_slice()).unwrap_or_default();
    for (position, (name, value)) in head.query.iter().enumerate() {
        line.push(if position == 0 { '?' } else { '&' });
        line.push_str(name);
        line.push('=');
        line.push_str(if Parameter::varies(name, parameters) { ".." } else { value });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Api;
    use crate::document::Document;

    fn head(method: Method, path: &str, query: &[(&str, &str)]) -> Head {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer secret-t0ken".parse().unwrap());
        headers.insert("accept", "application/json".parse().unwrap());
        Head { method, path: path.to_owned(), path_parameters: BTreeMap::new(), query, headers }
    }

    fn logged(id: &str, head: &Head, body: &str, status: Option<u16>, fault: Option<&str>) -> LoggedRequest {
        let document = Document::load(Api::at(&head.path)).unwrap();
        let log = RequestLog::default();
        let number = log.begin(head, document.operation(id), fault.map(str::to_owned));
        log.set_body(number, ReceivedBody::Whole(body.to_owned().into()));
        if let Some(status) = status {
            log.set_status(number, StatusCode::from_u16(status).unwrap());
        }
        log.requests().remove(0)
    }

    #[test]
    fn a_request_is_one_reproducible_line() {
        let batch =
            logged("ingest_batch", &head(Method::POST, "/ingestBatch", &[]), r#"{"events":[{},{}]}"#, Some(207), None);
        assert_eq!(batch.to_string(), "POST /ingestBatch 2 events -> 207");

        let single = head(Method::POST, "/ingest", &[]);
        let single = logged("ingest", &single, r#"{"event":{}}"#, None, Some("reset after reading"));
        assert_eq!(single.to_string(), "POST /ingest 1 event -> no answer (fault: reset after reading)");

        let other_service = head(Method::POST, "/enso/events/batch", &[]);
        let other_service = logged("create_events_batch", &other_service, r#"{"events":[{},{},{}]}"#, Some(200), None);
        assert_eq!(other_service.to_string(), "POST /events/batch 3 events -> 200");
        assert_eq!((other_service.path.as_str(), other_service.event_count()), ("/enso/events/batch", Some(3)));

        let query = [("pageSize", "2"), ("account_id", "a"), ("nextToken", "e30="), ("status", "PROCESSED")];
        let list = logged("get_events", &head(Method::GET, "/events", &query), "", Some(200), None);
        let expected = "GET /events?pageSize=2&account_id=..&nextToken=..&status=PROCESSED -> 200";
        assert_eq!(list.to_string(), expected);

        let account =
            logged("get_account", &head(Method::GET, "/customers/acme/accounts/prod", &[]), "", Some(404), None);
        assert_eq!(account.to_string(), "GET /customers/{customer_id}/accounts/{account_id} -> 404");

        let unknown = logged("none", &head(Method::GET, "/nowhere", &[]), "", Some(404), None);
        assert_eq!((unknown.to_string().as_str(), unknown.operation_id), ("GET /nowhere -> 404", None));
    }

    #[test]
    fn the_log_hides_the_token() {
        let request = logged("get_events", &head(Method::GET, "/events", &[]), "", None, None);
        assert_eq!(request.header("Authorization"), Some("Bearer ***"));
        assert_eq!(request.header_names(), ["accept", "authorization"]);
        assert!(!format!("{request:?}").contains("secret"));
    }

    #[test]
    fn a_request_in_flight_survives_the_clearing_of_the_log() {
        let log = RequestLog::default();
        let head = head(Method::GET, "/events", &[]);
        let first = log.begin(&head, None, None);
        log.clear();
        let second = log.begin(&head, None, None);
        log.set_status(first, StatusCode::OK);
        log.set_status(second, StatusCode::NOT_FOUND);
        let requests = log.requests();
        assert_eq!((requests.len(), requests[0].index, requests[0].status), (1, 0, Some(404)));
    }
}
