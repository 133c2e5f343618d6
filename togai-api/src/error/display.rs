//! The error as a sentence: what failed, what the server said, what to do.

use std::error::Error as StdError;
use std::fmt;

use super::shown::{ShownDuration, ShownStatus};
use super::{Error, ErrorKind};
use crate::{CallContext, RetryStop, TransportErrorKind};

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_problem(formatter, true)?;
        // The number of attempts does not matter where it is the response that is wrong.
        let shows_attempts = !matches!(self.inner.kind, ErrorKind::Unclear(_) | ErrorKind::Protocol(_));
        if let Some(context) = self.inner.context.as_ref().filter(|_| shows_attempts) {
            self.write_attempts(formatter, context)?;
        }
        self.write_remedies(formatter, true)
    }
}

/// An error by its reason.
struct Reason<'a>(&'a Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_problem(formatter, false)?;
        self.0.write_remedies(formatter, false)
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
            ErrorKind::Configuration(problem) | ErrorKind::Builder(problem) | ErrorKind::Protocol(problem) => {
                formatter.write_str(problem)?;
            }
            ErrorKind::Unclear(problem) => {
                self.write_status(formatter, shows_request)?;
                write!(formatter, " {problem}")?;
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
                // A dot is the whole of it, and a question mark is where it breaks off.
                if !matches!(path.as_str(), "." | "?") {
                    write!(formatter, " at `{path}`")?;
                }
                write!(formatter, ": {problem}")?;
            }
            ErrorKind::NotJson(kind) => {
                self.write_status(formatter, shows_request)?;
                write!(formatter, " with {kind}")?;
            }
        }
        Ok(())
    }

    fn write_attempts(&self, formatter: &mut fmt::Formatter<'_>, context: &CallContext) -> fmt::Result {
        let attempts = context.attempts;
        let plural = if attempts == 1 { "" } else { "s" };
        write!(formatter, " ({attempts} attempt{plural}, {}", ShownDuration(context.elapsed))?;
        if let Some(stop) = context.stopped_by.filter(|stop| !self.is_said(*stop)) {
            write!(formatter, "; {}", describe(stop))?;
        }
        formatter.write_str(")")
    }

    /// Whether the problem itself says what kept the client from another attempt.
    fn is_said(&self, stop: RetryStop) -> bool {
        matches!(
            (&self.inner.kind, stop),
            (ErrorKind::Transport(TransportErrorKind::Deadline), RetryStop::Deadline)
                | (ErrorKind::Transport(TransportErrorKind::Paused), RetryStop::Pause)
                | (ErrorKind::Transport(TransportErrorKind::Cancelled), RetryStop::Cancelled)
        )
    }

    fn write_status(&self, formatter: &mut fmt::Formatter<'_>, shows_request: bool) -> fmt::Result {
        if let Some(status) = self.status() {
            write!(formatter, "the server answered {}", ShownStatus(status))?;
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

    pub(super) fn root_cause(&self) -> Option<&(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source()).last()
    }
}

fn describe(stop: RetryStop) -> &'static str {
    match stop {
        RetryStop::Attempts => "the retry policy allows no more",
        RetryStop::Time => "the retry policy allows no more time",
        RetryStop::Deadline => "the deadline leaves no time for another",
        RetryStop::Pause => "the requested pause is too long for the call",
        RetryStop::Budget => "the retry budget of the client is used up",
        RetryStop::NotIdempotent => "no retry, since it is not idempotent",
        RetryStop::Cancelled => "the call was cancelled",
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("message", &self.to_string());
        if let Some(token) = self.resume_token() {
            let token = self.inner.context.as_ref().map_or_else(|| token.to_owned(), |context| context.redact(token));
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
