//! What a body is that is not JSON.

use std::fmt;

use http::{HeaderMap, header};
use serde::de::IgnoredAny;

/// What a body is that is not JSON, as far as that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    Empty,
    Html,
    Xml,
    Markup,
    Text,
    Binary,
    /// Packed in a way that the client does not read.
    Packed(&'static str),
}

impl BodyKind {
    /// Nothing for JSON, be it of another type, or broken.
    pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        if body.trim_ascii().is_empty() {
            return Some(Self::Empty);
        }
        let Ok(text) = std::str::from_utf8(body) else { return Some(Self::of_binary(headers)) };
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with(['{', '[', '"']) || serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return None;
        }
        if text.starts_with('<') {
            return Some(Self::of_markup(headers, text));
        }
        let is_binary = text.chars().any(|character| character.is_control() && !character.is_whitespace());
        Some(if is_binary { Self::of_binary(headers) } else { Self::Text })
    }

    fn of_binary(headers: &HeaderMap) -> Self {
        let coding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut known = ["br", "zstd", "deflate", "gzip", "compress"].into_iter();
        known.find(|known| coding.trim().eq_ignore_ascii_case(known)).map_or(Self::Binary, Self::Packed)
    }

    fn of_markup(headers: &HeaderMap, text: &str) -> Self {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.to_ascii_lowercase();
        let head: String = text.chars().take(1000).collect::<String>().to_ascii_lowercase();
        if media_type.contains("html") || head.contains("<!doctype html") || head.contains("<html") {
            Self::Html
        } else if media_type.contains("xml") || head.starts_with("<?xml") {
            Self::Xml
        } else {
            Self::Markup
        }
    }
}

impl fmt::Display for BodyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "an empty body instead of JSON",
            Self::Html => "an HTML page instead of JSON: is the base URL right?",
            Self::Xml => "XML instead of JSON: is the base URL right?",
            Self::Markup => "markup instead of JSON: is the base URL right?",
            Self::Text => "plain text instead of JSON: is the base URL right?",
            Self::Binary => "binary data instead of JSON",
            Self::Packed(coding) => {
                return write!(formatter, "a body that is packed with `{coding}`, which the client did not ask for");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_packed_body_names_its_coding() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, "BR".parse().unwrap());
        let kind = BodyKind::of(&headers, b"\x0b\x02\x80\xff").unwrap();
        assert_eq!(kind.to_string(), "a body that is packed with `br`, which the client did not ask for");
    }

    #[track_caller]
    fn check(media_type: &'static str, body: &[u8], expected: Option<BodyKind>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        assert_eq!(BodyKind::of(&headers, body), expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn a_body_is_what_it_certainly_is() {
        check("", b" \r\n", Some(BodyKind::Empty));
        check("", b"<!DOCTYPE HTML><title>Sign in</title>", Some(BodyKind::Html));
        check("application/json", b"\xef\xbb\xbf\n<html lang=\"en\">", Some(BodyKind::Html));
        check("text/html; charset=utf-8", b"<h1>Sign in</h1>", Some(BodyKind::Html));
        check("", b"<?xml version=\"1.0\"?><!DOCTYPE html><html/>", Some(BodyKind::Html));
        check("", b"<?xml version=\"1.0\"?><Error/>", Some(BodyKind::Xml));
        check("application/xml", b"<Error/>", Some(BodyKind::Xml));
        check("text/plain", b"<h1>Sign in</h1>", Some(BodyKind::Markup));
        check("text/plain", b"not found", Some(BodyKind::Text));
        check("application/json", b"OK", Some(BodyKind::Text));
        check("", b"12 monkeys\n", Some(BodyKind::Text));
        check("application/json", b"\x1f\x8b\x08\x00", Some(BodyKind::Binary));
        check("", b"a\0b", Some(BodyKind::Binary));
    }

    #[test]
    fn json_is_json_although_it_has_another_type_or_is_broken() {
        for body in ["{}", " [1", "{\"a\": ", "null", "12", "\"text\"", "\"te", "\u{feff}{}", "{} {}"] {
            check("text/html", body.as_bytes(), None);
        }
    }
}
