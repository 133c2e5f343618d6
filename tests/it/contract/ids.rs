//! The ids of events: which are sent, and which are not sent again.

use std::pin::pin;

use futures::TryStreamExt;
use futures::future::{Either, select};
use togai_ext::prelude::*;
use togai_sandbox::Fault;
use tokio::sync::Notify;

use super::S;
use crate::delayed_sandbox::{release_responses, start_delayed};
use crate::services::{EventOf, Service as _, sizes};
use crate::support::counts;

/// Three events that are equal in all they say, and three others, without ids.
fn anonymous() -> impl Iterator<Item = EventOf<S>> {
    [1, 1, 2, 3, 1, 4].into_iter().map(S::anonymous)
}

#[tokio::test]
async fn an_identical_event_in_the_same_input_is_sent_once() {
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events([S::event(1), S::event(2), S::event(1)]).send().await.unwrap();
    assert_eq!(counts(&report), "2 accepted, 1 duplicate");
    let other = &report.not_accepted()[0];
    assert_eq!(
        (other.index, &other.outcome, other.id.as_deref()),
        (2, &Outcome::Duplicate { compared: true }, Some("ride-1"))
    );
    assert_eq!((sizes(&sandbox), S::arrivals(&sandbox).len()), (vec![2], 2));
}

#[tokio::test]
async fn a_second_event_with_the_same_id_and_different_content_is_rejected() {
    let (sandbox, client) = S::start().await;
    let events = [S::event(1), S::event(2), S::with_note(S::event(1), "tip")];
    let report = client.ingest_events(events.clone()).send().await.unwrap();
    assert_eq!(counts(&report), "2 accepted, 1 rejected");
    let other = &report.not_accepted()[0];
    assert_eq!((other.index, &other.event), (2, &events[2]));
    let expected = format!(
        "rejected: another event of this call has the same `{}` and says something else: give each its own",
        S::ID
    );
    assert_eq!(other.outcome.to_string(), expected);
    assert_eq!((sizes(&sandbox), S::arrivals(&sandbox).len()), (vec![2], 2));

    // So it is where the other one is in an earlier batch.
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events(events).batch_size(1).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("2 accepted, 1 rejected", vec![1, 1]));
}

#[tokio::test]
async fn an_id_in_flight_is_not_sent_twice() {
    let (sandbox, clock) = start_delayed::<S>().await;
    let client = S::client_of(&sandbox);
    let Either::Left((sent, _)) =
        select(pin!(client.ingest_events([S::event(0)]).send()), pin!(release_responses(&clock))).await
    else {
        panic!("it goes on for ever")
    };
    sent.unwrap().into_result().unwrap();

    let events = [S::event(1), S::event(2), S::event(1), S::with_note(S::event(2), "tip"), S::event(3)];
    let mut verdicts = client.ingest_events(events).batch_size(1).verdicts();
    // They are told while the others are on their way.
    let mut early = Vec::new();
    for _ in 0..2 {
        let verdict = verdicts.try_next().await.unwrap().unwrap();
        early.push((verdict.index, matches!(verdict.outcome, Outcome::Duplicate { compared: true })));
    }
    assert_eq!(early, [(2, true), (3, false)]);
    let watch = async {
        clock.until_sleeping(3).await;
        release_responses(&clock).await;
    };
    let rest = verdicts.map_ok(|verdict| (verdict.index, verdict.outcome)).try_collect::<Vec<_>>();
    let Either::Left((rest, _)) = select(pin!(rest), pin!(watch)).await else { panic!("it goes on for ever") };
    let mut rest = rest.unwrap();
    rest.sort_by_key(|(index, _)| *index);
    assert_eq!(rest, [0, 1, 4].map(|index| (index, Outcome::Accepted)));
    assert_eq!((sizes(&sandbox), S::metered(&sandbox).len()), (vec![1; 4], 4));
}

#[tokio::test]
async fn an_event_that_was_not_accepted_can_be_resubmitted_in_the_same_call() {
    let (sandbox, client) = S::start().await;
    let call = client.ingest_events([S::bad_event(1), S::event(1)]).batch_size(1).concurrency(1).local_checks(false);
    assert_eq!(counts(&call.send().await.unwrap()), "1 accepted, 1 rejected");
    assert_eq!((sizes(&sandbox), S::metered(&sandbox).len()), (vec![1, 1], 1));
}

#[tokio::test]
async fn content_ids_meter_a_repeated_input_once_and_all_its_equal_events() {
    let (sandbox, client) = S::start().await;
    for run in 1..=2 {
        let report = client.ingest_events(anonymous()).ids(IdPolicy::FromContent).batch_size(2).send().await.unwrap();
        assert_eq!(counts(&report), "6 accepted");
        assert_eq!((S::arrivals(&sandbox).len(), S::arrived(&sandbox).len()), (6 * run, 6));
        assert_eq!(S::metered_once(&sandbox), if S::COUNTS_ONCE { 6 } else { 6 * run });
    }
    // The size of batches, and whether an event comes as a type of the caller's own, changes nothing.
    let events: Vec<serde_json::Value> = anonymous().map(|event| serde_json::to_value(event).unwrap()).collect();
    let report = client.ingest_slice(&events).ids(IdPolicy::FromContent).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), S::arrived(&sandbox).len()), ("6 accepted", 6));
    assert_eq!(S::metered_once(&sandbox), if S::COUNTS_ONCE { 6 } else { 18 });
}

