//! Responses that contradict themselves.

use super::*;

fn failure(id: &str, kind: FailureKind) -> Failure {
    Failure::new(EventRef::Id(id.to_owned()), kind, Some("value not allowed"))
}

fn partial(failures: Vec<Failure>) -> Partial {
    Partial::new(StatusCode::MULTI_STATUS, failures)
}

#[tokio::test]
async fn what_a_contradictory_response_leaves_open_is_sent_once_more_in_one_request() {
    let responses = Arc::new(Mutex::new(0));
    let fake = Fake::new(move |_| {
        let mut number = responses.lock().unwrap();
        *number += 1;
        if *number > 1 {
            return Ok(Response::AllAccepted);
        }
        let named = vec![failure("e1", FailureKind::Refused)];
        Ok(Response::Partial(Partial { is_contradictory: true, ..partial(named) }))
    });
    assert_eq!(counts(&deliver(&fake, 4).await), "3 of 4 events accepted, 1 rejected");
    assert_eq!(fake.requests(), "e0 e1 e2 e3\ne0 e2 e3");
}

#[tokio::test]
async fn what_is_contradictory_twice_is_unknown() {
    let fake = Fake::new(|_| Ok(Response::Partial(Partial { is_contradictory: true, ..partial(vec![]) })));
    let result = deliver(&fake, 100_000).await;
    assert_eq!((counts(&result).as_str(), fake.count()), ("Refused: 0 of 5000 events accepted, 5000 unknown", 7));
}

#[tokio::test]
async fn an_event_that_is_refused_and_a_duplicate_is_sent_once_more() {
    let both = || vec![failure("e1", FailureKind::Refused), failure("e1", FailureKind::Duplicate)];
    for (second, expected) in [
        (partial(both()), "1 of 2 events accepted, 1 rejected"),
        (partial(vec![failure("e1", FailureKind::Refused)]), "1 of 2 events accepted, 1 rejected"),
        (partial(vec![failure("e1", FailureKind::Duplicate)]), "1 of 2 events accepted, 1 duplicates"),
        (partial(vec![failure("e1", FailureKind::Unclear)]), "1 of 2 events accepted, 1 unknown"),
    ] {
        let fake =
            Fake::new(move |ids| Ok(Response::Partial(if ids.len() > 1 { partial(both()) } else { second.clone() })));
        assert_eq!((counts(&deliver(&fake, 2).await).as_str(), fake.requests().as_str()), (expected, "e0 e1\ne1"));
        // Where that is not harmless, it is not.
        let call = fake.connection().ingest_events((0..2).map(reading)).idempotent(false);
        assert_eq!((call.send().await.unwrap().unknown(), fake.count()), (1, 3));
    }
}

#[tokio::test]
async fn a_list_that_may_be_capped_is_continued_by_a_second_request() {
    let fake = Fake::new(|ids| {
        let bad = ids.iter().filter(|id| number(id).is_multiple_of(5)).take(10);
        let failures: Vec<Failure> = bad.map(|id| failure(id, FailureKind::Refused)).collect();
        let may_be_incomplete = failures.len() == 10;
        Ok(Response::Partial(Partial { may_be_incomplete, ..partial(failures) }))
    });
    assert_eq!(counts(&deliver(&fake, 100).await), "80 of 100 events accepted, 20 rejected");
    assert_eq!(fake.sizes(), [100, 90, 80]);
}

#[tokio::test]
async fn a_single_event_that_is_refused_without_its_name_says_that_sending_it_again_is_of_no_use() {
    let fake = Fake::new(|ids| {
        let is_bad = ids.iter().any(|id| id == "e1");
        let nameless = Partial { may_be_incomplete: true, ..partial(vec![]) };
        Ok(if is_bad { Response::Partial(nameless) } else { Response::AllAccepted })
    });
    let report = deliver(&fake, 2).await.unwrap();
    assert_eq!((report.accepted(), report.unknown()), (1, 1));
    insta::assert_snapshot!(report.not_accepted()[0].outcome, @"unknown: the server refused the event or has it already, and does not say which; sending it again gets the same response, so look up by its id whether the server has it");
}

/// The first request has the first response, and the others have the second one.
fn first_then(
    first: impl Fn() -> Result<Response, Failed> + Send + Sync + 'static,
    then: impl Fn() -> Result<Response, Failed> + Send + Sync + 'static,
) -> Fake {
    let requests = Mutex::new(0);
    Fake::new(move |_| {
        let mut number = requests.lock().unwrap();
        *number += 1;
        if *number == 1 { first() } else { then() }
    })
}

fn refused_and_duplicate() -> Partial {
    partial(vec![failure("e1", FailureKind::Refused), failure("e1", FailureKind::Duplicate)])
}

#[tokio::test]
async fn what_holds_of_a_disputed_event_holds_where_nothing_more_is_said() {
    let refuse_token = || Err(Failed::new(Scope::Token, Effect::NotApplied, "bad token"));
    let fake = first_then(|| Ok(Response::Partial(refused_and_duplicate())), refuse_token);
    assert_eq!(counts(&deliver(&fake, 2).await), "Token: 1 of 2 events accepted, 1 rejected");
    // An attempt before may have been applied.
    let repeated = || Partial { maybe_repeated: true, ..refused_and_duplicate() };
    let fake = first_then(move || Ok(Response::Partial(repeated())), refuse_token);
    assert_eq!(counts(&deliver(&fake, 2).await), "Token: 1 of 2 events accepted, 1 unknown");
}

#[tokio::test]
async fn a_disputed_event_is_unknown_after_a_second_request_that_may_have_been_applied() {
    let throttle = || Err(Failed::new(Scope::Rate, Effect::MaybeApplied, "slow down"));
    let fake = first_then(|| Ok(Response::Partial(refused_and_duplicate())), throttle);
    assert_eq!(counts(&deliver(&fake, 2).await), "Throttled: 1 of 2 events accepted, 1 unknown");
    // It says nothing of the event, and the event is not sent again.
    let open = || Partial { may_be_incomplete: true, ..partial(vec![]) };
    let fake = first_then(|| Ok(Response::Partial(refused_and_duplicate())), move || Ok(Response::Partial(open())));
    assert_eq!(counts(&deliver(&fake, 2).await), "1 of 2 events accepted, 1 unknown");
}
