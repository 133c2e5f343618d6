//! What comes back of events: verdicts, tags, the events themselves, how far a call is.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join;
use futures::{StreamExt, TryStreamExt, stream};
use togai_ext::IngestProgress;
use togai_ext::prelude::*;
use togai_sandbox::Fault;
use tokio::sync::mpsc;

use super::S;
use crate::services::{Service as _, sizes};
use crate::support::{TOKEN, counts};

#[tokio::test]
async fn one_refused_event_is_reported_and_the_others_are_accepted() {
    let (sandbox, client) = S::start().await;
    let events = (0..10).map(|number| if number == 7 { S::bad_event(number) } else { S::event(number) });
    let report = client.ingest_events(events).batch_size(5).local_checks(false).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    let refused = &report.not_accepted()[0];
    assert_eq!((refused.index, refused.id.as_deref(), &refused.event), (7, Some("ride-7"), &S::bad_event(7)));
    assert_eq!(refused.outcome.to_string(), S::REFUSED);
    assert!(matches!(refused.outcome, Outcome::Rejected { status: Some(status), .. } if status == S::REFUSED_STATUS));
    assert_eq!((sandbox.requests().len(), S::metered_count(&sandbox)), (2, 9));
    assert!(report.into_result().is_err());
}

#[tokio::test]
async fn an_event_beyond_a_documented_limit_is_rejected_before_it_is_sent() {
    let (sandbox, client) = S::start().await;
    let events = (0..10).map(|number| if number == 7 { S::bad_event(number) } else { S::event(number) });
    let report = client.ingest_events(events).batch_size(5).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    let refused = &report.not_accepted()[0];
    assert_eq!((refused.index, refused.id.as_deref(), &refused.event), (7, Some("ride-7"), &S::bad_event(7)));
    assert_eq!(refused.outcome.to_string(), S::CHECKED);
    // It did not come from the server, which was not even asked.
    assert!(matches!(refused.outcome, Outcome::Rejected { status: None, .. }));
    insta::assert_snapshot!(S::log(&sandbox), @r###"
    POST /ingestBatch 5 events -> 202
    POST /ingestBatch 4 events -> 202
    "###);
    assert_eq!(S::arrivals(&sandbox).len(), 9);
}

#[tokio::test]
async fn nothing_is_sent_when_no_event_passes_the_local_checks() {
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events((0..10).map(S::bad_event)).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("10 rejected", 0));
}

#[tokio::test]
async fn the_server_may_refuse_all_events() {
    let (sandbox, client) = S::start().await;
    let report = client.ingest_events((0..10).map(S::bad_event)).local_checks(false).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.requests().len()), ("10 rejected", 1));
    assert_eq!(
        report.not_accepted().iter().map(|refused| refused.index).collect::<Vec<_>>(),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!(S::metered_count(&sandbox), 0);
}

#[tokio::test]
async fn a_tag_comes_back_with_the_verdict_of_its_event() {
    let (sandbox, client) = S::start().await;
    let tagged = || {
        (0..10).map(
            |number| if number == 7 { (S::bad_event(number), number + 40) } else { (S::event(number), number + 40) },
        )
    };
    let verdicts = client.ingest_events(tagged()).batch_size(3).local_checks(false).verdicts();
    let mut tags: Vec<_> = verdicts
        .map_ok(|verdict| (verdict.index, verdict.tag, verdict.outcome.is_accepted()))
        .try_collect()
        .await
        .unwrap();
    tags.sort_unstable();
    assert_eq!(tags, (0..10).map(|index| (index, u32::try_from(index).unwrap() + 40, index != 7)).collect::<Vec<_>>());

    let report = client.ingest_stream(stream::iter(tagged())).send().await.unwrap();
    assert_eq!(counts(&report), "9 accepted, 1 rejected");
    assert_eq!((report.not_accepted()[0].tag, &report.not_accepted()[0].event), (47, &S::bad_event(7)));

    let report = client.ingest_event((S::bad_event(3), "line 3")).send().await.unwrap();
    assert_eq!((report.not_accepted()[0].tag, S::arrived(&sandbox).len()), ("line 3", 9));
    assert_eq!(S::metered_once(&sandbox), if S::COUNTS_ONCE { 9 } else { 18 });
}

