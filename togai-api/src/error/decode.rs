//! From a response to a value or an error.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::{BodyKind, Error, ErrorKind, ErrorResponse, safe_text};
use crate::{CallContext, Operation, Response, ResponseValue, TransportError, lenient};

/// A response whose body has been read but not decoded.
pub(crate) struct RawResponse {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    context: CallContext,
    body: Bytes,
}

/// A failed call: the error, and the response with an error status.
pub(crate) struct FailedCall {
    pub(crate) error: Error,
    pub(crate) response: Option<Box<RawResponse>>,
}

impl From<Error> for FailedCall {
    fn from(error: Error) -> Self {
        Self { error, response: None }
    }
}

impl From<FailedCall> for Error {
    fn from(failed: FailedCall) -> Self {
        failed.error
    }
}

/// Why a request had no success, with the response where it can be decoded like one of success.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoSuccess<T> {
    pub error: Error,
    pub response: Option<Box<ResponseValue<T>>>,
}

/// What became of a request that a transport has carried out: the decoded response, or the error with the error
/// response, where that can be decoded like a successful one. For ingestion, which calls its transport by itself.
///
/// # Errors
///
/// Those of [`Core::execute`](crate::Core::execute).
#[doc(hidden)]
pub fn read_response<T: DeserializeOwned>(
    operation: &'static Operation,
    result: Result<Response, TransportError>,
) -> Result<ResponseValue<T>, NoSuccess<T>> {
    match receive(operation, result) {
        Ok(response) => response.decode().map_err(|error| NoSuccess { error, response: None }),
        Err(FailedCall { error, response }) => {
            let response = response.and_then(|response| response.decode().ok()).map(Box::new);
            Err(NoSuccess { error, response })
        }
    }
}

/// Reads a response, which is an error unless its status is one of success.
pub(crate) fn receive(
    operation: &'static Operation,
    result: Result<Response, TransportError>,
) -> Result<RawResponse, FailedCall> {
    let response =
        result.and_then(Response::into_whole).map_err(|failure| Error::from_transport(operation, failure))?;
    let (status, headers, body, context) = response.into_parts();
    let raw = RawResponse { operation, status, headers, context, body };
    if is_success(operation, status) {
        return Ok(raw);
    }
    let kept = ErrorResponse::from_error_status(status, raw.headers.clone(), &raw.body, &raw.context);
    let error = Error::of_response(ErrorKind::Status, operation, raw.context.clone(), kept);
    Err(FailedCall { error, response: Some(Box::new(raw)) })
}

impl RawResponse {
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<ResponseValue<T>, Error> {
        // A redirection is handed out by its header; what a server writes beside that is for people.
        let body: &[u8] = if self.status.is_redirection() { b"" } else { &self.body };
        match lenient::read_body(body, self.status, self.operation) {
            Ok((value, unreadable)) => {
                let unreadable = unreadable.into_iter().map(|record| record.redacted(&self.context)).collect();
                Ok(ResponseValue::new(value, unreadable, self.operation, self.status, self.headers, self.context))
            }
            Err(problem) => Err(self.undecodable(&problem.path().to_string(), &problem.inner().to_string())),
        }
    }

    fn undecodable(self, path: &str, problem: &str) -> Error {
        let kind = match BodyKind::of(&self.headers, &self.body) {
            Some(kind) => ErrorKind::NotJson(kind),
            // What was found in place of a credential may be one.
            None if self.operation.answers_secret => ErrorKind::Decode {
                path: safe_text(&self.context, path),
                problem: "the answer is not shown, since it may hold a credential".to_owned(),
            },
            None => {
                ErrorKind::Decode { path: safe_text(&self.context, path), problem: safe_text(&self.context, problem) }
            }
        };
        let body = if self.operation.answers_secret { Bytes::new() } else { self.body };
        let response = ErrorResponse::from_undecodable(self.status, self.headers, &body, &self.context);
        Error::of_response(kind, self.operation, self.context, response)
    }
}

/// A status of success; a redirection is one where the document has it.
fn is_success(operation: &Operation, status: StatusCode) -> bool {
    status.is_success() || status.is_redirection() && operation.statuses.contains(&status.as_str())
}
