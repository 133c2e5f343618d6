//! From the error of a call to who is at fault, and whether the request may have been applied.

use std::sync::Arc;

use reqwest::StatusCode;
use togai_api::{Error, is_outage};

use togai_ingest::{Effect, EventRef, Failed, FailureKind, Scope};

/// What an error of a request says.
pub(super) fn failed(error: Error) -> Failed {
    let status = error.status();
    let message: Option<Arc<str>> = error.message().map(Into::into);
    let is_duplicate = message.as_deref().is_some_and(speaks_of_duplicate);
    let scope = match status {
        Some(StatusCode::PAYLOAD_TOO_LARGE) => Scope::Size { by_bytes: true },
        Some(StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) if is_duplicate => {
            Scope::Content
        }
        Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
            if message.as_deref().is_some_and(speaks_of_size) =>
        {
            Scope::Size { by_bytes: false }
        }
        // Without a word it is more likely that there are too many events than that one of them is bad.
        Some(StatusCode::UNPROCESSABLE_ENTITY) if message.is_none() => Scope::Size { by_bytes: false },
        Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => Scope::Content,
        _ if error.is_auth() => Scope::Token,
        _ if error.is_throttled() => Scope::Rate,
        _ => Scope::Service,
    };
    // A refusal for what is in a request, or for its size, is one before it is carried out, whatever the service.
    let is_refusal = matches!(scope, Scope::Content | Scope::Size { .. });
    // A conflict may be one with what was taken just now, where an id does not count once.
    let is_client_error = error.is_idempotent() && status.is_some_and(|status| status.is_client_error());
    let is_refusal = is_refusal && status != Some(StatusCode::CONFLICT);
    let is_certain = is_refusal || is_client_error || status.is_none_or(says_nothing_was_taken);
    let maybe_delivered = error.maybe_delivered();
    let effect = if maybe_delivered || !is_certain { Effect::MaybeApplied } else { Effect::NotApplied };
    let (code, retry_after, reason) = (error.code().map(Into::into), error.retry_after(), error.reason());
    let mut failed = Failed::new(scope, effect, error);
    failed.reason = reason.into();
    failed.is_duplicate = is_duplicate && scope == Scope::Content;
    failed.named = message.as_deref().map(events_named).unwrap_or_default();
    (failed.status, failed.code, failed.message, failed.retry_after) = (status, code, message, retry_after);
    failed
}

/// What a response of success says that does not say what became of the events.
pub(super) fn unclear(error: Error) -> Failed {
    let (status, reason) = (error.status(), error.reason());
    let mut failed = Failed::new(Scope::Service, Effect::MaybeApplied, error);
    (failed.status, failed.reason) = (status, reason.into());
    failed
}

/// What the status of a single event says, where it says more than that the event was refused.
pub(super) fn kind_of_status(status: StatusCode) -> Option<FailureKind> {
    match status.as_u16() {
        400 | 409 | 413 | 422 => None,
        // Nothing is wrong with the event: something that it refers to is not there, or it was throttled.
        _ if status.is_client_error() && !is_outage(status) => Some(FailureKind::Unmet),
        // What the service failed at it may have all the same, as it is with a whole request.
        _ if is_outage(status) => Some(FailureKind::Unclear),
        _ => None,
    }
}

/// Whether HTTP leaves no doubt that a request with this status was not carried out. A redirection to another method is not
/// among them: a server responds so after it has done what it was asked to.
fn says_nothing_was_taken(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 307 | 308 | 401..=407 | 411 | 414..=417 | 421 | 426 | 428 | 429 | 431)
}

/// Whether a message is about the size of a request and not about an event in it. It decides how large the requests to
/// come are, and never about an event.
fn speaks_of_size(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    if message.contains("events[") || message.contains("character") {
        return false;
    }
    let of_request = ["batch", "payload", "body", "events", "request"].iter().any(|word| message.contains(word));
    let of_size = ["too large", "too many", "too big", "size", "exceed", "at most", "maximum", "limit"];
    of_request && of_size.iter().any(|word| message.contains(word))
}

/// The events that a message names by their index, as in `events[3].schemaName: is empty` or `/events/3/schemaName`.
fn events_named(message: &str) -> Vec<EventRef> {
    let after = |start: &'static str| message.split(start).skip(1);
    let number = |text: &str| {
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        text[..digits].parse().ok().map(EventRef::Index)
    };
    after("events[").chain(after("/events/")).filter_map(number).chain(id_named(message)).collect()
}

