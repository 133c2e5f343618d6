//! A call of ingestion before it is sent.

use std::fmt;

use futures::Stream;
use togai_api::{Client, Error, Event};

use super::backend::Backend;
use super::run::{self, Settings};
use super::togai::Togai;
use super::{IdPolicy, IngestError, IngestReport};

/// A call of ingestion; made by [`IngestExt`](super::IngestExt).
///
/// | setting | default |
/// |---|---|
/// | [`batch_size`](Self::batch_size) | 1000 events, the most that the API takes |
/// | [`concurrency`](Self::concurrency) | 4 batches in flight |
/// | [`ids`](Self::ids) | [`IdPolicy::Random`] |
/// | [`max_not_accepted`](Self::max_not_accepted) | 100,000 events |
#[must_use = "nothing is ingested until the request is sent"]
pub struct Ingest<S> {
    client: Client,
    events: S,
    settings: Settings,
}

impl<S> Ingest<S> {
    pub(super) fn new(client: Client, events: S) -> Self {
        Self { client, events, settings: Settings::default() }
    }

    /// Sets how many events go into a request, 1 to 1000; 1000 by default.
    pub fn batch_size(mut self, events: usize) -> Self {
        self.settings.batch_size = events;
        self
    }

    /// Sets how many batches are in flight at most; 4 by default. The first batch of a call goes alone, so that a token
    /// that is no good costs one request.
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.settings.concurrency = batches;
        self
    }

    /// Sets where the ids of events come from that have none.
    pub fn ids(mut self, policy: IdPolicy) -> Self {
        self.settings.ids = policy;
        self
    }

    /// Sets how many events that were not accepted are kept before the call stops; 100,000 by default.
    pub fn max_not_accepted(mut self, events: usize) -> Self {
        self.settings.max_not_accepted = events;
        self
    }

    fn check(&self, backend: &impl Backend) -> Result<(), Error> {
        let largest = backend.max_batch_size();
        let problem = if self.settings.batch_size == 0 || self.settings.batch_size > largest {
            format!("the batch size is {}: set `batch_size` to 1 to {largest}", self.settings.batch_size)
        } else if self.settings.concurrency == 0 {
            "the concurrency is 0: set `concurrency` to 1 or more".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::invalid_request("ingest_batch", problem))
    }
}

impl<S: Stream<Item = Event>> Ingest<S> {
    /// Sends the events in batches and waits for what becomes of them.
    ///
    /// Dropping the future stops the call: batches in flight are abandoned, and the server may take them. Which events
    /// those were is not told, so let a call end where that matters.
    ///
    /// # Errors
    ///
    /// Where going on makes no sense: the token was refused, the server throttles for longer than the retry policy
    /// waits, or an answer did not come. The error holds the report so far. Events that the server refuses are no error.
    pub async fn send(self) -> Result<IngestReport, IngestError> {
        let backend = match Togai::new(self.client.clone()) {
            Ok(backend) => backend,
            Err(error) => return Err(IngestError::new(error, IngestReport::default())),
        };
        if let Err(error) = self.check(&backend) {
            return Err(IngestError::new(error, IngestReport::default()));
        }
        let (report, error) = run::run(&backend, self.events, self.settings).await;
        match error {
            Some(error) => Err(IngestError::new(error, report)),
            None => Ok(report),
        }
    }
}

impl<S> fmt::Debug for Ingest<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ingest").field("settings", &self.settings).finish_non_exhaustive()
    }
}
