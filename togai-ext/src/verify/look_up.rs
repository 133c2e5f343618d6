//! Looking events up one by one.

use reqwest::StatusCode;
use togai_api::types::{EventWithStatus, EventWithStatusAndEventPipelineInfo};
use togai_api::{Client, Error};

use super::EventState;
use super::arrival::{is_found, merge, state_of};
use super::pacer::Pacer;
use super::progress::Observer;

/// The longest id that the look-up takes, in characters; an event may have one of 512.
const LONGEST_ID: usize = 50;

/// What the server has under an id.
#[derive(Clone, Debug)]
pub(super) struct LookedUp {
    pub(super) state: EventState,
    /// Each event that arrived with the id, and the state that it alone would give.
    pub(super) arrivals: Vec<(EventState, EventWithStatus)>,
}

impl LookedUp {
    /// Nothing is there, or nothing can be seen.
    fn nothing(state: EventState) -> Self {
        Self { state, arrivals: Vec::new() }
    }
}

/// Looks up the events at these indices.
pub(super) async fn look_up(
    client: &Client,
    pacer: &mut Pacer,
    ids: &[String],
    indices: &[usize],
    states: &mut [Option<EventState>],
    observer: &mut Observer<'_>,
) -> Result<(), Error> {
    for &index in indices {
        let (id, state) = (&ids[index], &mut states[index]);
        let LookedUp { state: found, arrivals } = look_up_one(client, pacer, id, observer).await?;
        let (found, was_found) = (Some(found), is_found(state.as_ref()));
        // What was found of an event is not lost to a later response that knows nothing of it.
        if is_found(found.as_ref()) || !was_found {
            *state = found;
        }
        observer.progress.found += u64::from(!was_found && is_found(state.as_ref()));
        for (_, event) in arrivals {
            observer.event(event);
        }
        observer.report();
    }
    Ok(())
}

/// Looks up one event when its turn comes. An id that a look-up does not take costs no turn.
pub(super) async fn look_up_one(
    client: &Client,
    pacer: &mut Pacer,
    id: &str,
    observer: &mut Observer<'_>,
) -> Result<LookedUp, Error> {
    let length = id.chars().count();
    if length > LONGEST_ID {
        let why = format!(
            "the id has {length} characters and a look-up takes {LONGEST_ID}: give the account of the event with \
             `.account(..)`, to find it in the list"
        );
        return Ok(LookedUp::nothing(EventState::NotLookedUp { why: why.into() }));
    }
    pacer.turn().await;
    observer.progress.requests += 1;
    let response = match client.get_single_event().event_id(id).send().await {
        Ok(response) => response,
        Err(error) if error.is_not_found() => return Ok(LookedUp::nothing(EventState::NotFound)),
        // The id is all that differs from look-up to look-up, so it is what the server, or the client, does not take.
        Err(error) if error.is_builder() || error.status() == Some(StatusCode::BAD_REQUEST) => {
            return Ok(LookedUp::nothing(EventState::NotLookedUp { why: error.to_string().into() }));
        }
        Err(error) => return Err(error),
    };
    let safe_state = |event: &EventWithStatusAndEventPipelineInfo| {
        state_of(&event.ingestion_status, |text| response.safe_text(text))
    };
    let states: Vec<EventState> = response.events.iter().map(safe_state).collect();
    let mut found = None;
    for state in &states {
        merge(&mut found, state.clone());
    }
    let events = response.into_inner().events.into_iter().map(as_listed);
    Ok(LookedUp { state: found.unwrap_or(EventState::NotFound), arrivals: states.into_iter().zip(events).collect() })
}

/// The event of a look-up as a list has it.
fn as_listed(event: EventWithStatusAndEventPipelineInfo) -> EventWithStatus {
    let mut listed = EventWithStatus::default();
    listed.created_at = event.created_at;
    listed.customer_id = event.customer_id;
    listed.event_payload = event.event_payload;
    listed.ingestion_status = event.ingestion_status;
    listed.reference_id = event.reference_id;
    listed.source = event.source;
    listed
}
