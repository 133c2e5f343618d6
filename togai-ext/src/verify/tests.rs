use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use togai_api::{Client, Error};
use togai_ingest::Session;

use super::*;
use crate::retry::{Inner, Parts, Retry};
use crate::testing::{Script, ScriptedResponse, VirtualClock};
use crate::{RetryBudget, RetryPolicy};

const METERED: &str = "INGESTION_COMPLETED_EVENT_METERED";
const IN_PROGRESS: &str = "INGESTION_IN_PROGRESS";
const DUPLICATE: &str = "INGESTION_FAILED_DUPLICATE_EVENT";
pub(super) const NOT_FOUND: ScriptedResponse = ScriptedResponse::Status(404, &[], r#"{"message": "no such event"}"#);
pub(super) const UNAUTHORIZED: ScriptedResponse = ScriptedResponse::Status(401, &[], "");

fn arrival(id: &str, status: &str) -> Value {
    let payload = json!({
        "schemaName": "rides", "id": id, "timestamp": "2024-11-05T08:31:12Z", "accountId": "acme", "attributes": [],
        "dimensions": {},
    });
    json!({ "eventPayload": payload, "ingestionStatus": { "status": status } })
}

/// The answer to a look-up: an arrival for each status.
fn found(statuses: &[&str]) -> ScriptedResponse {
    let arrivals: Vec<Value> = statuses.iter().map(|status| arrival("any", status)).collect();
    ScriptedResponse::Status(200, &[], json!({ "events": arrivals }).to_string().leak())
}

/// A page of the list: ids with their statuses, and the token of the next.
fn page(arrivals: &[(&str, &str)], token: Option<&str>) -> ScriptedResponse {
    let arrivals: Vec<Value> = arrivals.iter().map(|(id, status)| arrival(id, status)).collect();
    ScriptedResponse::Status(200, &[], json!({ "events": arrivals, "nextToken": token }).to_string().leak())
}

/// A client of a script, on a clock that only sleep moves.
pub(super) struct VerifyFixture {
    pub(super) clock: VirtualClock,
    pub(super) script: Script,
}

impl VerifyFixture {
    pub(super) fn new(responses: impl IntoIterator<Item = ScriptedResponse>) -> Self {
        let clock = VirtualClock::new(0.0);
        Self { script: Script::new(&clock, responses), clock }
    }

    fn verify<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Verify<'a> {
        Verify::new(self.client(), Arc::new(self.clock.clone()), ids.into_iter().map(str::to_owned))
    }

    pub(super) fn client(&self) -> Client {
        let clock = Arc::new(self.clock.clone());
        let transport = Retry::new(Parts {
            inner: Inner::Other(Box::new(self.script.clone())),
            session: Session::new(clock),
            credentials: None,
            policy: RetryPolicy::default(),
            attempt_timeout: None,
            budget: RetryBudget::default(),
        });
        Client::new("http://127.0.0.1:8080", transport)
    }

    /// When which request came.
    pub(super) fn requests(&self) -> String {
        let targets = self.script.targets();
        let requests: Vec<String> =
            self.script.request_times().iter().zip(targets).map(|(at, target)| format!("{at} ms {target}")).collect();
        requests.join("\n")
    }
}

