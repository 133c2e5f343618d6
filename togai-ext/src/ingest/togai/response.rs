//! What a response of Togai says of the events of a request.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;
use togai_api::ResponseValue;
use togai_ingest::{EventRef, Failed, Failure, FailureKind, Partial, Response};

use super::super::classify;
use super::counts::Counts;
use super::signs::{Lists, Signs, message};

/// What a response says of so many events.
///
/// How a 207 names the events that failed is not documented today. Up to 2023 it was `errors` at top level, with the
/// event in `eventPayload`; the response of today has `details`, so the same list is looked for there. It is read as plain
/// JSON, since an event may have failed for a field that cannot be decoded.
///
/// The response is held against itself: the list against the counts, and what it says of success against its status. A list
/// with a round number of entries may be capped; documents of 2022 and 2023 cap it at 100.
///
/// The API responds with no other status of success. Another one may come from a gateway or a wrong address, so it
/// says nothing of the events.
pub(super) fn read(response: &ResponseValue<Value>, events: usize) -> Result<Response, Failed> {
    let status = response.status();
    if !matches!(status, StatusCode::ACCEPTED | StatusCode::MULTI_STATUS) {
        return Err(classify::unclear(response.unclear("although the API has no such response: check the base URL")));
    }
    let safe_text = |text: &str| response.safe_text(text);
    let mut said = says(response, status, events, &safe_text);
    if let Response::Partial(partial) = &mut said {
        partial.maybe_repeated = response.maybe_repeated();
    }
    Ok(said)
}

/// What a 202 says whose body is no JSON. A word is no failure; a page, or JSON that is cut, may be one.
pub(super) fn unreadable(text: &str) -> Response {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[', '<']) || Signs::of_word(text).failure {
        let mut partial = Partial::new(StatusCode::ACCEPTED, Vec::new());
        (partial.may_be_incomplete, partial.is_contradictory) = (true, true);
        return Response::Partial(partial);
    }
    Response::AllAccepted
}

/// The same of a body, whose texts are made safe to show.
fn says(body: &Value, status: StatusCode, events: usize, safe_text: &dyn Fn(&str) -> String) -> Response {
    let lists = Lists::of(body);
    let signs = Signs::of_body(body);
    let counts = Counts::of(body, events);
    let is_accepted = status == StatusCode::ACCEPTED;
    let (mut failures, mut accepted) = (Vec::new(), Vec::new());
    for entry in &lists.entries {
        let signs = Signs::of_entry(entry);
        if signs.success {
            accepted.push(event(entry));
        }
        if signs.failure || !signs.success {
            failures.push(failure(entry, safe_text));
        }
    }
    if is_accepted && failures.is_empty() && !lists.is_partly_read && !signs.failure && !counts.says_failure() {
        return Response::AllAccepted;
    }
    let named = Named::of(&failures, &accepted);
    let is_whole = named.events >= events || counts.confirms(named.failed, named.duplicates);
    let is_cut = failures.is_empty() || lists.is_partly_read || is_round(lists.entries.len());
    let mut partial = Partial::new(status, failures);
    partial.may_be_incomplete = !is_whole && (is_cut || counts.exceeds(named.failed));
    let is_success = is_accepted || signs.success || counts.says_success();
    partial.is_contradictory = counts.contradicts(named.failed, named.duplicates)
        || (partial.failures.is_empty() && named.events < events && is_success && !lists.is_partly_read)
        || (signs.success && signs.failure);
    partial.accepted = accepted;
    partial.message = message(body).map(|message| safe_text(message).into());
    Response::Partial(partial)
}

/// How many events are named, how many of them by failures, and how many of these by duplicates.
struct Named {
    events: usize,
    failed: usize,
    duplicates: usize,
}

impl Named {
    /// An event that is named twice counts once.
    fn of(failures: &[Failure], accepted: &[EventRef]) -> Self {
        let mut seen = BTreeSet::new();
        let mut named = Self { events: 0, failed: 0, duplicates: 0 };
        for failure in failures {
            let is_new = is_new(&failure.event, &mut seen);
            named.failed += usize::from(is_new);
            named.duplicates += usize::from(is_new && failure.kind == FailureKind::Duplicate);
        }
        named.events = named.failed + accepted.iter().filter(|event| is_new(event, &mut seen)).count();
        named
    }
}

fn is_new<'a>(event: &'a EventRef, seen: &mut BTreeSet<&'a str>) -> bool {
    match event {
        EventRef::Id(id) => seen.insert(id),
        EventRef::Index(_) | EventRef::Unnamed => true,
    }
}

/// Whether a list with so many entries may have been cut off there.
fn is_round(entries: usize) -> bool {
    entries >= 10 && (entries.is_multiple_of(10) || entries.is_multiple_of(25))
}

fn failure(entry: &Value, safe_text: &dyn Fn(&str) -> String) -> Failure {
    let message = message(entry).map(safe_text);
    let status = Signs::status_of(entry).and_then(|status| StatusCode::from_u16(status).ok());
    let kind = match &message {
        Some(message) if classify::speaks_of_duplicate(message) => FailureKind::Duplicate,
        _ => status.and_then(classify::kind_of_status).unwrap_or(FailureKind::Refused),
    };
    let mut failure = Failure::new(event(entry), kind, message.as_deref());
    failure.status = status.filter(|status| status.is_client_error() || status.is_server_error());
    failure.code = entry["code"].as_str().map(|code| safe_text(code).into());
    failure
}

