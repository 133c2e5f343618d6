//! Looking events up one by one.

use reqwest::StatusCode;
use togai_api::types::EventWithStatusAndEventPipelineInfo;
use togai_api::{Client, Error, Event};

use super::EventState;
use super::arrival::{merge, state_of};
use super::pacer::Pacer;

/// The longest id that the look-up takes, in characters; an event may have one of 512.
const LONGEST_ID: usize = 50;

/// What the server has under an id.
#[derive(Clone, Debug)]
pub(super) struct LookedUp {
    pub(super) state: EventState,
    /// Each event that arrived with the id, and the state that it alone would give.
    pub(super) arrivals: Vec<(EventState, Event)>,
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
) -> Result<(), Error> {
    for &index in indices {
        let (id, state) = (&ids[index], &mut states[index]);
        let found = look_up_one(client, pacer, id).await?.state;
        // What was found of an event is not lost to a later response that knows nothing of it.
        if found.status().is_some() || state.as_ref().is_none_or(|known| known.status().is_none()) {
            *state = Some(found);
        }
    }
    Ok(())
}

/// Looks up one event when its turn comes. An id that a look-up does not take costs no turn.
pub(super) async fn look_up_one(client: &Client, pacer: &mut Pacer, id: &str) -> Result<LookedUp, Error> {
    let length = id.chars().count();
    if length > LONGEST_ID {
        let why = format!(
            "the id has {length} characters and a look-up takes {LONGEST_ID}: give the account of the event with \
             `.account(..)`, to find it in the list"
        );
        return Ok(LookedUp::nothing(EventState::NotLookedUp { why: why.into() }));
    }
    pacer.turn().await;
    let response = match client.get_single_event().event_id(id).send().await {
        Ok(response) => response,
        Err(error) if error.is_not_found() => return Ok(LookedUp::nothing(EventState::NotFound)),
        // The id is all that differs from look-up to look-up, so it is what the server, or the client, does not take.
        Err(error) if error.is_invalid_request() || error.status() == Some(StatusCode::BAD_REQUEST) => {
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
    let payloads = response.into_inner().events.into_iter().map(|event| event.event_payload);
    Ok(LookedUp { state: found.unwrap_or(EventState::NotFound), arrivals: states.into_iter().zip(payloads).collect() })
}
