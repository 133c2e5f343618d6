//! What became of accepted events, through the whole client.

use std::time::Duration;

use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::types::EventCorrectionAction;
use togai_ext::{EventState, Verification, Verify};
use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::support::{TOKEN, client_of, event, log, sandbox, stable_text, start};

/// A call that waits neither between two look-ups nor between two rounds.
fn verify(client: &Client, ids: impl IntoIterator<Item = impl Into<String>>) -> Verify {
    client.verify(ids).lookups_per_second(u32::MAX).delay(Duration::ZERO)
}

/// The id of the event of each number.
fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("ride-{number}")).collect()
}

async fn ingest(client: &Client, events: impl IntoIterator<Item = Event, IntoIter: Send>) {
    client.ingest_events(events).send().await.unwrap().into_result().unwrap();
}

/// Id and state of each event, checked to be what the counts say.
#[track_caller]
fn states(verification: &Verification) -> String {
    let counts = [
        verification.metered(),
        verification.not_metered(),
        verification.in_progress(),
        verification.unclear(),
        verification.reverted(),
        verification.failed(),
        verification.not_found(),
        verification.not_looked_up(),
    ];
    assert_eq!(counts.iter().sum::<u64>(), verification.events().len() as u64);
    let states = verification.events().iter().map(|event| format!("{}: {}", event.id, event.state));
    states.collect::<Vec<_>>().join("\n")
}

/// A sandbox in which an event is visible after 3 seconds and settled after 5, and in which each look-up and each page
/// takes 2, on a clock that stands still.
async fn slow_sandbox() -> (Sandbox, Client, ManualClock) {
    let clock = ManualClock::new();
    let builder = sandbox().clock(clock.clone());
    let builder = builder.events_visible_after(Duration::from_secs(3)).events_settled_after(Duration::from_secs(5));
    let sandbox = builder.start().await.unwrap();
    let client = client_of(&sandbox);
    for operation in ["get_single_event", "get_events"] {
        sandbox.fault(Fault::delay(Duration::from_secs(2)).on(operation));
    }
    (sandbox, client, clock)
}

/// What a call ends with while so many requests take their 2 seconds one after the other.
async fn with_slow_requests(call: Verify, clock: &ManualClock, requests: usize) -> Verification {
    let mut call = tokio::spawn(call.send());
    for _ in 0..requests {
        tokio::select! {
            () = clock.until_sleeping(1) => {}
            early = &mut call => panic!("there were fewer than {requests} requests: {early:?}"),
        }
        clock.advance(Duration::from_secs(2));
        clock.until_awake().await;
    }
    call.await.unwrap().unwrap()
}

#[tokio::test]
async fn metered_events_are_looked_up_once_each() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..3).map(event)).await;
    sandbox.clear_requests();
    let verification = verify(&client, ids(0..3)).send().await.unwrap();
    assert_eq!((verification.metered(), verification.unmetered().count()), (3, 0));
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events/{event_id} -> 200
    GET /events/{event_id} -> 200
    GET /events/{event_id} -> 200
    "###);
}

