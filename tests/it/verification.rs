//! What became of accepted events, through the whole client.

use std::time::Duration;

use futures::TryStreamExt as _;
use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::types::{EventCorrectionAction, EventWithStatus};
use togai_ext::{EventState, Verification, Verify, VerifyProgress};
use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::support::{TOKEN, client_of, event, log, sandbox, stable_text, start};

/// A call that waits neither between two look-ups nor between two rounds.
fn verify<'a>(client: &Client, ids: impl IntoIterator<Item = impl Into<String>>) -> Verify<'a> {
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
    assert_eq!(
        (counts.iter().sum::<u64>(), verification.events().len() as u64),
        (verification.total(), verification.total())
    );
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
async fn with_slow_requests(call: Verify<'static>, clock: &ManualClock, requests: usize) -> Verification {
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

/// Id and state of an event that a call gave out.
fn shown(event: &EventWithStatus) -> String {
    format!("{}: {}", event.event_payload.id.as_deref().unwrap_or_default(), event.state())
}

#[tokio::test]
async fn events_are_given_out_once_for_each_arrival_in_a_list_and_in_look_ups() {
    let sandbox = sandbox().account("acme", "acme-prod").accept_unknown_accounts(false).start().await.unwrap();
    let client = client_of(&sandbox);
    let mut astray = event(3);
    astray.account_id = "acme-pord".into();
    ingest(&client, (0..3).map(event).chain([astray])).await;
    // The second arrival is a duplicate.
    ingest(&client, [event(1)]).await;

    let mut read = Vec::new();
    let call = verify(&client, ids([0, 1, 3])).rounds(1).on_event(|event| read.push(event));
    assert_eq!(call.send().await.unwrap().metered(), 2);
    let mut looked_up: Vec<_> = read.iter().map(shown).collect();
    looked_up.sort();
    insta::assert_snapshot!(looked_up.join("\n"), @r###"
    ride-0: metered
    ride-1: failed: INGESTION_FAILED_DUPLICATE_EVENT: An event with this id was metered within the last 45 days
    ride-1: metered
    ride-3: failed: INGESTION_FAILED_ACCOUNT_NOT_FOUND: No account has this id or alias
    "###);

    // The list has an event that nobody asked for, and not the one of an account that does not exist.
    let mut listed = Vec::new();
    let call = verify(&client, ids([0, 1])).account("acme-prod").on_event(|event| listed.push(shown(&event)));
    assert_eq!(call.send().await.unwrap().metered(), 2);
    listed.sort();
    insta::assert_snapshot!(listed.join("\n"), @r###"
    ride-0: metered
    ride-1: failed: INGESTION_FAILED_DUPLICATE_EVENT: An event with this id was metered within the last 45 days
    ride-1: metered
    ride-2: metered
    "###);
}

#[tokio::test]
async fn given_out_events_have_the_content_and_state_that_lists_and_look_ups_show() {
    let (_sandbox, client) = start().await;
    ingest(&client, (0..60).map(event)).await;
    let listed: Vec<EventWithStatus> = client.get_events().account_id("acme-prod").items().try_collect().await.unwrap();
    let (mut from_list, mut from_look_ups) = (Vec::new(), Vec::new());
    let call = verify(&client, ids(0..60)).account("acme-prod").on_event(|event| from_list.push(event));
    let verification = call.send().await.unwrap();
    assert_eq!(from_list, listed);
    let call = verify(&client, ids(0..60)).on_event(|event| from_look_ups.push(event));
    assert_eq!(call.send().await.unwrap(), verification);
    let by_id = |event: &EventWithStatus| event.event_payload.id.clone();
    from_list.sort_by_key(by_id);
    from_look_ups.sort_by_key(by_id);
    assert_eq!(from_look_ups, from_list);
    for event in from_list {
        let id = event.event_payload.id.as_deref();
        let verified = verification.events().iter().find(|verified| Some(verified.id.as_str()) == id).unwrap();
        assert_eq!(event.state(), verified.state);
        let looked_up = client.get_single_event().event_id(&verified.id).send().await.unwrap();
        assert_eq!(looked_up.events[0].state(), verified.state);
    }
}

#[tokio::test]
async fn progress_counts_ids_events_and_requests() {
    let (_sandbox, client) = start().await;
    ingest(&client, (0..120).map(event)).await;
    let mut lines = Vec::new();
    let counts = |progress: VerifyProgress| {
        let VerifyProgress { total, found, events, requests, round, .. } = progress;
        format!("{found} of {total}, {events} events in {requests} requests, round {round}")
    };
    // An id that the list does not have is read for to its end, in each round.
    let call = verify(&client, ids((100..120).chain([500]))).account("acme-prod").rounds(2);
    let verification = call.on_progress(|progress| lines.push(counts(progress))).send().await.unwrap();
    assert_eq!((verification.total(), verification.metered()), (21, 20));
    insta::assert_snapshot!(lines.join("\n"), @r###"
    0 of 21, 50 events in 1 requests, round 1
    0 of 21, 100 events in 2 requests, round 1
    20 of 21, 120 events in 3 requests, round 1
    20 of 21, 170 events in 4 requests, round 2
    20 of 21, 220 events in 5 requests, round 2
    20 of 21, 240 events in 6 requests, round 2
    "###);

    lines.clear();
    let long = "r".repeat(51);
    let call = verify(&client, ["ride-1", "ride-500", "ride-2", &long]).rounds(2);
    let _verification = call.on_progress(|progress| lines.push(counts(progress))).send().await.unwrap();
    insta::assert_snapshot!(lines.join("\n"), @r###"
    1 of 4, 1 events in 1 requests, round 1
    1 of 4, 1 events in 2 requests, round 1
    2 of 4, 2 events in 3 requests, round 1
    2 of 4, 2 events in 3 requests, round 1
    2 of 4, 2 events in 4 requests, round 2
    "###);
}

#[tokio::test]
async fn an_event_that_appears_in_a_later_round_is_found_once_and_given_out_each_time() {
    let (_sandbox, client, clock) = slow_sandbox().await;
    ingest(&client, [event(0)]).await;
    let (mut states, mut progress) = (Vec::new(), Vec::new());
    let (sender, receiver) = std::sync::mpsc::channel();
    let events = sender.clone();
    let call = verify(&client, ids([0])).on_event(move |event| events.send(event.state().to_string()).unwrap());
    let call = call.on_progress(move |progress| sender.send(progress.to_string()).unwrap());
    let _verification = with_slow_requests(call, &clock, 3).await;
    for line in receiver {
        if line.contains("ids found") { progress.push(line) } else { states.push(line) }
    }
    assert_eq!(states, ["in progress", "metered"]);
    insta::assert_snapshot!(progress.join("\n"), @r###"
    0 of 1 ids found, 0 events read, round 1
    1 of 1 ids found, 1 events read, round 2
    1 of 1 ids found, 2 events read, round 3
    "###);
}

#[tokio::test]
async fn callbacks_that_borrow_go_with_their_task() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let failure = client.ingest_events([event(0)]).idempotent(false).send().await.unwrap_err();
    let report = failure.into_parts().0;
    let task = tokio::spawn(async move {
        let (mut states, mut last) = (Vec::new(), VerifyProgress::default());
        let call = verify(&client, ids([0])).on_event(|event| states.push(event.state()));
        let verification = call.on_progress(|progress| last = progress).send().await.unwrap();
        assert_eq!((verification.total(), last.found), (1, 1));
        let call = report.verify(&client).on_event(|event| states.push(event.state()));
        let report = call.on_progress(|progress| last = progress).send().await.unwrap();
        assert_eq!((report.accepted(), last.found), (1, 1));
        states
    });
    assert_eq!(task.await.unwrap(), [EventState::Metered, EventState::Metered]);
}

#[tokio::test]
async fn what_was_given_out_before_an_error_stays_given_out() {
    let (sandbox, client) = start().await;
    ingest(&client, (0..60).map(event)).await;
    sandbox.fault(Fault::status(403).on("get_events").every(2));
    let (mut events, mut last) = (0, VerifyProgress::default());
    let call = verify(&client, ids(0..60)).account("acme-prod").on_event(|_| events += 1);
    call.on_progress(|progress| last = progress).send().await.unwrap_err();
    assert_eq!((events, last.found, last.events, last.requests), (50, 50, 50, 1));
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