/// The event that an entry is about. An index is not documented, and might count from 1, so it names no event.
fn event(entry: &Value) -> EventRef {
    let payload = &entry["eventPayload"];
    let ids = [&payload["id"], &entry["eventId"], &entry["id"], &entry["identifier"]];
    let id = ids.into_iter().find_map(|id| match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    id.map_or(EventRef::Unnamed, EventRef::Id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_that_names_an_event_twice_does_not_name_another_one() {
        let entry = |id: &str, message: &str| json!({ "eventPayload": { "id": id }, "message": message });
        let twice = [entry("a", "bad"), entry("a", "Duplicate event"), entry("b", "bad")];
        for (failed, may_be_incomplete) in [(3, true), (2, false)] {
            let body = json!({ "errors": twice, "failedCount": failed });
            let said = says(&body, StatusCode::MULTI_STATUS, 3, &str::to_owned);
            assert!(matches!(said, Response::Partial(partial) if partial.may_be_incomplete == may_be_incomplete));
        }
    }

    /// Whether a 202 with a body is taken as a success.
    fn is_success(body: &Value) -> bool {
        says(body, StatusCode::ACCEPTED, 10, &str::to_owned) == Response::AllAccepted
    }

    #[test]
    fn a_body_that_says_failure_in_any_way_is_no_success() {
        for body in [
            json!({"errorMessage": "Task timed out after 3.00 seconds"}),
            json!({"ok": false}),
            json!({"isSuccess": false}),
            json!({"accepted": false}),
            json!({"failed": true}),
            json!({"errors": ["bad"]}),
            json!({"errors": {"ride-1": "bad"}}),
            json!({"errors": "bad"}),
            json!({"data": {"success": false}}),
            json!({"body": {"statusCode": 500}}),
            json!({"code": 500}),
            json!({"result": "error"}),
            json!([{"error": "bad"}]),
            json!({"Success": false}),
            json!({"status_code": 500}),
            json!({"state": "FAILED"}),
            json!({"status": "Error: x"}),
            json!({"success": "0"}),
            json!({"ingested": "0"}),
            json!({"failedCount": 2.0}),
            json!({"dropped": "3"}),
            json!("error: bad"),
            json!(false),
        ] {
            assert!(!is_success(&body), "{body}");
        }
        for body in [
            json!({}),
            json!(null),
            json!("OK"),
            json!({"error": 0}),
            json!({"error": []}),
            json!({"errors": []}),
            json!({"error": null, "message": "10 events accepted"}),
            json!({"unsuccessful": 0}),
            json!({"notAccepted": 0}),
            json!({"acceptedSchemaVersion": 3}),
            json!({"success": true, "statusCode": 202, "code": "0", "details": {}}),
        ] {
            assert!(is_success(&body), "{body}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_a_success_only_if_it_is_a_word() {
        for (text, is_success) in
            [("", true), ("OK", true), ("{\"success\":fal", false), ("<html>", false), ("Error: no", false)]
        {
            assert_eq!(unreadable(text) == Response::AllAccepted, is_success, "{text}");
        }
    }

    #[test]
    fn a_list_that_is_read_in_part_is_incomplete() {
        let named = json!({"eventPayload": {"id": "a"}, "message": "bad"});
        for body in [
            json!({"errors": [named, "b is bad"]}),
            json!({"errors": [named], "invalidEvents": ["b"]}),
            json!({"errors": [named], "failedIds": ["b"]}),
            json!({"errors": [named], "hasMore": true}),
            json!({"errors": [named], "nextToken": "x"}),
            json!({"errors": [named], "data": {"errors": {"b": "bad"}}}),
        ] {
            let said = says(&body, StatusCode::MULTI_STATUS, 10, &str::to_owned);
            assert!(matches!(&said, Response::Partial(partial) if partial.may_be_incomplete), "{body} {said:?}");
        }
        let body = json!({"errors": [named], "hasMore": false, "nextToken": ""});
        let said = says(&body, StatusCode::MULTI_STATUS, 10, &str::to_owned);
        assert!(matches!(&said, Response::Partial(partial) if !partial.may_be_incomplete), "{said:?}");
    }

    #[test]
    fn an_entry_says_success_in_many_ways() {
        for (entry, success, failure) in [
            (json!({"status": "created"}), true, false),
            (json!({"status": "INGESTION_IN_PROGRESS"}), true, false),
            (json!({"status": "INGESTION_FAILED"}), false, true),
            (json!({"ok": true}), true, false),
            (json!({"httpStatus": 202}), true, false),
            (json!({"code": 202}), true, false),
            (json!({"error": null}), true, false),
            (json!({"message": "Accepted"}), true, false),
            (json!({"message": "bad"}), false, false),
            (json!({"status": 202, "error": "bad value"}), true, true),
            (json!({"success": true, "errorCode": "E1"}), true, true),
        ] {
            let signs = Signs::of_entry(&entry);
            assert_eq!((signs.success, signs.failure), (success, failure), "{entry}");
        }
    }
}
