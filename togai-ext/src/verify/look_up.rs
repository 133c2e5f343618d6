//! Looking events up one by one.

use reqwest::StatusCode;
use togai_api::{Client, Error};

use super::EventState;
use super::arrival::{merge, state_of};
use super::pacer::Pacer;

/// The longest id that the look-up takes, in characters; an event may have one of 512.
const LONGEST_ID: usize = 50;

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
        let length = id.chars().count();
        if length > LONGEST_ID {
            let why = format!(
                "the id has {length} characters and a look-up takes {LONGEST_ID}: give the account of the event with \
                 `.account(..)`, to find it in the list"
            );
            *state = Some(EventState::NotLookedUp { why: why.into() });
            continue;
        }
        pacer.turn().await;
        let found = one(client, id).await?;
        // What was found of an event is not lost to a later response that knows nothing of it.
        if found.status().is_some() || state.as_ref().is_none_or(|known| known.status().is_none()) {
            *state = Some(found);
        }
    }
    Ok(())
}

/// The state of one event, as far as the server reports it.
async fn one(client: &Client, id: &str) -> Result<EventState, Error> {
    let response = match client.get_single_event().event_id(id).send().await {
        Ok(response) => response,
        Err(error) if error.is_not_found() => return Ok(EventState::NotFound),
        // The id is all that differs from look-up to look-up, so it is what the server, or the client, does not take.
        Err(error) if error.is_invalid_request() || error.status() == Some(StatusCode::BAD_REQUEST) => {
            return Ok(EventState::NotLookedUp { why: error.to_string().into() });
        }
        Err(error) => return Err(error),
    };
    let mut found = None;
    for event in &response.events {
        merge(&mut found, state_of(&event.ingestion_status, |text| response.safe_text(text)));
    }
    Ok(found.unwrap_or(EventState::NotFound))
}