#[tokio::test]
async fn an_accepted_event_of_an_unknown_account_fails_with_the_server_status() {
    let sandbox = sandbox().account("acme", "acme-prod").accept_unknown_accounts(false).start().await.unwrap();
    let client = client_of(&sandbox);
    let mut astray = event(1);
    astray.account_id = "acme-pord".into();
    ingest(&client, [event(0), astray]).await;
    sandbox.clear_requests();

    let verification = verify(&client, ids(0..2)).send().await.unwrap();
    insta::assert_snapshot!(states(&verification), @r###"
    ride-0: metered
    ride-1: failed: INGESTION_FAILED_ACCOUNT_NOT_FOUND: No account has this id or alias
    "###);
    assert_eq!(verification.statuses()["INGESTION_FAILED_ACCOUNT_NOT_FOUND"], 1);
    // That is settled, so there is no second round.
    assert_eq!(sandbox.requests().len(), 2);
}

#[tokio::test]
async fn an_event_that_arrived_twice_is_metered() {
    let (sandbox, client) = start().await;
    ingest(&client, [event(0), event(1)]).await;
    ingest(&client, [event(1), event(0)]).await;
    ingest(&client, [event(0)]).await;
    assert_eq!(sandbox.events().len(), 5);
    let looked_up = verify(&client, ids([0, 1, 0])).send().await.unwrap();
    let listed = verify(&client, ids([0, 1, 0])).account("acme-prod").send().await.unwrap();
    assert_eq!((looked_up.metered(), looked_up.events().len()), (2, 2));
    assert_eq!(looked_up, listed);
}

#[tokio::test]
async fn a_missing_event_is_looked_up_in_each_round() {
    let (sandbox, client) = start().await;
    ingest(&client, [event(0)]).await;
    sandbox.clear_requests();
    let verification = verify(&client, ids(0..2)).send().await.unwrap();
    assert_eq!(states(&verification), "ride-0: metered\nride-1: not found");
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events/{event_id} -> 200
    GET /events/{event_id} -> 404
    GET /events/{event_id} -> 404
    GET /events/{event_id} -> 404
    "###);
}

#[tokio::test]
async fn a_late_event_is_metered_in_the_end() {
    let (sandbox, client, clock) = slow_sandbox().await;
    ingest(&client, [event(0)]).await;
    sandbox.clear_requests();
    let verification = with_slow_requests(verify(&client, ids([0])), &clock, 3).await;
    assert_eq!(states(&verification), "ride-0: metered");
    // Not found after 2 seconds, in progress after 4, metered after 6.
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events/{event_id} -> 404 (fault: delay)
    GET /events/{event_id} -> 200 (fault: delay)
    GET /events/{event_id} -> 200 (fault: delay)
    "###);
}

#[tokio::test]
async fn after_too_few_rounds_an_event_keeps_its_last_state() {
    for (rounds, state) in [(1, EventState::NotFound), (2, EventState::InProgress), (3, EventState::Metered)] {
        let (_sandbox, client, clock) = slow_sandbox().await;
        ingest(&client, [event(0)]).await;
        let call = verify(&client, ids([0])).rounds(u32::try_from(rounds).unwrap());
        let looked_up = with_slow_requests(call, &clock, rounds).await;
        assert_eq!(looked_up.events()[0].state, state);

        let (_sandbox, client, clock) = slow_sandbox().await;
        ingest(&client, [event(0)]).await;
        let call = verify(&client, ids([0])).account("acme-prod").rounds(u32::try_from(rounds).unwrap());
        let listed = with_slow_requests(call, &clock, rounds).await;
        assert_eq!(listed.events()[0].state, state);
    }
}

#[tokio::test]
async fn a_long_id_is_found_only_in_the_list() {
    let (sandbox, client) = start().await;
    let long = "r".repeat(512);
    ingest(&client, [event(0).id(&long), event(1)]).await;
    sandbox.clear_requests();

    let looked_up = verify(&client, [long.as_str(), "ride-1"]).send().await.unwrap();
    assert_eq!((looked_up.metered(), looked_up.not_looked_up(), sandbox.requests().len()), (1, 1, 1));
    insta::assert_snapshot!(looked_up.events()[0].state, @"not looked up: the id has 512 characters and a look-up takes 50: give the account of the event with `.account(..)`, to find it in the list");

    let listed = verify(&client, [long.as_str(), "ride-1"]).account("acme-prod").send().await.unwrap();
    assert_eq!(listed.metered(), 2);
}

#[tokio::test]
async fn a_list_is_read_only_as_far_as_needed() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..120).map(event)).await;
    let mut of_another = event(120);
    of_another.account_id = "umbrella".into();
    ingest(&client, [of_another]).await;
    for (numbers, requests) in [(0..50, 1), (0..51, 2), (0..120, 3), (119..120, 3)] {
        sandbox.clear_requests();
        let count = u64::from(numbers.end - numbers.start);
        let verification = verify(&client, ids(numbers)).account("acme-prod").schema("rides").send().await.unwrap();
        assert_eq!((verification.metered(), sandbox.requests().len()), (count, requests));
    }
    // One that is not of this account is not on its list, and costs reading to the end.
    sandbox.clear_requests();
    let verification = verify(&client, ids(119..121)).account("acme-prod").rounds(1).send().await.unwrap();
    assert_eq!(states(&verification), "ride-119: metered\nride-120: not found");
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events?account_id=..&pageSize=50 -> 200
    GET /events?account_id=..&nextToken=..&pageSize=50 -> 200
    GET /events?account_id=..&nextToken=..&pageSize=50 -> 200
    "###);

    let verification = verify(&client, ids(0..1)).account("acme-prod").schema("other").rounds(1).send().await.unwrap();
    assert_eq!(verification.not_found(), 1);
}

