//! From what the server has under an id to the outcome of our event: pure functions.

use togai_api::Event;
use togai_ingest::Outcome;

use super::compare::{Comparison, compare};
use crate::sealed::Sealed;
use crate::verify::arrival::{is_duplicate, rank};
use crate::verify::look_up::LookedUp;
use crate::verify::state::EventState;

/// What a report holds of an event: the [`Event`], or `()` where the caller kept it, as with
/// [`ingest_slice`](togai_ingest::Connection::ingest_slice).
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_ext::{ReportedEvent, VerifyOutcomesError};
///
/// /// Looks up the reports of a worker, whichever method it ingests with.
/// async fn settle<E: ReportedEvent, T>(
///     client: &Client,
///     report: IngestReport<E, T>,
/// ) -> Result<IngestReport<E, T>, VerifyOutcomesError<E, T>> {
///     report.verify(client).lookups_per_second(5).send().await
/// }
/// ```
///
/// Only an [`Event`] can be compared with what the server has.
pub trait ReportedEvent: Sealed {
    /// The event, where the report holds it.
    #[doc(hidden)]
    fn as_event(&self) -> Option<&Event>;
}

impl Sealed for Event {}
impl Sealed for () {}

impl ReportedEvent for Event {
    fn as_event(&self) -> Option<&Event> {
        Some(self)
    }
}

impl ReportedEvent for () {
    fn as_event(&self) -> Option<&Event> {
        None
    }
}

/// What a look-up comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The event has another outcome now.
    Update(Outcome),
    /// The outcome stays, and asking again is of no use.
    Keep,
    /// The outcome stays, and may be known later.
    AskAgain,
}

/// Whether a look-up can change the outcome of an event.
pub(super) fn is_open(outcome: &Outcome, event: &impl ReportedEvent) -> bool {
    match outcome {
        Outcome::Unknown { .. } => true,
        Outcome::Duplicate { compared: false } => event.as_event().is_some(),
        _ => false,
    }
}

/// What the look-up of an event says of its outcome, which is open.
pub(super) fn decide(outcome: &Outcome, event: &impl ReportedEvent, found: &LookedUp) -> Decision {
    match (outcome, event.as_event()) {
        (Outcome::Duplicate { .. }, Some(event)) => decide_duplicate(event, found),
        _ => decide_unknown(&found.state),
    }
}

/// The server has an event with an id that may have been delivered, so it is ours.
fn decide_unknown(state: &EventState) -> Decision {
    match state {
        EventState::Metered | EventState::NotMetered { .. } | EventState::InProgress | EventState::Reverted => {
            Decision::Update(Outcome::Accepted)
        }
        // The server counts another arrival and does not show it: perhaps ours of an earlier attempt, perhaps not.
        state if is_duplicate(state) => Decision::Update(Outcome::Duplicate { compared: false }),
        EventState::Failed { status, description } => {
            let message = description.as_deref().unwrap_or("the server gave no description");
            let (code, message) = (Some(status.as_str().into()), message.into());
            Decision::Update(Outcome::Rejected { status: None, code, message })
        }
        // A status that is not known may be a stage of the processing, or a failure.
        EventState::Unclear { .. } | EventState::NotFound => Decision::AskAgain,
        EventState::NotLookedUp { .. } => Decision::Keep,
    }
}

/// The server says that it has the id. Whether it has our event can be seen from the arrival that counts.
fn decide_duplicate(event: &Event, found: &LookedUp) -> Decision {
    let counted = found.arrivals.iter().filter(|(state, _)| !is_duplicate(state));
    let Some(highest) = counted.clone().map(|(state, _)| rank(state)).max() else {
        return if found.state.is_settled() { Decision::Keep } else { Decision::AskAgain };
    };
    let counted = counted.filter(|(state, _)| rank(state) == highest);
    let comparisons: Vec<_> = counted.map(|(_, theirs)| compare(event, &theirs.event_payload)).collect();
    if comparisons.contains(&Comparison::Same) {
        Decision::Update(Outcome::Duplicate { compared: true })
    } else if comparisons.contains(&Comparison::OtherAccount) {
        Decision::Keep
    } else {
        let message = "the server has another event with the same `id`, which says something else: look at both, and give \
                       this one an `id` of its own if both are to count";
        Decision::Update(Outcome::Rejected { status: None, code: None, message: message.into() })
    }
}

#[cfg(test)]
mod tests {
    use togai_api::Timestamp;
    use togai_api::types::{EventWithStatus, IngestionStatus};

    use super::*;
    use crate::verify::arrival::{merge, state_of};

    const METERED: &str = "INGESTION_COMPLETED_EVENT_METERED";
    const DUPLICATE: &str = "INGESTION_FAILED_DUPLICATE_EVENT";

    fn event(distance: &str) -> Event {
        Event::new("rides", "acme").timestamp(Timestamp::from_unix_seconds(0)).attribute("distance", distance)
    }

