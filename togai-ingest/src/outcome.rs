//! What became of an event.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

/// What became of an event that was handed in.
///
/// ```
/// use togai_ingest::Outcome;
///
/// let outcome = Outcome::NotSent { status: None, code: None, message: "the token was refused".into() };
/// assert_eq!(outcome.to_string(), "not sent: the token was refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The server accepted the event. Accepted is not yet billed: many services check account, unit and id afterwards.
    ///
    /// It is also the verdict where the server said that it has the event already, and may have it from an earlier
    /// request of the same call whose response was lost or did not name the event.
    Accepted,
    /// An event with the same id came before: in the same call, where the verdict of the first one counts for both, or at the
    /// server, which says that it has it.
    Duplicate {
        /// Whether the two were compared and have the same content, as two events of a call. It is `false` where the server
        /// speaks of the id alone.
        compared: bool,
    },
    /// The event was refused for what is in it, by the server or by a check before it was sent. Fix it and resend.
    Rejected {
        /// The status that the server gave the event, or else that of the response; none where the event was not sent, or the
        /// backend gave none.
        status: Option<StatusCode>,
        /// The server's code for what is wrong, where it gave one.
        code: Option<Arc<str>>,
        /// What is wrong with the event.
        message: Arc<str>,
    },
    /// The server may have the event or not. To find out, look it up; `togai_ext` has `verify` for that.
    Unknown {
        /// What happened.
        why: Arc<str>,
        /// Whether sending the event again with the same id is harmless. If the service does not document that an id
        /// counts once, the event might be billed twice.
        may_be_resent: bool,
    },
    /// The server does not have the event, and nothing is known to be wrong with it: the token was refused, the server
    /// throttles or knows no such address, the call stopped, the customer is unknown, the event was refused only together
    /// with others, or it was refused by itself and nothing else was accepted since.
    NotSent {
        /// The status of the response that kept it from being accepted, where there was one.
        status: Option<StatusCode>,
        /// The server's code, where it gave one.
        code: Option<Arc<str>>,
        /// What the server said, or what happened.
        message: Arc<str>,
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
    /// let not_sent = Outcome::NotSent { status: None, code: None, message: "the token was refused".into() };
    /// assert!(not_sent.is_retryable());
    /// assert!(Outcome::Unknown { why: "no response came in time".into(), may_be_resent: true }.is_retryable());
    /// // With a service that does not document that an id counts once.
    /// assert!(!Outcome::Unknown { why: "no response came in time".into(), may_be_resent: false }.is_retryable());
    /// let why = "`accountId` is empty".into();
    /// assert!(!Outcome::Rejected { status: None, code: None, message: why }.is_retryable());
    /// ```
    ///
    /// It is `true` for `NotSent`, and for `Unknown` where a second delivery is harmless.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Accepted | Self::Duplicate { .. } | Self::Rejected { .. } => false,
            Self::Unknown { may_be_resent, .. } => *may_be_resent,
            Self::NotSent { .. } => true,
        }
    }

    /// The status that came with a rejected event, or with one that was not sent.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Rejected { status, .. } | Self::NotSent { status, .. } => *status,
            Self::Accepted | Self::Duplicate { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The server's code that came with a rejected event, or with one that was not sent.
    ///
    /// ```
    /// use togai_ingest::Outcome;
    ///
    /// let message = "the customer is not known".into();
    /// let outcome = Outcome::NotSent { status: None, code: Some("2002".into()), message };
    /// assert_eq!(outcome.code(), Some("2002"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } | Self::NotSent { code, .. } => code.as_deref(),
            Self::Accepted | Self::Duplicate { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The verdict in a word or two: `accepted`, `duplicate`, `rejected`, `unknown`, `not sent`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate { .. } => "duplicate",
            Self::Rejected { .. } => "rejected",
            Self::Unknown { .. } => "unknown",
            Self::NotSent { .. } => "not sent",
        }
    }

    /// Why it is so, where the verdict needs a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted | Self::Duplicate { .. } => None,
            Self::Rejected { message: why, .. } | Self::Unknown { why, .. } | Self::NotSent { message: why, .. } => {
                Some(why)
            }
        }
    }
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
