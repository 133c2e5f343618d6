//! `POST /events/correction`.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::application::{Application, State};
use crate::arrivals::{Arrival, REVERTED};
use crate::event;
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::operations::events::{is_of_account, with_status};
use crate::operations::ingestion::owner;

/// How many events are corrected when the request is answered at once.
const MOST_AT_ONCE: usize = 30;
/// How many events the answer may hold.
const MOST_IN_RESPONSE: usize = 50;

/// Reverts events, and ingests them again or another in their place.
pub(super) fn event_correction(
    application: &Application,
    mut call: OperationCall<'_>,
) -> Result<JsonResponse, Refusal> {
    call.modernise_event();
    let replacement = call.take_checked_body()?.and_then(|mut body| body.get_mut("event").map(Value::take));
    let action = call.text("action").unwrap_or_default();
    if action == "REDO_EVENT" && replacement.is_none() {
        return Err(Refusal::bad_request("event: is required in the body for the action REDO_EVENT"));
    }
    let selection = Selection::read(&call, replacement.as_ref())?;

    let mut state = State::of(application);
    let mut selected = selection.find(&state);
    if selected.is_empty() {
        return Err(Refusal::bad_request("no event matches account_id, id, event_id or event.id"));
    }
    if !call.flag("async") {
        selected.truncate(MOST_AT_ONCE);
    }

    let mut corrected = Vec::new();
    let mut reverted_ids = Vec::new();
    for position in selected {
        let arrival = &state.arrivals.all()[position];
        let (status, reason) = if arrival.is_metered() {
            let payload = arrival.payload.clone();
            reverted_ids.extend(arrival.event_id.clone());
            state.arrivals.revert(position);
            if action == "REDO" {
                let owner = owner(application, &state, &payload);
                state.arrivals.record_again(payload, owner, call.now);
            }
            if action == "UNDO" { ("REVERTED", "the event was taken back") } else { REINGESTED }
        } else if arrival.status == REVERTED {
            ("FAILED", "the event had been reverted before")
        } else {
            ("FAILED", "the event was not metered, so there is nothing to take back")
        };
        let arrival = &state.arrivals.all()[position];
        let mut event = with_status(arrival, arrival.status);
        event["status"] = json!(status);
        event["reason"] = json!(reason);
        corrected.push(event);
    }

    if action == "REDO_EVENT"
        && !reverted_ids.is_empty()
        && let Some(replacement) = replacement
    {
        let owner = owner(application, &state, &replacement);
        if event::id(&replacement).is_some_and(|id| reverted_ids.iter().any(|reverted| reverted == id)) {
            state.arrivals.record_again(replacement, owner, call.now);
        } else {
            state.arrivals.record(replacement, owner, call.now);
        }
    }
    corrected.truncate(MOST_IN_RESPONSE);
    Ok(JsonResponse::ok(json!({ "data": corrected })))
}

const REINGESTED: (&str, &str) = ("REVERTED_AND_REINGESTED", "the event was taken back and ingested again");

/// Which events are to be corrected.
struct Selection<'a> {
    account_id: Option<&'a str>,
    reference_id: Option<&'a str>,
    event_id: Option<&'a str>,
    event_source_time: Option<&'a str>,
    created_at: Option<&'a str>,
}

impl<'a> Selection<'a> {
    fn read(call: &'a OperationCall<'_>, replacement: Option<&'a Value>) -> Result<Self, Refusal> {
        let (account_id, reference_id) = (call.text("account_id"), call.text("id"));
        let in_query = account_id.is_some() || reference_id.is_some() || call.text("event_id").is_some();
        // The clients of the vendor send no query parameter: the body alone says which event is meant.
        let event_id = if in_query { call.text("event_id") } else { replacement.and_then(event::id) };
        if !in_query && event_id.is_none() {
            let message = "select events with account_id, id or event_id in the query, or with event.id in the body";
            return Err(Refusal::bad_request(message));
        }
        let (event_source_time, created_at) = (call.text("event_source_time"), call.text("created_at"));
        Ok(Self { account_id, reference_id, event_id, event_source_time, created_at })
    }

    /// Positions of the events, the latest by event time first, then by event id, as documented.
    fn find(&self, state: &State) -> Vec<usize> {
        let arrivals = state.arrivals.all();
        let matching = |position: &usize| self.matches(&arrivals[*position]);
        let mut found: Vec<_> = (0..arrivals.len()).filter(matching).collect();
        // What was not metered cannot be taken back: it is looked at only when there is nothing else.
        if found.iter().any(|position| arrivals[*position].is_metered()) {
            found.retain(|position| arrivals[*position].is_metered());
        }
        found.sort_by_cached_key(|position| {
            let arrival = &arrivals[*position];
            let event_time = event::text(&arrival.payload, "timestamp").and_then(moment::from_text);
            (Reverse(event_time), arrival.event_id.clone())
        });
        found
    }

