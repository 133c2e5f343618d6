//! From what the server tells of arrivals to the state of an event: pure functions.

use togai_api::types::{IngestionStatus, IngestionStatusStatus};

use super::EventState;

/// The state that one arrival alone would give its event. `safe_text` blots the token out of what the server wrote, and
/// cuts what is long.
pub(super) fn state_of(arrival: &IngestionStatus, safe_text: impl Fn(&str) -> String) -> EventState {
    use IngestionStatusStatus as Status;

    let status = match &arrival.status {
        Status::Other(text) => Status::Other(safe_text(text)),
        known => known.clone(),
    };
    let description = arrival.status_description.as_deref().map(&safe_text).filter(|text| !text.is_empty());
    match &status {
        Status::IngestionCompletedEventMetered => EventState::Metered,
        Status::IngestionInProgress => EventState::InProgress,
        Status::Reverted => EventState::Reverted,
        // The vendor's statuses change between releases, and their beginnings do not.
        status if status.as_str().starts_with("INGESTION_COMPLETED") => {
            EventState::NotMetered { status: status.clone(), description }
        }
        status if status.as_str().starts_with("INGESTION_FAILED") => {
            EventState::Failed { status: status.clone(), description }
        }
        _ => EventState::Unclear { status, description },
    }
}

/// Puts an arrival beside what the others of its event gave so far.
pub(super) fn merge(found: &mut Option<EventState>, arrival: EventState) {
    if found.as_ref().is_none_or(|found| rank(found) < rank(&arrival)) {
        *found = Some(arrival);
    }
}

/// Whether the server has shown an event.
pub(super) fn is_found(state: Option<&EventState>) -> bool {
    state.is_some_and(|state| state.status().is_some())
}

/// Which of several arrivals says what became of the event: the one of the highest rank.
///
/// A duplicate says nothing but that there is another arrival. What is in progress may still be metered, so it hides
/// whatever failed.
pub(super) fn rank(state: &EventState) -> u8 {
    match state {
        EventState::Metered => 8,
        EventState::NotMetered { .. } => 7,
        EventState::InProgress => 6,
        EventState::Unclear { .. } => 5,
        EventState::Reverted => 4,
        state if is_duplicate(state) => 2,
        EventState::Failed { .. } => 3,
        EventState::NotFound => 1,
        EventState::NotLookedUp { .. } => 0,
    }
}

/// Whether the event failed since the server has metered another arrival of the id.
pub(super) fn is_duplicate(state: &EventState) -> bool {
    matches!(state, EventState::Failed { status: IngestionStatusStatus::IngestionFailedDuplicateEvent, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str) -> EventState {
        let mut arrival = IngestionStatus::default();
        arrival.status = status.into();
        state_of(&arrival, str::to_owned)
    }

    #[test]
    fn every_status_maps_to_a_state() {
        let shown: Vec<String> = [
            "INGESTION_COMPLETED_EVENT_METERED",
            "INGESTION_COMPLETED_EVENT_NOT_METERED",
            "INGESTION_COMPLETED_NO_MATCHING_METERS",
            "INGESTION_COMPLETED",
            "INGESTION_COMPLETED_EVENT_NOT_BILLED",
            "INGESTION_IN_PROGRESS",
            "INGESTION_FAILED",
            "INGESTION_FAILED_DUPLICATE_EVENT",
            "INGESTION_FAILED_ON_TUESDAY",
            "REVERTED",
            "UNKNOWN",
            "QUEUED",
            "",
        ]
        .into_iter()
        .map(|status| of(status).to_string())
        .collect();
        insta::assert_snapshot!(shown.join("\n"), @r###"
        metered
        not metered: INGESTION_COMPLETED_EVENT_NOT_METERED
        not metered: INGESTION_COMPLETED_NO_MATCHING_METERS
        not metered: INGESTION_COMPLETED
        not metered: INGESTION_COMPLETED_EVENT_NOT_BILLED
        in progress
        failed: INGESTION_FAILED
        failed: INGESTION_FAILED_DUPLICATE_EVENT
        failed: INGESTION_FAILED_ON_TUESDAY
        reverted
        unclear: UNKNOWN
        unclear: QUEUED
        unclear: no status
        "###);
    }

    #[test]
    fn known_and_unknown_statuses_are_shown_as_on_the_wire() {
        for status in
            ["INGESTION_COMPLETED_EVENT_METERED", "INGESTION_IN_PROGRESS", "REVERTED", "UNKNOWN", "QUEUED", ""]
        {
            assert_eq!(of(status).status(), Some(status));
        }
        assert_eq!(EventState::NotFound.status(), None);
    }

    #[test]
    fn the_most_advanced_arrival_sets_the_state_in_any_order() {
        let statuses = [
            "INGESTION_FAILED_DUPLICATE_EVENT",
            "INGESTION_FAILED_UNITS_INVALID",
            "REVERTED",
            "UNKNOWN",
            "INGESTION_IN_PROGRESS",
            "INGESTION_COMPLETED_NO_MATCHING_METERS",
            "INGESTION_COMPLETED_EVENT_METERED",
        ];
        for (index, better) in statuses.iter().enumerate() {
            for worse in &statuses[..=index] {
                for order in [[better, worse], [worse, better]] {
                    let mut found = None;
                    for status in order {
                        merge(&mut found, of(status));
                    }
                    assert_eq!(found, Some(of(better)), "{order:?}");
                }
            }
        }
    }

    #[test]
    fn server_texts_are_redacted() {
        let mut arrival = IngestionStatus::default();
        arrival.status = "ODD s3cr3t".into();
        arrival.status_description = Some("echoes s3cr3t".to_owned());
        let state = state_of(&arrival, |text| text.replace("s3cr3t", "***"));
        assert_eq!(state.to_string(), "unclear: ODD ***: echoes ***");
        arrival.status_description = Some(String::new());
        assert_eq!(state_of(&arrival, str::to_owned).to_string(), "unclear: ODD s3cr3t");
    }
}
