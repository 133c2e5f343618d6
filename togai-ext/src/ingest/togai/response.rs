//! What a response of Togai says of the events of a request.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;
use togai_api::ResponseValue;
use togai_ingest::{EventRef, Failed, Failure, FailureKind, Partial, Response};

use super::super::classify;
use super::counts::Counts;

/// The keys under which a response lists events.
const LISTS: [&str; 6] = ["errors", "failures", "failed", "failedEvents", "rejected", "details"];

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
        let why = format!("the server answered {status}, which the API does not answer with; check the base URL");
        return Err(classify::unclear(status, &why, response.unclear(why.as_str())));
    }
    let safe_text = |text: &str| response.safe_text(text);
    let mut said = says(response, status, events, &safe_text);
    if let Response::Partial(partial) = &mut said {
        partial.maybe_repeated = response.maybe_repeated();
    }
    Ok(said)
}

/// The same of a body, whose texts are made safe to show.
fn says(body: &Value, status: StatusCode, events: usize, safe_text: &dyn Fn(&str) -> String) -> Response {
    let entries = entries(body);
    let (accepted, failed): (Vec<&Value>, Vec<&Value>) = entries.iter().partition(|entry| says_success(entry));
    let counts = Counts::of(body, events);
    let says_failure = says_failure(body);
    let is_accepted = status == StatusCode::ACCEPTED;
    if is_accepted && failed.is_empty() && !says_failure && !counts.says_failure() {
        return Response::AllAccepted;
    }
    let failures: Vec<Failure> = failed.iter().map(|entry| failure(entry, safe_text)).collect();
    let accepted: Vec<EventRef> = accepted.into_iter().map(event).collect();
    let named = Named::of(&failures, &accepted);
    let is_whole = named.events >= events || counts.confirms(named.failed, named.duplicates);
    let mut partial = Partial::new(status, failures);
    partial.accepted = accepted;
    partial.may_be_incomplete =
        !is_whole && (failed.is_empty() || is_round(entries.len()) || counts.exceeds(named.failed));
    let has_success = is_yes(&body["success"]) == Some(true);
    let is_success = is_accepted || has_success || counts.says_success();
    partial.is_contradictory = counts.contradicts(named.failed, named.duplicates)
        || (failed.is_empty() && partial.accepted.len() < events && is_success)
        || (has_success && says_failure);
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

/// The entries of all lists, at the top, in `details`, and in both of an `error` around them.
fn entries(body: &Value) -> Vec<&Value> {
    let mut entries = Vec::new();
    for part in [body, &body["details"], &body["error"], &body["error"]["details"]] {
        for list in LISTS.iter().filter_map(|name| part[*name].as_array()) {
            entries.extend(list.iter().filter(|entry| entry.is_object()));
        }
    }
    entries
}

/// Whether a list with so many entries may have been cut off there.
fn is_round(entries: usize) -> bool {
    entries >= 10 && (entries.is_multiple_of(10) || entries.is_multiple_of(25))
}

fn failure(entry: &Value, safe_text: &dyn Fn(&str) -> String) -> Failure {
    let message = message(entry).map(safe_text);
    let status = status_of(entry).and_then(|status| StatusCode::from_u16(status).ok());
    let kind = match &message {
        Some(message) if classify::speaks_of_duplicate(message) => FailureKind::Duplicate,
        _ => status.and_then(classify::kind_of_status).unwrap_or(FailureKind::Refused),
    };
    let mut failure = Failure::new(event(entry), kind, message.as_deref());
    failure.status = status.filter(|status| status.is_client_error() || status.is_server_error());
    failure.code = entry["code"].as_str().map(|code| safe_text(code).into());
    failure
}

/// The event that an entry is about.
fn event(entry: &Value) -> EventRef {
    let payload = &entry["eventPayload"];
    let ids = [&payload["id"], &entry["eventId"], &entry["id"], &entry["identifier"]];
    let id = ids.into_iter().find_map(|id| match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    let index = || entry["index"].as_u64().and_then(|index| usize::try_from(index).ok());
    id.map_or_else(|| index().map_or(EventRef::Unnamed, EventRef::Index), EventRef::Id)
}

fn message(part: &Value) -> Option<&str> {
    let error = &part["error"];
    part["message"].as_str().or_else(|| error["message"].as_str()).or_else(|| error.as_str())
}

/// Whether an entry of a list says that its event was accepted.
fn says_success(entry: &Value) -> bool {
    let by_status = status_of(entry).map(|status| (200..300).contains(&status));
    let by_word = ["success", "status"].iter().find_map(|name| is_yes(&entry[*name]));
    by_status.or(by_word) == Some(true) && by_word != Some(false)
}

/// Whether a body says that the request failed, in one of the ways of an error: a flag, a status, or an `error` within.
fn says_failure(body: &Value) -> bool {
    let is_failure = |part: &Value| {
        status_of(part).is_some_and(|status| status >= 400)
            || ["success", "status"].iter().any(|name| is_yes(&part[*name]) == Some(false))
    };
    let has_error = match &body["error"] {
        Value::Null | Value::Bool(false) => false,
        Value::String(error) => !error.is_empty(),
        Value::Object(error) => !error.is_empty(),
        _ => true,
    };
    is_failure(body) || has_error
}

/// A status of HTTP in a body, as a number or as a text.
fn status_of(part: &Value) -> Option<u16> {
    ["statusCode", "status"].iter().find_map(|name| {
        let status = match &part[*name] {
            Value::Number(status) => u16::try_from(status.as_u64()?).ok()?,
            Value::String(status) => status.parse().ok()?,
            _ => return None,
        };
        (100..600).contains(&status).then_some(status)
    })
}

/// A flag as a boolean, or as a word.
fn is_yes(flag: &Value) -> Option<bool> {
    match flag {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "ok" | "success" | "succeeded" | "accepted" | "ingested" => Some(true),
            "false" | "no" | "error" | "fail" | "failed" | "failure" | "rejected" => Some(false),
            _ => None,
        },
        _ => None,
    }
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
}
