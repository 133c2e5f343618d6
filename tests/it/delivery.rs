//! How events are delivered: in which requests, with which ids, and what comes back beside the verdicts.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{Either, join, join_all, select};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::{IngestProgress, Outcome};
use togai_sandbox::{Fault, ManualClock, PartialFailureShape, Sandbox};
use tokio::sync::Notify;

use crate::ingestion::counts;
use crate::support::{TOKEN, bad_event, client_of, event, log, sandbox, start, told};

/// The event of a number, as long as that of every other number.
fn alike(number: u32) -> Event {
    event(0).id(format!("ride-{number:05}"))
}

/// How many events each request had.
fn sizes(sandbox: &Sandbox) -> Vec<usize> {
    sandbox.requests().iter().map(|request| request.event_count().unwrap_or_default()).collect()
}

/// The ids that the sandbox metered, each of them once.
fn metered(sandbox: &Sandbox) -> BTreeSet<String> {
    let ids: Vec<String> = sandbox.metered().into_iter().map(|arrival| arrival.event_id.unwrap()).collect();
    let metered: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(metered.len(), ids.len());
    metered
}

// Halves.

#[tokio::test]
async fn one_poison_event_among_a_thousand_is_found_by_halving() {
    let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
    let events = (0..1000).map(|number| if number == 617 { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "999 accepted, 1 rejected");
    assert_eq!((report.not_accepted()[0].index, metered(&sandbox).len()), (617, 999));
    // Where the first half was taken, the second one holds the event and is halved without being sent.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 1000 events -> 400
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 250 events -> 400
    POST /ingestBatch 125 events -> 400
    POST /ingestBatch 63 events -> 202
    POST /ingestBatch 31 events -> 202
    POST /ingestBatch 16 events -> 202
    POST /ingestBatch 8 events -> 400
    POST /ingestBatch 4 events -> 202
    POST /ingestBatch 2 events -> 202
    POST /ingestBatch 1 event -> 202
    POST /ingestBatch 1 event -> 400
    POST /ingestBatch 7 events -> 202
    POST /ingestBatch 125 events -> 202
    POST /ingestBatch 250 events -> 202
    "###);
}

#[tokio::test]
async fn one_poison_event_costs_at_most_twice_as_many_requests_as_there_are_halvings() {
    for (poison, requests) in [(0, 21), (500, 20), (999, 11)] {
        let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
        let events = (0..1000).map(|number| if number == poison { bad_event(number) } else { event(number) });
        let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
        assert_eq!(counts(&report), "999 accepted, 1 rejected");
        assert_eq!((sandbox.requests().len(), metered(&sandbox).len()), (requests, 999), "{poison}");
        // Nothing was taken twice.
        assert_eq!(sandbox.events().len(), 999);
    }
}

#[tokio::test]
async fn three_poison_events_among_a_thousand_are_found_by_halving() {
    let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
    let is_poison = |number| [3, 617, 999].contains(&number);
    let events = (0..1000).map(|number| if is_poison(number) { bad_event(number) } else { event(number) });
    let report = client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "997 accepted, 3 rejected");
    assert!(report.not_accepted().iter().map(|refused| refused.index).eq([3, 617, 999]));
    assert_eq!((sandbox.events().len(), metered(&sandbox).len()), (997, 997));
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 1000 events -> 400
    POST /ingestBatch 500 events -> 400
    POST /ingestBatch 250 events -> 400
    POST /ingestBatch 125 events -> 400
    POST /ingestBatch 63 events -> 400
    POST /ingestBatch 32 events -> 400
    POST /ingestBatch 16 events -> 400
    POST /ingestBatch 8 events -> 400
    POST /ingestBatch 4 events -> 400
    POST /ingestBatch 2 events -> 202
    POST /ingestBatch 1 event -> 202
    POST /ingestBatch 1 event -> 400
    POST /ingestBatch 4 events -> 202
    POST /ingestBatch 8 events -> 202
    POST /ingestBatch 16 events -> 202
    POST /ingestBatch 31 events -> 202
    POST /ingestBatch 62 events -> 202
    POST /ingestBatch 125 events -> 202
    POST /ingestBatch 250 events -> 202
    POST /ingestBatch 500 events -> 400
    POST /ingestBatch 250 events -> 400
    POST /ingestBatch 125 events -> 400
    POST /ingestBatch 63 events -> 202
    POST /ingestBatch 31 events -> 202
    POST /ingestBatch 16 events -> 202
    POST /ingestBatch 8 events -> 400
    POST /ingestBatch 4 events -> 202
    POST /ingestBatch 2 events -> 202
    POST /ingestBatch 1 event -> 202
    POST /ingestBatch 1 event -> 400
    POST /ingestBatch 7 events -> 202
    POST /ingestBatch 125 events -> 202
    POST /ingestBatch 250 events -> 400
    POST /ingestBatch 125 events -> 202
    POST /ingestBatch 63 events -> 202
    POST /ingestBatch 31 events -> 202
    POST /ingestBatch 16 events -> 202
    POST /ingestBatch 8 events -> 202
    POST /ingestBatch 4 events -> 202
    POST /ingestBatch 2 events -> 202
    POST /ingestBatch 1 event -> 400
    "###);
}

