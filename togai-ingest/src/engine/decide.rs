//! From the response of a service to the outcome of each event: pure functions.

use std::collections::HashMap;
use std::sync::Arc;

use http::StatusCode;

use crate::backend::{Effect, EventRef, Failed, Failure, FailureKind, Partial};
use crate::outcome::Outcome;

/// Shorter ids may be words or numbers of a message.
const SHORTEST_NAME: usize = 6;

/// What a response that names failures says of the events of a request.
#[derive(Debug)]
pub struct Decided {
    /// The outcome of each event; nothing where the response leaves it open.
    pub outcomes: Vec<Option<Outcome>>,
    /// The events of which the response says two things that cannot both be true. They are open.
    pub disputed: Vec<Disputed>,
    /// Whether at least one of the events that are left open was not accepted.
    pub is_one_refused: bool,
    /// Why events are left open.
    pub why: Arc<str>,
}

/// An event of which a response says two things that cannot both be true.
#[derive(Debug)]
pub struct Disputed {
    /// Its index in the request.
    pub index: usize,
    /// Whether the service may have taken it with this request.
    pub maybe_applied: bool,
    /// Its outcome where no other response is to be had.
    pub outcome: Outcome,
}

/// What is known of a request beside its response.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// Whether the service may have had the events before, from an earlier request of the same call. Then a duplicate is
    /// one of our own, and was accepted.
    pub maybe_repeated: bool,
    /// Whether sending the events again is harmless, should nothing be known of them.
    pub is_harmless: bool,
}

/// What a response says of an event.
#[derive(Clone, Copy, Default)]
struct Statements<'a> {
    is_accepted: bool,
    duplicate: Option<&'a Failure>,
    /// The least certain of the other failures.
    failure: Option<&'a Failure>,
}

/// Decides on the events of a request that the service accepted in part, given by their ids in the order of the request.
pub fn partial(ids: &[String], partial: &Partial, repeat: Repeat) -> Decided {
    let indexes = indexes(ids);
    let index_of = |event: &EventRef| match event {
        // A request of one event leaves no doubt which one is meant, unless it is called by another name.
        EventRef::Index(_) | EventRef::Unnamed if ids.len() == 1 => Some(0),
        EventRef::Id(id) => indexes.get(id.as_str()).copied().flatten(),
        EventRef::Index(index) => Some(*index).filter(|index| *index < ids.len()),
        EventRef::Unnamed => None,
    };
    let mut statements = vec![Statements::default(); ids.len()];
    let mut unmatched = 0;
    for failure in &partial.failures {
        match index_of(&failure.event) {
            Some(index) => statements[index].note(failure),
            None => unmatched += 1,
        }
    }
    for index in partial.accepted.iter().filter_map(index_of) {
        statements[index].is_accepted = true;
    }
    // An event that is not named was accepted only if every event that was not accepted is named.
    let is_whole = unmatched == 0 && !partial.may_be_incomplete && !partial.is_contradictory;
    let repeat = Repeat { maybe_repeated: repeat.maybe_repeated || partial.maybe_repeated, ..repeat };
    let mut disputed = Vec::new();
    let outcome = |(index, statements): (usize, Statements<'_>)| {
        let Statements { is_accepted, duplicate, failure } = statements;
        match (is_accepted, duplicate, failure) {
            (false, None, None) => is_whole.then_some(Outcome::Accepted),
            (true, None, None) => Some(Outcome::Accepted),
            (false, Some(failure), None) | (false, None, Some(failure)) => Some(of_event(failure, partial, repeat)),
            // It is unclear whatever else is said.
            (false, Some(_), Some(failure)) if failure.kind == FailureKind::Unclear => {
                Some(of_event(failure, partial, repeat))
            }
            (true, _, Some(failure)) | (true, Some(failure), None) => {
                let outcome = unknown(failure, repeat);
                disputed.push(Disputed { index, maybe_applied: true, outcome });
                None
            }
            (false, Some(_), Some(failure)) => {
                // Of the two the refusal is the worse, unless the event may be a duplicate of our own.
                let is_lost = repeat.is_harmless && !repeat.maybe_repeated;
                let outcome = if is_lost { of_event(failure, partial, repeat) } else { unknown(failure, repeat) };
                disputed.push(Disputed { index, maybe_applied: false, outcome });
                None
            }
        }
    };
    let outcomes = statements.into_iter().enumerate().map(outcome).collect();
    let is_one_refused = unmatched > 0 || (partial.failures.is_empty() && !partial.is_contradictory);
    Decided { outcomes, disputed, is_one_refused, why: why_open(partial, unmatched) }
}

