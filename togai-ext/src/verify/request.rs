//! A call of verification before it is sent.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use togai_api::{Client, Error};
use togai_ingest::Clock;

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
#[must_use = "nothing is verified until the request is sent"]
pub struct Verify {
    client: Client,
    clock: Arc<dyn Clock>,
    ids: Vec<String>,
    settings: Settings,
}

impl Verify {
    pub(super) fn new(client: Client, clock: Arc<dyn Clock>, ids: impl Iterator<Item = String>) -> Self {
        let mut seen = HashSet::new();
        let ids = ids.filter(|id| seen.insert(id.clone())).collect();
        Self { client, clock, ids, settings: Settings::default() }
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
    pub async fn send(self) -> Result<Verification, VerifyError> {
        if let Err(error) = self.check() {
            let state = EventState::NotLookedUp { why: error.to_string().into() };
            let states = self.ids.into_iter().map(|id| (id, state.clone()));
            return Err(VerifyError::new(error, Verification::new(states)));
        }
        match run::run(&self.client, self.clock, &self.settings, self.ids).await {
            (verification, None) => Ok(verification),
            (verification, Some(error)) => Err(VerifyError::new(error, verification)),
        }
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verify")
            .field("ids", &self.ids.len())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