#[tokio::test]
async fn halves_are_the_same_bytes_with_the_same_ids() {
    let sandbox = sandbox().max_batch(2).start().await.unwrap();
    let events = (0..4).map(|count| Event::new("rides", "acme-prod").attribute("count", count));
    client_of(&sandbox).ingest_events(events).send().await.unwrap().into_result().unwrap();
    let bodies: Vec<_> = sandbox.requests().iter().map(|request| request.body.json().unwrap().clone()).collect();
    let halves: Vec<_> = bodies[1..].iter().flat_map(|body| body["events"].as_array().unwrap()).cloned().collect();
    assert_eq!((sizes(&sandbox), &json!(halves)), (vec![4, 2, 2], &bodies[0]["events"]));
}

// The first batch of a client, and those after it.

/// A sandbox that answers ingestion only when its clock is moved.
async fn held() -> (Sandbox, ManualClock) {
    let clock = ManualClock::new();
    let sandbox = sandbox().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(SECOND).on("ingest_batch"));
    (sandbox, clock)
}

const SECOND: Duration = Duration::from_secs(1);

/// Lets requests be answered as they come, for ever.
async fn answer(clock: &ManualClock) {
    loop {
        clock.until_sleeping(1).await;
        clock.advance(SECOND);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_batch_of_a_client_goes_alone_and_the_next_ones_go_together() {
    let (sandbox, clock) = held().await;
    let client = client_of(&sandbox);
    let pulled = AtomicU32::new(0);
    let events = |numbers: Range<u32>| numbers.map(event).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let sent = client.ingest_events(events(0..30)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(1).await;
        // Nothing is pulled beyond the batch on its way, so there is nothing that could be on its way beside it.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (1, 2));
        clock.advance(SECOND);
        clock.until_sleeping(4).await;
        // Four are on their way, and nothing is pulled that would have to wait for them.
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (5, 10));
        answer(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);

    // Another call of the client, or of a clone, need not be cautious any more.
    sandbox.clear_requests();
    let other = client.clone();
    let sent = other.ingest_events(events(30..60)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(4).await;
        assert_eq!((sandbox.requests().len(), pulled.load(Ordering::Relaxed)), (4, 38));
        answer(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
    assert_eq!(metered(&sandbox).len(), 60);
}

#[tokio::test]
async fn any_success_of_a_client_ends_its_caution() {
    let (sandbox, clock) = held().await;
    let client = client_of(&sandbox);
    client.get_events().send().await.unwrap();
    let sent = client.ingest_events((0..30).map(event)).batch_size(2).send();
    let watch = async {
        clock.until_sleeping(4).await;
        answer(&clock).await;
    };
    let Either::Left((sent, _)) = select(pin!(sent), pin!(watch)).await else { panic!("it goes on for ever") };
    assert_eq!(sent.unwrap().into_result().unwrap(), 30);
}

#[tokio::test]
async fn ten_calls_at_once_with_a_wrong_token_cost_one_request() {
    for status in [401, 403] {
        let (sandbox, client) = start().await;
        sandbox.fault(Fault::status(status));
        let sent = join_all((0..10).map(|call| client.ingest_events((call * 5..call * 5 + 5).map(event)).send())).await;
        assert_eq!(sandbox.requests().len(), 1, "{status}");
        let told: Vec<String> = sent.into_iter().map(|sent| counts(sent.unwrap_err().report())).collect();
        assert_eq!(told[0], "5 rejected");
        assert!(told[1..].iter().all(|told| told == "5 not sent"), "{told:?}");
        // Who comes later tries again.
        assert!(client.ingest_events([event(0)]).send().await.unwrap_err().error().is_auth());
        assert_eq!(sandbox.requests().len(), 2);
    }
}

#[tokio::test]
async fn after_a_refusal_of_the_token_batches_on_their_way_are_awaited_and_not_sent_again() {
    let (sandbox, clock) = held().await;
    sandbox.clear_faults();
    let client = client_of(&sandbox);
    client.ingest_events([event(100)]).send().await.unwrap().into_result().unwrap();
    // Of four batches on their way one is refused, and the others would be sent again another time.
    sandbox.fault(Fault::status(401).first(1));
    sandbox.fault(Fault::status(503).delayed_by(SECOND));
    let refused = Notify::new();
    let call = client.ingest_events((0..30).map(event)).batch_size(2);
    let sent = call
        .on_progress(|progress| {
            if progress.rejected > 0 {
                refused.notify_one();
            }
        })
        .send();
    let watch = async {
        clock.until_sleeping(3).await;
        refused.notified().await;
        clock.advance(SECOND);
    };
    let (sent, ()) = join(sent, watch).await;
    let failure = sent.unwrap_err();
    assert!(failure.error().is_auth());
    // The other batches were never pulled.
    assert_eq!(counts(failure.report()), "2 rejected, 6 unknown");
    assert_eq!(sandbox.requests().len(), 1 + 4);
}

#[tokio::test]
async fn a_pause_that_another_call_was_told_and_that_does_not_fit_sends_nothing() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").on("ingest_batch"));
    let hasty = client.with(CallOptions::new().deadline(SECOND));
    for call in 0..2 {
        let failure = hasty.ingest_events([event(call)]).send().await.unwrap_err();
        assert!(failure.error().is_throttled() && failure.error().retry_after().unwrap() > SECOND * 3500);
        assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("1 not sent", 1));
    }
}

// Ids.

#[tokio::test]
async fn of_two_events_with_the_same_id_and_content_in_one_input_one_is_sent() {
    let (sandbox, client) = start().await;
    let report = client.ingest_events([event(1), event(2), event(1)]).send().await.unwrap();
    assert_eq!(counts(&report), "2 accepted, 1 duplicate");
    let other = &report.not_accepted()[0];
    assert_eq!((other.index, &other.outcome, other.id.as_deref()), (2, &Outcome::Duplicate, Some("ride-1")));
    assert_eq!((sizes(&sandbox), sandbox.events().len()), (vec![2], 2));
}

#[tokio::test]
async fn of_two_events_with_the_same_id_and_other_content_the_second_is_rejected() {
    let (sandbox, client) = start().await;
    let events = [event(1), event(2), event(1).attribute("tip", 3)];
    let report = client.ingest_events(events.clone()).send().await.unwrap();
    assert_eq!(counts(&report), "2 accepted, 1 rejected");
    let other = &report.not_accepted()[0];
    assert_eq!((other.index, &other.event), (2, &events[2]));
    insta::assert_snapshot!(other.outcome, @"rejected: another event of this call has the same `id` and says something else: give each its own");
    assert_eq!((sizes(&sandbox), sandbox.events().len()), (vec![2], 2));

    // So it is where the other one is in an earlier batch.
    let (sandbox, client) = start().await;
    let report = client.ingest_events(events).batch_size(1).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("2 accepted, 1 rejected", vec![1, 1]));
}

#[tokio::test]
async fn an_id_that_is_on_its_way_is_not_sent_again() {
    let (sandbox, clock) = held().await;
    let client = client_of(&sandbox);
    let Either::Left((sent, _)) = select(pin!(client.ingest_events([event(0)]).send()), pin!(answer(&clock))).await
    else {
        panic!("it goes on for ever")
    };
    sent.unwrap().into_result().unwrap();

    let events = [event(1), event(2), event(1), event(2).attribute("tip", 3), event(3)];
    let mut verdicts = client.ingest_events(events).batch_size(1).outcomes();
    // They are told while the others are on their way.
    let mut early = Vec::new();
    for _ in 0..2 {
        let verdict = verdicts.try_next().await.unwrap().unwrap();
        early.push((verdict.index, matches!(verdict.outcome, Outcome::Duplicate)));
    }
    assert_eq!(early, [(2, true), (3, false)]);
    let watch = async {
        clock.until_sleeping(3).await;
        answer(&clock).await;
    };
    let rest = verdicts.map_ok(|verdict| (verdict.index, verdict.outcome)).try_collect::<Vec<_>>();
    let Either::Left((rest, _)) = select(pin!(rest), pin!(watch)).await else { panic!("it goes on for ever") };
    let mut rest = rest.unwrap();
    rest.sort_by_key(|(index, _)| *index);
    assert_eq!(rest, [0, 1, 4].map(|index| (index, Outcome::Accepted)));
    assert_eq!((sizes(&sandbox), metered(&sandbox).len()), (vec![1; 4], 4));
}

#[tokio::test]
async fn an_id_of_an_earlier_call_is_sent_and_metered_once() {
    for (names_duplicates, expected) in [(false, "3 accepted"), (true, "1 accepted, 2 duplicate")] {
        let sandbox = sandbox().name_duplicates(names_duplicates).start().await.unwrap();
        let client = client_of(&sandbox);
        client.ingest_events([event(1), event(2)]).send().await.unwrap().into_result().unwrap();
        let report = client.ingest_events([event(1), event(2), event(3)]).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sizes(&sandbox)), (expected, vec![2, 3]));
        assert_eq!((sandbox.events().len(), metered(&sandbox).len()), (5, 3));
    }
}

