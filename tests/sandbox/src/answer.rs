//! What the sandbox answers.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// An answer with a JSON body, or without one where it would be null.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, headers: HeaderMap::new(), body }
    }

    /// An answer without a body.
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
        Self { status, message: at_most_500(message.into()), header: None }
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

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let body = json!({ "message": refusal.message });
        Self { status: refusal.status, headers: refusal.header.into_iter().collect(), body }
    }
}

/// The document allows a message 500 characters.
pub(crate) fn at_most_500(mut message: String) -> String {
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
    fn a_long_message_is_cut_to_what_the_document_allows() {
        assert_eq!(at_most_500("é".repeat(500)).chars().count(), 500);
        let cut = at_most_500("é".repeat(501));
        assert_eq!((cut.chars().count(), cut.ends_with("é...")), (500, true));
    }
}
