//! What a response of Enso says of the events of a request.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::StatusCode;
use togai_api::enso::FailureCode;
use togai_api::enso::types::{BatchEventsResponse, BatchEventsSummary, FailedRecord};
use togai_api::{ResponseValue, is_outage};
use togai_ingest::{EventRef, Failed, Failure, FailureKind, Partial, Response};

use super::super::classify;

/// What a response of success says of so many events, with the token blotted out.
pub(super) fn from_success(response: &ResponseValue<BatchEventsResponse>, events: usize) -> Result<Response, Failed> {
    let mut read = read(response, response.status(), events, response.maybe_repeated());
    if let Ok(Response::Partial(partial)) = &mut read {
        let of_failures =
            partial.failures.iter_mut().flat_map(|failure| [Some(&mut failure.message), failure.code.as_mut()]);
        for text in of_failures.flatten().chain(&mut partial.message) {
            *text = response.safe_text(text).into();
        }
    }
    read.map_err(|why| classify::unclear(response.unclear(why)))
}

/// The same of a response with a status of failure, if it speaks of events: no document says that nothing was taken then.
pub(super) fn from_failure(
    response: &ResponseValue<BatchEventsResponse>,
    events: usize,
) -> Option<Result<Response, Failed>> {
    let status = response.status();
    let is_of_request =
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    if is_of_request || (response.summary().is_none() && response.failed_records().is_empty()) {
        return None;
    }
    Some(match from_success(response, events) {
        Ok(Response::AllAccepted) => {
            let why = "and counts every event as taken: ask the vendor which is true";
            Err(classify::unclear(response.unclear(why)))
        }
        other => other,
    })
}

/// What a response says of so many events.
///
/// Its `status` is `success` in the vendor's sample, in which all of them failed. An event that is not in the list was
/// accepted only if the summary counts as many failures as the list has, and as many events as were sent. If list and
/// summary contradict each other, nothing is certain of those in the list either.
///
/// Fails where it says nothing of the events, with what it does instead.
pub(super) fn read(
    response: &BatchEventsResponse,
    status: StatusCode,
    events: usize,
    maybe_repeated: bool,
) -> Result<Response, String> {
    let mut failures = failures(response, events);
    let named: BTreeSet<usize> = failures.iter().filter_map(index_of).collect();
    let is_silent = failures.is_empty();
    let counts = counts(response);
    let may_be_incomplete = match counts {
        None if is_silent => {
            return Err("and did not say what became of the events: check the base URL".to_owned());
        }
        None => true,
        Some(Counts { total, .. }) if total != events => {
            return Err(format!("and counts {total} events where {events} were sent: check the base URL"));
        }
        Some(Counts { failed: 0, .. }) if is_silent => return Ok(Response::AllAccepted),
        Some(Counts { failed, .. }) => failed != named.len(),
    };
    let counted = counts.map_or(named.len(), |counts| counts.failed);
    let all_failed = counted == events;
    if counted < named.len() {
        for failure in &mut failures {
            failure.kind = FailureKind::Unclear;
        }
    }
    if all_failed {
        let others = (0..events).filter(|index| !named.contains(index));
        // It is "Success" in the vendor's sample, in which all of them failed.
        let message = response.message.as_deref().filter(|message| !message.eq_ignore_ascii_case("success"));
        let kind = unexplained(status, events, maybe_repeated);
        failures.extend(others.map(|index| Failure::new(EventRef::Index(index), kind, message)));
    }
    let mut partial = Partial::new(status, failures);
    partial.maybe_repeated = maybe_repeated;
    partial.may_be_incomplete = may_be_incomplete && !all_failed;
    partial.message = response.message.as_deref().map(Into::into);
    Ok(Response::Partial(partial))
}

/// The failures of a response, in both of its forms, each with the index of its event where that is valid.
fn failures(response: &BatchEventsResponse, events: usize) -> Vec<Failure> {
    let within = response.data.iter().flat_map(|data| &data.failed_records);
    let event = |record: &FailedRecord| {
        let index = record.index.and_then(|index| usize::try_from(index).ok());
        // A request of one event leaves no doubt which one is meant.
        let index = if events == 1 { Some(0) } else { index.filter(|index| *index < events) };
        index.map_or(EventRef::Unnamed, EventRef::Index)
    };
    within.chain(&response.failed_records).map(|record| failure(record, event(record))).collect()
}

fn index_of(failure: &Failure) -> Option<usize> {
    match failure.event {
        EventRef::Index(index) => Some(index),
        EventRef::Id(_) | EventRef::Unnamed => None,
    }
}

/// How many events a response speaks of.
#[derive(Clone, Copy)]
struct Counts {
    failed: usize,
    total: usize,
}

/// The counts of the summary, where it is whole and adds up, and where there is one form of it.
fn counts(response: &BatchEventsResponse) -> Option<Counts> {
    let is_bare = response.summary.is_some() || !response.failed_records.is_empty();
    let is_within =
        response.data.as_ref().is_some_and(|data| data.summary.is_some() || !data.failed_records.is_empty());
    if is_bare && is_within {
        return None;
    }
    let BatchEventsSummary { success, failed, total, .. } = response.summary()?;
    let count = |count: &Option<i64>| usize::try_from((*count)?).ok();
    let (success, failed) = (count(success)?, count(failed)?);
    let sum = success.checked_add(failed)?;
    (total.is_none() || count(total) == Some(sum)).then_some(Counts { failed, total: sum })
}

fn failure(record: &FailedRecord, event: EventRef) -> Failure {
    let code = record.code.as_ref();
    let status = record.status_code.and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    // What is not known is 404 in the vendor's sample.
    let unknown = code.filter(|code| **code == FailureCode::CUSTOMER_ENTITY_UNKNOWN).map(|_| StatusCode::NOT_FOUND);
    let message = record.error.as_deref().or(code.and_then(FailureCode::name));
    let kind = match record.error.as_deref() {
        Some(error) if classify::speaks_of_duplicate(error) => FailureKind::Duplicate,
        _ => kind(code, status),
    };
    let mut failure = Failure::new(event, kind, message);
    (failure.status, failure.code) = (status.or(unknown), code.map(plain));
    failure
}

/// How certain a failure is. What is said by a documented code is never said of an event that was taken; anything else could
/// be said of one that is there already, for which there is no code that is documented.
fn kind(code: Option<&FailureCode>, status: Option<StatusCode>) -> FailureKind {
    if code == Some(&FailureCode::CUSTOMER_ENTITY_UNKNOWN) {
        // Nothing is wrong with the event: the customer may be created.
        FailureKind::Unmet
    } else if code.is_some_and(|code| code.name().is_some()) {
        FailureKind::Refused
    } else {
        status.and_then(classify::kind_of_status).unwrap_or(FailureKind::Vague)
    }
}

/// A code without what it means.
fn plain(code: &FailureCode) -> Arc<str> {
    match (code.name(), code.number()) {
        (Some(_), Some(number)) => number.to_string().into(),
        _ => code.to_string().into(),
    }
}

/// What is said of an event by a count alone. With others nothing shows that it is at fault.
fn unexplained(status: StatusCode, events: usize, maybe_repeated: bool) -> FailureKind {
    if is_outage(status) {
        FailureKind::Unclear
    } else if events == 1 || maybe_repeated {
        FailureKind::Vague
    } else {
        FailureKind::Unmet
    }
}