    /// What is found of an id, by status and distance of each arrival.
    fn found(arrivals: &[(&str, &str)]) -> LookedUp {
        let mut merged = None;
        let arrivals = arrivals.iter().map(|(status, distance)| {
            let mut arrival = IngestionStatus::default();
            arrival.status = (*status).into();
            arrival.status_description = (*distance == "far").then(|| "no number".to_owned());
            let state = state_of(&arrival, str::to_owned);
            merge(&mut merged, state.clone());
            let mut listed = EventWithStatus::default();
            listed.event_payload = event(distance);
            (state, listed)
        });
        let arrivals = arrivals.collect();
        LookedUp { state: merged.unwrap_or(EventState::NotFound), arrivals }
    }

    fn unknown() -> Outcome {
        Outcome::Unknown { why: "no response".into(), may_be_resent: false }
    }

    #[track_caller]
    fn check_unknown(arrivals: &[(&str, &str)], expected: &str) {
        for decision in [decide(&unknown(), &event("1"), &found(arrivals)), decide(&unknown(), &(), &found(arrivals))] {
            assert_eq!(shown(&decision), expected, "{arrivals:?}");
        }
    }

    #[track_caller]
    fn check_duplicate(arrivals: &[(&str, &str)], expected: &str) {
        let outcome = Outcome::Duplicate { compared: false };
        assert_eq!(shown(&decide(&outcome, &event("1"), &found(arrivals))), expected, "{arrivals:?}");
    }

    fn shown(decision: &Decision) -> String {
        match decision {
            Decision::Update(Outcome::Duplicate { compared }) => format!("duplicate, compared: {compared}"),
            Decision::Update(Outcome::Rejected { code: None, .. }) => "another event".to_owned(),
            Decision::Update(outcome) => outcome.to_string(),
            Decision::Keep => "keep".to_owned(),
            Decision::AskAgain => "ask again".to_owned(),
        }
    }

    #[test]
    fn an_unknown_event_that_the_server_took_is_accepted() {
        for status in [METERED, "INGESTION_IN_PROGRESS", "INGESTION_COMPLETED_NO_MATCHING_METERS", "REVERTED"] {
            check_unknown(&[(status, "1")], "accepted");
            for order in [[(status, "1"), (DUPLICATE, "1")], [(DUPLICATE, "1"), (status, "1")]] {
                check_unknown(&order, "accepted");
            }
        }
    }

    #[test]
    fn an_unknown_event_that_failed_is_rejected_with_the_status() {
        let failed = "INGESTION_FAILED_UNITS_INVALID";
        check_unknown(&[(failed, "far")], "rejected: no number [INGESTION_FAILED_UNITS_INVALID]");
        check_unknown(&[(failed, "1")], "rejected: the server gave no description [INGESTION_FAILED_UNITS_INVALID]");
        check_unknown(&[(DUPLICATE, "1"), (failed, "far")], "rejected: no number [INGESTION_FAILED_UNITS_INVALID]");
    }

    #[test]
    fn an_unknown_event_that_nothing_is_known_of_stays_unknown() {
        check_unknown(&[], "ask again");
        check_unknown(&[("QUEUED", "1")], "ask again");
        check_unknown(&[(DUPLICATE, "1")], "duplicate, compared: false");
        let not_looked_up =
            LookedUp { state: EventState::NotLookedUp { why: "it is too long".into() }, arrivals: vec![] };
        assert_eq!(decide(&unknown(), &event("1"), &not_looked_up), Decision::Keep);
    }

    #[test]
    fn a_duplicate_is_compared_with_the_arrival_that_counts() {
        for status in [METERED, "INGESTION_IN_PROGRESS", "REVERTED", "QUEUED", "INGESTION_FAILED"] {
            check_duplicate(&[(status, "1.0")], "duplicate, compared: true");
            check_duplicate(&[(status, "2")], "another event");
            // A duplicate failed beside it, with whatever content, does not count.
            check_duplicate(&[(DUPLICATE, "1"), (status, "2")], "another event");
            check_duplicate(&[(status, "1"), (DUPLICATE, "2")], "duplicate, compared: true");
        }
        check_duplicate(&[("INGESTION_FAILED", "1"), (METERED, "2")], "another event");
        // Both were metered, 45 days apart.
        check_duplicate(&[(METERED, "2"), (METERED, "1")], "duplicate, compared: true");
    }

    #[test]
    fn a_duplicate_that_cannot_be_compared_stays_one() {
        check_duplicate(&[], "ask again");
        check_duplicate(&[(DUPLICATE, "1")], "keep");
        let mut found = found(&[(METERED, "1")]);
        found.arrivals[0].1.event_payload.account_id = "ACC00001".into();
        assert_eq!(decide(&Outcome::Duplicate { compared: false }, &event("1"), &found), Decision::Keep);
    }

    #[test]
    fn only_open_outcomes_are_looked_up() {
        let duplicate = |compared| Outcome::Duplicate { compared };
        assert!(is_open(&unknown(), &()) && is_open(&unknown(), &event("1")));
        assert!(is_open(&duplicate(false), &event("1")) && !is_open(&duplicate(false), &()));
        assert!(!is_open(&duplicate(true), &event("1")) && !is_open(&Outcome::Accepted, &event("1")));
        let message = "bad".into();
        assert!(!is_open(&Outcome::Rejected { status: None, code: None, message }, &event("1")));
        let message = "stopped".into();
        assert!(!is_open(&Outcome::NotSent { status: None, code: None, message }, &event("1")));
    }
}
