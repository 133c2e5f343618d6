//! What became of an event.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

/// What became of an event that was handed in.
///
/// ```
/// use togai_ingest::Outcome;
///
/// let outcome = Outcome::NotSent { why: "the token was refused".into() };
/// assert_eq!(outcome.to_string(), "not sent: the token was refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The server accepted the event. Accepted is not yet billed: many services check account, unit and id afterwards.
    ///
    /// It is also the verdict where the server said that it has the event already, and may have it from an earlier
    /// request of the same call whose response was lost or did not name the event.
    Accepted,
    /// The server said that it has the event already, or an event with the same id and the same content was handed in
    /// before in the same call; then the verdict of that one is what counts.
    Duplicate,
    /// The event was refused, by the server or by a check before it was sent. Sending it again unchanged is of no use,
    /// unless it was refused for something else; [`is_retryable`](Self::is_retryable) tells.
    Rejected {
        /// The status that the server gave the event, or else that of the response; none where the event was not sent, or the backend gave none.
        status: Option<StatusCode>,
        /// The server's code for what is wrong, where it gave one.
        code: Option<Arc<str>>,
        /// What is wrong with the event.
        message: Arc<str>,
    },
    /// The server may have the event or not.
    Unknown {
        /// What happened.
        why: Arc<str>,
        /// Whether sending the event again with the same id is harmless. If the service does not document that an id
        /// counts once, the event might be billed twice.
        may_be_resent: bool,
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

    /// Whether the event is worth sending again as it is, with its id, once what was in the way is gone.
    ///
    /// ```
    /// use togai_ingest::Outcome;
    ///
    /// assert!(Outcome::NotSent { why: "the token was refused".into() }.is_retryable());
    /// assert!(Outcome::Unknown { why: "no answer came in time".into(), may_be_resent: true }.is_retryable());
    /// // With a service of which no document says that an id counts once.
    /// assert!(!Outcome::Unknown { why: "no answer came in time".into(), may_be_resent: false }.is_retryable());
    /// let why = "`accountId` is empty".into();
    /// assert!(!Outcome::Rejected { status: None, code: None, message: why }.is_retryable());
    /// ```
    ///
    /// It is so where it was not sent, where nothing is known of it and sending it again is harmless, and where it was
    /// something else than the event that was refused: the token or what it pays for (401, 402, 403), an address that takes no
    /// events (404, 405), or what the event refers to and the server does not know (404).
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Accepted | Self::Duplicate => false,
            Self::Rejected { status, .. } => status.is_some_and(is_about_something_else),
            Self::Unknown { may_be_resent, .. } => *may_be_resent,
            Self::NotSent { .. } => true,
        }
    }

    /// The server's code for what is wrong with a rejected event, where it gave one.
    ///
    /// ```
    /// use togai_ingest::Outcome;
    ///
    /// let message = "the customer is not known".into();
    /// let outcome = Outcome::Rejected { status: None, code: Some("2002".into()), message };
    /// assert_eq!(outcome.code(), Some("2002"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// The verdict in a word or two: `accepted`, `duplicate`, `rejected`, `unknown`, `not sent`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected { .. } => "rejected",
            Self::Unknown { .. } => "unknown",
            Self::NotSent { .. } => "not sent",
        }
    }

    /// Why it is so, where the verdict needs a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted | Self::Duplicate => None,
            Self::Rejected { message: why, .. } | Self::Unknown { why, .. } | Self::NotSent { why } => Some(why),
        }
    }
}

/// Whether a status is about something else than the event: the token, the address, or what the event refers to.
fn is_about_something_else(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
    )
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())?;
        if let Some(reason) = self.reason() {
            write!(formatter, ": {reason}")?;
        }
        self.code().map_or(Ok(()), |code| write!(formatter, " [{code}]"))
    }
}
