//! A call that brings a report up to date, before it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use togai_api::types::EventWithStatus;
use togai_api::{Client, Error};
use togai_ingest::{Clock, IngestReport};

use super::decide::ReportedEvent;
use super::error::VerifyOutcomesError;
use super::run::{self, Settings};
use crate::verify::progress::{Observer, VerifyProgress};
use crate::verify::run::problem;

/// A call that looks up what became of the events of a report; made by [`VerifyReport`](super::VerifyReport).
///
/// ```
/// use std::time::Duration;
/// use togai_ext::prelude::*;
/// use togai_sandbox::Fault;
///
/// # togai_doctest::run(async |sandbox, client| {
/// // The request does not arrive, which the client cannot know.
/// sandbox.fault(Fault::reset_before_reading().first(1));
/// let event = Event::new("rides", "acme-prod").id("ride-1");
/// let failure = client.ingest_events([event]).idempotent(false).send().await.unwrap_err();
/// let (report, _, _) = failure.into_parts();
///
/// let report = report.verify(&client).rounds(2).delay(Duration::from_millis(10)).send().await?;
/// // Not found is not a proof that the server does not have it: it may be on its way.
/// assert_eq!(report.unknown(), 1);
/// # Ok(())
/// # });
/// ```
///
/// | setting | default |
/// |---|---|
/// | [`lookups_per_second`](Self::lookups_per_second) | 10, the quota of the API |
/// | [`rounds`](Self::rounds) | 3 times an event is asked for at most |
/// | [`delay`](Self::delay) | 5 s between two rounds |
/// | [`on_event`](Self::on_event), [`on_progress`](Self::on_progress) | none |
#[must_use = "nothing is looked up until the request is sent"]
pub struct VerifyOutcomes<'a, E, T = ()> {
    client: Client,
    clock: Arc<dyn Clock>,
    report: IngestReport<E, T>,
    settings: Settings,
    observer: Observer<'a>,
}

impl<'a, E: ReportedEvent, T> VerifyOutcomes<'a, E, T> {
    pub(in crate::verify) fn new(client: Client, clock: Arc<dyn Clock>, report: IngestReport<E, T>) -> Self {
        Self { client, clock, report, settings: Settings::default(), observer: Observer::default() }
    }

    /// Sets how many look-ups there are in a second at most; 10 by default, the quota that the API documents for everything
    /// that is not ingestion. Set less where others read at the same time.
    pub fn lookups_per_second(mut self, lookups: u32) -> Self {
        self.settings.lookups_per_second = lookups;
        self
    }

    /// Sets how long to wait before events are asked for again that were not found or are unclear; 5 seconds by default.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// Sets how often an event is asked for in all while it is not found or unclear; 3 times by default.
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.settings.rounds = rounds;
        self
    }

    /// Sets what takes each event that is found, with its status: what the server has under the id of an event of the report.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// # use togai_sandbox::Fault;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// # sandbox.fault(Fault::reset_after_reading().first(1));
    /// # let events = [Event::new("rides", "acme-prod").id("ride-1")];
    /// # let failure = client.ingest_events(events).idempotent(false).send().await.unwrap_err();
    /// # let (report, _, _) = failure.into_parts();
    /// let mut states = Vec::new();
    /// let report = report.verify(&client).on_event(|event| states.push(event.state().to_string())).send().await?;
    /// assert_eq!((report.accepted(), states), (1, vec!["metered".to_owned()]));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// An id that arrived several times comes several times, and what a later round looks up comes again. It is called on the
    /// task that verifies, so it must not take long.
    pub fn on_event(mut self, handler: impl FnMut(EventWithStatus) + Send + 'a) -> Self {
        self.observer.on_event = Some(Box::new(handler));
        self
    }

    /// Sets a callback for the progress of the call, which counts the ids that are looked up. It runs after each look-up.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// # use togai_sandbox::Fault;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// # sandbox.fault(Fault::reset_after_reading().first(1));
    /// # let events = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id));
    /// # let failure = client.ingest_events(events).idempotent(false).send().await.unwrap_err();
    /// # let (report, _, _) = failure.into_parts();
    /// let mut found = Vec::new();
    /// let call = report.verify(&client).on_progress(|progress| found.push((progress.found, progress.total)));
    /// assert_eq!(call.send().await?.accepted(), 2);
    /// assert_eq!(found, [(1, 2), (2, 2)]);
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
        let problem = problem(self.settings.lookups_per_second, self.settings.rounds);
        problem.map_or(Ok(()), |problem| Err(Error::invalid_request("get_single_event", problem)))
    }

    /// Looks the events up, and returns the report with the outcomes that they have now.
    ///
    /// It only reads, so it can be repeated with the report that it returns. Dropping the future loses the report: bound the
    /// time with [`rounds`](Self::rounds) instead.
    ///
    /// # Errors
    ///
    /// Where going on makes no sense: the token was refused, the server throttles for longer than the retry policy waits, or
    /// a response did not come; or if a setting is 0. The error holds the report, with what was found so far.
    pub async fn send(mut self) -> Result<IngestReport<E, T>, VerifyOutcomesError<E, T>> {
        if let Err(error) = self.check() {
            return Err(VerifyOutcomesError::new(error, self.report));
        }
        match run::run(&self.client, self.clock, &self.settings, &mut self.report, &mut self.observer).await {
            Ok(()) => Ok(self.report),
            Err(error) => Err(VerifyOutcomesError::new(error, self.report)),
        }
    }
}

impl<E, T> fmt::Debug for VerifyOutcomes<'_, E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyOutcomes")
            .field("report", &format_args!("{}", self.report))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