#[tokio::test]
async fn a_duplicate_of_an_attempt_whose_answer_was_lost_was_accepted() {
    let faults = [Fault::reset_after_reading(), Fault::cut_off(), Fault::status(503).after_applying()];
    for fault in faults {
        let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
        sandbox.fault(fault.first(1));
        let client = client_of(&sandbox);
        let report = client.ingest_events((0..5).map(event)).send().await.unwrap();
        assert_eq!(counts(&report), "5 accepted");
        assert_eq!((sizes(&sandbox), sandbox.requests()[1].status), (vec![5, 5], Some(207)));
        assert_eq!(metered(&sandbox).len(), 5);
    }
}

#[tokio::test]
async fn an_event_that_was_not_accepted_may_be_handed_in_again_in_the_same_call() {
    let (sandbox, client) = start().await;
    let call = client.ingest_events([bad_event(1), event(1)]).batch_size(1).concurrency(1).local_checks(false);
    assert_eq!(counts(&call.send().await.unwrap()), "1 accepted, 1 rejected");
    assert_eq!((sizes(&sandbox), metered(&sandbox).len()), (vec![1, 1], 1));
}

/// Three events that are equal in all they say, and three others, without ids.
fn anonymous() -> impl Iterator<Item = Event> {
    let time = Timestamp::from_unix_seconds(1_713_456_017);
    [1, 1, 2, 3, 1, 4]
        .into_iter()
        .map(move |count| Event::new("rides", "acme-prod").timestamp(time).attribute("n", count))
}

