//! How far a call of verification is, and what it hands out on the way.

use std::fmt;

use togai_api::types::EventWithStatus;

/// How far a call of verification is.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let ids: Vec<String> = (0..80).map(|number| format!("ride-{number}")).collect();
/// let rides = ids.iter().map(|id| Event::new("rides", "acme-prod").id(id));
/// client.ingest_events(rides).send().await?.into_result()?;
///
/// let mut lines = Vec::new();
/// let call = client.verify(&ids).account("acme-prod").on_progress(|progress| lines.push(progress.to_string()));
/// let verification = call.send().await?;
/// assert_eq!(verification.metered(), 80);
/// assert_eq!(lines, ["50 of 80 ids found, 50 events read, round 1", "80 of 80 ids found, 80 events read, round 1"]);
/// # Ok(())
/// # });
/// ```
///
/// An id is found once the server has shown an event with it, in whatever state. In a list the ids that are asked for may be
/// rare, so `events` tells that the call goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyProgress {
    /// Ids that are asked for, each of them once.
    pub total: u64,
    /// Ids of which an event was found.
    pub found: u64,
    /// Events that were read, in all rounds together, also those of other ids.
    pub events: u64,
    /// Look-ups, or pages of the list, that were asked for. Retries are not counted.
    pub requests: u64,
    /// The round that is under way, from 1.
    pub round: u32,
}

impl fmt::Display for VerifyProgress {
    /// Writes the counts, such as `50 of 80 ids found, 50 events read, round 1`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, found, events, round, .. } = self;
        write!(formatter, "{found} of {total} ids found, {events} events read, round {round}")
    }
}

/// The callbacks of a call, with the counts for them.
#[derive(Default)]
pub(super) struct Observer<'a> {
    pub(super) on_event: Option<Box<dyn FnMut(EventWithStatus) + Send + 'a>>,
    pub(super) on_progress: Option<Box<dyn FnMut(VerifyProgress) + Send + 'a>>,
    pub(super) progress: VerifyProgress,
}

impl Observer<'_> {
    /// Hands an event out that was read.
    pub(super) fn event(&mut self, event: EventWithStatus) {
        self.progress.events += 1;
        if let Some(handler) = &mut self.on_event {
            handler(event);
        }
    }

    /// Reports what the last request has added to the counts.
    pub(super) fn report(&mut self) {
        if let Some(handler) = &mut self.on_progress {
            handler(self.progress);
        }
    }
}
