//! The rounds of a call.

use std::sync::Arc;
use std::time::Duration;

use togai_api::{Client, Error};
use togai_ingest::Clock;

use super::list::{list, listing};
use super::look_up::look_up;
use super::pacer::Pacer;
use super::progress::Observer;
use super::{EventState, Verification};

/// How a call goes about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) account: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) lookups_per_second: u32,
    pub(super) delay: Duration,
    pub(super) rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { account: None, schema: None, lookups_per_second: 10, delay: Duration::from_secs(5), rounds: 3 }
    }
}

/// What is wrong with the settings that every call of verification has.
pub(super) fn problem(lookups_per_second: u32, rounds: u32) -> Option<&'static str> {
    match (lookups_per_second, rounds) {
        (0, _) => Some("the number of look-ups per second is 0: set `lookups_per_second` to 1 or more"),
        (_, 0) => Some("the number of rounds is 0: set `rounds` to 1 or more"),
        _ => None,
    }
}

/// Asks for the events of these ids, each of which is there once: what is known of each, and what stopped the call where
/// something did.
pub(super) async fn run(
    client: &Client,
    clock: Arc<dyn Clock>,
    settings: &Settings,
    ids: Vec<String>,
    observer: &mut Observer<'_>,
) -> (Verification, Option<Error>) {
    let mut pacer = Pacer::new(clock, settings.lookups_per_second);
    observer.progress.total = ids.len() as u64;
    // None where the event was not asked for yet.
    let mut states: Vec<Option<EventState>> = vec![None; ids.len()];
    let mut stopped_by = None;
    for round in 0..settings.rounds {
        let is_open = |state: &Option<EventState>| state.as_ref().is_none_or(|state| !state.is_settled());
        let open: Vec<usize> =
            states.iter().enumerate().filter(|(_, state)| is_open(state)).map(|(index, _)| index).collect();
        if open.is_empty() {
            break;
        }
        if round > 0 {
            pacer.wait(settings.delay).await;
        }
        observer.progress.round = round + 1;
        let result = match &settings.account {
            Some(account) => {
                let listing = listing(client, account, settings.schema.as_deref());
                list(listing, &mut pacer, &ids, &open, &mut states, observer).await
            }
            None => look_up(client, &mut pacer, &ids, &open, &mut states, observer).await,
        };
        if let Err(error) = result {
            stopped_by = Some(error);
            break;
        }
    }
    let why: Arc<str> = match &stopped_by {
        Some(error) => format!("the call was stopped before it: {error}").into(),
        None => "the call made no request".into(),
    };
    let states = states.into_iter().map(|state| state.unwrap_or(EventState::NotLookedUp { why: Arc::clone(&why) }));
    (Verification::new(ids.into_iter().zip(states)), stopped_by)
}