    fn matches(&self, arrival: &Arrival) -> bool {
        let is_at = |wanted: Option<&str>, text: Option<&str>| {
            wanted.is_none_or(|wanted| text.and_then(moment::from_text) == moment::from_text(wanted))
        };
        self.account_id.is_none_or(|account_id| is_of_account(arrival, account_id))
            && self.reference_id.is_none_or(|reference_id| arrival.reference_id == reference_id)
            && self.event_id.is_none_or(|event_id| arrival.event_id.as_deref() == Some(event_id))
            && is_at(self.event_source_time, event::text(&arrival.payload, "timestamp"))
            && is_at(self.created_at, Some(&moment::to_text(arrival.arrived_at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::{DUPLICATE, METERED};
    use crate::testing::{Reply, TestSandbox, event};

    fn sandbox_with<'a>(ids: impl IntoIterator<Item = &'a str>) -> TestSandbox {
        let sandbox = TestSandbox::new();
        for id in ids {
            sandbox.post("/ingest", &json!({ "event": event(id) }));
        }
        sandbox
    }

    #[track_caller]
    fn correct(sandbox: &TestSandbox, query: &str, body: Option<&Value>) -> Vec<String> {
        let Reply(status, response) = sandbox.send("POST", &format!("/events/correction?{query}"), body);
        assert_eq!(status, 200, "{response}");
        let data = response["data"].as_array().unwrap();
        data.iter().map(|event| event["status"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn refused(sandbox: &TestSandbox, query: &str, message: &str) {
        let reply = sandbox.send("POST", &format!("/events/correction?{query}"), None);
        assert_eq!(reply, Reply(400, json!({ "message": message })));
    }

    #[test]
    fn undo_reverts_an_event_and_keeps_its_id_in_use() {
        let sandbox = sandbox_with(["a", "b"]);
        assert_eq!(correct(&sandbox, "action=UNDO&event_id=a", None), ["REVERTED"]);
        assert_eq!(correct(&sandbox, "action=UNDO&event_id=a", None), ["FAILED"]);
        sandbox.post("/ingest", &json!({ "event": event("a") }));
        assert_eq!(sandbox.statuses(), [REVERTED, METERED, DUPLICATE]);
        let Reply(_, body) = sandbox.get("/events/a");
        assert_eq!(body["events"][0]["eventPipelineInfo"]["statusBeforeReverting"], METERED);
    }

    #[test]
    fn redo_ingests_the_same_event_again() {
        let sandbox = sandbox_with(["a"]);
        for _ in 0..2 {
            assert_eq!(correct(&sandbox, "action=REDO&event_id=a", None), ["REVERTED_AND_REINGESTED"]);
        }
        assert_eq!(sandbox.statuses(), [REVERTED, REVERTED, METERED]);
    }

    #[test]
    fn redo_event_ingests_a_replacement() {
        let sandbox = sandbox_with(["a", "b"]);
        let mut replacement = json!({ "event": event("a") });
        replacement["event"]["attributes"][0]["value"] = json!("11.9");
        assert_eq!(correct(&sandbox, "action=REDO_EVENT", Some(&replacement)), ["REVERTED_AND_REINGESTED"]);
        assert_eq!(sandbox.statuses(), [REVERTED, METERED, METERED]);
        let Reply(_, body) = sandbox.get("/events/a");
        assert_eq!(body["events"][1]["eventPayload"], replacement["event"]);
        refused(&sandbox, "action=REDO_EVENT&event_id=a", "event: is required in the body for the action REDO_EVENT");
    }

    #[test]
    fn a_replacement_with_the_id_of_another_metered_event_is_a_duplicate() {
        let sandbox = sandbox_with(["a", "b"]);
        let replacement = json!({ "event": event("b") });
        correct(&sandbox, "action=REDO_EVENT&event_id=a", Some(&replacement));
        assert_eq!(sandbox.statuses(), [REVERTED, METERED, DUPLICATE]);
    }

    #[test]
    fn events_are_selected_by_account_reference_or_id() {
        let sandbox = sandbox_with(["a", "b", "c"]);
        assert_eq!(correct(&sandbox, "action=UNDO&id=reference-2", None).len(), 1);
        assert_eq!(correct(&sandbox, "action=UNDO&account_id=acme-prod&event_id=c", None).len(), 1);
        assert_eq!(sandbox.statuses(), [METERED, REVERTED, REVERTED]);
        let time = "event_source_time=2024-11-05T08:31:12.25%2B00:00";
        assert_eq!(correct(&sandbox, &format!("action=UNDO&account_id=acme-prod&{time}"), None).len(), 1);
        refused(
            &sandbox,
            "action=UNDO",
            "select events with account_id, id or event_id in the query, or with event.id in the body",
        );
        refused(&sandbox, "action=UNDO&event_id=z", "no event matches account_id, id, event_id or event.id");
        let at = "created_at=2025-01-02T00:00:00Z";
        let message = "no event matches account_id, id, event_id or event.id";
        refused(&sandbox, &format!("action=UNDO&account_id=acme-prod&event_id=a&{at}"), message);
        refused(&sandbox, "action=OTHER", r#"action: has to be one of "UNDO", "REDO", "REDO_EVENT", but is "OTHER""#);
    }

    #[test]
    fn corrections_apply_to_30_matches_or_to_all_in_the_background() {
        let ids: Vec<_> = (0..60).map(|number| format!("{number:02}")).collect();
        let sandbox = sandbox_with(ids.iter().map(String::as_str));
        let reverted = || sandbox.statuses().iter().filter(|status| **status == REVERTED).count();
        assert_eq!(correct(&sandbox, "action=UNDO&account_id=acme-prod", None).len(), 30);
        assert_eq!(reverted(), 30);
        correct(&sandbox, "action=REDO&account_id=acme-prod&async=true", None);
        assert_eq!((reverted(), sandbox.statuses().len()), (60, 90));
        assert_eq!(correct(&sandbox, "action=UNDO&account_id=acme-prod&async=true", None).len(), 30);
    }
}