impl<'a> Statements<'a> {
    /// If an event is named twice, the least certain failure wins.
    fn note(&mut self, failure: &'a Failure) {
        if failure.kind == FailureKind::Duplicate {
            self.duplicate = Some(failure);
        } else if self.failure.is_none_or(|before| doubt(failure) > doubt(before)) {
            self.failure = Some(failure);
        }
    }
}

fn why_open(partial: &Partial, unmatched: usize) -> Arc<str> {
    if partial.is_contradictory {
        let said = partial.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        format!("the server's response contradicts itself{said}").into()
    } else if unmatched > 0 {
        "the server refused events of the request without saying which".into()
    } else {
        "the server refused events of the request and may not have listed them all".into()
    }
}

/// Why nothing is known of an event that was sent by itself.
pub(crate) fn why_open_alone(partial: &Partial) -> Arc<str> {
    if partial.is_contradictory {
        return why_open(partial, 0);
    }
    let said = partial.message.as_ref().map_or_else(String::new, |message| format!(" ({message})"));
    let why = format!(
        "the server refused the event or has it already, and does not say which{said}; sending it again gets the same \
         response, so look up by its id whether the server has it"
    );
    why.into()
}

/// Whether a message contains an id, which is long enough to be there on purpose.
pub(crate) fn names(message: &str, id: &str) -> bool {
    let is_bound = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    id.len() >= SHORTEST_NAME
        && message.match_indices(id).any(|(start, _)| {
            is_bound(message[..start].chars().next_back()) && is_bound(message[start + id.len()..].chars().next())
        })
}

/// Where the event with an id is; nowhere certain if two ids have the same text, such as `7` and `"7"`.
fn indexes(ids: &[String]) -> HashMap<&str, Option<usize>> {
    let mut indexes = HashMap::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        indexes.entry(id.as_str()).and_modify(|known| *known = None).or_insert(Some(index));
    }
    indexes
}

/// How uncertain a failure leaves its event.
fn doubt(failure: &Failure) -> u8 {
    match failure.kind {
        FailureKind::Duplicate | FailureKind::Refused => 0,
        FailureKind::Unmet => 1,
        FailureKind::Vague => 2,
        FailureKind::Unclear => 3,
    }
}

fn unknown(failure: &Failure, repeat: Repeat) -> Outcome {
    Outcome::Unknown { why: Arc::clone(&failure.message), may_be_resent: repeat.is_harmless }
}

/// The outcome of an event that a response names.
fn of_event(failure: &Failure, partial: &Partial, repeat: Repeat) -> Outcome {
    let status = Some(failure.status.unwrap_or(partial.status));
    let (code, message) = (failure.code.clone(), Arc::clone(&failure.message));
    match failure.kind {
        FailureKind::Unclear => unknown(failure, repeat),
        FailureKind::Vague if repeat.maybe_repeated => unknown(failure, repeat),
        // Without a code that says what is missing, it may be said of an event that is there.
        FailureKind::Unmet if repeat.maybe_repeated && failure.code.is_none() => unknown(failure, repeat),
        FailureKind::Refused | FailureKind::Vague => Outcome::Rejected { status, code, message },
        FailureKind::Duplicate if repeat.maybe_repeated && repeat.is_harmless => Outcome::Accepted,
        // Which of two attempts it is a duplicate of decides whether it is billed twice.
        FailureKind::Duplicate if repeat.maybe_repeated => unknown(failure, repeat),
        FailureKind::Duplicate => Outcome::Duplicate { compared: false },
        FailureKind::Unmet => Outcome::NotSent { status, code, message },
    }
}

/// The outcome of all events of a request after which further requests would fail alike.
pub(crate) fn failed(failed: &Failed, may_be_resent: bool) -> Outcome {
    match failed.effect {
        Effect::MaybeApplied => Outcome::Unknown { why: Arc::clone(&failed.reason), may_be_resent },
        Effect::NotApplied => Refusal::of(failed).not_sent(),
    }
}

