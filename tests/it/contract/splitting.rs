//! Batches that are refused as a whole, and are sent again in parts.

use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::S;
use crate::services::{Service as _, sizes};
use crate::support::counts;

#[tokio::test]
async fn a_bad_event_that_the_refusal_names_costs_two_further_requests() {
    for bad in [0, 500, 999] {
        let sandbox = S::sandbox().refuse_whole_batches(true).start().await.unwrap();
        let events = (0..1000).map(|number| if number == bad { S::bad_event(number) } else { S::event(number) });
        let report = S::client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
        assert_eq!(counts(&report), "999 accepted, 1 rejected");
        assert_eq!((sizes(&sandbox), S::metered(&sandbox).len()), (vec![1000, 1, 999], 999), "{bad}");
        // Nothing was taken twice.
        assert_eq!(S::arrivals(&sandbox).len(), 999);
    }
}

#[tokio::test]
async fn bad_events_are_named_one_after_the_other() {
    let sandbox = S::sandbox().refuse_whole_batches(true).start().await.unwrap();
    let is_bad = |number| [3, 617, 999].contains(&number);
    let events = (0..1000).map(|number| if is_bad(number) { S::bad_event(number) } else { S::event(number) });
    let report = S::client_of(&sandbox).ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "997 accepted, 3 rejected");
    assert!(report.not_accepted().iter().map(|refused| refused.index).eq([3, 617, 999]));
    assert_eq!((S::arrivals(&sandbox).len(), S::metered(&sandbox).len()), (997, 997));
    assert_eq!(sizes(&sandbox), [1000, 1, 999, 1, 998, 1, 997]);
}

#[tokio::test]
async fn halves_reuse_the_same_bytes_and_ids() {
    let sandbox = S::sandbox().max_batch(2).start().await.unwrap();
    let events = (0..4).map(S::anonymous);
    S::client_of(&sandbox).ingest_events(events).send().await.unwrap().into_result().unwrap();
    let bodies: Vec<_> = sandbox.requests().iter().map(|request| request.body.json().unwrap().clone()).collect();
    let halves: Vec<_> = bodies[1..].iter().flat_map(|body| body["events"].as_array().unwrap()).cloned().collect();
    assert_eq!((sizes(&sandbox), &json!(halves)), (vec![4, 2, 2], &bodies[0]["events"]));
}

#[tokio::test]
async fn an_exhausted_budget_leaves_events_unsent_that_were_refused_only_together() {
    let sandbox = S::sandbox().refuse_whole_batches(true).start().await.unwrap();
    let call = S::client_of(&sandbox).ingest_events((0..8).map(S::bad_event)).local_checks(false).isolation_budget(3);
    let failure = call.send().await.unwrap_err();
    let report = failure.report();
    assert!(failure.error().is_refused());
    assert_eq!((counts(report).as_str(), sandbox.requests().len()), ("2 rejected, 6 not sent", 4));
    let last = &report.not_accepted()[7].outcome;
    assert!(last.is_retryable() && last.status().is_some_and(|status| status == 400));
    assert_eq!(report.not_accepted()[0].outcome.to_string(), S::REFUSED_WHOLE);
}

#[tokio::test]
async fn a_refused_token_stops_splitting() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(422).first(1));
    sandbox.fault(Fault::status(401));
    let failure = client.ingest_events((0..10).map(S::event)).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("10 not sent", vec![10, 2]));
    assert!(failure.error().is_auth());
}