#[tokio::test]
async fn content_ids_make_a_killed_call_safe_to_rerun() {
    let (sandbox, client) = S::start().await;
    let input = || (0..200).map(|number| S::anonymous(number / 3));
    let call = || client.ingest_events(input()).ids(IdPolicy::FromContent).batch_size(10);
    let one_is_over = Notify::new();
    let killed = call().on_progress(|_| one_is_over.notify_one()).send();
    assert!(matches!(select(pin!(killed), pin!(one_is_over.notified())).await, Either::Right(_)));
    assert!((1..20).contains(&sandbox.requests().len()));

    assert_eq!(call().send().await.unwrap().into_result().unwrap(), 200);
    assert_eq!(S::arrived(&sandbox).len(), 200);
    assert!(S::arrivals(&sandbox).len() >= 210);
    assert!(!S::COUNTS_ONCE || S::metered_once(&sandbox) == 200);
}

#[tokio::test]
async fn merged_content_ids_meter_equal_events_once_over_all_runs() {
    let (sandbox, client) = S::start().await;
    for run in 1..=2 {
        let call = client.ingest_events(anonymous()).ids(IdPolicy::FromContentMergeEqual);
        let report = call.send().await.unwrap();
        assert_eq!(counts(&report), "4 accepted, 2 duplicate");
        let merged: Vec<_> = report.not_accepted().iter().map(|event| (event.index, event.outcome.clone())).collect();
        assert_eq!(merged, [1, 4].map(|index| (index, Outcome::Duplicate { compared: true })));
        assert_eq!(S::metered_once(&sandbox), if S::COUNTS_ONCE { 4 } else { 4 * run });
        assert_eq!(report.into_result().unwrap(), 6);
    }
    // In parts and in another order they have the same ids.
    for event in [4, 1, 3, 1, 2, 1].map(S::anonymous) {
        let report = client.ingest_events([event]).ids(IdPolicy::FromContentMergeEqual).send().await.unwrap();
        assert_eq!(counts(&report), "1 accepted");
    }
    assert_eq!(S::arrived(&sandbox).len(), 4);
    assert!(!S::COUNTS_ONCE || S::metered_once(&sandbox) == 4);
}

#[tokio::test]
async fn random_ids_meter_every_submitted_event() {
    let (sandbox, client) = S::start().await;
    for run in 1..=2 {
        assert_eq!(client.ingest_events(anonymous()).send().await.unwrap().into_result().unwrap(), 6);
        assert_eq!(S::metered(&sandbox).len(), 6 * run);
    }
}

#[tokio::test]
async fn a_missing_required_id_rejects_the_event() {
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events(anonymous().chain([S::event(1)])).ids(IdPolicy::Require).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("1 accepted, 6 rejected", vec![1]));
    let expected =
        format!("rejected: `{}` is not set: give the event one, or take another `IdPolicy` than `Require`", S::ID);
    assert_eq!(report.not_accepted()[0].outcome.to_string(), expected);
    assert_eq!(report.not_accepted()[0].id, None);
}

#[tokio::test]
async fn an_event_without_an_id_gets_one_before_the_first_attempt() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").on(S::BATCH).first(1));
    let events = (0..3).map(S::anonymous);
    client.ingest_events(events).send().await.unwrap().into_result().unwrap();
    let bodies: Vec<_> = sandbox.requests().iter().map(|request| request.body.json().cloned()).collect();
    // The same ids went with both attempts.
    assert_eq!((bodies.len(), bodies[1].is_some(), &bodies[0]), (2, true, &bodies[1]));
    assert_eq!(S::metered(&sandbox).len(), 3);
}

#[tokio::test]
async fn an_empty_id_is_rejected_under_every_policy() {
    let (sandbox, client) = S::start().await;
    let event = || S::with_id(S::event(1), "");
    let expected = format!("rejected: `{}` is empty: set it, or leave it out to have one made", S::ID);
    for policy in [IdPolicy::Random, IdPolicy::FromContent, IdPolicy::Require] {
        let report = client.ingest_events([event(), event(), S::event(2)]).ids(policy).send().await.unwrap();
        assert_eq!(counts(&report), "1 accepted, 2 rejected");
        assert_eq!(report.not_accepted()[0].outcome.to_string(), expected);
        // The event comes back as it was.
        assert_eq!(report.not_accepted()[0].event, event());
        let rows = [event(), S::event(2)].map(|event| serde_json::to_value(event).unwrap());
        let report = client.ingest_slice(&rows).ids(policy).send().await.unwrap();
        assert_eq!(
            (counts(&report), report.not_accepted()[0].outcome.to_string()),
            ("1 accepted, 1 rejected".to_owned(), expected.clone())
        );
    }
    assert_eq!(S::arrived(&sandbox).into_iter().collect::<Vec<_>>(), ["ride-2"]);
}

#[tokio::test]
async fn without_local_checks_an_empty_id_is_sent_as_it_is() {
    let (sandbox, client) = S::start().await;
    let events = [S::with_id(S::event(1), ""), S::with_id(S::event(1), ""), S::with_id(S::event(2), "")];
    let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
    // It is an id like any other: the second event is the first one again, and the third another one with its id.
    assert_eq!(counts(&report), "1 accepted, 1 duplicate, 1 rejected");
    let requests = sandbox.requests();
    let sent = requests[0].body.json().unwrap()["events"].as_array().unwrap();
    assert_eq!((requests.len(), sent.len(), &sent[0][S::ID]), (1, 1, &"".into()));
}
