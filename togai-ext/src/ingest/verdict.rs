//! From what a service answered to what became of each event: pure functions.

use std::collections::HashMap;
use std::sync::Arc;

use reqwest::StatusCode;
use togai_api::Error;

use super::Outcome;
use super::backend::{Answer, Failure};

/// The outcome of each event of a batch, given by their ids, that the service took in whole or in part.
pub(super) fn of_answer(ids: &[&str], answer: Answer) -> Vec<Outcome> {
    let (status, failures, may_be_incomplete) = match answer {
        Answer::All => return vec![Outcome::Accepted; ids.len()],
        Answer::Partial { status, failures, may_be_incomplete } => (status, failures, may_be_incomplete),
    };
    let mut named: HashMap<&str, Named<'_>> = HashMap::new();
    for id in ids {
        named.entry(id).or_default().events += 1;
    }
    let mut unmatched = 0;
    for failure in &failures {
        match failure.id.as_deref().and_then(|id| named.get_mut(id)) {
            Some(named) => {
                named.failures += 1;
                named.failure = Some(failure);
            }
            None => unmatched += 1,
        }
    }
    // Whoever is not named was accepted only if everyone who was not accepted is named.
    let others = if unmatched > 0 {
        Outcome::Unknown {
            why: format!("the server refused {unmatched} events of the batch without saying which").into(),
        }
    } else if may_be_incomplete {
        Outcome::Unknown { why: "the server refused events of the batch and may not have listed them all".into() }
    } else {
        Outcome::Accepted
    };
    ids.iter()
        .map(|id| match named.get(id) {
            Some(Named { failure: Some(_), events, failures }) if failures < events => Outcome::Unknown {
                why: "the server refused one of several events of the batch that have this id".into(),
            },
            Some(Named { failure: Some(failure), .. }) if failure.is_duplicate => Outcome::Duplicate,
            Some(Named { failure: Some(failure), .. }) => {
                Outcome::Rejected { status: Some(status), message: Arc::clone(&failure.message) }
            }
            _ => others.clone(),
        })
        .collect()
}

/// How often an id is in a batch, and in the list of what was not accepted.
#[derive(Default)]
struct Named<'a> {
    events: usize,
    failures: usize,
    failure: Option<&'a Failure>,
}

/// The outcome of all events of a batch that ended in an error, and whether further batches are worth sending.
pub(super) fn of_error(error: &Error) -> (Outcome, Next) {
    let why: Arc<str> = error.to_string().into();
    if error.maybe_delivered() {
        return (Outcome::Unknown { why }, Next::Stop);
    }
    match error.status() {
        Some(StatusCode::TOO_MANY_REQUESTS) | None => (Outcome::NotSent { why }, Next::Stop),
        // Nobody at that address took the events, or looked at them.
        Some(status) if status.is_redirection() => (Outcome::NotSent { why }, Next::Stop),
        Some(status) => {
            let message = error.message().map_or(why, Into::into);
            let is_about_content = matches!(
                status,
                StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
            );
            let next = if is_about_content { Next::GoOn } else { Next::Stop };
            (Outcome::Rejected { status: Some(status), message }, next)
        }
    }
}

/// Whether further batches are worth sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(id: Option<&str>, message: &str) -> Failure {
        Failure { id: id.map(str::to_owned), message: message.into(), is_duplicate: message == "duplicate" }
    }

    #[track_caller]
    fn check(failures: &[Failure], may_be_incomplete: bool, expected: [&str; 3]) {
        let answer =
            Answer::Partial { status: StatusCode::MULTI_STATUS, failures: failures.to_vec(), may_be_incomplete };
        let outcomes = of_answer(&["a", "b", "c"], answer);
        let outcomes: Vec<String> =
            outcomes.iter().map(|outcome| outcome.to_string().chars().take(12).collect()).collect();
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn who_is_not_named_is_accepted_where_all_failures_are_named() {
        check(&[failure(Some("b"), "bad")], false, ["accepted", "rejected: ba", "accepted"]);
        check(&[failure(Some("c"), "duplicate")], false, ["accepted", "accepted", "duplicate"]);
    }

    #[test]
    fn who_is_not_named_is_unknown_where_a_failure_has_no_name_or_a_strange_one() {
        check(
            &[failure(Some("b"), "bad"), failure(None, "x")],
            false,
            ["unknown: the", "rejected: ba", "unknown: the"],
        );
        check(&[failure(Some("z"), "bad")], false, ["unknown: the", "unknown: the", "unknown: the"]);
    }

    #[test]
    fn who_is_not_named_is_unknown_where_the_list_may_be_short() {
        check(&[], true, ["unknown: the", "unknown: the", "unknown: the"]);
        check(&[failure(Some("a"), "bad")], true, ["rejected: ba", "unknown: the", "unknown: the"]);
    }

    #[test]
    fn events_of_one_id_are_told_apart_only_where_all_of_them_are_named() {
        let of = |failures: &[Failure]| {
            let failures = failures.to_vec();
            let answer = Answer::Partial { status: StatusCode::MULTI_STATUS, failures, may_be_incomplete: false };
            of_answer(&["a", "a", "b"], answer).iter().map(Outcome::to_string).collect::<Vec<_>>()
        };
        let bad = failure(Some("a"), "bad");
        assert_eq!(of(&[bad.clone(), bad.clone()]), ["rejected: bad", "rejected: bad", "accepted"]);
        let one = of(&[bad]);
        assert!(one[0].starts_with("unknown") && one[0] == one[1] && one[2] == "accepted", "{one:?}");
    }

    #[test]
    fn all_can_be_refused_by_name() {
        let all = ["a", "b", "c"].map(|id| failure(Some(id), "bad"));
        check(&all, false, ["rejected: ba", "rejected: ba", "rejected: ba"]);
    }
}
