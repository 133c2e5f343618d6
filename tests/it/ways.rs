//! The ways in to ingestion, with what has to hold of each call whatever the server does.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, stream};
use serde::Serialize;
use togai_ext::prelude::*;
use togai_ext::{Error, IngestError, Outcome};
use togai_sandbox::Sandbox;

use crate::support::{TOKEN, bad_event, event, told};

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Events,
    /// `ingest_events` with the verdicts as a stream.
    Outcomes,
    Stream,
    TryStream,
    /// `ingest_slice` with a type of the caller's own.
    Slice,
    /// `ingest_event`, of which there is only one.
    Single,
}

/// What a call hands in, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) events: u32,
    /// Which events the server refuses.
    pub(crate) is_bad: fn(u32) -> bool,
    pub(crate) batch_size: usize,
    pub(crate) concurrency: usize,
}

/// An event of a type of the caller's own, with its fields in an order of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ride {
    dimensions: BTreeMap<&'static str, &'static str>,
    timestamp: Timestamp,
    attributes: Vec<Attribute>,
    account_id: &'static str,
    id: String,
    schema_name: &'static str,
}

impl Ride {
    fn new(event: Event) -> Self {
        Self {
            dimensions: BTreeMap::from([("city", "Chennai")]),
            timestamp: event.timestamp,
            attributes: event.attributes,
            account_id: "acme-prod",
            id: event.id.unwrap().to_string(),
            schema_name: "rides",
        }
    }
}

impl Input {
    fn event(self, number: u32) -> Event {
        if (self.is_bad)(number) { bad_event(number) } else { event(number) }
    }
}

/// What a call told of its events.
#[derive(Debug)]
pub(crate) struct Told {
    /// By the index of the event.
    pub(crate) outcomes: BTreeMap<u64, Outcome>,
    pub(crate) stopped_by: Option<Error>,
}

impl Way {
    /// Hands events in, each of which the server is to judge.
    pub(crate) async fn ingest(self, client: &Client, input: Input) -> Told {
        let pulled = AtomicU64::new(0);
        let events = (0..input.events).map(|number| {
            pulled.fetch_add(1, Ordering::Relaxed);
            input.event(number)
        });
        macro_rules! send {
            ($call:expr) => {
                $call.batch_size(input.batch_size).concurrency(input.concurrency).local_checks(false).send().await
            };
        }
        let told = match self {
            Self::Events => Told::of(send!(client.ingest_events(events)), |event, index| {
                assert_eq!(*event, input.event(u32::try_from(index).unwrap()));
            }),
            Self::Stream => Told::of(send!(client.ingest_stream(stream::iter(events))), |_, _| {}),
            Self::TryStream => {
                let events = stream::iter(events.map(Ok::<_, Infallible>));
                Told::of(send!(client.ingest_try_stream(events)), |_, _| {})
            }
            Self::Slice => {
                let rides: Vec<Ride> = events.map(Ride::new).collect();
                return Told::of(send!(client.ingest_slice(&rides)), |(), _| {});
            }
            Self::Single => {
                assert_eq!(input.events, 1);
                pulled.fetch_add(1, Ordering::Relaxed);
                let call = client.ingest_event(input.event(0)).local_checks(false);
                Told::of(call.send().await, |_, _| {})
            }
            Self::Outcomes => {
                let call = client.ingest_events(events).batch_size(input.batch_size).concurrency(input.concurrency);
                let mut verdicts = call.local_checks(false).outcomes();
                let mut told = Told { outcomes: BTreeMap::new(), stopped_by: None };
                while let Some(verdict) = verdicts.next().await {
                    assert!(told.stopped_by.is_none(), "a verdict after the error");
                    match verdict {
                        Ok(verdict) => {
                            assert_eq!(verdict.id, Some(format!("ride-{}", verdict.index)));
                            let twice = told.outcomes.insert(verdict.index, verdict.outcome);
                            assert_eq!(twice, None, "two verdicts of event {}", verdict.index);
                        }
                        Err(error) => told.stopped_by = Some(error),
                    }
                }
                told
            }
        };
        // Counted by the source, so that it is not the call that says how many events it got.
        assert_eq!(told.outcomes.len() as u64, pulled.into_inner(), "a verdict for each event that was pulled");
        told
    }
}

