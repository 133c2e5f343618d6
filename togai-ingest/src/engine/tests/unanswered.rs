//! Servers that fail at a single event, or at large requests, without a response that says so.

use super::*;
use crate::error::DeliveryErrorKind;

/// A service that fails where a request is as it must not be.
fn failing(fails: impl Fn(&[String]) -> bool + Send + Sync + 'static) -> Fake {
    Fake::new(move |ids| {
        let failure = || Failed::new(Scope::Service, Effect::MaybeApplied, "the connection broke");
        if fails(ids) { Err(failure()) } else { Ok(Response::AllAccepted) }
    })
}

#[tokio::test]
async fn one_event_at_which_the_service_fails_is_unknown_and_the_others_are_accepted() {
    for bad in [0, 500, 999, 1000, 2499] {
        let fake = failing(move |ids| has(ids, bad));
        assert_eq!(counts(&deliver(&fake, 2500).await), "2499 of 2500 events accepted, 1 unknown", "{bad}");
        assert!(fake.count() < 30, "{}", fake.count());
    }
}

#[tokio::test]
async fn several_events_at_which_the_service_fails_are_found() {
    let fake = failing(|ids| [300, 301, 600, 700].iter().any(|bad| has(ids, *bad)));
    assert_eq!(counts(&deliver(&fake, 1000).await), "996 of 1000 events accepted, 4 unknown");
}

#[tokio::test]
async fn events_at_which_the_service_fails_are_found_wherever_they_are() {
    for (bad, concurrency) in
        [(vec![0, 999], 1), (vec![2000, 2999], 1), (vec![2000, 2001, 2002, 2003, 2004], 1), (vec![5, 6], 4)]
    {
        let set = bad.clone();
        let fake = failing(move |ids| set.iter().any(|bad| has(ids, *bad)));
        let call = fake.connection().ingest_events((0..5000).map(reading)).concurrency(concurrency);
        let result = call.send().await;
        assert_eq!(
            counts(&result),
            format!("{} of 5000 events accepted, {} unknown", 5000 - bad.len(), bad.len()),
            "{bad:?}"
        );
    }
    // One in a hundred.
    let fake = failing(|ids| ids.iter().any(|id| number(id) % 100 == 50));
    let result = deliver(&fake, 5000).await;
    assert_eq!(counts(&result), "4950 of 5000 events accepted, 50 unknown");
}

#[tokio::test]
async fn events_that_fail_one_by_one_end_the_call_only_if_two_in_a_row_do() {
    let fake = failing(|ids| has(ids, 3) || has(ids, 7));
    let call = fake.connection().ingest_events((0..10).map(reading)).batch_size(1).concurrency(1);
    assert_eq!(counts(&call.send().await), "8 of 10 events accepted, 2 unknown");
    let fake = failing(|ids| !has(ids, 0));
    let call = fake.connection().ingest_events((0..10).map(reading)).batch_size(1).concurrency(1);
    assert_eq!(counts(&call.send().await), "Service: 1 of 3 events accepted, 2 unknown");
}

#[tokio::test]
async fn a_size_at_which_the_service_fails_is_learned() {
    let fake = failing(|ids| ids.len() > 300);
    assert_eq!(counts(&deliver(&fake, 10_000).await), "10000 of 10000 events accepted");
    // Batches that were in flight already, and their halves; from then on batches are small.
    let large = fake.sizes().iter().rposition(|size| *size > 300);
    assert!(large.is_some_and(|last| last < 12), "{:?}", fake.sizes());
}

#[tokio::test]
async fn an_outage_is_none_of_a_single_event() {
    let fake = failing(|_| true);
    let result = deliver(&fake, 2500).await;
    assert_eq!(counts(&result), "Service: 0 of 1000 events accepted, 1000 unknown");
    // The first events, the last ones and two others are tried, without retries.
    let first: Vec<String> =
        fake.requests.lock().unwrap().iter().map(|ids| format!("{} from {}", ids.len(), ids[0])).collect();
    insta::assert_snapshot!(first.join(", "), @"1000 from e0, 125 from e0, 125 from e875, 1 from e384, 1 from e615");
    assert_eq!(*fake.max_retries.lock().unwrap(), [None, Some(0), Some(0), Some(0), Some(0)]);
}

