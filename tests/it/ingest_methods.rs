//! The methods that ingest events, and the checks that every call has to pass.

use std::collections::{BTreeMap, BTreeSet};

use togai_ext::{Error, IngestError, IngestErrorExt as _, IngestReport, Outcome};
use togai_sandbox::Sandbox;

use crate::services::{EventOf, Service};
use crate::support::{TOKEN, stable_text};

/// A method that ingests events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IngestMethod {
    Events,
    /// `ingest_events` with the verdicts as a stream.
    Verdicts,
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

impl Input {
    pub(crate) fn event<S: Service>(self, number: u32) -> EventOf<S> {
        if (self.is_bad)(number) { S::bad_event(number) } else { S::event(number) }
    }
}

/// The verdicts of a call, and the error that stopped it.
#[derive(Debug)]
pub(crate) struct CallOutcome {
    /// By the index of the event.
    pub(crate) outcomes: BTreeMap<u64, Outcome>,
    pub(crate) stopped_by: Option<Error>,
}

/// The errors of a success status that the API does not have.
const NO_SUCH_RESPONSE: [&str; 2] = ["although the API has no such response", "did not say what became of the events"];

impl CallOutcome {
    pub(crate) fn from_result<E: 'static>(
        sent: Result<IngestReport<E>, IngestError<E>>,
        check: impl Fn(&E, u64),
    ) -> Self {
        let outcomes = |report: &IngestReport<E>| {
            for verdict in report.not_accepted() {
                assert_eq!(verdict.id, Some(format!("ride-{}", verdict.index)));
                check(&verdict.event, verdict.index);
            }
            let mut outcomes = BTreeMap::new();
            for (index, outcome) in report.outcomes() {
                assert_eq!(outcomes.insert(index, outcome.clone()), None, "two verdicts of event {index}");
            }
            let outcome = Self { outcomes, stopped_by: None };
            let counts =
                [report.accepted(), report.duplicates(), report.rejected(), report.unknown(), report.not_sent()];
            assert_eq!(outcome.counts(), counts);
            assert_eq!(report.submitted(), counts.iter().sum::<u64>());
            outcome.outcomes
        };
        match sent {
            Ok(report) => Self { outcomes: outcomes(&report), stopped_by: None },
            Err(failure) => {
                assert_says_no_token(&failure);
                Self { outcomes: outcomes(failure.report()), stopped_by: Some(failure.into_error()) }
            }
        }
    }

    /// How many events were accepted, are duplicates, were rejected, are unknown, and were not sent.
    pub(crate) fn counts(&self) -> [u64; 5] {
        let mut counts = [0; 5];
        for outcome in self.outcomes.values() {
            let index = match outcome {
                Outcome::Accepted => 0,
                Outcome::Duplicate { .. } => 1,
                Outcome::Rejected { .. } => 2,
                Outcome::Unknown { .. } => 3,
                Outcome::NotSent { .. } => 4,
                outcome => panic!("{outcome}"),
            };
            counts[index] += 1;
        }
        counts
    }

    /// What stopped the call, in a word or two.
    pub(crate) fn stopped_by(&self) -> String {
        let Some(error) = &self.stopped_by else { return "nothing".to_owned() };
        match error.status() {
            Some(_) if NO_SUCH_RESPONSE.iter().any(|words| error.to_string().contains(words)) => {
                "no such answer".to_owned()
            }
            Some(_) if error.to_string().contains("accepted no event that it named") => "none named".to_owned(),
            Some(status) if error.is_decode() => format!("unreadable {}", status.as_u16()),
            Some(status) => status.as_u16().to_string(),
            None if error.is_connect() => "no server".to_owned(),
            None if error.is_timeout() => "timeout".to_owned(),
            None if stable_text(error).contains("the connection broke") => "broken".to_owned(),
            None => stable_text(error),
        }
    }

    /// Checks what the call says against what the server has. Event `n` of the input has the id `ride-n`.
    #[track_caller]
    pub(crate) fn check<S: Service>(&self, sandbox: &Sandbox) {
        for (position, index) in self.outcomes.keys().enumerate() {
            assert_eq!(position as u64, *index, "each index has a verdict");
        }
        let (mut arrived, mut is_metered) = (BTreeSet::new(), BTreeSet::new());
        for (id, is_counted) in S::arrivals(sandbox) {
            // Where an id counts each time, this says that nothing arrived twice.
            assert!(!is_counted || is_metered.insert(id.clone()), "{id} was metered twice");
            arrived.insert(id);
        }
        for (index, outcome) in &self.outcomes {
            let id = format!("ride-{index}");
            match outcome {
                Outcome::Accepted | Outcome::Duplicate { .. } => assert!(is_metered.contains(&id), "{id} is {outcome}"),
                Outcome::Rejected { .. } => assert!(!is_metered.contains(&id), "{id} is {outcome}"),
                Outcome::NotSent { .. } => assert!(!arrived.contains(&id), "{id} is {outcome}"),
                // It may be retried where that is harmless.
                _ => assert_eq!(outcome.is_retryable(), S::COUNTS_ONCE, "{id} is {outcome}"),
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
