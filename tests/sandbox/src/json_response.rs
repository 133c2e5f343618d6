//! Responses of the sandbox, and refusals.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// A response with a JSON body, or without one where it would be null.
#[derive(Debug)]
pub(crate) struct JsonResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl JsonResponse {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, headers: HeaderMap::new(), body }
    }

    /// A response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, Value::Null)
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }
}

/// A request that was refused: a status, and a message that names the field and the remedy.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: truncate_message(message.into()), header: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Sets the header that the refusal comes with.
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.header = Some((name, value.into()));
        self
    }
}

impl From<Refusal> for JsonResponse {
    fn from(refusal: Refusal) -> Self {
        let body = json!({ "message": refusal.message });
        Self { status: refusal.status, headers: refusal.header.into_iter().collect(), body }
    }
}

/// Truncates a message to the 500 characters that the document allows.
pub(crate) fn truncate_message(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(500) {
        let cut = message[..end].char_indices().rev().nth(2).map_or(end, |(position, _)| position);
        message.truncate(cut);
        message.push_str("...");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_truncated_to_the_documented_limit() {
        assert_eq!(truncate_message("é".repeat(500)).chars().count(), 500);
        let cut = truncate_message("é".repeat(501));
        assert_eq!((cut.chars().count(), cut.ends_with("é...")), (500, true));
    }
}