#[tokio::test]
async fn a_tag_comes_back_with_an_event_that_was_not_sent() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::delay(Duration::ZERO).first(1));
    sandbox.fault(Fault::status(429).header("retry-after", "0"));
    let events = (0..10).map(|number| (S::event(number), number));
    let failure = client.ingest_events(events).batch_size(2).concurrency(1).send().await.unwrap_err();
    let (report, not_sent, error) = failure.into_parts();
    assert_eq!((report.accepted(), report.not_sent(), error.is_throttled()), (2, 2, true));
    let not_sent: Vec<_> = not_sent.into_iter().map(|verdict| (verdict.index, verdict.event, verdict.tag)).collect();
    assert_eq!(not_sent, [(2, S::event(2), 2), (3, S::event(3), 3)]);
    assert_eq!(report.into_not_accepted().len(), 0);
}

#[tokio::test]
async fn a_not_accepted_callback_receives_any_number_of_events() {
    let (sandbox, client) = S::start().await;
    let mut taken = Vec::new();
    let events = (0..40).map(|number| if number < 30 { S::bad_event(number) } else { S::event(number) });
    let call = client.ingest_events(events).batch_size(4).local_checks(false).max_not_accepted(5);
    let report = call.on_not_accepted(|verdict| taken.push((verdict.index, verdict.event))).send().await.unwrap();
    assert_eq!((report.accepted(), report.rejected(), report.not_accepted().len()), (10, 30, 0));
    taken.sort_unstable_by_key(|(index, _)| *index);
    assert!(taken.into_iter().eq((0..30).map(|number| (u64::from(number), S::bad_event(number)))));
    assert_eq!((sandbox.requests().len(), S::metered(&sandbox).len()), (10, 10));
}

#[tokio::test]
async fn exceeding_the_limit_of_kept_events_stops_the_call() {
    let (sandbox, client) = S::start().await;
    let call = client.ingest_events((0..40).map(S::bad_event)).batch_size(4).concurrency(1).max_not_accepted(5);
    let failure = call.local_checks(false).send().await.unwrap_err();
    insta::assert_snapshot!(S::stable_text(failure.error()), @"ingest_batch: 8 events were not accepted, more than are kept: look at the first of them, and raise `max_not_accepted` or take them with `on_not_accepted`");
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("8 rejected", 2));

    let call = client.ingest_events((0..40).map(S::bad_event)).max_not_accepted(5);
    let failure = call.send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), sandbox.requests().len()), ("6 rejected", 2));

    // As many as are kept are no reason to stop.
    let report = client.ingest_events((0..5).map(S::bad_event)).max_not_accepted(5).send().await.unwrap();
    assert_eq!(counts(&report), "5 rejected");
}

#[tokio::test]
async fn progress_only_grows_and_ends_with_the_input() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(S::PASSING).header("retry-after", "0").every(3).first(4));
    let mut reported: Vec<IngestProgress> = Vec::new();
    let events = (0..100).map(|number| if number % 10 == 7 { S::bad_event(number) } else { S::event(number) });
    let call = client.ingest_events(events).batch_size(5).local_checks(false);
    let report = call.on_progress(|progress| reported.push(progress)).send().await.unwrap();
    assert_eq!(counts(&report), "90 accepted, 10 rejected");
    // One for each batch.
    assert_eq!(reported.len(), 20);
    for (earlier, later) in reported.iter().zip(&reported[1..]) {
        assert!(earlier.watermark <= later.watermark && earlier.settled() < later.settled(), "{earlier:?} {later:?}");
        assert!(earlier.submitted <= later.submitted && earlier.accepted <= later.accepted);
    }
    assert!(
        reported
            .iter()
            .all(|progress| progress.watermark <= progress.settled() && progress.settled() <= progress.submitted)
    );
    let last = reported.last().unwrap();
    assert_eq!((last.watermark, last.settled(), last.submitted), (100, 100, 100));
}

#[tokio::test]
async fn events_pulled_before_the_source_failed_are_delivered() {
    let (sandbox, client) = S::start().await;
    let pulled = AtomicU32::new(0);
    let source = stream::iter(0..).map(|number| {
        pulled.fetch_add(1, Ordering::Relaxed);
        if number == 7 {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends here"))
        } else {
            Ok(S::event(number))
        }
    });
    let failure = client.ingest_try_stream(source).batch_size(3).send().await.unwrap_err();
    let error = failure.error();
    assert!(error.is_source() && !error.maybe_delivered());
    insta::assert_snapshot!(S::stable_text(error), @"ingest_batch: the source failed after 7 events: the file ends here");
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
    assert_eq!((source.kind(), source.to_string().as_str()), (io::ErrorKind::UnexpectedEof, "the file ends here"));
    assert_eq!((counts(failure.report()).as_str(), sizes(&sandbox).len()), ("7 accepted", 3));
    assert_eq!((S::metered(&sandbox).len(), pulled.into_inner()), (7, 8));
}

