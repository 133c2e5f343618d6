use std::time::Duration;

use serde_json::json;
use togai_api::{Event, Timestamp};
use togai_ingest::Outcome;
use togai_ingest::test_util::{Finished, Recorder};

use super::*;
use crate::testing::ScriptedResponse;
use crate::verify::tests::{NOT_FOUND, UNAUTHORIZED, VerifyFixture};

const METERED: &str = "INGESTION_COMPLETED_EVENT_METERED";

/// Ours is of distance 1.
fn event(distance: u32) -> Event {
    Event::new("rides", "acme").timestamp(Timestamp::from_unix_seconds(0)).attribute("distance", distance)
}

/// The answer to a look-up: an arrival with a status and a distance.
fn found(status: &str, distance: u32) -> ScriptedResponse {
    let arrival = json!({ "eventPayload": event(distance), "ingestionStatus": { "status": status } });
    ScriptedResponse::Status(200, &[], json!({ "events": [arrival] }).to_string().leak())
}

fn unknown() -> Outcome {
    Outcome::Unknown { why: "no response".into(), may_be_resent: true }
}

const DUPLICATE: Outcome = Outcome::Duplicate { compared: false };

/// A report of events by id and outcome.
fn report<E>(events: &[(&str, Outcome)], event: impl Fn() -> E) -> IngestReport<E> {
    let mut recorder = Recorder::new("ingest_batch", None);
    let submitted = events.len() as u64;
    for (index, (id, outcome)) in (0..).zip(events) {
        let id = Some((*id).to_owned());
        let finished = Finished::Event { index, event: event(), tag: (), id, outcome: outcome.clone() };
        recorder.record(finished, submitted);
    }
    recorder.finish(submitted)
}

fn verify<'a, E: ReportedEvent>(fixture: &VerifyFixture, report: IngestReport<E>) -> VerifyOutcomes<'a, E> {
    VerifyOutcomes::new(fixture.client(), Arc::new(fixture.clock.clone()), report)
}

fn outcomes<E>(report: &IngestReport<E>) -> String {
    assert_eq!(report.outcomes().count() as u64, report.submitted());
    let lines: Vec<String> = report.outcomes().map(|(index, outcome)| format!("{index} {outcome}")).collect();
    lines.join("\n")
}

