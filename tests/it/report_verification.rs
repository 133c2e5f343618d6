//! Reports whose open outcomes are looked up, through the whole client.

use std::time::Duration;

use togai_ext::prelude::*;
use togai_ext::{ReportedEvent, VerifyOutcomes};
use togai_sandbox::Fault;

use crate::support::{TOKEN, client_of, counts, event, log, sandbox, stable_text, start};

/// A call that waits neither between two look-ups nor between two rounds.
fn verify<'a, E: ReportedEvent, T>(report: IngestReport<E, T>, client: &Client) -> VerifyOutcomes<'a, E, T> {
    report.verify(client).lookups_per_second(u32::MAX).delay(Duration::ZERO)
}

/// The report of events 0 to 2, whose request is not sent again after the fault.
async fn interrupted(client: &Client) -> IngestReport {
    let failure = client.ingest_events((0..3).map(event)).idempotent(false).send().await.unwrap_err();
    let (report, not_sent, _) = failure.into_parts();
    assert_eq!((counts(&report).as_str(), not_sent.len()), ("3 unknown", 0));
    report
}

#[tokio::test]
async fn events_whose_response_was_lost_are_accepted() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let report = interrupted(&client).await;
    sandbox.clear_requests();
    let report = verify(report, &client).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.metered_count()), ("3 accepted", 3));
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events/{event_id} -> 200
    GET /events/{event_id} -> 200
    GET /events/{event_id} -> 200
    "###);

    // Nothing is open any more.
    sandbox.clear_requests();
    assert_eq!(verify(report, &client).send().await.unwrap().into_result().unwrap(), 3);
    assert_eq!(sandbox.request_count(), 0);
}

#[tokio::test]
async fn events_that_were_lost_on_the_way_stay_unknown() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_before_reading().first(1));
    let before = interrupted(&client).await;
    let after = verify(before.clone(), &client).rounds(2).send().await.unwrap();
    assert_eq!((after, sandbox.events().len()), (before, 0));
}

#[tokio::test]
async fn an_event_that_arrived_twice_is_accepted() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let report = interrupted(&client).await;
    client.ingest_events((0..3).map(event)).send().await.unwrap().into_result().unwrap();
    assert_eq!((sandbox.events().len(), sandbox.metered_count()), (6, 3));
    assert_eq!(counts(&verify(report, &client).send().await.unwrap()), "3 accepted");
}

#[tokio::test]
async fn an_event_that_failed_after_its_arrival_is_rejected() {
    let sandbox = sandbox().account("acme", "acme-prod").accept_unknown_accounts(false).start().await.unwrap();
    let client = client_of(&sandbox);
    sandbox.fault(Fault::reset_after_reading().first(1));
    let mut astray = event(1);
    astray.account_id = "acme-pord".into();
    let failure = client.ingest_events([event(0), astray.clone()]).idempotent(false).send().await.unwrap_err();
    let report = verify(failure.into_parts().0, &client).send().await.unwrap();
    assert_eq!(counts(&report), "1 accepted, 1 rejected");
    let rejected = &report.not_accepted()[0];
    assert_eq!((rejected.index, &rejected.event), (1, &astray));
    insta::assert_snapshot!(rejected.outcome, @"rejected: No account has this id or alias [INGESTION_FAILED_ACCOUNT_NOT_FOUND]");
}

#[tokio::test]
async fn duplicates_are_compared_with_what_the_server_has() {
    let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
    let client = client_of(&sandbox);
    // The first one is written in another way than an event: other numbers, another zone, another order.
    let rewritten = serde_json::json!({
        "timestamp": "2024-04-18T18:00:18.000+02:00", "id": "ride-1", "dimensions": { "city": "Chennai" },
        "attributes": [{ "unit": "km", "value": "00.50", "name": "distance" }], "accountId": "acme-prod",
        "schemaName": "rides",
    });
    client.ingest_slice(&[rewritten]).send().await.unwrap().into_strict_result().unwrap();
    client.ingest_events([event(2), event(3)]).send().await.unwrap().into_strict_result().unwrap();

    let events = [event(1), event(2).dimension("city", "Madurai"), event(3), event(4)];
    let tagged = events.clone().into_iter().zip(["a", "b", "c", "d"]);
    let report = client.ingest_events(tagged).send().await.unwrap();
    assert_eq!(counts(&report), "1 accepted, 3 duplicate");
    assert!(report.not_accepted().iter().all(|event| event.outcome == Outcome::Duplicate { compared: false }));

    sandbox.clear_requests();
    let report = verify(report, &client).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.request_count()), ("1 accepted, 2 duplicate, 1 rejected", 3));
    let [first, second, third] = report.not_accepted() else { panic!("{report}") };
    for same in [first, third] {
        assert_eq!(same.outcome, Outcome::Duplicate { compared: true });
    }
    assert_eq!((&second.event, second.tag), (&events[1], "b"));
    insta::assert_snapshot!(second.outcome, @"rejected: the server has another event with the same `id`, which says something else: look at both, and give this one an `id` of its own if both are to count");
}