#[tokio::test]
async fn parts_are_retried_once() {
    let fake = failing(|ids| has(ids, 700));
    assert_eq!(deliver(&fake, 1000).await.unwrap().unknown(), 1);
    let retries = fake.max_retries.lock().unwrap().clone();
    assert_eq!(retries[..2], [None, Some(0)]);
    assert!(retries[2..].iter().all(|retries| *retries == Some(1)), "{retries:?}");
}

#[tokio::test]
async fn an_event_that_must_not_be_sent_twice_is_not() {
    let fake = failing(|ids| has(ids, 700));
    let result = fake.connection().ingest_events((0..1000).map(reading)).idempotent(false).send().await;
    assert_eq!((counts(&result).as_str(), fake.count()), ("Service: 0 of 1000 events accepted, 1000 unknown", 1));
}

#[tokio::test]
async fn a_single_event_that_fails_ends_the_call_unless_others_succeed() {
    let fake = failing(|ids| has(ids, 0));
    assert_eq!(counts(&deliver(&fake, 1).await), "Service: 0 of 1 events accepted, 1 unknown");
    // A request of another call is accepted meanwhile.
    let operation = fake.session.operation(PROTOCOL.operation);
    let respond = Arc::clone(&fake.respond);
    let fake = Fake {
        respond: Arc::new(move |ids| {
            accept_elsewhere(&operation);
            respond(ids)
        }),
        ..fake
    };
    let call = fake.connection().ingest_events((0..5).map(reading)).batch_size(1);
    assert_eq!(counts(&call.send().await), "4 of 5 events accepted, 1 unknown");
}

#[tokio::test]
async fn an_outage_that_begins_meanwhile_ends_the_call() {
    let requests = Arc::new(Mutex::new(0));
    let fake = failing(move |ids| {
        *requests.lock().unwrap() += 1;
        has(ids, 700) || *requests.lock().unwrap() > 4
    });
    let result = deliver(&fake, 2500).await;
    assert!(matches!(&result, Err(failure) if failure.error().kind() == DeliveryErrorKind::Service));
    assert!(fake.count() < 16, "{}", fake.count());
}

/// A service that fails at several events. Of a single one it says what it is given to say.
fn failing_at_several(respond: impl Fn(usize) -> Result<Response, Failed> + Send + Sync + 'static) -> Fake {
    Fake::new(move |ids| match ids {
        [id] => respond(number(id)),
        _ => Err(Failed::new(Scope::Service, Effect::MaybeApplied, "the connection broke")),
    })
}

#[tokio::test]
async fn a_part_of_which_all_events_were_tried_is_not_sent_again() {
    let fake = failing_at_several(|number| if number == 0 { refused("no") } else { Ok(Response::AllAccepted) });
    // The first event was refused after an attempt that may have been applied.
    assert_eq!(counts(&deliver(&fake, 2).await), "1 of 2 events accepted, 1 unknown");
    assert_eq!(fake.requests(), "e0 e1\ne0\ne1");
}

#[tokio::test]
async fn each_part_that_failed_is_tried_by_its_own_events() {
    let operation = Arc::new(Mutex::new(None::<Arc<crate::session::OperationState>>));
    let fake = Fake::new({
        let operation = Arc::clone(&operation);
        move |ids| {
            if ids.len() == 1 {
                return refused("no");
            }
            // Another call has success while the whole batch is in flight.
            if ids.len() == 4 {
                accept_elsewhere(operation.lock().unwrap().as_ref().unwrap());
            }
            Err(Failed::new(Scope::Service, Effect::MaybeApplied, "the connection broke"))
        }
    });
    *operation.lock().unwrap() = Some(fake.session.operation(PROTOCOL.operation));
    assert_eq!(counts(&deliver(&fake, 4).await), "0 of 4 events accepted, 4 unknown");
    assert_eq!(fake.requests(), "e0 e1 e2 e3\ne0 e1\ne2 e3\ne2\ne3\ne0\ne1");
}
