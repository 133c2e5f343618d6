//! From an answer to a value or an error.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::{Answer, Error, Kind, safe_text};
use crate::{CallContext, Operation, ResponseValue, TransportError, TransportErrorKind};

/// An answer of success that has been read and not yet understood.
pub(crate) struct Undecoded {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    context: CallContext,
    body: Bytes,
}

/// An answer of failure, as an error and as it was.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) answer: Option<Undecoded>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, answer: None }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// What became of a request that a transport has carried out: the decoded answer, or the error with the answer of failure,
/// where that can be read like one of success. For ingestion, which calls its transport by itself.
///
/// # Errors
///
/// Those of [`Core::execute`](crate::Core::execute).
#[doc(hidden)]
pub async fn read_response<T: DeserializeOwned>(
    operation: &'static Operation,
    answer: Result<reqwest::Response, TransportError>,
    start: Instant,
) -> Result<ResponseValue<T>, (Error, Option<ResponseValue<T>>)> {
    match receive(operation, answer, start).await {
        Ok(answer) => answer.decode().map_err(|error| (error, None)),
        Err(Failed { error, answer }) => Err((error, answer.and_then(|answer| answer.decode().ok()))),
    }
}

/// Reads an answer, which is an error unless its status is one of success.
pub(crate) async fn receive(
    operation: &'static Operation,
    answer: Result<reqwest::Response, TransportError>,
    start: Instant,
) -> Result<Undecoded, Failed> {
    let mut response = answer.map_err(|failure| Error::from_transport(operation, failure))?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    // A transport that repeats says how often; without one there was one attempt.
    let context = response.extensions_mut().remove().unwrap_or_else(|| CallContext::new(1, start.elapsed()));
    let body = response.bytes().await.map_err(|error| {
        let kind = TransportErrorKind::Interrupted;
        Error::from_transport(operation, TransportError::new(kind, error.without_url(), context.clone()))
    })?;

    let answer = Undecoded { operation, status, headers, context, body };
    if is_success(operation, status) {
        return Ok(answer);
    }
    let said = Answer::of_failure(status, answer.headers.clone(), &answer.body, &answer.context);
    let error = of_answer(Kind::Status, operation, answer.context.clone(), said);
    Err(Failed { error, answer: Some(answer) })
}

impl Undecoded {
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<ResponseValue<T>, Error> {
        // A redirection is handed out by its header; what a server writes beside that is for people.
        let body: &[u8] = if self.status.is_redirection() { b"" } else { &self.body };
        match read(body, self.status) {
            Ok(value) => Ok(ResponseValue::new(value, self.operation, self.status, self.headers, self.context)),
            Err(problem) => Err(self.undecodable(&problem.path().to_string(), &problem.inner().to_string())),
        }
    }

    fn undecodable(self, path: &str, problem: &str) -> Error {
        let path = safe_text(&self.context, path);
        // What was found in place of a credential may be one.
        let (problem, body) = if self.operation.answers_secret {
            ("the answer is not shown, since it may hold a credential".to_owned(), Bytes::new())
        } else {
            (safe_text(&self.context, problem), self.body)
        };
        let answer = Answer::of_success(self.status, self.headers, &body, &self.context);
        of_answer(Kind::Decode { path, problem }, self.operation, self.context, answer)
    }
}

/// A status of success; a redirection is one where the document has it.
fn is_success(operation: &Operation, status: StatusCode) -> bool {
    status.is_success() || status.is_redirection() && operation.statuses.contains(&status.as_str())
}

fn of_answer(kind: Kind, operation: &'static Operation, context: CallContext, answer: Answer) -> Error {
    let mut error = Error::of_call(kind, operation, context);
    error.inner.answer = Some(answer);
    error
}

/// Reads a body. An empty one is nothing where that can be, and like `{}` with a 202, since the API has accepted events
/// without a body. With any other status it is an error, not a record that says nothing.
fn read<T: DeserializeOwned>(
    body: &[u8],
    status: StatusCode,
) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    let is_empty = body.trim_ascii().is_empty();
    if is_empty && let Ok(nothing) = serde_json::from_slice(b"null") {
        return Ok(nothing);
    }
    let body = if is_empty && status == StatusCode::ACCEPTED { b"{}" } else { body };
    // Keeping track of the place costs as much again as reading, so it is done only where the place is to be told.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer)?;
    let path = serde_path_to_error::Track::new().path();
    deserializer.end().map_err(|error| serde_path_to_error::Error::new(path, error))?;
    Ok(value)
}