/// How a server refused a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: Option<StatusCode>,
    code: Option<Arc<str>>,
    message: Arc<str>,
}

impl Refusal {
    pub(crate) fn of(failed: &Failed) -> Self {
        let message = failed.message.as_ref().unwrap_or(&failed.reason);
        Self { status: failed.status, code: failed.code.clone(), message: Arc::clone(message) }
    }

    /// What the server said.
    pub(crate) fn message(&self) -> &Arc<str> {
        &self.message
    }

    /// The same, with why no more is known.
    pub(crate) fn with_note(&self, note: &str) -> Self {
        Self { message: format!("{note}: {}", self.message).into(), ..self.clone() }
    }

    /// The outcome of an event that was refused for what is in it.
    pub(crate) fn rejected(self) -> Outcome {
        Outcome::Rejected { status: self.status, code: self.code, message: self.message }
    }

    /// The outcome of an event with which nothing is known to be wrong.
    pub(crate) fn not_sent(self) -> Outcome {
        Outcome::NotSent { status: self.status, code: self.code, message: self.message }
    }
}

#[cfg(test)]
mod tests {
    use super::{partial as decide, *};
    use crate::backend::Scope;

    const FIRST: Repeat = Repeat { maybe_repeated: false, is_harmless: true };
    const REPEATED: Repeat = Repeat { maybe_repeated: true, ..FIRST };

    fn failure(id: Option<&str>, message: &str) -> Failure {
        of(id.map_or(EventRef::Unnamed, |id| EventRef::Id(id.to_owned())), message)
    }

    fn of(event: EventRef, message: &str) -> Failure {
        let kind = match message {
            "duplicate" => FailureKind::Duplicate,
            "failed" => FailureKind::Unclear,
            "no" => FailureKind::Vague,
            _ => FailureKind::Refused,
        };
        Failure::new(event, kind, Some(message))
    }

    fn response(failures: &[Failure], may_be_incomplete: bool) -> Partial {
        Partial { may_be_incomplete, ..Partial::new(StatusCode::MULTI_STATUS, failures.to_vec()) }
    }

    fn texts(decided: &Decided) -> Vec<String> {
        let text = |outcome: &Option<Outcome>| outcome.as_ref().map_or("open".to_owned(), ToString::to_string);
        decided.outcomes.iter().map(text).collect()
    }

    #[track_caller]
    fn check(failures: &[Failure], may_be_incomplete: bool, expected: [&str; 3], is_one_refused: bool) {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let decided = decide(&ids, &response(failures, may_be_incomplete), FIRST);
        assert_eq!((texts(&decided), decided.is_one_refused), (expected.map(str::to_owned).to_vec(), is_one_refused));
    }

    #[test]
    fn unnamed_events_are_accepted_if_all_failures_are_named() {
        check(&[failure(Some("b"), "bad")], false, ["accepted", "rejected: bad", "accepted"], false);
        check(&[failure(Some("c"), "duplicate")], false, ["accepted", "accepted", "duplicate"], false);
        let all = ["a", "b", "c"].map(|id| failure(Some(id), "bad"));
        check(&all, false, ["rejected: bad"; 3], false);
    }

    #[test]
    fn unnamed_events_stay_open_if_a_failure_is_unnamed_or_unknown() {
        let failures = [failure(Some("b"), "bad"), failure(None, "x")];
        check(&failures, false, ["open", "rejected: bad", "open"], true);
        check(&[failure(Some("z"), "bad")], false, ["open"; 3], true);
    }

    #[test]
    fn unnamed_events_stay_open_if_the_list_may_be_incomplete() {
        check(&[], true, ["open"; 3], true);
        check(&[failure(Some("a"), "bad")], true, ["rejected: bad", "open", "open"], false);
    }

    #[test]
    fn indexes_name_events_in_any_order() {
        let at = |place, message| of(EventRef::Index(place), message);
        check(&[at(2, "bad"), at(0, "worse")], false, ["rejected: worse", "accepted", "rejected: bad"], false);
        check(&[at(1, "failed")], false, ["accepted", "unknown: failed", "accepted"], false);
        check(&[at(3, "bad")], false, ["open"; 3], true);
        check(&[at(0, "bad"), at(usize::MAX, "bad")], false, ["rejected: bad", "open", "open"], true);
    }

