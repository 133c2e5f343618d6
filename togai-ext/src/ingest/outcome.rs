//! What became of an event.

use std::fmt;
use std::sync::Arc;

use reqwest::StatusCode;

/// What became of an event that was handed in.
///
/// ```
/// use togai_ext::Outcome;
///
/// let outcome = Outcome::NotSent { why: "the token was refused".into() };
/// assert_eq!(outcome.to_string(), "not sent: the token was refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The server took the event. It says nothing yet of whether the event is metered: an unknown account, for example,
    /// shows later, in the status of the event.
    Accepted,
    /// The server said that it has the event already.
    Duplicate,
    /// The event was refused, by the server or by a check before it was sent. Sending it again unchanged is of no use,
    /// unless it was the call that was refused and not the event (status 401, 403 or 404).
    Rejected {
        /// The status of the server's answer; none where the event was not sent.
        status: Option<StatusCode>,
        /// What is wrong with the event.
        message: Arc<str>,
    },
    /// The server may have the event or not. Sending it again with the same id is harmless for 45 days.
    Unknown {
        /// What happened.
        why: Arc<str>,
    },
    /// The server does not have the event.
    NotSent {
        /// What kept it from being sent.
        why: Arc<str>,
    },
}

impl Outcome {
    /// Whether the server took the event.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => formatter.write_str("accepted"),
            Self::Duplicate => formatter.write_str("duplicate"),
            Self::Rejected { message, .. } => write!(formatter, "rejected: {message}"),
            Self::Unknown { why } => write!(formatter, "unknown: {why}"),
            Self::NotSent { why } => write!(formatter, "not sent: {why}"),
        }
    }
}
