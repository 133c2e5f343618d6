//! `GET /events` and `GET /events/{event_id}`.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::application::{Application, State};
use crate::arrivals::{Arrival, IN_PROGRESS, describe};
use crate::builder::Settings;
use crate::directory::Directory;
use crate::event;
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::paging::{self, PageRequest};

const FILTERS: [&str; 3] = ["status", "account_id", "schema_name"];

/// Lists arrivals, oldest first, so that those of later do not move the pages.
pub(super) fn get_events(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let list = &call.operation.id;
    let filters = FILTERS.iter().filter_map(|name| Some(((*name).to_owned(), json!(call.text(name)?)))).collect();
    let request = PageRequest::read(list, call.page_size(), filters, call.text("nextToken"))?;

    let state = State::of(application);
    let progress = Progress::of(application, call);
    let arrivals = state.arrivals.all().iter().enumerate().skip(request.position);
    let shown = arrivals.filter(|(_, arrival)| progress.is_visible(arrival));
    let matching = shown.filter(|(_, arrival)| matches(arrival, progress.status(arrival), &request));
    let page = paging::cut(list, &request, application.settings.trailing_empty_page, matching);
    let events: Vec<_> = page.items.into_iter().map(|arrival| with_status(arrival, progress.status(arrival))).collect();
    Ok(JsonResponse::ok(json!({ "events": events, "nextToken": page.next_token })))
}

/// Answers all arrivals of one event id.
pub(super) fn get_single_event(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let event_id = call.path("event_id");
    let state = State::of(application);
    let progress = Progress::of(application, call);
    let with_pipeline_info = |arrival| {
        let mut event = with_status(arrival, progress.status(arrival));
        event["eventPipelineInfo"] = pipeline_info(arrival, &state.directory);
        event
    };
    let visible = state.arrivals.with_event_id(event_id).filter(|arrival| progress.is_visible(arrival));
    let events: Vec<_> = visible.map(with_pipeline_info).collect();
    if events.is_empty() {
        return Err(Refusal::not_found(format!("event_id: no event was ingested with this id: {event_id}")));
    }
    Ok(JsonResponse::ok(json!({ "events": events })))
}

/// How far the processing of arrivals is at the moment of a call.
struct Progress {
    now: SystemTime,
    visible_after: Duration,
    settled_after: Duration,
}

impl Progress {
    fn of(application: &Application, call: &OperationCall<'_>) -> Self {
        let Settings { visible_after, settled_after, .. } = application.settings;
        Self { now: call.now, visible_after, settled_after }
    }

    fn is_visible(&self, arrival: &Arrival) -> bool {
        self.age(arrival) >= self.visible_after
    }

    /// The status as it is told so far.
    fn status(&self, arrival: &Arrival) -> &'static str {
        if self.age(arrival) >= self.settled_after { arrival.status } else { IN_PROGRESS }
    }

    fn age(&self, arrival: &Arrival) -> Duration {
        self.now.duration_since(arrival.arrived_at).unwrap_or_default()
    }
}

/// An arrival as the lists show it, with the status that it is shown with.
pub(super) fn with_status(arrival: &Arrival, status: &str) -> Value {
    let mut event = json!({
        "referenceId": arrival.reference_id,
        "eventPayload": arrival.payload,
        "ingestionStatus": { "status": status, "statusDescription": describe(status) },
        "source": { "id": "api", "type": "API" },
        "createdAt": moment::to_text(arrival.arrived_at),
    });
    if let Some(customer_id) = &arrival.customer_id {
        event["customerId"] = json!(customer_id);
    }
    event
}

/// Whether an arrival is of this account, which may be given by its id or as the event gave it.
pub(super) fn is_of_account(arrival: &Arrival, account_id: &str) -> bool {
    arrival.account_id.as_deref() == Some(account_id) || event::text(&arrival.payload, "accountId") == Some(account_id)
}

fn matches(arrival: &Arrival, status: &str, request: &PageRequest) -> bool {
    let status_matches = match request.filter("status") {
        None => true,
        // The vendor's samples filter by these two, which are no statuses of an event.
        Some("PROCESSED") => status.starts_with("INGESTION_COMPLETED"),
        Some("IN_PROGRESS") => status == IN_PROGRESS,
        Some(wanted) => status == wanted,
    };
    let schema_name = event::text(&arrival.payload, "schemaName");
    status_matches
        && request.filter("account_id").is_none_or(|account_id| is_of_account(arrival, account_id))
        && request.filter("schema_name").is_none_or(|wanted| schema_name == Some(wanted))
}

