//! The methods that ingest events, each with what a call of the service needs.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, stream};
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use super::S;
use crate::ingest_methods::{CallOutcome, IngestMethod, Input};
#[allow(unused_imports, reason = "with Enso the call has the method of its own")]
use crate::services::Service;
use crate::support::counts;

type Client = <S as Service>::Client;
type Own = <S as Service>::Own;

/// Hands events in, each of which the server is to judge.
pub(super) async fn ingest(method: IngestMethod, client: &Client, input: Input) -> CallOutcome {
    let pulled = AtomicU64::new(0);
    let events = (0..input.events).map(|number| {
        pulled.fetch_add(1, Ordering::Relaxed);
        input.event::<S>(number)
    });
    macro_rules! send {
        ($call:expr) => {
            $call
                .batch_size(input.batch_size)
                .concurrency(input.concurrency)
                .local_checks(false)
                .idempotent(S::IDEMPOTENT)
                .send()
                .await
        };
    }
    let outcome = match method {
        IngestMethod::Events => CallOutcome::from_result(send!(client.ingest_events(events)), |event, index| {
            assert_eq!(*event, input.event::<S>(u32::try_from(index).unwrap()));
        }),
        IngestMethod::Stream => CallOutcome::from_result(send!(client.ingest_stream(stream::iter(events))), |_, _| {}),
        IngestMethod::TryStream => {
            let events = stream::iter(events.map(Ok::<_, Infallible>));
            CallOutcome::from_result(send!(client.ingest_try_stream(events)), |_, _| {})
        }
        IngestMethod::Slice => {
            let owns: Vec<Own> = events.map(S::own).collect();
            return CallOutcome::from_result(send!(client.ingest_slice(&owns)), |(), _| {});
        }
        IngestMethod::Single => {
            assert_eq!(input.events, 1);
            pulled.fetch_add(1, Ordering::Relaxed);
            let call = client.ingest_event(input.event::<S>(0)).local_checks(false).idempotent(S::IDEMPOTENT);
            CallOutcome::from_result(call.send().await, |_, _| {})
        }
        IngestMethod::Verdicts => {
            let call = client.ingest_events(events).batch_size(input.batch_size).concurrency(input.concurrency);
            let mut verdicts = call.local_checks(false).idempotent(S::IDEMPOTENT).verdicts();
            let mut outcome = CallOutcome { outcomes: BTreeMap::new(), stopped_by: None };
            while let Some(verdict) = verdicts.next().await {
                assert!(outcome.stopped_by.is_none(), "a verdict after the error");
                match verdict {
                    Ok(verdict) => {
                        assert_eq!(verdict.id, Some(format!("ride-{}", verdict.index)));
                        let twice = outcome.outcomes.insert(verdict.index, verdict.outcome);
                        assert_eq!(twice, None, "two verdicts of event {}", verdict.index);
                    }
                    Err(error) => outcome.stopped_by = Some(error.into_error()),
                }
            }
            outcome
        }
    };
    // Counted by the source, so that it is not the call that says how many events it got.
    assert_eq!(outcome.outcomes.len() as u64, pulled.into_inner(), "a verdict for each event that was pulled");
    outcome
}

/// What becomes of events 0 to 9, in batches of 5, in a sandbox with faults: the verdicts, what stopped the call, what
/// the server saw, and how many events it metered.
pub(super) async fn ten_events(sandbox: &Sandbox, client: &Client) -> String {
    let call = client.ingest_events((0..10).map(S::event)).batch_size(5).concurrency(1);
    let sent = call.idempotent(S::IDEMPOTENT).send().await;
    let (verdicts, stopped) = match &sent {
        Ok(report) => (counts(report), "nothing".to_owned()),
        Err(failure) => (counts(failure.report()), S::stable_text(failure.error())),
    };
    let metered = S::metered_count(sandbox);
    format!("{verdicts}\nstopped by: {stopped}\n{}\nmetered: {metered}", S::log(sandbox))
}