/// What a duplicate event is said of, and what else may be twice or be over already.
const OF_EVENT: [&str; 4] = ["event", "identifier", "record", "entry"];
const OF_OTHERS: [&str; 19] = [
    "account",
    "archived",
    "attribute",
    "closed",
    "customer",
    "dimension",
    "disabled",
    "field",
    "finalized",
    "invoice",
    "limit",
    "period",
    "plan",
    "quota",
    "schema",
    "subscription",
    "value",
    "whether",
    "meter ",
];
/// What an event is already, or was before.
const DONE: [&str; 13] = [
    "exist",
    "ingested",
    "processed",
    "received",
    "recorded",
    "used",
    "known",
    "present",
    "stored",
    "metered",
    "there",
    "seen",
    "accepted",
];

/// Whether a message says that the server has the event already, and not that something in it is there twice, or that
/// something else is over already. When in doubt it does not: a duplicate is settled.
///
/// No sample of such a message is documented for events. The status of such an event is `INGESTION_FAILED_DUPLICATE_EVENT`.
pub(super) fn speaks_of_duplicate(message: &str) -> bool {
    let message = format!("{} ", message.to_ascii_lowercase().replace(['_', '-'], " "));
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let is_word =
        |words: &[&str]| message.split(|letter: char| !letter.is_alphanumeric()).any(|word| words.contains(&word));
    let of_event = has(&OF_EVENT) || is_word(&["id", "ids"]);
    // One of the words stands close to what the event is said to be.
    let follows = |word: &str| {
        let after = message.split(word).skip(1);
        after
            .into_iter()
            .any(|rest| rest.split_whitespace().take(2).any(|word| DONE.iter().any(|done| word.starts_with(done))))
    };
    let was_before = DONE.iter().any(|done| message.contains(&format!("{done} before")));
    let exists = is_word(&["exists"]) && !has(&["no ", "not exist", "cannot"]);
    let is_there = has(&["duplicate", "not unique", "unique constraint"])
        || follows("already")
        || follows("previously")
        || was_before
        || exists;
    of_event && is_there && !has(&OF_OTHERS)
}

/// The event that a message calls by its identifier.
fn id_named(message: &str) -> Option<EventRef> {
    let after = ["identifier ", "identifier: ", "with id ", "id: ", "id="].iter().find_map(|start| {
        let start = message.find(start)? + start.len();
        message[start..].split_whitespace().next()
    })?;
    let id = after.trim_matches(|letter: char| !letter.is_alphanumeric());
    (!id.is_empty() && id.chars().any(|letter| !letter.is_alphabetic())).then(|| EventRef::Id(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_about_the_size_of_the_request_differs_from_one_about_an_event() {
        for message in [
            "events: has 501 items, and at most 500 are taken",
            "Request body too large",
            "batch size exceeds 100",
            "Payload limit",
        ] {
            assert!(speaks_of_size(message), "{message}");
        }
        for message in [
            "events[3].attributes[0].value: has to match ^-?",
            "events[3].schemaName: has to have at most 50 characters",
            "accountId: has 600 characters",
            "",
        ] {
            assert!(!speaks_of_size(message), "{message}");
        }
    }

    #[test]
    fn a_message_names_events_by_their_index() {
        for (message, expected) in [
            ("events[3].attributes[0].value: has to match", &[3][..]),
            ("/events/12/timestamp must match format", &[12]),
            ("events[0]: bad; events[7].id: bad", &[0, 7]),
            ("events: has 501 items", &[]),
            ("events[].id", &[]),
            ("the event id is not valid", &[]),
        ] {
            let expected: Vec<EventRef> = expected.iter().map(|index| EventRef::Index(*index)).collect();
            assert_eq!(events_named(message), expected, "{message}");
        }
    }

    #[test]
    fn a_message_calls_an_event_by_its_identifier() {
        let message = "An event already exists with identifier ride-1.";
        assert_eq!(events_named(message), [EventRef::Id("ride-1".to_owned())]);
        assert_eq!(events_named("event id: \"e 1\" already used"), []);
    }

    #[test]
    fn a_duplicate_event_differs_from_an_event_with_something_twice() {
        for message in [
            "INGESTION_FAILED_DUPLICATE_EVENT",
            "Duplicate event: the id \"x\" was ingested before",
            "event id already used",
            "An event already exists with identifier i0.",
            "This record was previously ingested",
            "an event with this id exists",
            "E11000 duplicate key error: eventId",
        ] {
            assert!(speaks_of_duplicate(message), "{message}");
        }
        for message in [
            "duplicate attribute name: distance",
            "attributes has duplicates",
            "schema rides does not exist",
            "the event does not exist",
            "the account of the event already has a plan",
            "The timestamp of the event is in a billing period that is already closed",
            "events quota already used up",
            "Event usage meter already archived",
            "event is older than the previously finalized invoice",
            "no plan exists for the event",
            "event id: no such id exists",
            "Duplicate value for key `city` in event 7",
            "events[3].id: has to have at most 512 characters",
            "",
        ] {
            assert!(!speaks_of_duplicate(message), "{message}");
        }
    }
}
