//! The rounds of a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use togai_api::{Client, Error};
use togai_ingest::{Clock, IngestReport, Outcome};

use super::decide::{Decision, ReportedEvent, decide, is_open};
use crate::verify::arrival::is_found;
use crate::verify::look_up::{LookedUp, look_up_one};
use crate::verify::pacer::Pacer;
use crate::verify::progress::Observer;

/// How a call goes about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) lookups_per_second: u32,
    pub(super) delay: Duration,
    pub(super) rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lookups_per_second: 10, delay: Duration::from_secs(5), rounds: 3 }
    }
}

/// An id that is asked for, and the places in `not_accepted` of the events that have it and are open.
struct Asked {
    id: String,
    places: Vec<usize>,
    is_found: bool,
}

/// Looks the open events of a report up and updates their outcomes, also those that were found before an error.
pub(super) async fn run<E: ReportedEvent, T>(
    client: &Client,
    clock: Arc<dyn Clock>,
    settings: &Settings,
    report: &mut IngestReport<E, T>,
    observer: &mut Observer<'_>,
) -> Result<(), Error> {
    let mut pacer = Pacer::new(clock, settings.lookups_per_second);
    let (mut updates, mut stopped_by) = (HashMap::new(), None);
    let mut open = asked(report);
    observer.progress.total = open.len() as u64;
    'rounds: for round in 0..settings.rounds {
        if open.is_empty() {
            break;
        }
        if round > 0 {
            pacer.wait(settings.delay).await;
        }
        observer.progress.round = round + 1;
        for mut asked in std::mem::take(&mut open) {
            let found = match look_up_one(client, &mut pacer, &asked.id, observer).await {
                Ok(found) => found,
                Err(error) => {
                    stopped_by = Some(error);
                    break 'rounds;
                }
            };
            let asks_again = note(&found, &asked, report, &mut updates);
            let was_found = asked.is_found;
            asked.is_found |= is_found(Some(&found.state));
            observer.progress.found += u64::from(asked.is_found && !was_found);
            for (_, event) in found.arrivals {
                observer.event(event);
            }
            observer.report();
            if asks_again {
                open.push(asked);
            }
        }
    }
    report.update_outcomes(|verdict| updates.remove(&verdict.index));
    stopped_by.map_or(Ok(()), Err)
}

/// Notes the new outcomes of the events with an id, by their index, and says whether to ask for it again.
fn note<E: ReportedEvent, T>(
    found: &LookedUp,
    asked: &Asked,
    report: &IngestReport<E, T>,
    updates: &mut HashMap<u64, Outcome>,
) -> bool {
    let mut asks_again = false;
    for verdict in asked.places.iter().filter_map(|place| report.not_accepted().get(*place)) {
        match decide(&verdict.outcome, &verdict.event, found) {
            Decision::Update(outcome) => _ = updates.insert(verdict.index, outcome),
            Decision::AskAgain => asks_again = true,
            Decision::Keep => {}
        }
    }
    asks_again
}

/// The ids to ask for, each of them once, in the order of the events.
fn asked<E: ReportedEvent, T>(report: &IngestReport<E, T>) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    let mut known = HashMap::new();
    for (place, verdict) in report.not_accepted().iter().enumerate() {
        let Some(id) = verdict.id.as_deref().filter(|_| is_open(&verdict.outcome, &verdict.event)) else { continue };
        let next = asked.len();
        let known = *known.entry(id).or_insert(next);
        match asked.get_mut(known) {
            Some(asked) => asked.places.push(place),
            None => asked.push(Asked { id: id.to_owned(), places: vec![place], is_found: false }),
        }
    }
    asked
}
