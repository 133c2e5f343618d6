//! From an answer to a value or an error.

use std::time::Instant;

use serde::de::DeserializeOwned;

use super::{Answer, Error, Kind, safe_text};
use crate::{CallContext, Operation, ResponseValue, TransportError, TransportErrorKind};

pub(crate) async fn decode<T: DeserializeOwned>(
    operation: &'static Operation,
    mut response: reqwest::Response,
    start: Instant,
) -> Result<ResponseValue<T>, Error> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    // A transport that repeats says how often; without one there was one attempt.
    let context = response.extensions_mut().remove().unwrap_or_else(|| CallContext::new(1, start.elapsed()));
    let body = response.bytes().await.map_err(|error| {
        let kind = TransportErrorKind::Interrupted;
        Error::from_transport(operation, TransportError::new(kind, error.without_url(), context.clone()))
    })?;

    let (kind, answer) = if status.is_success() {
        match read(&body) {
            Ok(value) => return Ok(ResponseValue::new(value, status, headers, context)),
            Err(problem) => {
                let path = safe_text(&context, &problem.path().to_string());
                let problem = safe_text(&context, &problem.inner().to_string());
                (Kind::Decode { path, problem }, Answer::of_success(status, headers, &body, &context))
            }
        }
    } else {
        (Kind::Status, Answer::of_failure(status, headers, &body, &context))
    };
    let mut error = Error::of_call(kind, operation, context);
    error.inner.answer = Some(answer);
    Err(error)
}

/// Reads a body; an empty one like `{}`, since the API has answered 202 without a body.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
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