#[tokio::test]
async fn a_token_refused_midway_keeps_the_events_found() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..4).map(event)).await;
    sandbox.clear_requests();
    sandbox.fault(Fault::status(401).json(json!({"message": format!("no {TOKEN}")})).on("get_single_event").every(3));
    let failure = verify(&client, ids(0..4)).send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&failure), @"get_single_event: the server answered 401 Unauthorized: no *** (1 attempt); check the token, and that it belongs to this environment (2 of 4 events metered, 2 not looked up)");
    assert_eq!((failure.verification().metered(), failure.verification().not_looked_up()), (2, 2));
    let shown = format!("{failure:?} {:?}", failure.verification().events());
    assert!(!shown.contains(TOKEN) && shown.contains("***"), "{shown}");
    assert_eq!(sandbox.requests().len(), 3);

    // The rest can be asked for later, by a client that does not know of the refusal.
    sandbox.clear_faults();
    let client = client_of(&sandbox);
    let (verification, error) = failure.into_parts();
    assert!(error.is_auth());
    let rest: Vec<String> = verification.unmetered().map(|event| event.id.clone()).collect();
    assert_eq!(rest, ids(2..4));
    assert_eq!(verify(&client, rest).send().await.unwrap().metered(), 2);
}

#[tokio::test]
async fn an_interrupted_list_keeps_the_events_found() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..60).map(event)).await;
    sandbox.fault(Fault::status(403).on("get_events").every(2));
    let failure = verify(&client, ids(0..60)).account("acme-prod").send().await.unwrap_err();
    assert_eq!((failure.verification().metered(), failure.verification().not_looked_up()), (50, 10));
    assert!(Error::from(failure).is_auth());
}

#[tokio::test]
async fn verification_waits_out_throttling_and_outages() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..3).map(event)).await;
    sandbox.clear_requests();
    sandbox.fault(Fault::status(429).header("retry-after", "0").on("get_single_event").first(2));
    sandbox.fault(Fault::status(503).body("<html><title>503</title></html>").on("get_single_event").first(1));
    let verification = verify(&client, ids(0..3)).send().await.unwrap();
    assert_eq!((verification.metered(), sandbox.requests().len()), (3, 6));
}

#[tokio::test]
async fn an_id_of_any_characters_is_found() {
    let (_sandbox, client) = start().await;
    let odd = ["a/b", "a?b=c#d", "ein Wörtchen", "100%25", "a+b&c"];
    ingest(&client, odd.map(|id| event(0).id(id))).await;
    let verification = verify(&client, odd).rounds(1).send().await.unwrap();
    assert_eq!(verification.metered(), odd.len() as u64, "{}", states(&verification));
}

#[tokio::test]
async fn a_reverted_event_is_reported_as_reverted() {
    let (_sandbox, client) = start().await;
    ingest(&client, (0..2).map(event)).await;
    let correction = client.event_correction().account_id("acme-prod");
    correction.action(EventCorrectionAction::Undo).event_id("ride-0").send().await.unwrap();
    // What is sent again is a duplicate, and does not bring it back.
    ingest(&client, [event(0)]).await;
    let verification = verify(&client, ids(0..2)).send().await.unwrap();
    assert_eq!(states(&verification), "ride-0: reverted\nride-1: metered");
}

#[tokio::test]
async fn server_texts_are_truncated_and_redacted() {
    let (sandbox, client) = start().await;
    let description = format!("{TOKEN} {}", "long ".repeat(10_000));
    let arrival = json!({
        "eventPayload": event(0),
        "ingestionStatus": { "status": format!("INGESTION_FAILED_{TOKEN}"), "statusDescription": description },
    });
    let response = json!({ "events": [arrival] });
    sandbox.fault(Fault::status(200).json(response));
    for call in [verify(&client, ids([0])), verify(&client, ids([0])).account("acme-prod")] {
        let verification = call.send().await.unwrap();
        let shown = format!("{:?} {:?} {:?}", verification, verification.events(), verification.statuses());
        assert!(!shown.contains(TOKEN) && shown.contains("INGESTION_FAILED_***"), "{shown}");
        let state = verification.events()[0].state.to_string();
        assert!(state.starts_with("failed: INGESTION_FAILED_***: *** long") && state.len() < 600, "{state}");
    }
}