#[tokio::test]
async fn ids_from_content_meter_the_same_input_once_and_equal_events_of_it_all() {
    let (sandbox, client) = start().await;
    for run in 1..=2 {
        let report = client.ingest_events(anonymous()).ids(IdPolicy::FromContent).batch_size(2).send().await.unwrap();
        assert_eq!(counts(&report), "6 accepted");
        assert_eq!((sandbox.events().len(), metered(&sandbox).len()), (6 * run, 6));
    }
    // The size of batches, and whether an event comes as a type of the caller's own, changes nothing.
    let events: Vec<serde_json::Value> = anonymous().map(|event| serde_json::to_value(event).unwrap()).collect();
    let report = client.ingest_slice(&events).ids(IdPolicy::FromContent).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), metered(&sandbox).len()), ("6 accepted", 6));
}

#[tokio::test]
async fn ids_from_content_let_a_call_that_was_killed_be_run_again() {
    let (sandbox, client) = start().await;
    let time = Timestamp::from_unix_seconds(1_713_456_017);
    let input = || (0..200).map(|number| Event::new("rides", "acme-prod").timestamp(time).attribute("n", number / 3));
    let call = || client.ingest_events(input()).ids(IdPolicy::FromContent).batch_size(10);
    let one_is_over = Notify::new();
    let killed = call().on_progress(|_| one_is_over.notify_one()).send();
    assert!(matches!(select(pin!(killed), pin!(one_is_over.notified())).await, Either::Right(_)));
    assert!((1..20).contains(&sandbox.requests().len()));

    assert_eq!(call().send().await.unwrap().into_result().unwrap(), 200);
    assert_eq!(metered(&sandbox).len(), 200);
    assert!(sandbox.events().len() >= 210);
}

