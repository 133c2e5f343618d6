//! Finding events in the list of their account.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use togai_api::types::EventWithStatus;
use togai_api::{Client, Error, builder};

use super::EventState;
use super::arrival::{is_found, merge, state_of};
use super::pacer::Pacer;
use super::progress::Observer;
use crate::paginate::{Fetch, PagedRequest, Pages, Paginate as _};
use crate::sealed::Sealed;

/// The largest page that the API answers.
const PAGE_SIZE: u32 = 50;

/// The events of an account, and of a schema where one is given.
pub(super) fn listing(client: &Client, account: &str, schema: Option<&str>) -> Listing {
    let request = client.get_events().account_id(account).page_size(PAGE_SIZE);
    Listing(match schema {
        Some(schema) => request.schema_name(schema),
        None => request,
    })
}

/// Reads the list until the events at these indices are metered, and else to its end.
///
/// Only that they are metered is sure before the end: whatever else is found of an event, a later page may hold an
/// arrival that says more. Where the list breaks off, what was found counts, and nothing is said of the others.
pub(super) async fn list(
    listing: Listing,
    pacer: &mut Pacer,
    ids: &[String],
    indices: &[usize],
    states: &mut [Option<EventState>],
    observer: &mut Observer<'_>,
) -> Result<(), Error> {
    let by_id: HashMap<&str, usize> =
        indices.iter().enumerate().map(|(position, index)| (ids[*index].as_str(), position)).collect();
    let mut found: Vec<Option<EventState>> = vec![None; indices.len()];
    let was_found = |position: usize| is_found(states[indices[position]].as_ref());
    let read = read(listing.pages(), pacer, &by_id, &mut found, was_found, observer).await;
    for (index, found) in indices.iter().zip(found) {
        let state = &mut states[*index];
        match found {
            Some(found) => *state = Some(found),
            None if read.is_ok() => *state = state.take().or(Some(EventState::NotFound)),
            None => {}
        }
    }
    read
}

async fn read(
    mut pages: Pages<Listing>,
    pacer: &mut Pacer,
    by_id: &HashMap<&str, usize>,
    found: &mut [Option<EventState>],
    was_found: impl Fn(usize) -> bool,
    observer: &mut Observer<'_>,
) -> Result<(), Error> {
    let (mut unmetered, mut unreadable) = (found.len(), 0);
    while unmetered > 0 {
        pacer.turn().await;
        observer.progress.requests += 1;
        let Some(page) = pages.try_next().await? else { return Ok(()) };
        let is_last = page.resume_token().is_none();
        unreadable += page.unreadable().len();
        for (arrival, event) in page.into_items() {
            // An event without an id is none that can have been asked for.
            let id = event.event_payload.id.as_deref();
            if let Some(&position) = id.and_then(|id| by_id.get(id)) {
                let found = &mut found[position];
                observer.progress.found += u64::from(found.is_none() && !was_found(position));
                let was_metered = found.as_ref().is_some_and(EventState::is_metered);
                merge(found, arrival);
                unmetered -= usize::from(!was_metered && found.as_ref().is_some_and(EventState::is_metered));
            }
            observer.event(event);
        }
        observer.report();
        if is_last && unreadable > 0 && found.contains(&None) {
            // An event that was not found may be one of them.
            let problem =
                format!("records of the list that could not be read: {unreadable}; missing events may be among them");
            return Err(Error::protocol(Listing::OPERATION, problem));
        }
        if is_last {
            return Ok(());
        }
    }
    Ok(())
}

/// The list as a request for pages of events with their states. These are read from each response as a whole, since
/// only the response knows the token that has to be blotted out of its texts.
#[derive(Clone, Debug)]
pub(super) struct Listing(builder::GetEvents);

impl Sealed for Listing {}

impl PagedRequest for Listing {
    type Item = (EventState, EventWithStatus);

    const OPERATION: &'static str = builder::GetEvents::OPERATION;

    fn with_token(self, token: String) -> Self {
        Self(self.0.with_token(token))
    }

    fn fetch(self) -> Fetch<Self::Item> {
        Box::pin(async move {
            let response = self.0.send().await?;
            let safe_state =
                |event: &EventWithStatus| state_of(&event.ingestion_status, |text| response.safe_text(text));
            let states: Vec<EventState> = response.events.iter().map(safe_state).collect();
            Ok(response.map(|page| (states.into_iter().zip(page.events).collect(), page.next_token)))
        })
    }
}