/// Id and state of each event.
fn states(verification: &Verification) -> String {
    let events = verification.events().iter();
    events.map(|event| format!("{}: {}", event.id, event.state)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn look_ups_are_spaced_regardless_of_their_duration() {
    for (per_second, took, expected) in
        [(10, 0, [0, 100, 200, 300]), (4, 100, [0, 250, 500, 750]), (10, 300, [0, 300, 600, 900])]
    {
        let mut fixture = VerifyFixture::new((0..4).map(|_| found(&[METERED])));
        fixture.script = fixture.script.with_attempt_time(Duration::from_millis(took));
        let verification = fixture.verify(["a", "b", "c", "d"]).lookups_per_second(per_second).send().await.unwrap();
        assert_eq!((verification.metered(), fixture.script.request_times()), (4, expected.to_vec()));
    }
}

#[tokio::test]
async fn by_default_there_are_ten_look_ups_a_second_and_three_rounds_five_seconds_apart() {
    let fixture = VerifyFixture::new((0..6).map(|_| NOT_FOUND));
    let verification = fixture.verify(["a", "b"]).send().await.unwrap();
    assert_eq!(verification.not_found(), 2);
    assert_eq!(fixture.script.request_times(), [0, 100, 5100, 5200, 10_200, 10_300]);
}

#[tokio::test]
async fn only_unsettled_events_are_looked_up_again() {
    let fixture = VerifyFixture::new([
        found(&[METERED]),
        found(&[IN_PROGRESS]),
        NOT_FOUND,
        found(&["QUEUED"]),
        found(&["INGESTION_FAILED_UNITS_INVALID"]),
        // The second round.
        found(&[METERED]),
        found(&[IN_PROGRESS]),
        found(&["INGESTION_COMPLETED_NO_MATCHING_METERS"]),
        // The third.
        found(&["INGESTION_FAILED_ENRICHMENT_FAILED"]),
    ]);
    let verification = fixture.verify(["a", "b", "c", "d", "e"]).delay(Duration::from_secs(2)).send().await.unwrap();
    insta::assert_snapshot!(states(&verification), @r###"
    a: metered
    b: metered
    c: failed: INGESTION_FAILED_ENRICHMENT_FAILED
    d: not metered: INGESTION_COMPLETED_NO_MATCHING_METERS
    e: failed: INGESTION_FAILED_UNITS_INVALID
    "###);
    insta::assert_snapshot!(fixture.requests(), @r###"
    0 ms events/a
    100 ms events/b
    200 ms events/c
    300 ms events/d
    400 ms events/e
    2400 ms events/b
    2500 ms events/c
    2600 ms events/d
    4600 ms events/c
    "###);
}

#[tokio::test]
async fn events_that_never_settle_are_looked_up_in_every_round() {
    for rounds in 1..5 {
        let fixture = VerifyFixture::new((0..rounds).map(|_| found(&[IN_PROGRESS])));
        let verification = fixture.verify(["a"]).rounds(rounds).send().await.unwrap();
        assert_eq!((verification.in_progress(), fixture.script.request_times().len()), (1, rounds as usize));
    }
}

#[tokio::test]
async fn an_event_found_once_never_becomes_not_found() {
    for later in [NOT_FOUND, found(&[]), ScriptedResponse::Status(400, &[], "")] {
        let fixture = VerifyFixture::new([found(&[IN_PROGRESS]), later]);
        let verification = fixture.verify(["a"]).rounds(2).send().await.unwrap();
        assert_eq!(states(&verification), "a: in progress");
    }

    let fixture = VerifyFixture::new([page(&[("a", IN_PROGRESS)], None), page(&[], None)]);
    let verification = fixture.verify(["a"]).account("acme").rounds(2).send().await.unwrap();
    assert_eq!(states(&verification), "a: in progress");
}

#[tokio::test]
async fn a_response_without_events_means_not_found() {
    let fixture = VerifyFixture::new([found(&[]), NOT_FOUND, ScriptedResponse::Status(200, &[], "{}")]);
    let verification = fixture.verify(["a", "b", "c"]).rounds(1).send().await.unwrap();
    assert_eq!(states(&verification), "a: not found\nb: not found\nc: not found");
}

#[tokio::test]
async fn a_response_without_a_body_is_an_error() {
    let fixture = VerifyFixture::new([found(&[METERED]), ScriptedResponse::Status(200, &[], "")]);
    let error = fixture.verify(["a", "b"]).rounds(1).send().await.unwrap_err();
    assert!(error.to_string().contains("200 OK with an empty body instead of JSON"), "{error}");
}

#[tokio::test]
async fn a_metered_arrival_wins_over_others() {
    let fixture = VerifyFixture::new([found(&[DUPLICATE, METERED, DUPLICATE]), found(&[DUPLICATE])]);
    let verification = fixture.verify(["a", "b"]).send().await.unwrap();
    assert_eq!(states(&verification), "a: metered\nb: failed: INGESTION_FAILED_DUPLICATE_EVENT");
}

#[tokio::test]
async fn a_repeated_id_is_looked_up_once() {
    let fixture = VerifyFixture::new([found(&[METERED]), found(&[METERED])]);
    let verification = fixture.verify(["a", "b", "a", "a"]).send().await.unwrap();
    assert_eq!(states(&verification), "a: metered\nb: metered");
}

#[tokio::test]
async fn an_id_too_long_for_a_look_up_costs_no_request() {
    // Limits count characters, and these have two bytes each.
    let (longest, too_long) = ("é".repeat(50), "é".repeat(51));
    let fixture = VerifyFixture::new([found(&[METERED])]);
    let verification = fixture.verify([too_long.as_str(), &longest]).send().await.unwrap();
    assert_eq!((verification.metered(), verification.not_looked_up()), (1, 1));
    insta::assert_snapshot!(verification.events()[0].state, @"not looked up: the id has 51 characters and a look-up takes 50: give the account of the event with `.account(..)`, to find it in the list");
    assert_eq!(fixture.script.request_times(), [0]);
}

#[tokio::test]
async fn an_id_that_cannot_be_looked_up_does_not_stop_the_others() {
    let refused = ScriptedResponse::Status(400, &[], r#"{"message": "event_id: odd"}"#);
    let fixture = VerifyFixture::new([refused, found(&[METERED])]);
    let verification = fixture.verify(["", "odd", "a"]).send().await.unwrap();
    insta::assert_snapshot!(states(&verification), @r###"
    : not looked up: get_single_event: `event_id` cannot be "": set it to an id
    odd: not looked up: get_single_event: the server answered 400 Bad Request: event_id: odd (1 attempt, 0 ms)
    a: metered
    "###);
}

#[tokio::test]
async fn an_error_midway_keeps_the_events_found() {
    let fixture = VerifyFixture::new([found(&[METERED]), NOT_FOUND, UNAUTHORIZED]);
    let failure = fixture.verify(["a", "b", "c", "d"]).send().await.unwrap_err();
    assert!(failure.error().is_auth());
    insta::assert_snapshot!(states(failure.verification()), @r###"
    a: metered
    b: not found
    c: not looked up: the call was stopped before it: get_single_event: the server answered 401 Unauthorized (1 attempt, 0 ms); check the token, and that it belongs to this environment
    d: not looked up: the call was stopped before it: get_single_event: the server answered 401 Unauthorized (1 attempt, 0 ms); check the token, and that it belongs to this environment
    "###);
    insta::assert_snapshot!(failure, @"get_single_event: the server answered 401 Unauthorized (1 attempt, 0 ms); check the token, and that it belongs to this environment (1 of 4 events metered, 1 not found, 2 not looked up)");
    let (verification, error) = failure.into_parts();
    assert_eq!((verification.metered(), error.is_auth()), (1, true));
}

#[tokio::test]
async fn an_error_in_a_later_round_keeps_earlier_results() {
    let fixture = VerifyFixture::new([found(&[IN_PROGRESS]), NOT_FOUND, found(&[METERED]), UNAUTHORIZED]);
    let failure = fixture.verify(["a", "b"]).send().await.unwrap_err();
    assert_eq!(states(failure.verification()), "a: metered\nb: not found");
    assert!(Error::from(failure).is_auth());
}

#[tokio::test]
async fn a_throttled_look_up_is_retried_as_the_server_asks() {
    let throttled = ScriptedResponse::Status(429, &[("retry-after", "3")], "");
    let fixture = VerifyFixture::new([throttled, found(&[METERED]), found(&[METERED]), found(&[METERED])]);
    let verification = fixture.verify(["a", "b", "c"]).send().await.unwrap();
    assert_eq!((verification.metered(), fixture.script.request_times()), (3, vec![0, 3000, 3000, 3100]));
}

#[tokio::test]
async fn a_list_is_read_until_all_events_are_metered() {
    let fixture = VerifyFixture::new([
        page(&[("x", METERED), ("a", DUPLICATE)], Some("1")),
        page(&[("b", METERED), ("b", METERED)], Some("2")),
        page(&[("a", METERED)], Some("3")),
    ]);
    let verification = fixture.verify(["a", "b"]).account("acme").schema("rides").send().await.unwrap();
    assert_eq!(states(&verification), "a: metered\nb: metered");
    insta::assert_snapshot!(fixture.requests(), @r###"
    0 ms events?account_id=acme&pageSize=50&schema_name=rides
    100 ms events?account_id=acme&nextToken=1&pageSize=50&schema_name=rides
    200 ms events?account_id=acme&nextToken=2&pageSize=50&schema_name=rides
    "###);
}

#[tokio::test]
async fn a_list_is_read_to_its_end_if_an_event_is_not_metered() {
    let responses = || {
        [
            page(&[("a", "INGESTION_FAILED_UNITS_INVALID"), ("a", DUPLICATE)], Some("1")),
            page(&[("b", METERED), ("b", METERED)], None),
        ]
    };
    // The failed event is settled, and the missing one is looked for in each round.
    let fixture = VerifyFixture::new(responses().into_iter().chain(responses()));
    let verification = fixture.verify(["a", "b", "c"]).account("acme").rounds(2).send().await.unwrap();
    assert_eq!(states(&verification), "a: failed: INGESTION_FAILED_UNITS_INVALID\nb: metered\nc: not found");
    assert_eq!(fixture.script.request_times(), [0, 100, 5100, 5200]);

    let fixture = VerifyFixture::new(responses());
    let verification = fixture.verify(["a", "b"]).account("acme").send().await.unwrap();
    assert_eq!((verification.metered(), verification.failed()), (1, 1));
}

#[tokio::test]
async fn an_interrupted_list_leaves_unseen_events_open() {
    let fixture = VerifyFixture::new([page(&[("a", METERED), ("b", DUPLICATE)], Some("1")), UNAUTHORIZED]);
    let failure = fixture.verify(["a", "b", "c"]).account("acme").send().await.unwrap_err();
    assert_eq!((failure.error().is_auth(), failure.error().resume_token()), (true, Some("1")));
    let verification = failure.verification();
    assert_eq!((verification.metered(), verification.failed(), verification.not_looked_up()), (1, 1, 1));

    // In the second round it is known already that it was not there.
    let fixture = VerifyFixture::new([page(&[("a", IN_PROGRESS)], None), UNAUTHORIZED]);
    let failure = fixture.verify(["a", "b"]).account("acme").send().await.unwrap_err();
    assert_eq!(states(failure.verification()), "a: in progress\nb: not found");
}

#[tokio::test]
async fn invalid_settings_are_named_before_sending() {
    let fixture = VerifyFixture::new([]);
    let verify = || fixture.verify(["a"]);
    for (verify, message) in [
        (
            verify().lookups_per_second(0),
            "get_single_event: the number of look-ups per second is 0: set `lookups_per_second` to 1 or more",
        ),
        (verify().rounds(0), "get_single_event: the number of rounds is 0: set `rounds` to 1 or more"),
        (verify().account("acme").rounds(0), "get_events: the number of rounds is 0: set `rounds` to 1 or more"),
        (
            verify().schema("rides"),
            "get_events: `schema` narrows the list of an account: set `account` as well, or leave it out",
        ),
    ] {
        let failure = verify.send().await.unwrap_err();
        assert!(failure.error().is_builder());
        assert_eq!(failure.to_string(), format!("{message} (0 of 1 events metered, 1 not looked up)"));
    }
}

#[tokio::test]
async fn without_ids_nothing_is_sent() {
    let fixture = VerifyFixture::new([]);
    assert_eq!(fixture.verify([]).send().await.unwrap(), Verification::default());
    assert_eq!(fixture.verify([]).account("acme").send().await.unwrap(), Verification::default());
}

#[tokio::test]
async fn debug_output_shows_the_number_of_ids_only() {
    let verify = VerifyFixture::new([]).verify(["ride-1", "ride-2"]);
    insta::assert_snapshot!(format!("{verify:?}"), @"Verify { ids: 2, settings: Settings { account: None, schema: None, lookups_per_second: 10, delay: 5s, rounds: 3 }, .. }");
}