#[tokio::test]
async fn rows_of_a_slice_are_looked_up_and_not_compared() {
    let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
    let client = client_of(&sandbox);
    client.ingest_events([event(0)]).send().await.unwrap().into_strict_result().unwrap();
    let report = client.ingest_slice(&[event(0), event(1)]).send().await.unwrap();
    assert_eq!(counts(&report), "1 accepted, 1 duplicate");
    sandbox.clear_requests();
    assert_eq!(verify(report.clone(), &client).send().await.unwrap(), report);
    assert_eq!(sandbox.request_count(), 0);

    sandbox.fault(Fault::reset_after_reading().first(1));
    let rows = [event(2), event(3)];
    let failure = client.ingest_slice(&rows).idempotent(false).send().await.unwrap_err();
    let report = verify(failure.into_parts().0, &client).send().await.unwrap();
    assert_eq!(counts(&report), "2 accepted");
}

#[tokio::test]
async fn events_that_were_taken_from_the_report_are_not_looked_up() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let mut taken = Vec::new();
    let call = client.ingest_events((0..3).map(event)).idempotent(false).on_not_accepted(|verdict| taken.push(verdict));
    let (report, _, _) = call.send().await.unwrap_err().into_parts();
    sandbox.clear_requests();
    let report = verify(report, &client).send().await.unwrap();
    assert_eq!((report.unknown(), taken.len(), sandbox.request_count()), (3, 3, 0));
}

#[tokio::test]
async fn a_token_refused_midway_gives_the_report_back() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let report = interrupted(&client).await;
    sandbox.fault(Fault::status(401).on("get_single_event").every(3));
    let failure = verify(report, &client).send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&failure), @"get_single_event: the server answered 401 Unauthorized: a fault of the sandbox: Unauthorized (1 attempt); check the token, and that it belongs to this environment (2 of 3 events accepted, 1 unknown)");
    assert!(!format!("{failure:?}").contains(TOKEN));

    // It can be gone on with, by a client that does not know of the refusal.
    sandbox.clear_faults();
    sandbox.clear_requests();
    let (report, error) = failure.into_parts();
    assert!(error.is_auth());
    let report = verify(report, &client_of(&sandbox)).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.request_count()), ("3 accepted", 1));
}

#[tokio::test]
async fn the_events_of_the_server_and_the_progress_are_given_out() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(0)]).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::reset_after_reading().first(1));
    let report = interrupted(&client).await;
    // Another one, of which nothing is there.
    sandbox.fault(Fault::reset_before_reading().first(1));
    let failure = client.ingest_events([event(7)]).idempotent(false).send().await.unwrap_err();
    let missing = failure.into_parts().0;

    let (mut events, mut lines) = (Vec::new(), Vec::new());
    let call = verify(report, &client).on_progress(|progress| lines.push(progress.to_string()));
    let call = call.on_event(|event| {
        events.push(format!("{}: {}", event.event_payload.id.as_deref().unwrap(), event.state()));
    });
    assert_eq!(counts(&call.send().await.unwrap()), "3 accepted");
    insta::assert_snapshot!(events.join("\n"), @r###"
    ride-0: metered
    ride-0: failed: INGESTION_FAILED_DUPLICATE_EVENT: An event with this id was metered within the last 45 days
    ride-1: metered
    ride-2: metered
    "###);
    insta::assert_snapshot!(lines.join("\n"), @r###"
    1 of 3 ids found, 2 events read, round 1
    2 of 3 ids found, 3 events read, round 1
    3 of 3 ids found, 4 events read, round 1
    "###);

    lines.clear();
    let call = verify(missing, &client).rounds(2).on_event(|event| panic!("{event:?}"));
    let report = call.on_progress(|progress| lines.push(progress.to_string())).send().await.unwrap();
    assert_eq!(counts(&report), "1 unknown");
    insta::assert_snapshot!(lines.join("\n"), @r###"
    0 of 1 ids found, 0 events read, round 1
    0 of 1 ids found, 0 events read, round 2
    "###);
}
