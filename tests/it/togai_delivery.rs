//! How events are delivered to Togai where no other service has the same: named duplicates, answers that name nobody, limits
//! of fields. What holds for every service is in `contract/`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, PartialFailureShape};

use crate::services::{Service as _, Togai, fixed_length_event, sizes};
use crate::support::{bad_event, client_of, counts, event, sandbox, start};

#[tokio::test]
async fn an_id_of_an_earlier_call_is_sent_and_metered_once() {
    for (names_duplicates, expected) in [(false, "3 accepted"), (true, "1 accepted, 2 duplicate")] {
        let sandbox = sandbox().name_duplicates(names_duplicates).start().await.unwrap();
        let client = client_of(&sandbox);
        client.ingest_events([event(1), event(2)]).send().await.unwrap().into_result().unwrap();
        let report = client.ingest_events([event(1), event(2), event(3)]).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sizes(&sandbox)), (expected, vec![2, 3]));
        assert_eq!((sandbox.events().len(), Togai::metered(&sandbox).len()), (5, 3));
    }
}

#[tokio::test]
async fn a_duplicate_after_a_lost_response_counts_as_accepted() {
    let faults = [Fault::reset_after_reading(), Fault::cut_off(), Fault::status(503).after_applying()];
    for fault in faults {
        let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
        sandbox.fault(fault.first(1));
        let client = client_of(&sandbox);
        let report = client.ingest_events((0..5).map(event)).send().await.unwrap();
        assert_eq!(counts(&report), "5 accepted");
        assert_eq!((sizes(&sandbox), sandbox.requests()[1].status), (vec![5, 5], Some(207)));
        assert_eq!(Togai::metered(&sandbox).len(), 5);
    }
}

#[tokio::test]
async fn duplicates_of_parts_after_a_lost_response_count_as_accepted() {
    let sandbox = sandbox().name_duplicates(true).start().await.unwrap();
    sandbox.fault(Fault::reset_after_reading().first(1));
    sandbox.fault(Fault::status(422).first(1));
    let report = client_of(&sandbox).ingest_events((0..10).map(event)).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sizes(&sandbox)), ("10 accepted", vec![10, 10, 2, 4, 2, 1, 1]));
    assert_eq!(Togai::metered(&sandbox).len(), 10);
}

#[tokio::test]
async fn events_left_open_are_unknown_after_a_refused_token() {
    let sandbox = sandbox().partial_failure(PartialFailureShape::WithoutList).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::ZERO).first(1));
    sandbox.fault(Fault::status(401));
    let call = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false);
    let failure = call.send().await.unwrap_err();
    assert!(failure.error().is_auth());
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox)), ("2 unknown", vec![2, 1]));
    assert_eq!(Togai::metered(&sandbox).len(), 1);
}

#[tokio::test]
async fn an_event_with_an_oversized_field_does_not_shrink_later_requests() {
    let sandbox = sandbox().refuse_whole_batches(true).start().await.unwrap();
    let client = client_of(&sandbox);
    let too_long = |number: u32| {
        let mut event = fixed_length_event::<Togai>(number);
        event.schema_name = "s".repeat(60).into();
        event
    };
    // It is refused with "events[3].schemaName: has to have at most 50 characters", which is not about the request.
    let events = (0..16).map(|number| if number == 3 { too_long(number) } else { fixed_length_event::<Togai>(number) });
    let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "15 accepted, 1 rejected");
    sandbox.clear_requests();
    client.ingest_events((16..32).map(fixed_length_event::<Togai>)).send().await.unwrap().into_result().unwrap();
    assert_eq!(sizes(&sandbox), [16]);
}

#[tokio::test]
async fn a_duplicate_is_not_rejected_when_the_response_names_no_event() {
    let builder = sandbox().partial_failure(PartialFailureShape::WithoutList).name_duplicates(true);
    let sandbox = builder.start().await.unwrap();
    let call = client_of(&sandbox).ingest_events([event(0), bad_event(1)]).local_checks(false);
    let report = call.send().await.unwrap();
    // The first request had event 0 metered. By itself it is answered 207 as a duplicate, as event 1 is for being bad: no
    // answer tells the two apart.
    assert_eq!(Togai::metered(&sandbox), BTreeSet::from(["ride-0".to_owned()]));
    assert_eq!(counts(&report), "2 unknown");
}

#[tokio::test]
async fn a_207_that_reports_success_leaves_events_unknown() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(207).json(json!({"success": true})).after_applying());
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.metered_count()), ("1 unknown", 1));
}

#[tokio::test]
async fn a_202_that_reports_failure_does_not_accept_events() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).json(json!({"success": false, "message": "nothing was taken"})));
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    insta::assert_snapshot!(report.not_accepted()[0].outcome, @"unknown: the server's response contradicts itself: nothing was taken");
    assert_eq!((sizes(&sandbox), sandbox.metered_count()), (vec![1, 1], 0));
}
