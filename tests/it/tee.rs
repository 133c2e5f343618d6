//! One stream to two services: each event is told of by both, whatever becomes of either.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::{Either, select};
use futures::{FutureExt, StreamExt, stream};
use togai_ext::enso::EnsoEvent;
use togai_ext::prelude::*;
use togai_ext::{Tee, TeeReport, Togai};
use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::services::{DefaultEnso, Service as _};
use crate::support::{TOKEN, client_of, counts, event, sandbox};

type Clients = Tee<Togai, togai_ext::enso::Enso>;

fn tee_of(sandbox: &Sandbox) -> Clients {
    Tee::new(&client_of(sandbox), &DefaultEnso::client_of(sandbox))
}

async fn start() -> (Sandbox, Clients) {
    let sandbox = sandbox().start().await.unwrap();
    let tee = tee_of(&sandbox);
    (sandbox, tee)
}

fn pair(number: u32) -> (Event, EnsoEvent) {
    let moment = Timestamp::from_unix_seconds(1_713_456_017 + i64::from(number));
    (event(number), EnsoEvent::new("ent_acme", "rides", moment, i64::from(number)).event_id(format!("ride-{number}")))
}

/// The verdicts of both sides in short.
fn summaries<E1, E2, T1, T2>(report: &TeeReport<E1, E2, T1, T2>) -> [String; 2] {
    [counts(report.first_report()), counts(report.second_report())]
}

#[track_caller]
fn check<E1, E2, T1, T2>(report: &TeeReport<E1, E2, T1, T2>, expected: [&str; 2]) {
    assert_eq!(summaries(report), expected.map(str::to_owned));
}