impl Told {
    fn of<E: 'static>(sent: Result<IngestReport<E>, IngestError<E>>, check: impl Fn(&E, u64)) -> Self {
        let outcomes = |report: &IngestReport<E>| {
            for verdict in report.not_accepted() {
                assert_eq!(verdict.id, Some(format!("ride-{}", verdict.index)));
                check(&verdict.event, verdict.index);
            }
            let mut outcomes = BTreeMap::new();
            for (index, outcome) in report.outcomes() {
                assert_eq!(outcomes.insert(index, outcome.clone()), None, "two verdicts of event {index}");
            }
            let told = Self { outcomes, stopped_by: None };
            let counts =
                [report.accepted(), report.duplicates(), report.rejected(), report.unknown(), report.not_sent()];
            assert_eq!(told.counts(), counts);
            assert_eq!(report.submitted(), counts.iter().sum::<u64>());
            told.outcomes
        };
        match sent {
            Ok(report) => Self { outcomes: outcomes(&report), stopped_by: None },
            Err(failure) => {
                assert_says_no_token(&failure);
                Self { outcomes: outcomes(failure.report()), stopped_by: Some(failure.into()) }
            }
        }
    }

    /// How many events were accepted, are duplicates, were rejected, are unknown, and were not sent.
    pub(crate) fn counts(&self) -> [u64; 5] {
        let mut counts = [0; 5];
        for outcome in self.outcomes.values() {
            let place = match outcome {
                Outcome::Accepted => 0,
                Outcome::Duplicate => 1,
                Outcome::Rejected { .. } => 2,
                Outcome::Unknown { .. } => 3,
                Outcome::NotSent { .. } => 4,
                outcome => panic!("{outcome}"),
            };
            counts[place] += 1;
        }
        counts
    }

    /// What stopped the call, in a word or two.
    pub(crate) fn stopped_by(&self) -> String {
        let Some(error) = &self.stopped_by else { return "nothing".to_owned() };
        match error.status() {
            None if error.to_string().contains("which the API does not answer with") => "no such answer".to_owned(),
            Some(status) if error.is_decode() => format!("unreadable {}", status.as_u16()),
            Some(status) => status.as_u16().to_string(),
            None if error.is_connect() => "no server".to_owned(),
            None if error.is_timeout() => "timeout".to_owned(),
            None if told(error).contains("the connection broke") => "broken".to_owned(),
            None => told(error),
        }
    }

    /// Checks what the call says against what the server has. Event `n` of the input has the id `ride-n`.
    #[track_caller]
    pub(crate) fn check(&self, sandbox: &Sandbox) {
        for (place, index) in self.outcomes.keys().enumerate() {
            assert_eq!(place as u64, *index, "each index has a verdict");
        }
        let (mut arrived, mut is_metered) = (BTreeSet::new(), BTreeSet::new());
        for arrival in sandbox.events() {
            let is_counted = arrival.is_metered();
            let id = arrival.event_id.unwrap();
            assert!(!is_counted || is_metered.insert(id.clone()), "{id} was metered twice");
            arrived.insert(id);
        }
        for (index, outcome) in &self.outcomes {
            let id = format!("ride-{index}");
            match outcome {
                Outcome::Accepted | Outcome::Duplicate => assert!(is_metered.contains(&id), "{id} is {outcome}"),
                Outcome::Rejected { .. } => assert!(!is_metered.contains(&id), "{id} is {outcome}"),
                Outcome::NotSent { .. } => assert!(!arrived.contains(&id), "{id} is {outcome}"),
                _ => {}
            }
            assert!(!outcome.to_string().contains(TOKEN), "{outcome}");
        }
        let submitted = self.outcomes.len() as u64;
        let never_pulled = |id: &String| id.strip_prefix("ride-").unwrap().parse::<u64>().unwrap() >= submitted;
        assert!(!arrived.iter().any(never_pulled), "an event arrived that was not pulled");
        if let Some(error) = &self.stopped_by {
            assert_says_no_token(error);
        }
    }
}

/// Looks for the token in all that an error says.
#[track_caller]
fn assert_says_no_token(error: &(dyn std::error::Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let said = format!("{error} {error:?} {error:#?}");
        assert!(!said.contains(TOKEN), "{said}");
        cause = error.source();
    }
}
