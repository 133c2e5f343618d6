//! What the server said: status, headers, and a message found wherever servers and gateways put it.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::BodyKind;
use crate::{CallContext, retry_after};

/// The longest message that is kept. It is the vendor's limit; gateways have none.
const LONGEST_MESSAGE: usize = 500;
/// How much of a body is kept that could not be decoded.
const LONGEST_EXCERPT: usize = 200;

/// What an error keeps of a response.
pub(super) struct ErrorResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) message: Option<String>,
    pub(super) code: Option<String>,
    pub(super) excerpt: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) request_id: Option<String>,
}

impl ErrorResponse {
    /// From a response of whose body nothing is kept.
    pub(super) fn new(status: StatusCode, headers: HeaderMap, context: &CallContext) -> Self {
        Self {
            status,
            message: None,
            code: None,
            excerpt: None,
            retry_after: retry_after(&headers, SystemTime::now()),
            request_id: request_id(&headers, context),
            headers,
        }
    }

    /// From a response with an error status: `{message}`, `{statusCode, name, message, code, details}` flat or below
    /// `error`, or text.
    pub(super) fn from_error_status(
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
        context: &CallContext,
    ) -> Self {
        let (message, code) = match serde_json::from_slice::<Value>(body) {
            Ok(json) => message_and_code(&json),
            Err(_) => (text_message(&headers, body), None),
        };
        Self {
            message: message.map(|message| safe_text(context, &message)),
            code: code.map(|code| safe_text(context, &code)),
            ..Self::new(status, headers, context)
        }
    }

    /// From a successful response that could not be decoded.
    pub(super) fn from_undecodable(status: StatusCode, headers: HeaderMap, body: &[u8], context: &CallContext) -> Self {
        // Redacted before it is truncated, so that no part of a secret stays.
        let text = context.redact(&String::from_utf8_lossy(body));
        Self { excerpt: Some(one_line(&text, LONGEST_EXCERPT)), ..Self::new(status, headers, context) }
    }
}

fn request_id(headers: &HeaderMap, context: &CallContext) -> Option<String> {
    ["x-request-id", "x-amzn-requestid", "x-amz-cf-id", "x-correlation-id", "request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(|id| safe_text(context, id))
}

/// A text of a response on one line, cut where it is long, and without the token.
pub(crate) fn safe_text(context: &CallContext, text: &str) -> String {
    // Redacted before it is truncated, so that no part of a secret stays.
    one_line(&context.redact(text), LONGEST_MESSAGE)
}

fn message_and_code(json: &Value) -> (Option<String>, Option<String>) {
    if let Value::String(text) = json {
        return (non_blank(text), None);
    }
    // LoopBack, which the vendor's ingestion was built on, wraps its errors in `error`.
    let error = match &json["error"] {
        nested @ Value::Object(_) => nested,
        Value::String(text) if json["message"].is_null() => return (non_blank(text), text_at(&json["code"])),
        _ => json,
    };
    let message = text_at(&error["message"]).or_else(|| text_at(&error["name"]));
    (message, text_at(&error["code"]))
}

fn text_at(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => non_blank(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text of a response that is not JSON. Of a page for browsers only its title is for people, and of a packed one nothing.
fn text_message(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if matches!(BodyKind::of(headers, body), Some(BodyKind::Packed(_))) {
        return None;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
    let is_page = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.contains("html"))
        || text.trim_start().starts_with('<');
    if is_page { title_of(&text).and_then(non_blank) } else { non_blank(&text) }
}

fn title_of(page: &str) -> Option<&str> {
    // Offsets agree between both, since only ASCII letters change.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    Some(&page[start..end])
}

fn non_blank(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The text on one line without control characters, cut off with an ellipsis.
fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > longest {
            return line.chars().take(longest).chain(['…']).collect();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, message: Option<&str>, code: Option<&str>) {
        let response = ErrorResponse::from_error_status(
            StatusCode::BAD_REQUEST,
            HeaderMap::new(),
            body.as_bytes(),
            &CallContext::default(),
        );
        assert_eq!((response.message.as_deref(), response.code.as_deref()), (message, code), "{body}");
    }

    #[test]
    fn the_message_is_found_in_every_known_shape() {
        check(r#"{"message": "bad event"}"#, Some("bad event"), None);
        check(r#"{"statusCode": 422, "name": "Too", "message": "too big", "code": "E7"}"#, Some("too big"), Some("E7"));
        check(r#"{"error": {"message": "nested", "code": 12}}"#, Some("nested"), Some("12"));
        check(r#"{"error": {"name": "NotFoundError"}}"#, Some("NotFoundError"), None);
        check(r#"{"error": "plain", "code": "X"}"#, Some("plain"), Some("X"));
        check(r#""just text""#, Some("just text"), None);
        check("upstream\n\tfailed", Some("upstream failed"), None);
    }

    #[test]
    fn only_the_title_of_an_html_page_is_kept() {
        check(
            "<html><head><TITLE>503 Service\n Unavailable</TITLE></head><body><h1>x</h1></body></html>",
            Some("503 Service Unavailable"),
            None,
        );
        check("<html><body>no title</body></html>", None, None);
        check("<title>é</title>", Some("é"), None);
    }

    #[test]
    fn an_empty_response_has_no_message() {
        for body in ["", "  ", "{}", "[]", "null", r#"{"message": ""}"#, r#"{"message": {"x": 1}}"#] {
            check(body, None, None);
        }
    }

    #[test]
    fn long_texts_are_truncated_and_control_characters_removed() {
        let body = "é".repeat(100_000);
        let context = CallContext::default();
        let response =
            ErrorResponse::from_error_status(StatusCode::BAD_REQUEST, HeaderMap::new(), body.as_bytes(), &context);
        assert_eq!(response.message.map(|message| message.chars().count()), Some(501));
        check("a\u{1b}[31mred\u{0}", Some("a [31mred"), None);
    }
}
