//! The error as a sentence: what failed, what the server said, what to do.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::{Error, ErrorKind};
use crate::TransportErrorKind;

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_problem(formatter, true)?;
        // The number of attempts does not matter for a successful response without a verdict.
        let shows_attempts = !matches!(self.inner.kind, ErrorKind::Unclear(_));
        if let Some(context) = self.inner.context.as_ref().filter(|_| shows_attempts) {
            let attempts = context.attempts;
            let plural = if attempts == 1 { "" } else { "s" };
            write!(formatter, " ({attempts} attempt{plural}, {})", Rounded(context.elapsed))?;
        }
        if let Some(wait) = self.retry_after().filter(|_| self.is_throttled() && !self.maybe_delivered()) {
            write!(formatter, "; send fewer requests, or wait at least {} before the next", Rounded(wait))?;
        } else if let Some(wait) = self.retry_after().filter(|_| self.is_gate() && !self.maybe_delivered()) {
            write!(formatter, "; set another token, or wait {}, when one request tries it again", Rounded(wait))?;
        } else if let Some(advice) = self.advice() {
            write!(formatter, "; {advice}")?;
        }
        Ok(())
    }
}

/// An error by its reason.
struct Reason<'a>(&'a Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_problem(formatter, false)?;
        self.0.advice().map_or(Ok(()), |advice| write!(formatter, "; {advice}"))
    }
}

impl Error {
    /// What failed and what to do, without what differs from request to request: the number of attempts, times, and the id
    /// of the request. Errors that are alike have the same reason.
    #[doc(hidden)]
    pub fn reason(&self) -> String {
        Reason(self).to_string()
    }

    fn write_problem(&self, formatter: &mut fmt::Formatter<'_>, shows_request: bool) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(formatter, "{operation}: ")?;
        }
        match &self.inner.kind {
            ErrorKind::Configuration(problem)
            | ErrorKind::InvalidRequest(problem)
            | ErrorKind::Protocol(problem)
            | ErrorKind::Unclear(problem) => {
                formatter.write_str(problem)?;
            }
            ErrorKind::Source(problem) => {
                formatter.write_str(problem)?;
                if let Some(source) = self.source() {
                    write!(formatter, ": {source}")?;
                }
            }
            ErrorKind::Transport(kind) => {
                formatter.write_str(kind.describe())?;
                // What lies at the bottom is what helps, such as "connection refused"; the layers between repeat one
                // another.
                if let Some(root) = self.root_cause() {
                    write!(formatter, ": {root}")?;
                }
            }
            ErrorKind::Status => self.write_status(formatter, shows_request)?,
            ErrorKind::Decode { path, problem } => {
                self.write_status(formatter, shows_request)?;
                formatter.write_str(", but its body cannot be read")?;
                // A dot is the whole of it.
                if path != "." {
                    write!(formatter, " at `{path}`")?;
                }
                write!(formatter, ": {problem}")?;
            }
        }
        Ok(())
    }

    fn write_status(&self, formatter: &mut fmt::Formatter<'_>, shows_request: bool) -> fmt::Result {
        if let Some(status) = self.status() {
            write!(formatter, "the server answered {status}")?;
        }
        if let Some(message) = self.message() {
            write!(formatter, ": {message}")?;
        }
        if let Some(code) = self.code() {
            write!(formatter, " [{code}]")?;
        }
        if let Some(id) = self.request_id().filter(|_| shows_request) {
            write!(formatter, " (request {id})")?;
        }
        Ok(())
    }

    fn root_cause(&self) -> Option<&(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source()).last()
    }

    fn advice(&self) -> Option<&'static str> {
        if self.maybe_delivered() {
            return Some(match (self.is_idempotent(), self.inner.has_events) {
                (true, true) => {
                    "the request may have been applied; to send its events again with the same ids is harmless"
                }
                (true, false) => "the request may have been applied; sending it again is harmless",
                (false, _) => "the request may have been applied, so look before repeating it",
            });
        }
        match (&self.inner.kind, self.status()) {
            (ErrorKind::Transport(TransportErrorKind::Connect), _) => {
                Some("nothing was sent; check the base URL and the network")
            }
            (ErrorKind::Status, Some(StatusCode::UNAUTHORIZED)) => {
                Some("check the token, and that it belongs to this environment")
            }
            (ErrorKind::Status, Some(StatusCode::FORBIDDEN)) => Some("the token is valid but not allowed to do this"),
            (ErrorKind::Status, Some(StatusCode::TOO_MANY_REQUESTS)) => {
                Some("send fewer requests, or wait longer between them")
            }
            (ErrorKind::Status, Some(status)) if status.is_redirection() => {
                Some("redirects are not followed, so check the base URL")
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("message", &self.to_string());
        if let Some(token) = self.resume_token() {
            debug.field("resume_token", &token);
        }
        if let Some(excerpt) = self.body_excerpt() {
            debug.field("body_excerpt", &excerpt);
        }
        if let Some(source) = &self.inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

/// A duration with as many digits as a reader wants: `412 ms`, `12.3 s`, `3600 s`.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(1) {
            write!(formatter, "{} ms", self.0.as_millis())
        } else if self.0.subsec_millis() == 0 {
            write!(formatter, "{} s", self.0.as_secs())
        } else {
            write!(formatter, "{:.1} s", self.0.as_secs_f64())
        }
    }
}