#[tokio::test]
async fn random_ids_meter_every_event_that_is_handed_in() {
    let (sandbox, client) = start().await;
    for run in 1..=2 {
        assert_eq!(client.ingest_events(anonymous()).send().await.unwrap().into_result().unwrap(), 6);
        assert_eq!(metered(&sandbox).len(), 6 * run);
    }
}

#[tokio::test]
async fn ids_that_are_required_and_not_there_are_a_rejection() {
    let (sandbox, client) = start().await;
    let report = client.ingest_events(anonymous().chain([event(1)])).ids(IdPolicy::Require).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("1 accepted, 6 rejected", vec![1]));
    insta::assert_snapshot!(report.not_accepted()[0].outcome, @"rejected: `id` is not set: give the event one, or take another `IdPolicy` than `Require`");
    assert_eq!(report.not_accepted()[0].id, None);
}

// What comes back.

#[tokio::test]
async fn a_tag_comes_back_with_the_verdict_of_its_event() {
    let (sandbox, client) = start().await;
    let tagged = || {
        (0..10).map(|number| if number == 7 { (bad_event(number), number + 40) } else { (event(number), number + 40) })
    };
    let verdicts = client.ingest_events(tagged()).batch_size(3).local_checks(false).outcomes();
    let mut told: Vec<_> =
        verdicts.map_ok(|told| (told.index, told.tag, told.outcome.is_accepted())).try_collect().await.unwrap();
    told.sort_unstable();
    assert_eq!(told, (0..10).map(|index| (index, u32::try_from(index).unwrap() + 40, index != 7)).collect::<Vec<_>>());

    let report = client.ingest_stream(stream::iter(tagged())).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    assert_eq!((report.not_accepted()[0].tag, &report.not_accepted()[0].event), (47, &bad_event(7)));

    let report = client.ingest_event((bad_event(3), "line 3")).send().await.unwrap();
    assert_eq!((report.not_accepted()[0].tag, metered(&sandbox).len()), ("line 3", 9));
}

#[tokio::test]
async fn a_tag_comes_back_with_what_was_not_sent() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::delay(Duration::ZERO).first(1));
    sandbox.fault(Fault::status(429).header("retry-after", "0"));
    let events = (0..10).map(|number| (event(number), number));
    let failure = client.ingest_events(events).batch_size(2).concurrency(1).send().await.unwrap_err();
    let (report, not_sent, error) = failure.into_parts();
    assert_eq!((report.accepted(), report.not_sent(), error.is_throttled()), (2, 2, true));
    let not_sent: Vec<_> = not_sent.into_iter().map(|verdict| (verdict.index, verdict.event, verdict.tag)).collect();
    assert_eq!(not_sent, [(2, event(2), 2), (3, event(3), 3)]);
    assert_eq!(report.into_not_accepted().len(), 0);
}

#[tokio::test]
async fn whoever_takes_what_is_not_accepted_gets_any_number_of_it() {
    let (sandbox, client) = start().await;
    let mut taken = Vec::new();
    let events = (0..40).map(|number| if number < 30 { bad_event(number) } else { event(number) });
    let call = client.ingest_events(events).batch_size(4).local_checks(false).max_not_accepted(5);
    let report = call.on_not_accepted(|verdict| taken.push((verdict.index, verdict.event))).send().await.unwrap();
    assert_eq!((report.accepted(), report.rejected(), report.not_accepted().len()), (10, 30, 0));
    taken.sort_unstable_by_key(|(index, _)| *index);
    assert!(taken.into_iter().eq((0..30).map(|number| (u64::from(number), bad_event(number)))));
    assert_eq!((sandbox.requests().len(), metered(&sandbox).len()), (10, 10));
}

#[tokio::test]
async fn more_that_is_not_accepted_than_is_kept_stops_the_call() {
    let (sandbox, client) = start().await;
    let call = client.ingest_events((0..40).map(bad_event)).batch_size(4).concurrency(1).max_not_accepted(5);
    let failure = call.local_checks(false).send().await.unwrap_err();
    insta::assert_snapshot!(failure.error(), @"ingest_batch: 8 events were not accepted, more than are kept: look at the first of them, and raise `max_not_accepted` or take them with `on_not_accepted`");
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("8 rejected", 2));

    let call = client.ingest_events((0..40).map(bad_event)).max_not_accepted(5);
    let failure = call.send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("6 rejected", 2));

    // As many as are kept are no reason to stop.
    let report = client.ingest_events((0..5).map(bad_event)).max_not_accepted(5).send().await.unwrap();
    assert_eq!(counts(&report), "5 rejected");
}