    #[test]
    fn a_vague_refusal_of_a_repeated_request_is_unknown() {
        let ids = ["a".to_owned()];
        let partial = response(&[of(EventRef::Index(0), "no")], false);
        assert_eq!(texts(&decide(&ids, &partial, FIRST)), ["rejected: no"]);
        assert_eq!(texts(&decide(&ids, &partial, REPEATED)), ["unknown: no"]);
        let repeated = Partial { maybe_repeated: true, ..partial };
        assert_eq!(texts(&decide(&ids, &repeated, FIRST)), ["unknown: no"]);
    }

    #[test]
    fn a_failure_may_have_a_status_and_a_code_of_its_own() {
        let own = Failure {
            status: Some(StatusCode::NOT_FOUND),
            code: Some("2002".into()),
            ..of(EventRef::Index(0), "not known")
        };
        let decided = decide(&["a".to_owned()], &response(&[own], false), FIRST);
        let expected = Outcome::Rejected {
            status: Some(StatusCode::NOT_FOUND),
            code: Some("2002".into()),
            message: "not known".into(),
        };
        assert_eq!(decided.outcomes, [Some(expected)]);
    }

    #[test]
    fn an_unknown_event_says_whether_a_retry_is_harmless() {
        for may_be_resent in [true, false] {
            let repeat = Repeat { is_harmless: may_be_resent, ..FIRST };
            let partial = response(&[of(EventRef::Index(0), "failed")], false);
            let decided = decide(&["a".to_owned()], &partial, repeat);
            assert_eq!(decided.outcomes[0].as_ref().map(Outcome::is_retryable), Some(may_be_resent));
        }
    }

    #[test]
    fn the_failure_of_a_request_with_one_event_belongs_to_it() {
        for (id, expected) in [(None, "rejected: bad"), (Some("a"), "rejected: bad"), (Some("z"), "open")] {
            let decided = decide(&["a".to_owned()], &response(&[failure(id, "bad")], false), FIRST);
            assert_eq!(texts(&decided), [expected]);
        }
    }

    #[test]
    fn a_duplicate_of_a_repeated_request_was_accepted() {
        let ids = ["a".to_owned()];
        let partial = response(&[failure(Some("a"), "duplicate")], false);
        assert_eq!(texts(&decide(&ids, &partial, FIRST)), ["duplicate"]);
        assert_eq!(texts(&decide(&ids, &partial, REPEATED)), ["accepted"]);
        let repeated = Partial { maybe_repeated: true, ..partial };
        assert_eq!(texts(&decide(&ids, &repeated, FIRST)), ["accepted"]);
    }

    #[test]
    fn ids_with_the_same_text_name_no_event() {
        let ids = ["7", "a", "7"].map(str::to_owned);
        let decided = decide(&ids, &response(&[failure(Some("7"), "bad")], false), FIRST);
        assert_eq!((texts(&decided), decided.is_one_refused), (vec!["open".to_owned(); 3], true));
    }

    #[test]
    fn the_least_certain_failure_of_an_event_wins_in_any_order() {
        let ids = ["a".to_owned(), "b".to_owned()];
        for (kinds, expected) in [
            (["failed", "bad"], "unknown: failed"),
            (["bad", "failed"], "unknown: failed"),
            (["bad", "no"], "rejected: no"),
            (["no", "failed"], "unknown: failed"),
            (["duplicate", "failed"], "unknown: failed"),
            (["bad", "bad"], "rejected: bad"),
            (["duplicate", "duplicate"], "duplicate"),
        ] {
            let failures = kinds.map(|kind| failure(Some("a"), kind));
            assert_eq!(texts(&decide(&ids, &response(&failures, false), FIRST)), [expected, "accepted"], "{kinds:?}");
        }
    }

    /// What is disputed, with the outcome that it has in the end.
    fn disputed(partial: &Partial, repeat: Repeat) -> Vec<String> {
        let ids = ["a".to_owned(), "b".to_owned()];
        let text = |disputed: &Disputed| format!("{} {} {}", disputed.index, disputed.maybe_applied, disputed.outcome);
        let decided = decide(&ids, partial, repeat);
        assert!(decided.disputed.iter().all(|disputed| decided.outcomes[disputed.index].is_none()));
        decided.disputed.iter().map(text).collect()
    }

