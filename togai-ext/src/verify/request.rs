//! A call of verification before it is sent.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use togai_api::types::EventWithStatus;
use togai_api::{Client, Error};
use togai_ingest::Clock;

use super::progress::{Observer, VerifyProgress};
use super::run::{self, Settings};
use super::{EventState, Verification, VerifyError};

/// A call of verification; made by [`VerifyExt`](super::VerifyExt).
///
/// | setting | default |
/// |---|---|
/// | [`account`](Self::account) | none: events are looked up one by one |
/// | [`schema`](Self::schema) | none: all events of the account are listed |
/// | [`lookups_per_second`](Self::lookups_per_second) | 10, the quota of the API |
/// | [`rounds`](Self::rounds) | 3 times an event is asked for at most |
/// | [`delay`](Self::delay) | 5 s between two rounds |
/// | [`on_event`](Self::on_event), [`on_progress`](Self::on_progress) | none |
#[must_use = "nothing is verified until the request is sent"]
pub struct Verify<'a> {
    client: Client,
    clock: Arc<dyn Clock>,
    ids: Vec<String>,
    settings: Settings,
    observer: Observer<'a>,
}

impl<'a> Verify<'a> {
    pub(super) fn new(client: Client, clock: Arc<dyn Clock>, ids: impl Iterator<Item = String>) -> Self {
        let mut seen = HashSet::new();
        let ids = ids.filter(|id| seen.insert(id.clone())).collect();
        Self { client, clock, ids, settings: Settings::default(), observer: Observer::default() }
    }

    /// Finds the events in the list of an account, instead of looking them up one by one.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// let ids: Vec<String> = (0..100).map(|number| format!("ride-{number}")).collect();
    /// let rides = ids.iter().map(|id| Event::new("rides", "acme-prod").id(id));
    /// client.ingest_events(rides).send().await?.into_result()?;
    /// # sandbox.clear_requests();
    ///
    /// // Two pages of 50, instead of a hundred look-ups.
    /// let verification = client.verify(&ids).account("acme-prod").schema("rides").send().await?;
    /// assert_eq!((verification.metered(), sandbox.requests().len()), (100, 2));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// It is the way for many events of an account that has not many more, and the only one for ids of more than 50
    /// characters, which a look-up does not take. The list is read page by page until all events are metered, or to its
    /// end where one is not, in each round.
    pub fn account(mut self, account_id: impl Into<String>) -> Self {
        self.settings.account = Some(account_id.into());
        self
    }

    /// Lists the events of one schema alone; it goes with [`account`](Self::account).
    pub fn schema(mut self, schema_name: impl Into<String>) -> Self {
        self.settings.schema = Some(schema_name.into());
        self
    }

    /// Sets how many look-ups, or pages of the list, are asked for in a second at most; 10 by default, the quota that
    /// the API documents for everything that is not ingestion. Set less where others read at the same time.
    ///
    /// They are asked for one after the other, so a slow server answers fewer.
    pub fn lookups_per_second(mut self, lookups: u32) -> Self {
        self.settings.lookups_per_second = lookups;
        self
    }

    /// Sets how long to wait before events are asked for again that were not found or not settled; 5 seconds by default.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// Sets how often an event is asked for in all while it is not found, in progress or unclear; 3 times by default.
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.settings.rounds = rounds;
        self
    }

    /// Sets what takes each event that is read, with its status, as soon as it is there.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let rides = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id).attribute("km", 5));
    /// client.ingest_events(rides).send().await?.into_result()?;
    ///
    /// // One reading of the list: what the server has, and what became of it.
    /// let mut metered = HashMap::new();
    /// let call = client.verify(["ride-1", "ride-2"]).account("acme-prod").on_event(|event| {
    ///     if event.state().is_metered() {
    ///         metered.insert(event.event_payload.id.clone(), event.event_payload);
    ///     }
    /// });
    /// assert_eq!(call.send().await?.total(), 2);
    /// assert!(metered.values().all(|ride| ride.attributes[0].value == "5"));
    /// assert_eq!(metered.len(), 2);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// A list gives out every event in it, also those of ids that are not asked for, as far as it is read: until all ids are
    /// metered, or to its end. An id that arrived several times comes several times, each with the
    /// [`state`](crate::EventStateExt::state) of its arrival, and what a later round reads comes again. An error leaves
    /// what was given out before it. It is called on the task that verifies, so it must not take long.
    pub fn on_event(mut self, handler: impl FnMut(EventWithStatus) + Send + 'a) -> Self {
        self.observer.on_event = Some(Box::new(handler));
        self
    }

    /// Sets a callback for the progress of the call. It runs after each look-up, and after each page of the list.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// client.ingest_event(Event::new("rides", "acme-prod").id("ride-1")).send().await?.into_result()?;
    ///
    /// let mut found = Vec::new();
    /// let call = client.verify(["ride-1", "ride-2"]).rounds(1).on_progress(|progress| found.push(progress.found));
    /// let verification = call.send().await?;
    /// assert_eq!((verification.metered(), verification.total()), (1, 2));
    /// assert_eq!(found, [1, 1]);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// It is called on the task that verifies, so it must not take long.
    pub fn on_progress(mut self, handler: impl FnMut(VerifyProgress) + Send + 'a) -> Self {
        self.observer.on_progress = Some(Box::new(handler));
        self
    }

    fn check(&self) -> Result<(), Error> {
        let Settings { lookups_per_second, rounds, .. } = self.settings;
        let problem = if let Some(problem) = run::problem(lookups_per_second, rounds) {
            problem
        } else if self.settings.schema.is_some() && self.settings.account.is_none() {
            "`schema` narrows the list of an account: set `account` as well, or leave it out"
        } else {
            return Ok(());
        };
        let is_list = self.settings.account.is_some() || self.settings.schema.is_some();
        let operation = if is_list { "get_events" } else { "get_single_event" };
        Err(Error::invalid_request(operation, problem))
    }

    /// Asks for the events until all are settled, or have been asked for often enough.
    ///
    /// That an event is not metered is no error. It only reads, so dropping the future changes nothing on the server;
    /// what was found until then is lost.
    ///
    /// # Errors
    ///
    /// Where going on makes no sense: the token was refused, the server throttles for longer than the retry policy
    /// waits, or an answer did not come. The error holds what was found so far.
    pub async fn send(mut self) -> Result<Verification, VerifyError> {
        if let Err(error) = self.check() {
            let state = EventState::NotLookedUp { why: error.to_string().into() };
            let states = self.ids.into_iter().map(|id| (id, state.clone()));
            return Err(VerifyError::new(error, Verification::new(states)));
        }
        match run::run(&self.client, self.clock, &self.settings, self.ids, &mut self.observer).await {
            (verification, None) => Ok(verification),
            (verification, Some(error)) => Err(VerifyError::new(error, verification)),
        }
    }
}

impl fmt::Debug for Verify<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verify")
            .field("ids", &self.ids.len())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