#[tokio::test]
async fn progress_only_grows_and_ends_where_the_input_does() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(503).every(3).first(4));
    let mut told: Vec<IngestProgress> = Vec::new();
    let events = (0..100).map(|number| if number % 10 == 7 { bad_event(number) } else { event(number) });
    let call = client.ingest_events(events).batch_size(5).local_checks(false);
    let report = call.on_progress(|progress| told.push(progress)).send().await.unwrap();
    assert_eq!(counts(&report), "90 accepted, 10 rejected");
    // One for each batch.
    assert_eq!(told.len(), 20);
    for (earlier, later) in told.iter().zip(&told[1..]) {
        assert!(earlier.watermark <= later.watermark && earlier.settled() < later.settled(), "{earlier:?} {later:?}");
        assert!(earlier.submitted <= later.submitted && earlier.accepted <= later.accepted);
    }
    assert!(
        told.iter()
            .all(|progress| progress.watermark <= progress.settled() && progress.settled() <= progress.submitted)
    );
    let last = told.last().unwrap();
    assert_eq!((last.watermark, last.settled(), last.submitted), (100, 100, 100));
}

#[tokio::test]
async fn the_watermark_waits_for_the_first_batch_that_is_not_over() {
    let (sandbox, clock) = held().await;
    sandbox.clear_faults();
    let client = client_of(&sandbox);
    client.ingest_events([event(100)]).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::delay(SECOND).first(1));
    let mut told = Vec::new();
    let others_are_over = Notify::new();
    let call = client.ingest_events((0..8).map(event)).batch_size(2).on_progress(|progress| {
        told.push((progress.watermark, progress.accepted));
        if progress.accepted == 6 {
            others_are_over.notify_one();
        }
    });
    let watch = async {
        others_are_over.notified().await;
        clock.until_sleeping(1).await;
        clock.advance(SECOND);
    };
    let (sent, ()) = join(call.send(), watch).await;
    sent.unwrap().into_result().unwrap();
    // The batch that the fault met is the one that arrived first, which need not be the one that was sent first.
    assert!(told[..3].iter().all(|(watermark, _)| *watermark < 8), "{told:?}");
    assert_eq!((told.len(), told[3]), (4, (8, 8)));
}

#[tokio::test]
async fn what_was_pulled_before_the_source_failed_is_delivered() {
    let (sandbox, client) = start().await;
    let pulled = AtomicU32::new(0);
    let source = stream::iter(0..).map(|number| {
        pulled.fetch_add(1, Ordering::Relaxed);
        if number == 7 {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends here"))
        } else {
            Ok(event(number))
        }
    });
    let failure = client.ingest_try_stream(source).batch_size(3).send().await.unwrap_err();
    let error = failure.error();
    assert!(error.is_source() && !error.is_retryable() && !error.maybe_delivered());
    insta::assert_snapshot!(told(error), @"ingest_batch: the source failed after 7 events: the file ends here");
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
    assert_eq!((source.kind(), source.to_string().as_str()), (io::ErrorKind::UnexpectedEof, "the file ends here"));
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox).len()), ("7 accepted", 3));
    assert_eq!((metered(&sandbox).len(), pulled.into_inner()), (7, 8));
}

#[tokio::test]
async fn a_source_that_fails_ends_a_stream_of_verdicts_after_the_verdicts() {
    let (_sandbox, client) = start().await;
    let source =
        stream::iter(0..10).map(|number| if number == 7 { Err("the file ends here") } else { Ok(event(number)) });
    let all: Vec<_> = client.ingest_try_stream(source).batch_size(3).outcomes().collect().await;
    assert!(all.len() == 8 && all[..7].iter().all(|verdict| verdict.as_ref().unwrap().outcome.is_accepted()));
    assert!(all[7].as_ref().unwrap_err().is_source());
}