#[tokio::test]
async fn only_open_events_are_looked_up() {
    let not_sent = Outcome::NotSent { status: None, code: None, message: "stopped".into() };
    let rejected = Outcome::Rejected { status: None, code: None, message: "bad".into() };
    let report = report(
        &[
            ("a", Outcome::Accepted),
            ("b", unknown()),
            ("c", rejected),
            ("d", DUPLICATE),
            ("e", not_sent),
            ("f", Outcome::Duplicate { compared: true }),
            ("g", DUPLICATE),
        ],
        || event(1),
    );
    let fixture = VerifyFixture::new([found(METERED, 1), found(METERED, 1), found(METERED, 2)]);
    let report = verify(&fixture, report).send().await.unwrap();
    insta::assert_snapshot!(outcomes(&report), @r###"
    0 accepted
    1 accepted
    2 rejected: bad
    3 duplicate
    4 not sent: stopped
    5 duplicate
    6 rejected: the server has another event with the same `id`, which says something else: look at both, and give this one an `id` of its own if both are to count
    "###);
    assert_eq!(report.to_string(), "2 of 7 events accepted, 2 duplicates, 2 rejected, 1 not sent");
    assert!(report.outcomes().all(|(_, outcome)| *outcome != DUPLICATE));
    insta::assert_snapshot!(fixture.requests(), @r###"
    0 ms events/b
    100 ms events/d
    200 ms events/g
    "###);
}

#[tokio::test]
async fn an_event_that_is_not_found_is_asked_for_again_and_stays_unknown() {
    let fixture = VerifyFixture::new([
        NOT_FOUND,
        found("INGESTION_IN_PROGRESS", 1),
        NOT_FOUND,
        found("QUEUED", 1),
        NOT_FOUND,
        NOT_FOUND,
    ]);
    let report = report(&[("a", unknown()), ("b", unknown()), ("c", unknown())], || event(1));
    let report = verify(&fixture, report).delay(Duration::from_secs(2)).rounds(2).send().await.unwrap();
    assert_eq!(outcomes(&report), "0 unknown: no response\n1 accepted\n2 unknown: no response");
    insta::assert_snapshot!(fixture.requests(), @r###"
    0 ms events/a
    100 ms events/b
    200 ms events/c
    2200 ms events/a
    2300 ms events/c
    "###);
}

#[tokio::test]
async fn events_with_one_id_are_looked_up_once() {
    let fixture = VerifyFixture::new([found(METERED, 1)]);
    let report = report(&[("a", unknown()), ("a", DUPLICATE), ("a", unknown())], || event(1));
    let report = verify(&fixture, report).send().await.unwrap();
    assert_eq!(report.to_string(), "2 of 3 events accepted, 1 duplicates");
    assert_eq!(report.not_accepted()[0].outcome, Outcome::Duplicate { compared: true });
}

#[tokio::test]
async fn an_event_that_cannot_be_looked_up_keeps_its_outcome() {
    let refused = ScriptedResponse::Status(400, &[], r#"{"message": "event_id: odd"}"#);
    let fixture = VerifyFixture::new([refused]);
    let before = report(&[(&"é".repeat(51), unknown()), ("odd", DUPLICATE)], || event(1));
    assert_eq!(verify(&fixture, before.clone()).send().await.unwrap(), before);
    assert_eq!(fixture.script.request_times(), [0]);
}

#[tokio::test]
async fn duplicates_of_a_slice_are_not_looked_up() {
    let fixture = VerifyFixture::new([found(METERED, 1)]);
    let report = report(&[("a", DUPLICATE), ("b", unknown())], || ());
    let report = verify(&fixture, report).send().await.unwrap();
    assert_eq!((report.accepted(), &report.not_accepted()[0].outcome), (1, &DUPLICATE));
    assert_eq!(fixture.requests(), "0 ms events/b");
}

#[tokio::test]
async fn an_error_midway_keeps_what_was_found() {
    let fixture = VerifyFixture::new([found(METERED, 1), NOT_FOUND, UNAUTHORIZED]);
    let report = report(&[("a", unknown()), ("b", unknown()), ("c", unknown()), ("d", unknown())], || event(1));
    let failure = verify(&fixture, report).send().await.unwrap_err();
    assert!(failure.error().is_auth());
    insta::assert_snapshot!(failure, @"get_single_event: the server answered 401 Unauthorized (1 attempt, 0 ms); check the token, and that it belongs to this environment (1 of 4 events accepted, 3 unknown)");
    let (report, error) = failure.into_parts();
    assert_eq!((report.accepted(), report.unknown(), error.is_auth()), (1, 3, true));
}

#[tokio::test]
async fn an_error_in_a_later_round_keeps_what_was_found() {
    let fixture = VerifyFixture::new([NOT_FOUND, found(METERED, 1), UNAUTHORIZED]);
    let report = report(&[("a", unknown()), ("b", unknown())], || event(1));
    let failure = verify(&fixture, report).send().await.unwrap_err();
    assert_eq!(outcomes(failure.report()), "0 unknown: no response\n1 accepted");
    assert!(togai_api::Error::from(failure).is_auth());
}

#[tokio::test]
async fn a_report_without_open_events_costs_no_request() {
    let fixture = VerifyFixture::new([]);
    let before = report(&[("a", Outcome::Accepted)], || event(1));
    assert_eq!(verify(&fixture, before.clone()).send().await.unwrap(), before);
}

#[tokio::test]
async fn invalid_settings_are_named_before_sending() {
    let fixture = VerifyFixture::new([]);
    let verify = || verify(&fixture, report(&[("a", unknown())], || event(1)));
    for (call, message) in [
        (
            verify().lookups_per_second(0),
            "get_single_event: the number of look-ups per second is 0: set `lookups_per_second` to 1 or more",
        ),
        (verify().rounds(0), "get_single_event: the number of rounds is 0: set `rounds` to 1 or more"),
    ] {
        let failure = call.send().await.unwrap_err();
        assert!(failure.error().is_builder());
        assert_eq!(failure.to_string(), format!("{message} (0 of 1 events accepted, 1 unknown)"));
    }
}

#[tokio::test]
async fn debug_output_is_short() {
    let call = verify(&VerifyFixture::new([]), report(&[("a", unknown())], || event(1)));
    insta::assert_snapshot!(format!("{call:?}"), @"VerifyOutcomes { report: 0 of 1 events accepted, 1 unknown, settings: Settings { lookups_per_second: 10, delay: 5s, rounds: 3 }, .. }");
}
