//! What is known of all events of a call.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::EventState;

/// What became of the events that were asked for, each of them.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let rides = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id));
/// client.ingest_events(rides).send().await?.into_result()?;
///
/// let verification = client.verify(["ride-1", "ride-2", "ride-3"]).rounds(1).send().await?;
/// assert_eq!((verification.metered(), verification.not_found()), (2, 1));
/// assert_eq!(verification.statuses()["INGESTION_COMPLETED_EVENT_METERED"], 2);
/// // What to ask for again tomorrow, or to ingest again: ids make that harmless.
/// let open: Vec<&str> = verification.unmetered().map(|event| event.id.as_str()).collect();
/// assert_eq!(open, ["ride-3"]);
/// # Ok(())
/// # });
/// ```
///
/// Each id has one state, so the counts add up to the [`total`](Self::total).
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "events may not have been metered"]
pub struct Verification {
    events: Vec<VerifiedEvent>,
}

/// An event that was asked for, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedEvent {
    /// Its id.
    pub id: String,
    /// What is known of it.
    pub state: EventState,
}

impl Verification {
    pub(super) fn new(states: impl IntoIterator<Item = (String, EventState)>) -> Self {
        Self { events: states.into_iter().map(|(id, state)| VerifiedEvent { id, state }).collect() }
    }

    /// How many ids were asked for, each of them once.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let verification = client.verify(["ride-1", "ride-2", "ride-1"]).rounds(1).send().await?;
    /// assert_eq!((verification.total(), verification.not_found()), (2, 2));
    /// # Ok(())
    /// # });
    /// ```
    pub fn total(&self) -> u64 {
        self.events.len() as u64
    }

    /// Every event in the order in which the ids were handed in, each id once.
    pub fn events(&self) -> &[VerifiedEvent] {
        &self.events
    }

    /// Every event, to be kept.
    pub fn into_events(self) -> Vec<VerifiedEvent> {
        self.events
    }

    /// The events that do not count, or are not known to, in the order in which the ids were handed in.
    pub fn unmetered(&self) -> impl Iterator<Item = &VerifiedEvent> {
        self.events.iter().filter(|event| !event.state.is_metered())
    }

    /// How many events count.
    pub fn metered(&self) -> u64 {
        self.count(EventState::is_metered)
    }

    /// How many events were processed to the end and do not count.
    pub fn not_metered(&self) -> u64 {
        self.count(|state| matches!(state, EventState::NotMetered { .. }))
    }

    /// How many events are still being processed.
    pub fn in_progress(&self) -> u64 {
        self.count(|state| matches!(state, EventState::InProgress))
    }

    /// How many events have a status that this version does not know.
    pub fn unclear(&self) -> u64 {
        self.count(|state| matches!(state, EventState::Unclear { .. }))
    }

    /// How many events were taken back by a correction.
    pub fn reverted(&self) -> u64 {
        self.count(|state| matches!(state, EventState::Reverted))
    }

    /// How many events do not count for a reason that the server tells.
    pub fn failed(&self) -> u64 {
        self.count(|state| matches!(state, EventState::Failed { .. }))
    }

    /// How many ids the server does not know.
    pub fn not_found(&self) -> u64 {
        self.count(|state| matches!(state, EventState::NotFound))
    }

    /// How many ids the server was not asked for.
    pub fn not_looked_up(&self) -> u64 {
        self.count(|state| matches!(state, EventState::NotLookedUp { .. }))
    }

    /// How many events have which status, as the server writes it, such as `INGESTION_FAILED_ACCOUNT_NOT_FOUND`.
    ///
    /// Of an event with several arrivals it is the status of the one that gave the state. Events that were not found or
    /// not looked up have none.
    pub fn statuses(&self) -> BTreeMap<String, u64> {
        let mut statuses = BTreeMap::new();
        for status in self.events.iter().filter_map(|event| event.state.status()) {
            // Looked for first: there are few statuses, and may be very many events.
            match statuses.get_mut(status) {
                Some(count) => *count += 1,
                None => drop(statuses.insert(status.to_owned(), 1)),
            }
        }
        statuses
    }

    fn count(&self, is_meant: impl Fn(&EventState) -> bool) -> u64 {
        self.events.iter().filter(|event| is_meant(&event.state)).count() as u64
    }

    /// A short text of the counts, such as `2497 of 2500 events metered, 3 failed`.
    pub(super) fn summary(&self) -> String {
        let mut summary = format!("{} of {} events metered", self.metered(), self.total());
        for (count, name) in [
            (self.not_metered(), "not metered"),
            (self.in_progress(), "in progress"),
            (self.unclear(), "unclear"),
            (self.reverted(), "reverted"),
            (self.failed(), "failed"),
            (self.not_found(), "not found"),
            (self.not_looked_up(), "not looked up"),
        ] {
            if count > 0 {
                let _ = write!(summary, ", {count} {name}");
            }
        }
        summary
    }
}

impl fmt::Debug for Verification {
    /// Counts, since there may be very many events.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Verification({})", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use togai_api::types::IngestionStatusStatus as Status;

    use super::*;

    fn one_of_each() -> Verification {
        let failed = |status| EventState::Failed { status, description: None };
        let states = [
            EventState::Metered,
            EventState::NotMetered { status: "INGESTION_COMPLETED".into(), description: None },
            EventState::InProgress,
            EventState::Unclear { status: Status::Unknown, description: None },
            EventState::Reverted,
            failed(Status::IngestionFailed),
            failed(Status::IngestionFailed),
            EventState::NotFound,
            EventState::NotLookedUp { why: "it was late".into() },
        ];
        Verification::new(states.into_iter().enumerate().map(|(number, state)| (number.to_string(), state)))
    }

    #[test]
    fn every_state_is_counted_once() {
        let verification = one_of_each();
        let counts = [
            verification.metered(),
            verification.not_metered(),
            verification.in_progress(),
            verification.unclear(),
            verification.reverted(),
            verification.failed(),
            verification.not_found(),
            verification.not_looked_up(),
        ];
        assert_eq!(counts, [1, 1, 1, 1, 1, 2, 1, 1]);
        assert_eq!(verification.unmetered().map(|event| event.id.as_str()).collect::<String>(), "12345678");
    }

    #[test]
    fn statuses_match_the_server() {
        let statuses: Vec<String> =
            one_of_each().statuses().into_iter().map(|(status, count)| format!("{status} {count}")).collect();
        insta::assert_snapshot!(statuses.join("\n"), @r###"
        INGESTION_COMPLETED 1
        INGESTION_COMPLETED_EVENT_METERED 1
        INGESTION_FAILED 2
        INGESTION_IN_PROGRESS 1
        REVERTED 1
        UNKNOWN 1
        "###);
    }

    #[test]
    fn its_debug_output_is_short() {
        insta::assert_snapshot!(format!("{:?}", one_of_each()), @"Verification(1 of 9 events metered, 1 not metered, 1 in progress, 1 unclear, 1 reverted, 2 failed, 1 not found, 1 not looked up)");
        insta::assert_snapshot!(format!("{:?}", Verification::default()), @"Verification(0 of 0 events metered)");
    }
}