fn pipeline_info(arrival: &Arrival, directory: &Directory) -> Value {
    let mut info = Map::new();
    let schema_name = event::text(&arrival.payload, "schemaName");
    info.insert("eventSchema".to_owned(), json!({ "name": schema_name, "version": 1 }));
    if let (Some(customer_id), Some(account_id)) = (&arrival.customer_id, &arrival.account_id) {
        // The vendor's clients do not read an account without a name; one that was deleted since has only its id.
        let name = directory.get(customer_id, account_id).map_or(account_id, |known| &known.name);
        let mut account = json!({ "id": account_id, "name": name });
        let named = event::text(&arrival.payload, "accountId");
        if let Some(alias) = named.filter(|named| *named != account_id.as_str()) {
            account["alias"] = json!(alias);
        }
        info.insert("account".to_owned(), account);
        info.insert("customer".to_owned(), json!({ "id": customer_id, "name": customer_id }));
    }
    if let Some(status) = arrival.status_before_reverting {
        info.insert("statusBeforeReverting".to_owned(), json!(status));
    }
    Value::Object(info)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::{DUPLICATE, METERED};
    use crate::testing::{Reply, TestSandbox, event};

    fn sandbox_with(ids: impl IntoIterator<Item = &'static str>) -> TestSandbox {
        let sandbox = TestSandbox::new();
        for id in ids {
            let mut event = event(id);
            event["schemaName"] = json!(if id.starts_with('a') { "rides" } else { "deliveries" });
            sandbox.post("/ingest", &json!({ "event": event }));
        }
        sandbox
    }

    fn ids(body: &Value) -> Vec<&str> {
        let events = body["events"].as_array().unwrap();
        events.iter().map(|event| event["eventPayload"]["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn events_are_listed_in_the_order_of_arrival() {
        let sandbox = sandbox_with(["a1", "b1", "a1"]);
        let Reply(_, body) = sandbox.get("/events");
        assert_eq!((ids(&body), &body["nextToken"]), (vec!["a1", "b1", "a1"], &json!(null)));
        let expected = json!({
            "referenceId": "reference-1",
            "eventPayload": event("a1"),
            "ingestionStatus": {
                "status": "INGESTION_COMPLETED_EVENT_METERED",
                "statusDescription": "The event was metered",
            },
            "source": { "id": "api", "type": "API" },
            "createdAt": "2025-01-01T00:00:00.000Z",
        });
        assert_eq!(body["events"][0], expected);
    }

    #[test]
    fn filters_narrow_the_list() {
        let sandbox = sandbox_with(["a1", "b1", "a1"]);
        let check =
            |query: &str, expected: &[&str]| assert_eq!(ids(&sandbox.get(&format!("/events?{query}")).1), expected);
        check("schema_name=rides", &["a1", "a1"]);
        check("account_id=acme-prod", &["a1", "b1", "a1"]);
        check("account_id=nobody", &[]);
        check("status=INGESTION_FAILED_DUPLICATE_EVENT", &["a1"]);
        check("status=PROCESSED&schema_name=rides", &["a1"]);
        check("status=IN_PROGRESS", &[]);
    }

    #[test]
    fn a_page_token_keeps_the_filters_and_the_page_size() {
        let sandbox = sandbox_with(["a1", "b1", "a2", "b2", "a3"]);
        let Reply(_, first) = sandbox.get("/events?pageSize=2&schema_name=rides");
        assert_eq!(ids(&first), ["a1", "a2"]);
        let token: String = form_urlencoded::byte_serialize(first["nextToken"].as_str().unwrap().as_bytes()).collect();
        let Reply(_, second) = sandbox.get(&format!("/events?nextToken={token}"));
        assert_eq!((ids(&second), &second["nextToken"]), (vec!["a3"], &json!(null)));
    }

    #[test]
    fn an_unreadable_page_token_is_refused() {
        assert_eq!(TestSandbox::new().get("/events?nextToken=nonsense").0, 400);
    }

    #[test]
    fn an_arrival_becomes_visible_and_settled_after_its_delay() {
        let sandbox = TestSandbox::with(|settings| {
            settings.visible_after = Duration::from_secs(2);
            settings.settled_after = Duration::from_secs(5);
        });
        // What the list shows, what it shows of events in progress, and what the look-up answers.
        let check = |list: &[&str], in_progress: &[&str], status: u16| {
            let statuses = |Reply(_, body): Reply| -> Vec<String> {
                let events = body["events"].as_array().into_iter().flatten();
                events.map(|event| event["ingestionStatus"]["status"].as_str().unwrap().to_owned()).collect()
            };
            assert_eq!(statuses(sandbox.get("/events")), list);
            assert_eq!(statuses(sandbox.get("/events?status=IN_PROGRESS")), in_progress);
            assert_eq!((sandbox.get("/events/a1").0, statuses(sandbox.get("/events/a1"))), (status, owned(list)));
        };
        sandbox.post("/ingest", &json!({ "event": event("a1") }));
        check(&[], &[], 404);
        sandbox.clock.advance(Duration::from_millis(1999));
        check(&[], &[], 404);
        sandbox.clock.advance(Duration::from_millis(1));
        check(&[IN_PROGRESS], &[IN_PROGRESS], 200);
        // Each arrival has its own time.
        sandbox.post("/ingest", &json!({ "event": event("a1") }));
        sandbox.clock.advance(Duration::from_secs(3));
        check(&[METERED, IN_PROGRESS], &[IN_PROGRESS], 200);
        sandbox.clock.advance(Duration::from_secs(2));
        check(&[METERED, DUPLICATE], &[], 200);
        // The owner of the sandbox knew from the beginning.
        assert_eq!(sandbox.statuses(), [METERED, DUPLICATE]);
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_look_up_returns_all_arrivals_of_an_event_id() {
        let sandbox = sandbox_with(["a1", "b1", "a1"]);
        let Reply(status, body) = sandbox.get("/events/a1");
        assert_eq!((status, ids(&body)), (200, vec!["a1", "a1"]));
        assert_eq!(body["events"][0]["eventPipelineInfo"]["eventSchema"], json!({ "name": "rides", "version": 1 }));
        let message = "event_id: no event was ingested with this id: unknown";
        assert_eq!(sandbox.get("/events/unknown"), Reply(404, json!({ "message": message })));
    }
}
