//! The ways in to ingestion, each with what a call of the service needs.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, stream};
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use super::S;
#[allow(unused_imports, reason = "with Enso the call has the method of its own")]
use crate::services::Service;
use crate::support::counts;
use crate::ways::{Input, Told, Way};

type Client = <S as Service>::Client;
type Own = <S as Service>::Own;

/// Hands events in, each of which the server is to judge.
pub(super) async fn ingest(way: Way, client: &Client, input: Input) -> Told {
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
    let told = match way {
        Way::Events => Told::of(send!(client.ingest_events(events)), |event, index| {
            assert_eq!(*event, input.event::<S>(u32::try_from(index).unwrap()));
        }),
        Way::Stream => Told::of(send!(client.ingest_stream(stream::iter(events))), |_, _| {}),
        Way::TryStream => {
            let events = stream::iter(events.map(Ok::<_, Infallible>));
            Told::of(send!(client.ingest_try_stream(events)), |_, _| {})
        }
        Way::Slice => {
            let owns: Vec<Own> = events.map(S::own).collect();
            return Told::of(send!(client.ingest_slice(&owns)), |(), _| {});
        }
        Way::Single => {
            assert_eq!(input.events, 1);
            pulled.fetch_add(1, Ordering::Relaxed);
            let call = client.ingest_event(input.event::<S>(0)).local_checks(false).idempotent(S::IDEMPOTENT);
            Told::of(call.send().await, |_, _| {})
        }
        Way::Outcomes => {
            let call = client.ingest_events(events).batch_size(input.batch_size).concurrency(input.concurrency);
            let mut verdicts = call.local_checks(false).idempotent(S::IDEMPOTENT).outcomes();
            let mut told = Told { outcomes: BTreeMap::new(), stopped_by: None };
            while let Some(verdict) = verdicts.next().await {
                assert!(told.stopped_by.is_none(), "a verdict after the error");
                match verdict {
                    Ok(verdict) => {
                        assert_eq!(verdict.id, Some(format!("ride-{}", verdict.index)));
                        let twice = told.outcomes.insert(verdict.index, verdict.outcome);
                        assert_eq!(twice, None, "two verdicts of event {}", verdict.index);
                    }
                    Err(error) => told.stopped_by = Some(error.into_error()),
                }
            }
            told
        }
    };
    // Counted by the source, so that it is not the call that says how many events it got.
    assert_eq!(told.outcomes.len() as u64, pulled.into_inner(), "a verdict for each event that was pulled");
    told
}

/// What becomes of events 0 to 9, in batches of 5, in a sandbox with faults: the verdicts, what stopped the call, what
/// the server saw, and how many events it metered.
pub(super) async fn ten_events(sandbox: &Sandbox, client: &Client) -> String {
    let call = client.ingest_events((0..10).map(S::event)).batch_size(5).concurrency(1);
    let sent = call.idempotent(S::IDEMPOTENT).send().await;
    let (verdicts, stopped) = match &sent {
        Ok(report) => (counts(report), "nothing".to_owned()),
        Err(failure) => (counts(failure.report()), S::told(failure.error())),
    };
    let metered = S::metered_count(sandbox);
    format!("{verdicts}\nstopped by: {stopped}\n{}\nmetered: {metered}", S::log(sandbox))
}