    #[test]
    fn a_message_names_an_id_that_it_contains_whole() {
        for (message, is_named) in [
            ("An event already exists with identifier ride-1.", true),
            ("\"ride-1\"", true),
            ("ride-1", true),
            ("ride-12", false),
            ("bride-1", false),
            ("xride-1 ride-1x ride-1", true),
            ("", false),
        ] {
            assert_eq!(names(message, "ride-1"), is_named, "{message}");
        }
        assert!(!names("1 error", "1") && !names("", ""));
    }

    #[test]
    fn an_event_that_is_refused_and_a_duplicate_is_disputed() {
        for kinds in [["duplicate", "bad"], ["bad", "duplicate"]] {
            let failures = response(&kinds.map(|kind| failure(Some("b"), kind)), false);
            assert_eq!(disputed(&failures, FIRST), ["1 false rejected: bad"]);
            assert_eq!(disputed(&failures, REPEATED), ["1 false unknown: bad"]);
            assert_eq!(disputed(&failures, Repeat { is_harmless: false, ..FIRST }), ["1 false unknown: bad"]);
        }
    }

    #[test]
    fn an_event_that_is_accepted_and_refused_is_disputed() {
        for kind in ["bad", "duplicate", "failed"] {
            let mut both = response(&[failure(Some("a"), kind)], false);
            both.accepted = vec![EventRef::Index(0)];
            assert_eq!(disputed(&both, FIRST), [format!("0 true unknown: {kind}")]);
        }
    }

    #[test]
    fn a_named_acceptance_holds_where_the_list_may_be_incomplete() {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let mut partial = response(&[failure(Some("b"), "bad")], true);
        partial.accepted = vec![EventRef::Id("c".to_owned()), EventRef::Id("z".to_owned())];
        let decided = decide(&ids, &partial, FIRST);
        assert_eq!(
            (texts(&decided), decided.disputed.len()),
            (["open", "rejected: bad", "accepted"].map(str::to_owned).to_vec(), 0)
        );
    }

    #[test]
    fn a_contradictory_response_leaves_open_what_it_does_not_name() {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let mut partial = response(&[failure(Some("b"), "bad")], false);
        (partial.is_contradictory, partial.message) = (true, Some("3 failed".into()));
        let decided = decide(&ids, &partial, FIRST);
        assert_eq!(texts(&decided), ["open", "rejected: bad", "open"]);
        assert_eq!(
            (&*decided.why, decided.is_one_refused),
            ("the server's response contradicts itself: 3 failed", false)
        );
    }

    #[test]
    fn a_failed_request_that_was_not_applied_is_not_sent_whatever_its_status() {
        for status in [None, Some(StatusCode::UNAUTHORIZED), Some(StatusCode::CONFLICT), Some(StatusCode::NOT_FOUND)] {
            let mut refused = Failed::new(Scope::Service, Effect::NotApplied, "no");
            refused.status = status;
            let outcome = failed(&refused, true);
            assert_eq!(
                (outcome.to_string().as_str(), outcome.status(), outcome.is_retryable()),
                ("not sent: no", status, true)
            );
        }
    }

    #[test]
    fn an_event_that_refers_to_something_missing_is_not_sent() {
        let mut unmet = Failure::new(EventRef::Index(0), FailureKind::Unmet, Some("no such customer"));
        (unmet.status, unmet.code) = (Some(StatusCode::NOT_FOUND), Some("2002".into()));
        let decided = decide(&["a".to_owned(), "b".to_owned()], &response(&[unmet], false), FIRST);
        assert_eq!(texts(&decided), ["not sent: no such customer [2002]", "accepted"]);
        // It is not said of one that an earlier request may have delivered, unless the code says what is missing.
        let uncoded = Failure::new(EventRef::Index(0), FailureKind::Unmet, Some("no"));
        assert_eq!(texts(&decide(&["a".to_owned()], &response(&[uncoded], false), REPEATED)), ["unknown: no"]);
    }
}
