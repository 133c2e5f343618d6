//! What is known of an event.

use std::fmt;
use std::sync::Arc;

use togai_api::types::{EventWithStatus, EventWithStatusAndEventPipelineInfo, IngestionStatusStatus};

use super::arrival::state_of;
use crate::sealed::Sealed;

/// What is known of an event: how far its processing got, or why nothing is known.
///
/// ```
/// use togai_ext::EventState;
/// use togai_ext::types::IngestionStatusStatus;
///
/// let status = IngestionStatusStatus::IngestionFailedAccountNotFound;
/// let state = EventState::Failed { status, description: Some("No account has this id".to_owned()) };
/// assert_eq!(state.to_string(), "failed: INGESTION_FAILED_ACCOUNT_NOT_FOUND: No account has this id");
/// assert!(state.is_settled());
/// ```
///
/// The server may hold several arrivals of one id, for example where a batch was sent twice: the first is metered, the
/// others failed as duplicates. The event then has the state that comes first among these: metered, not metered, in
/// progress, unclear, reverted, failed for another reason than being a duplicate, failed as a duplicate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventState {
    /// The event counts.
    Metered,
    /// The event was processed to the end and does not count, for example since no usage meter matches it. It is the
    /// state, too, of a status of completion that this version does not know.
    NotMetered {
        /// The server's status, such as `INGESTION_COMPLETED_NO_MATCHING_METERS`.
        status: IngestionStatusStatus,
        /// The status in words, where the server gave some.
        description: Option<String>,
    },
    /// The event was accepted and is being processed.
    InProgress,
    /// The server's status is none that this version knows. It may be a stage of the processing, so the event is asked
    /// for again.
    Unclear {
        /// The server's status, such as `UNKNOWN`; empty where it gave none.
        status: IngestionStatusStatus,
        /// The status in words, where the server gave some.
        description: Option<String>,
    },
    /// A correction took the event back.
    Reverted,
    /// The event does not count, for the reason in the status. As a duplicate it fails where the server has metered
    /// another arrival of the id, and does not show it.
    Failed {
        /// The server's status, such as `INGESTION_FAILED_ACCOUNT_NOT_FOUND`.
        status: IngestionStatusStatus,
        /// The status in words, where the server gave some.
        description: Option<String>,
    },
    /// The server does not know the id: the event was not accepted, or can be found only later.
    NotFound,
    /// The server was not asked, or did not take the question.
    NotLookedUp {
        /// What kept the event from being looked up.
        why: Arc<str>,
    },
}

impl EventState {
    /// Whether the event counts.
    pub fn is_metered(&self) -> bool {
        matches!(self, Self::Metered)
    }

    /// Whether asking again is of no use. Events that are in progress, unclear or not found may have another state later.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::InProgress | Self::Unclear { .. } | Self::NotFound)
    }

    /// The server's status as it is on the wire; none where the server told none.
    pub fn status(&self) -> Option<&str> {
        match self {
            Self::Metered => Some(IngestionStatusStatus::IngestionCompletedEventMetered.as_str()),
            Self::InProgress => Some(IngestionStatusStatus::IngestionInProgress.as_str()),
            Self::Reverted => Some(IngestionStatusStatus::Reverted.as_str()),
            Self::NotMetered { status, .. } | Self::Unclear { status, .. } | Self::Failed { status, .. } => {
                Some(status.as_str())
            }
            Self::NotFound | Self::NotLookedUp { .. } => None,
        }
    }
}

/// The state of an event as the server shows it, in a list or a look-up.
///
/// ```
/// use futures::TryStreamExt;
/// use togai_ext::EventState;
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// # client.ingest_event(Event::new("rides", "acme-prod").id("ride-1")).send().await?.into_result()?;
/// let mut events = client.get_events().account_id("acme-prod").items();
/// while let Some(event) = events.try_next().await? {
///     assert_eq!(event.state(), EventState::Metered);
/// }
/// # Ok(())
/// # });
/// ```
pub trait EventStateExt: Sealed {
    /// The state that [`verify`](super::VerifyExt::verify) reports of an id with this event alone.
    ///
    /// If there are several events with the id, `verify` reports the state that comes first, see [`EventState`]. The texts
    /// are as the server wrote them, while those of `verify` are cut and show no token.
    fn state(&self) -> EventState;
}

impl Sealed for EventWithStatus {}
impl Sealed for EventWithStatusAndEventPipelineInfo {}

impl EventStateExt for EventWithStatus {
    fn state(&self) -> EventState {
        state_of(&self.ingestion_status, str::to_owned)
    }
}

impl EventStateExt for EventWithStatusAndEventPipelineInfo {
    fn state(&self) -> EventState {
        state_of(&self.ingestion_status, str::to_owned)
    }
}

impl fmt::Display for EventState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, status, description) = match self {
            Self::Metered => return formatter.write_str("metered"),
            Self::InProgress => return formatter.write_str("in progress"),
            Self::Reverted => return formatter.write_str("reverted"),
            Self::NotFound => return formatter.write_str("not found"),
            Self::NotLookedUp { why } => return write!(formatter, "not looked up: {why}"),
            Self::NotMetered { status, description } => ("not metered", status, description),
            Self::Unclear { status, description } => ("unclear", status, description),
            Self::Failed { status, description } => ("failed", status, description),
        };
        // A server that gives no status says so, instead of nothing behind a colon.
        let status = if status.as_str().is_empty() { "no status" } else { status.as_str() };
        write!(formatter, "{name}: {status}")?;
        description.as_ref().map_or(Ok(()), |description| write!(formatter, ": {description}"))
    }
}