#[tokio::test]
async fn a_request_has_no_more_bytes_than_it_may() {
    let (sandbox, client) = start().await;
    let report = client.ingest_events((0..20).map(alike)).batch_bytes(1000).send().await.unwrap();
    assert_eq!(counts(&report), "20 accepted");
    let bytes =
        |request: &togai_sandbox::LoggedRequest| request.header("content-length").unwrap().parse::<usize>().unwrap();
    let requests = sandbox.requests();
    assert!(requests.iter().all(|request| bytes(request) <= 1000));
    // No more requests than are needed: another event would not have had room.
    let event_bytes = serde_json::to_string(&alike(0)).unwrap().len();
    let room = (1000 - r#"{"events":[]}"#.len() + 1) / (event_bytes + 1);
    assert_eq!((sizes(&sandbox), room), (vec![5, 5, 5, 5], 5));

    // An event that is larger by itself is sent alone.
    sandbox.clear_requests();
    let events = [alike(30), alike(31).dimension("note", "x".repeat(200)), alike(32)];
    let report = client.ingest_events(events).batch_bytes(300).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("3 accepted", vec![1, 1, 1]));
}

#[tokio::test]
async fn a_refusal_of_the_token_among_halves_leaves_the_others_unsent() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(422).first(1));
    sandbox.fault(Fault::status(401));
    let failure = client.ingest_events((0..10).map(event)).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("5 rejected, 5 not sent", vec![10, 5]));
    assert!(failure.error().is_auth());
}

#[tokio::test]
async fn nothing_of_an_endless_source_is_pulled_after_the_call_was_stopped() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(404));
    let pulled = AtomicU64::new(0);
    let events = (0..).map(event).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let failure = client.ingest_events(events).send().await.unwrap_err();
    assert!(failure.error().is_not_found() && !failure.to_string().contains(TOKEN));
    assert_eq!((counts(failure.report()).as_str(), pulled.into_inner()), ("1000 rejected", 1000));
}

// Halves of what may have been applied already.

#[tokio::test]
async fn halves_of_a_batch_whose_answer_was_lost_are_accepted_where_they_are_duplicates() {
    let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
    sandbox.fault(Fault::reset_after_reading().first(1));
    sandbox.fault(Fault::status(422).first(1));
    let report = client_of(&sandbox).ingest_events((0..10).map(event)).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("10 accepted", vec![10, 10, 5, 5]));
    assert_eq!(metered(&sandbox).len(), 10);
}

#[tokio::test]
async fn what_an_answer_left_open_is_unknown_where_the_token_is_refused_next() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::ZERO).first(1));
    sandbox.fault(Fault::status(401));
    let call = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false);
    let failure = call.send().await.unwrap_err();
    assert!(failure.error().is_auth());
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("2 unknown", vec![2, 1]));
    assert_eq!(metered(&sandbox).len(), 1);
}

#[tokio::test]
async fn dropping_a_stream_of_verdicts_leaves_the_client_as_it_was() {
    let (sandbox, client) = start().await;
    let mut verdicts = client.ingest_events((0..50).map(event)).batch_size(5).outcomes();
    assert!(verdicts.try_next().await.unwrap().unwrap().outcome.is_accepted());
    drop(verdicts);
    let report = client.ingest_events((0..50).map(event)).batch_size(5).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), metered(&sandbox).len()), ("50 accepted", 50));
}

// What is learnt of sizes.

#[tokio::test]
async fn a_size_that_was_learnt_from_the_first_batch_holds_for_the_second() {
    let sandbox = sandbox().max_batch(500).start().await.unwrap();
    let report = client_of(&sandbox).ingest_events((0..2500).map(alike)).concurrency(1).send().await.unwrap();
    assert_eq!(counts(&report), "2500 accepted");
    // Only the first batch is refused.
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 1000 events -> 422
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    POST /ingestBatch 500 events -> 202
    "###);
    assert_eq!((sandbox.events().len(), metered(&sandbox).len()), (2500, 2500));
}

#[tokio::test]
async fn a_size_that_got_through_is_used_by_later_calls_of_all_clones() {
    let sandbox = sandbox().max_batch(4).start().await.unwrap();
    let client = client_of(&sandbox);
    client.clone().ingest_events((0..8).map(alike)).send().await.unwrap().into_result().unwrap();
    assert_eq!(sizes(&sandbox), [8, 4, 4]);
    sandbox.clear_requests();
    client.ingest_events((8..20).map(alike)).concurrency(1).send().await.unwrap().into_result().unwrap();
    assert_eq!(sizes(&sandbox), [4, 4, 4]);
    assert_eq!(metered(&sandbox).len(), 20);
}