#[tokio::test]
async fn a_failing_source_ends_a_verdict_stream_after_its_verdicts() {
    let (_sandbox, client) = S::start().await;
    let source =
        stream::iter(0..10).map(|number| if number == 7 { Err("the file ends here") } else { Ok(S::event(number)) });
    let all: Vec<_> = client.ingest_try_stream(source).batch_size(3).verdicts().collect().await;
    assert!(all.len() == 8 && all[..7].iter().all(|verdict| verdict.as_ref().unwrap().outcome.is_accepted()));
    assert!(all[7].as_ref().unwrap_err().is_source());
}

#[tokio::test]
async fn a_stopped_call_pulls_no_more_from_an_endless_source() {
    let (sandbox, client) = S::start().await;
    sandbox.fault(Fault::status(404));
    let pulled = AtomicU64::new(0);
    let events = (0..).map(S::event).inspect(|_| _ = pulled.fetch_add(1, Ordering::Relaxed));
    let failure = client.ingest_events(events).send().await.unwrap_err();
    assert!(failure.call_error().is_some_and(Error::is_not_found) && !failure.to_string().contains(TOKEN));
    assert_eq!((counts(failure.report()).as_str(), pulled.into_inner()), ("1000 not sent", 1000));
}

#[tokio::test]
async fn dropping_a_verdict_stream_leaves_the_client_intact() {
    let (sandbox, client) = S::start().await;
    let mut verdicts = client.ingest_events((0..50).map(S::event)).batch_size(5).verdicts();
    assert!(verdicts.try_next().await.unwrap().unwrap().outcome.is_accepted());
    drop(verdicts);
    let report = client.ingest_events((0..50).map(S::event)).batch_size(5).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), S::arrived(&sandbox).len()), ("50 accepted", 50));
    assert!(!S::COUNTS_ONCE || S::metered_once(&sandbox) == 50);
}

#[tokio::test]
async fn a_channel_is_read_until_its_senders_are_gone() {
    let (sandbox, client) = S::start().await;
    let (sender, receiver) = mpsc::channel(2);
    let send_all = async move {
        for number in 0..10 {
            sender.send((S::event(number), number)).await.unwrap();
        }
    };
    let call = client.ingest_receiver(receiver).batch_size(4).concurrency(1);
    let (report, ()) = join(call.send(), send_all).await;
    assert_eq!((counts(&report.unwrap()).as_str(), sizes(&sandbox)), ("10 accepted", vec![4, 4, 2]));
}

#[tokio::test]
async fn a_lent_receiver_keeps_what_a_stopped_call_did_not_pull() {
    let (sandbox, client) = S::start().await;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for number in 0..10 {
        sender.send(S::event(number)).unwrap();
    }
    drop(sender);
    sandbox.fault(Fault::status(404).first(1));
    let failure = client.ingest_receiver(&mut receiver).batch_size(4).send().await.unwrap_err();
    assert_eq!((counts(failure.report()).as_str(), receiver.len()), ("4 not sent", 6));
    let report = client.ingest_receiver(&mut receiver).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), receiver.len()), ("6 accepted", 0));
}

#[tokio::test]
async fn a_source_may_borrow() {
    let (_sandbox, client) = S::start().await;
    let rides = [1, 2, 3];
    let report = client.ingest_events(rides.iter().map(|number| S::event(*number))).send().await.unwrap();
    assert_eq!(report.accepted(), rides.len() as u64);
}

#[tokio::test]
async fn a_refusal_that_echoes_the_token_is_redacted_and_truncated() {
    let (sandbox, client) = S::start().await;
    let message = format!("{} {}", TOKEN, "long ".repeat(10_000));
    let response = S::refusal("ride-1", &message);
    sandbox.fault(Fault::status(207).json(response).on(S::BATCH));
    let report = client.ingest_events([S::event(1)]).send().await.unwrap();
    let text = report.not_accepted()[0].outcome.to_string();
    assert!(text.starts_with("rejected: *** long long") && text.len() < 600, "{text}");
}
