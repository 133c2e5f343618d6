//! Servers that refuse whole requests.

use super::*;

/// A service that refuses a request for a bad event in it, without saying which.
fn with_bad(is_bad: impl Fn(usize) -> bool + Send + Sync + 'static) -> Fake {
    Fake::new(move |ids| {
        let has_bad = ids.iter().any(|id| is_bad(number(id)));
        if has_bad { refused("an event is bad") } else { Ok(Response::AllAccepted) }
    })
}

/// Each n-th of 2500 events is bad.
async fn each(step: usize) -> (Fake, Result<IngestReport<Reading>, IngestError<Reading>>) {
    let fake = with_bad(move |number| number % step == step / 2);
    let result = deliver(&fake, 2500).await;
    (fake, result)
}

/// Which ones are bad takes 11, 31, 91, 198, 601, 1167 and 2494 bits to say, and 3 requests there are anyway.
#[tokio::test]
async fn all_good_events_are_accepted_with_few_requests() {
    let mut lines = Vec::new();
    for bad in [1, 3, 10, 25, 100, 250, 1250] {
        let (fake, result) = each(2500 / bad).await;
        lines.push(format!("{} requests: {}", fake.count(), counts(&result)));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    16 requests: 2499 of 2500 events accepted, 1 rejected
    44 requests: 2497 of 2500 events accepted, 3 rejected
    106 requests: 2490 of 2500 events accepted, 10 rejected
    232 requests: 2475 of 2500 events accepted, 25 rejected
    619 requests: 2400 of 2500 events accepted, 100 rejected
    1531 requests: 2250 of 2500 events accepted, 250 rejected
    2910 requests: 1250 of 2500 events accepted, 1249 rejected, 1 not sent
    ");
}

#[tokio::test]
async fn bad_events_side_by_side_are_found() {
    let mut lines = Vec::new();
    for range in [0..25, 1200..1300, 0..400, 900..1100, 2475..2500] {
        let fake = with_bad({
            let range = range.clone();
            move |number| range.contains(&number)
        });
        let result = deliver(&fake, 2500).await;
        lines.push(format!("{range:?}: {} requests: {}", fake.count(), counts(&result)));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    0..25: 53 requests: 2475 of 2500 events accepted, 25 rejected
    1200..1300: 134 requests: 2400 of 2500 events accepted, 100 rejected
    0..400: 512 requests: 2100 of 2500 events accepted, 400 rejected
    900..1100: 253 requests: 2300 of 2500 events accepted, 200 rejected
    2475..2500: 41 requests: 2475 of 2500 events accepted, 25 not sent
    ");
}

#[tokio::test]
async fn a_service_that_refuses_everything_rejects_nothing() {
    for count in [2500, 100_000] {
        let fake = Fake::new(|_| refused("schema rides does not exist"));
        let failure = deliver(&fake, count).await.unwrap_err();
        assert_eq!(
            (failure.report().not_sent(), failure.report().submitted()),
            (if count < 3000 { 2500 } else { 3000 }, failure.report().not_sent())
        );
        assert_eq!((fake.count(), failure.error().is_refused()), (259, true));
        assert_eq!(failure.error().message(), Some("schema rides does not exist"));
    }
}

#[tokio::test]
async fn a_size_that_a_single_event_has_is_not_the_reason() {
    for by_bytes in [true, false] {
        let fake = Fake::new(move |_| Err(Failed::new(Scope::Size { by_bytes }, Effect::NotApplied, "too large")));
        let failure = deliver(&fake, 100_000).await.unwrap_err();
        assert!(failure.error().is_refused() && fake.count() < 300, "{} {failure}", fake.count());
        assert_eq!(failure.report().not_sent(), failure.report().submitted());
        let limits = fake.session.limits().within(Settings::default().max_size);
        assert_eq!(limits, Settings::default().max_size);
    }
}

#[tokio::test]
async fn a_call_whose_batches_are_all_refused_ends_in_an_error() {
    let fake = Fake::new(|_| refused("no"));
    let result = deliver(&fake, 2).await;
    assert_eq!(counts(&result), "Refused: 0 of 2 events accepted, 2 not sent");
    let why = "it was refused by itself, and no other request was accepted since: no";
    assert_eq!(result.unwrap_err().report().not_accepted()[0].outcome.reason(), Some(why));
}

#[tokio::test]
async fn an_event_that_was_handed_in_alone_is_rejected_at_once() {
    let fake = Fake::new(|_| refused("no"));
    assert_eq!(counts(&deliver(&fake, 1).await), "0 of 1 events accepted, 1 rejected");
    // Also where others come later.
    let call = fake.connection().ingest_events((0..5).map(reading)).batch_size(1);
    assert_eq!(call.send().await.unwrap().rejected(), 5);
}

#[tokio::test]
async fn events_that_were_handed_in_alone_are_not_refused_without_end() {
    let fake = Fake::new(|_| refused("no"));
    let call = fake.connection().ingest_events((0..100_000).map(reading)).batch_size(1);
    assert_eq!(counts(&call.send().await), "Refused: 0 of 128 events accepted, 128 rejected");
    // One that is accepted in between starts the count anew.
    let fake = with_bad(|number| number % 100 > 0);
    let call = fake.connection().ingest_events((0..1000).map(reading)).batch_size(1);
    assert_eq!(counts(&call.send().await), "10 of 1000 events accepted, 990 rejected");
}

#[tokio::test]
async fn an_acceptance_of_what_was_sent_before_says_nothing_of_a_refusal() {
    // From the second request on everything is refused; the response to the first one comes last.
    let fake = Fake::new(|ids| if has(ids, 0) { Ok(Response::AllAccepted) } else { refused("no") });
    let fake = fake.waiting(async |number, _| {
        for _ in 0..if number == 0 { 100 } else { 0 } {
            tokio::task::yield_now().await;
        }
        Ok(())
    });
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    let result = fake.connection().ingest_events((0..4).map(reading)).batch_size(2).send().await;
    assert_eq!(counts(&result), "2 of 4 events accepted, 2 not sent");
}

#[tokio::test]
async fn the_last_event_of_a_call_is_not_one_that_was_handed_in_alone() {
    let fake = Fake::new(|_| refused("no"));
    assert_eq!(counts(&deliver(&fake, 1001).await), "Refused: 0 of 1001 events accepted, 1001 not sent");
}

#[tokio::test]
async fn an_event_that_was_refused_alone_waits_for_an_acceptance() {
    let fake = with_bad(|number| number == 1);
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    let (sender, receiver) = unbounded();
    let mut call = Box::pin(fake.connection().ingest_stream(receiver).batch_size(2).send());
    // The bad event is the last one of its batch.
    for number in 0..2 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    stays_pending(&mut call).await;
    assert_eq!(fake.requests(), "e0 e1\ne0\ne1");
    // Another call of the session has success.
    let other = fake.connection().ingest_events([reading(2)]).send();
    assert_eq!(other.await.unwrap().accepted(), 1);
    drop(sender);
    assert_eq!(counts(&call.await), "1 of 2 events accepted, 1 rejected");
}

#[tokio::test]
async fn an_event_that_was_refused_alone_is_not_sent_if_the_source_ends_first() {
    for batch_size in [2, 3] {
        let fake = with_bad(|number| number == 1);
        let call = fake.connection().ingest_events((0..2).map(reading)).batch_size(batch_size);
        assert_eq!(counts(&call.send().await), "1 of 2 events accepted, 1 not sent");
    }
}

#[tokio::test]
async fn a_call_with_an_event_that_was_refused_alone_ends_with_its_source() {
    let fake = with_bad(|number| number == 1);
    let (sender, receiver) = unbounded();
    let mut call = Box::pin(fake.connection().ingest_stream(receiver).batch_size(2).send());
    for number in 0..2 {
        sender.unbounded_send(reading(number)).unwrap();
    }
    stays_pending(&mut call).await;
    drop(sender);
    assert_eq!(counts(&call.await), "1 of 2 events accepted, 1 not sent");
}

#[tokio::test]
async fn an_acceptance_before_the_last_refusal_rejects_those_that_were_refused_before() {
    // Another call has success after the first event was refused alone.
    let operation = Arc::new(Mutex::new(None::<Arc<crate::session::OperationState>>));
    let fake = Fake::new({
        let operation = Arc::clone(&operation);
        move |ids| {
            if ids == ["e1"] {
                let operation = operation.lock().unwrap();
                let operation = operation.as_ref().unwrap();
                accept_elsewhere(operation);
            }
            refused("no")
        }
    });
    *operation.lock().unwrap() = Some(fake.session.operation(PROTOCOL.operation));
    assert_eq!(counts(&deliver(&fake, 2).await), "Refused: 0 of 2 events accepted, 1 rejected, 1 not sent");
    assert_eq!(fake.requests(), "e0 e1\ne0\ne1");
}

#[tokio::test]
async fn a_batch_that_a_learned_size_made_so_small_was_not_handed_in_alone() {
    let fake = Fake::new(|ids| match ids {
        [_, _] => Err(Failed::new(Scope::Size { by_bytes: false }, Effect::NotApplied, "too large")),
        // It is forgotten what was learned of sizes, and then a request is accepted.
        [id] if id == "e2" => Err(Failed::new(Scope::Size { by_bytes: true }, Effect::NotApplied, "too large")),
        [id] if id == "e4" => refused("no"),
        _ => Ok(Response::AllAccepted),
    });
    let report = run(&fake, readings(5), settings(2, 4)).await;
    assert_eq!(fake.sizes(), [2, 1, 1, 1, 1, 1]);
    assert_eq!(report.to_string(), "3 of 5 events accepted, 2 not sent");
}

#[tokio::test]
async fn only_one_batch_isolates_while_nothing_is_accepted() {
    let fake = Fake::new(|_| refused("no"));
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    let result = deliver(&fake, 100_000).await;
    assert!(fake.count() <= 262, "{}", fake.count());
    assert!(matches!(&result, Err(failure) if failure.error().is_refused()));
    // Batches of which the first one alone is refused whole do not wait for each other.
    let fake = with_bad(|number| number % 100 == 50);
    fake.session.gate().prove(0, PROTOCOL.operation, false);
    assert_eq!(counts(&deliver(&fake, 10_000).await), "9900 of 10000 events accepted, 100 rejected");
}

#[tokio::test]
async fn a_budget_that_is_spent_rejects_no_good_event() {
    let fake = with_bad(|number| number % 10 == 5);
    let call = fake.connection().ingest_events((0..1000).map(reading)).isolation_budget(4);
    let failure = call.send().await;
    let report = failure.as_ref().unwrap_or_else(|failure| failure.report());
    for verdict in report.not_accepted() {
        let is_bad = number(&verdict.event.id) % 10 == 5;
        assert!(is_bad || matches!(verdict.outcome, Outcome::NotSent { .. }), "{verdict:?}");
    }
    assert!(report.not_sent() > 0, "{report}");
}

/// A re-run against a service that refuses a request for an event that it has.
#[tokio::test]
async fn events_that_the_service_has_are_duplicates_however_it_says_so() {
    let fake = Fake::new(|ids| {
        let Some(known) = ids.iter().find(|id| number(id) < 300) else { return Ok(Response::AllAccepted) };
        let message = format!("An event already exists with identifier {known}.");
        let mut failed = Failed::new(Scope::Content, Effect::NotApplied, message);
        failed.is_duplicate = true;
        Err(failed)
    });
    assert_eq!(counts(&deliver(&fake, 1000).await), "700 of 1000 events accepted, 300 duplicates");
    assert_eq!(counts(&deliver(&fake, 300).await), "0 of 300 events accepted, 300 duplicates");
    assert_eq!(counts(&deliver(&fake, 1).await), "0 of 1 events accepted, 1 duplicates");
}

/// A refusal that names an event of the request.
fn refused_at(index: usize) -> Result<Response, Failed> {
    let mut failed = Failed::new(Scope::Content, Effect::NotApplied, "bad");
    failed.named = vec![EventRef::Index(index)];
    Err(failed)
}

#[tokio::test]
async fn an_event_that_a_refusal_names_is_looked_at_first() {
    let fake = Fake::new(|ids| match ids.iter().position(|id| number(id) % 100 == 50) {
        Some(index) => refused_at(index),
        None => Ok(Response::AllAccepted),
    });
    assert_eq!(counts(&deliver(&fake, 2500).await), "2475 of 2500 events accepted, 25 rejected");
    assert_eq!(fake.count(), 3 + 2 * 25);
}

#[tokio::test]
async fn an_event_that_is_named_by_mistake_is_accepted() {
    let fake = Fake::new(|ids| {
        let has_bad = ids.iter().any(|id| number(id) == 70);
        if has_bad { refused_at(0) } else { Ok(Response::AllAccepted) }
    });
    assert_eq!(counts(&deliver(&fake, 100).await), "99 of 100 events accepted, 1 rejected");
    assert!(fake.count() < 25, "{}", fake.count());
}

#[tokio::test]
async fn a_service_that_refuses_everything_by_name_is_asked_no_more_often() {
    let fake = Fake::new(|_| refused_at(0));
    let failure = deliver(&fake, 100_000).await.unwrap_err();
    assert!(failure.error().is_refused() && fake.count() <= 259, "{}", fake.count());
}