#[tokio::test]
async fn one_stream_is_delivered_to_both_services_in_separate_batches() {
    let (sandbox, tee) = start().await;
    let call = tee.ingest_events((0..25).map(pair)).first(|call| call.batch_size(10)).second(|call| call.batch_size(7));
    let report = call.send().await;
    check(&report, ["25 accepted", "25 accepted"]);
    assert!(report.first.is_ok() && report.second.is_ok());
    assert_eq!((sandbox.metered_count(), sandbox.enso_metered_count()), (25, 25));
    let count = |operation: &str| {
        let requests = sandbox.requests().into_iter().filter(|it| it.operation_id.as_deref() == Some(operation));
        let mut sizes: Vec<usize> = requests.filter_map(|request| request.event_count()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!((count("ingest_batch"), count("create_events_batch")), (vec![5, 10, 10], vec![4, 7, 7, 7]));
}

#[tokio::test]
async fn an_event_refused_by_one_service_is_accepted_by_the_other() {
    let (_sandbox, tee) = start().await;
    let pairs = (0..10).map(|number| {
        let (mut event, mut other) = pair(number);
        if number == 3 {
            event.schema_name = "".into();
        }
        if number == 7 {
            other.metric = String::new();
        }
        (event, other)
    });
    let report = tee.ingest_events(pairs).send().await;
    check(&report, ["9 accepted, 1 rejected"; 2]);
    assert_eq!(report.first_report().not_accepted()[0].index, 3);
    assert_eq!(report.second_report().not_accepted()[0].index, 7);
}

#[tokio::test]
async fn when_one_side_stops_both_reports_cover_the_same_events() {
    for (fault, operation) in [(Fault::status(401), "ingest_batch"), (Fault::cut_off(), "create_events_batch")] {
        let (sandbox, tee) = start().await;
        // The third batch of one of them meets it.
        sandbox.fault(Fault::delay(Duration::ZERO).on(operation).first(2));
        sandbox.fault(fault.on(operation));
        let mut pairs = stream::iter((0..1000).map(pair));
        let call = tee.ingest_stream(&mut pairs);
        let report = call.first(|call| call.batch_size(10)).second(|call| call.batch_size(10)).send().await;
        let is_first = operation == "ingest_batch";
        assert_eq!((report.first.is_err(), report.second.is_err()), (is_first, !is_first), "{:?}", summaries(&report));
        let submitted = [report.first_report().submitted(), report.second_report().submitted()];
        assert!(submitted[0] == submitted[1] && (30..1000).contains(&submitted[0]), "{submitted:?}");
        let accepted = [report.first_report().accepted(), report.second_report().accepted()];
        assert_eq!(accepted[usize::from(is_first)], submitted[0]);
        assert_eq!(accepted[usize::from(!is_first)], 20);
        assert_eq!(pairs.count().await as u64, 1000 - submitted[0]);
    }
}

#[tokio::test]
async fn the_other_side_can_finish_the_source_alone() {
    let (sandbox, tee) = start().await;
    sandbox.fault(Fault::status(401).on("create_events_batch"));
    let call = tee.ingest_events((0..500).map(pair)).second(|call| call.batch_size(10)).max_lag(50);
    let report = call.continue_alone(true).send().await;
    assert_eq!((report.first.unwrap().accepted(), sandbox.metered_count()), (500, 500));
    let failure = report.second.unwrap_err();
    assert!(failure.error().is_auth() && !failure.to_string().contains(TOKEN));
    let second = failure.report();
    assert_eq!((second.submitted() - second.not_sent(), second.accepted()), (0, 0));
    assert!(second.submitted() <= 60, "{}", counts(second));
}

#[tokio::test]
async fn a_side_that_cannot_start_takes_no_events() {
    let (sandbox, tee) = start().await;
    for (alone, expected) in [(false, ["", ""]), (true, ["5 accepted", ""])] {
        let call = tee.ingest_events((0..5).map(pair)).second(|call| call.batch_size(0)).continue_alone(alone);
        let report = call.send().await;
        check(&report, expected);
        assert!(report.first.is_ok());
        let problem = "create_events_batch: the batch size is 0: set `batch_size` to 1 or more";
        assert_eq!(report.second.unwrap_err().error().to_string(), problem);
    }
    assert_eq!((sandbox.metered_count(), sandbox.enso_metered_count()), (5, 0));
}

#[tokio::test]
async fn a_failing_source_ends_both_calls_after_the_events_before_it() {
    let (sandbox, tee) = start().await;
    let source = stream::iter(0..10)
        .map(|number| if number == 7 { Err(std::io::Error::other("the file ends here")) } else { Ok(pair(number)) });
    let report = tee.ingest_try_stream(source).send().await;
    check(&report, ["7 accepted"; 2]);
    assert_eq!((sandbox.metered_count(), sandbox.enso_metered_count()), (7, 7));
    let errors = [report.first.unwrap_err().into_error(), report.second.unwrap_err().into_error()];
    for (error, operation) in errors.iter().zip(["ingest_batch", "create_events_batch"]) {
        assert!(error.is_source());
        assert_eq!(error.to_string(), format!("{operation}: the source failed after 7 events: the file ends here"));
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        assert!(causes.into_iter().any(<dyn std::error::Error>::is::<std::io::Error>));
    }
}

#[tokio::test]
async fn a_slow_side_holds_the_other_back_to_bound_memory() {
    let clock = ManualClock::new();
    let sandbox = sandbox().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::from_secs(1)).on("create_events_batch"));
    let pulled = AtomicU32::new(0);
    let pairs = (0..1000).map(pair).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let call = tee_of(&sandbox).ingest_events(pairs).max_lag(20).second(|call| call.batch_size(10));
    let sent = std::pin::pin!(call.first(|call| call.batch_size(10)).send());
    let watch = std::pin::pin!(async {
        clock.until_sleeping(1).await;
        // The slow one has one batch on its way, and the other one is a lag ahead.
        while sandbox.metered_count() < 30 {
            tokio::task::yield_now().await;
        }
        assert_eq!((pulled.load(Ordering::Relaxed), sandbox.metered_count()), (30, 30));
        loop {
            clock.until_sleeping(1).await;
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    });
    let Either::Left((report, _)) = select(sent, watch).await;
    check(&report, ["1000 accepted"; 2]);
    assert_eq!((sandbox.metered_count(), sandbox.enso_metered_count()), (1000, 1000));
}

#[tokio::test]
async fn each_side_has_its_own_tags_and_both_may_use_one_service() {
    let (sandbox, _) = start().await;
    let other = crate::support::sandbox().start().await.unwrap();
    let tee = Tee::new(&client_of(&sandbox), &client_of(&other));
    let pairs = (0..5).map(|number| ((event(number), number), (crate::support::bad_event(number), "line")));
    let report = tee.ingest_events(pairs).send().await;
    check(&report, ["5 accepted", "5 rejected"]);
    assert_eq!(report.second_report().not_accepted()[4].tag, "line");
    assert_eq!((sandbox.metered_count(), other.metered_count()), (5, 0));
}

#[tokio::test]
async fn dropping_a_tee_leaves_the_clients_intact() {
    let (sandbox, tee) = start().await;
    let mut source = stream::iter((0..50).map(pair));
    {
        let mut sent = tee.ingest_stream(&mut source).first(|call| call.batch_size(5)).send();
        assert!((&mut sent).now_or_never().is_none());
    }
    let report = tee.ingest_events((100..150).map(pair)).send().await;
    check(&report, ["50 accepted"; 2]);
    assert!(sandbox.metered_count() >= 50);
}
