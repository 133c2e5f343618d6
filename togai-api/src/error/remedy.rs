//! What to do about an error.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use super::shown::ShownDuration;
use super::{Error, ErrorKind};
use crate::{TransportErrorKind, is_passing_outage};

impl Error {
    /// Writes what the last response calls for, and what an attempt calls for that may have been applied. Times differ from
    /// request to request, so they can be left out.
    pub(super) fn write_remedies(&self, formatter: &mut fmt::Formatter<'_>, shows_times: bool) -> fmt::Result {
        if let Some(remedy) = self.remedy(shows_times) {
            write!(formatter, "; {remedy}")?;
        }
        if !self.maybe_delivered() {
            return Ok(());
        }
        let applied = if self.last_maybe_delivered() { "the request" } else { "an earlier attempt" };
        write!(formatter, "; {applied} may have been applied")?;
        formatter.write_str(match (self.is_idempotent(), self.inner.has_events) {
            (true, true) => "; to send its events again with the same ids is harmless",
            (true, false) => "; sending it again is harmless",
            (false, _) => ", so look before repeating it",
        })
    }

    fn remedy(&self, shows_times: bool) -> Option<Cow<'static, str>> {
        let wait = self.retry_after().filter(|_| shows_times).map(ShownDuration);
        if self.is_throttled() {
            return Some(match wait {
                Some(wait) => format!("send fewer requests, or wait at least {wait} before the next").into(),
                None => "send fewer requests, or wait longer between them".into(),
            });
        }
        match &self.inner.kind {
            ErrorKind::Transport(TransportErrorKind::TokenRefused | TransportErrorKind::Forbidden) => {
                Some(match wait {
                    Some(wait) => {
                        format!("set another token, or wait {wait} until one request tries this one again").into()
                    }
                    None => "set another token".into(),
                })
            }
            ErrorKind::Transport(kind) => self.of_transport(*kind).map(Cow::Borrowed),
            ErrorKind::Status => {
                let status = self.status()?;
                let waiting = wait.filter(|_| is_passing_outage(status));
                let waiting = waiting.map(|wait| format!("wait at least {wait} before the next request").into());
                waiting.or_else(|| self.of_status(status).map(Cow::Borrowed))
            }
            _ => None,
        }
    }

    fn of_transport(&self, kind: TransportErrorKind) -> Option<&'static str> {
        // The errors underneath have no types that could be asked for without depending on the crates that they are from.
        let root = self.root_cause().map(ToString::to_string).unwrap_or_default();
        match kind {
            TransportErrorKind::Connect if root.contains("InvalidContentType") => {
                Some("the port does not speak TLS: check the base URL")
            }
            TransportErrorKind::Connect => Some("check the base URL and the network"),
            TransportErrorKind::Interrupted if root.contains("invalid HTTP version") => {
                Some("the port does not speak HTTP: if it speaks TLS, use `https://`")
            }
            TransportErrorKind::NoToken => Some("check the token provider"),
            _ => None,
        }
    }

    fn of_status(&self, status: StatusCode) -> Option<&'static str> {
        Some(match status {
            StatusCode::BAD_REQUEST if self.message().is_some_and(speaks_of_tls) => {
                "the port speaks TLS: use `https://`"
            }
            StatusCode::UNAUTHORIZED => "check the token, and that it belongs to this environment",
            StatusCode::PAYMENT_REQUIRED => "check your plan and your payments with the vendor",
            StatusCode::FORBIDDEN => "the token is valid but not allowed to do this",
            StatusCode::NOT_FOUND => "check the ids and the base URL",
            StatusCode::METHOD_NOT_ALLOWED => "check the base URL",
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => "put the user name and password into the URL of the proxy",
            StatusCode::GONE => "it was removed: check the ids, or update the client",
            StatusCode::PAYLOAD_TOO_LARGE => "send less in one request",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "the server does not take JSON there: check the base URL",
            StatusCode::MISDIRECTED_REQUEST => "the server does not serve this host: check the base URL",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "shorten the token and the headers that you add",
            status if status.is_redirection() => "redirects are not followed, so check the base URL",
            _ => return None,
        })
    }
}

/// Whether a server says that it was spoken to without TLS, as nginx, Apache, Go and Tomcat do.
fn speaks_of_tls(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("http request") && message.contains("https")
        || message.contains("plain http")
        || message.contains("requires tls")
}