#[tokio::test]
async fn an_event_that_is_refused_for_the_length_of_a_field_makes_later_requests_no_smaller() {
    let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
    let client = client_of(&sandbox);
    let too_long = |number: u32| {
        let mut event = alike(number);
        event.schema_name = "s".repeat(60).into();
        event
    };
    // It is refused with "events[3].schemaName: has to have at most 50 characters", which is not about the request.
    let events = (0..16).map(|number| if number == 3 { too_long(number) } else { alike(number) });
    let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "15 accepted, 1 rejected");
    sandbox.clear_requests();
    client.ingest_events((16..32).map(alike)).send().await.unwrap().into_result().unwrap();
    assert_eq!(sizes(&sandbox), [16]);
}

#[tokio::test]
async fn a_refusal_of_every_size_makes_requests_no_smaller_for_ever() {
    let (sandbox, client) = start().await;
    // A gateway answers so for a while, whatever the size.
    sandbox.fault(Fault::status(413));
    let report = client.ingest_events((0..16).map(alike)).send().await.unwrap();
    assert_eq!(counts(&report), "16 rejected");
    sandbox.clear_faults();
    client.ingest_events((0..64).map(alike)).concurrency(1).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    client.ingest_events((64..128).map(alike)).concurrency(1).send().await.unwrap().into_result().unwrap();
    assert!(sizes(&sandbox).len() < 64, "{:?}", sizes(&sandbox));
}

// What is metered is not rejected.

#[tokio::test]
async fn a_duplicate_of_what_was_just_taken_is_not_rejected_where_the_answer_names_nobody() {
    let builder = sandbox().partial_failure(PartialFailureShape::WithoutList).name_duplicates(true);
    let sandbox = builder.start().await.unwrap();
    let call = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false);
    let report = call.send().await.unwrap();
    // The first request had event 0 metered. By itself it is answered 207 as a duplicate, as event 1 is for being bad: no
    // answer tells the two apart.
    assert_eq!(metered(&sandbox), BTreeSet::from(["ride-0".to_owned()]));
    assert_eq!(counts(&report), "2 unknown");
}

#[tokio::test]
async fn a_refusal_of_each_event_after_an_attempt_that_may_have_been_applied_leaves_it_open() {
    for fault in [Fault::reset_after_reading(), Fault::cut_off(), Fault::status(503).after_applying()] {
        for (status, batch) in [(400, 1), (400, 2), (413, 2), (422, 2)] {
            let (sandbox, client) = start().await;
            sandbox.fault(fault.clone().first(1));
            sandbox.fault(Fault::status(status));
            let report = client.ingest_events((0..batch).map(event)).send().await.unwrap();
            let expected = format!("{batch} unknown");
            assert_eq!((counts(&report), metered(&sandbox).len()), (expected, batch as usize), "{status}");
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_few_events_at_a_time_gets_all_of_them() {
    for (most, bytes) in [(10, None), (1000, Some(20_000))] {
        let mut builder = sandbox().max_batch(most);
        if let Some(bytes) = bytes {
            builder = builder.max_body_bytes(bytes);
        }
        let sandbox = builder.start().await.unwrap();
        let report = client_of(&sandbox).ingest_events((0..2000).map(alike)).concurrency(1).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sandbox.metered_count()), ("2000 accepted", 2000), "{most}");
    }
}

#[tokio::test]
async fn an_answer_that_says_that_all_went_well_and_is_a_207_leaves_it_open() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(207).json(json!({"success": true})).after_applying());
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.metered_count()), ("1 unknown", 1));
}

#[tokio::test]
async fn a_202_that_says_that_it_failed_is_no_acceptance() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).json(json!({"success": false, "message": "nothing was taken"})));
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    insta::assert_snapshot!(report.not_accepted()[0].outcome, @"rejected: nothing was taken");
    assert_eq!(sandbox.metered_count(), 0);
}

#[tokio::test]
async fn a_token_that_is_revoked_is_tried_alone_from_then_on() {
    let (sandbox, client) = start().await;
    client.ingest_event(event(0)).send().await.unwrap().into_result().unwrap();
    sandbox.fault(Fault::status(401));
    client.ingest_event(event(1)).send().await.unwrap_err();
    sandbox.clear_requests();
    let failure = client.ingest_events((0..100).map(event)).batch_size(10).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("10 rejected", 1));
}
