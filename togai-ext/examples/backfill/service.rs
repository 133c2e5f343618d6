//! The services that lines can be sent to.

use std::io;

use clap::ValueEnum;
use futures::Stream;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
#[cfg(feature = "enso")]
use togai_ext::enso;
use togai_ext::prelude::*;
use togai_ext::{Ingest, Source};
use togai_sandbox::Sandbox;

use crate::delivery::{Ended, Settings};
use crate::progress::Progress;
use crate::reader::Origin;
use crate::rejected::Rejected;

/// One of them, as it is called on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ServiceName {
    Togai,
    Enso,
}

/// The client of a service, with what is different from service to service.
pub(crate) trait Service: IngestExt<Event: DeserializeOwned + Send + 'static> + Sized {
    /// What to do where the token is refused.
    const CHECK_TOKEN: &'static str;
    /// Whether it is documented that an event which is sent again with its id counts once.
    const COUNTS_AN_ID_ONCE: bool;

    /// A client of the server that the environment names.
    fn from_environment() -> Result<Self, Error>;

    fn of_sandbox(sandbox: &Sandbox) -> Result<Self, Error>;

    /// How many events a sandbox metered.
    fn metered(sandbox: &Sandbox) -> usize;

    /// Sends the events, and tells of them as they get their verdicts.
    fn ingest<'a>(
        &self,
        events: impl Stream<Item = io::Result<(Self::Event, Origin)>> + Send + 'a,
        settings: Settings,
        rejected: &'a Rejected,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Ended<Self::Event>>;
}

/// Sends a call with what is the same for every service.
fn send<'a, C: Service, S>(
    call: Ingest<'a, S, C::Backend>,
    settings: Settings,
    rejected: &'a Rejected,
    progress: &'a Progress,
) -> BoxFuture<'a, Ended<C::Event>>
where
    S: Source<Item = (C::Event, Origin)> + Send + 'a,
{
    call.ids(IdPolicy::FromContent)
        .concurrency(settings.concurrency)
        .batch_size(settings.batch_size)
        // So that the report keeps none: any number of lines may be rejected.
        .on_not_accepted(|verdict| match &verdict.outcome {
            Outcome::Duplicate => {}
            outcome => rejected.write_outcome(&verdict.tag, verdict.id.as_deref(), outcome),
        })
        .on_progress(|so_far| progress.show(&so_far))
        .send()
}

impl Service for Client {
    const CHECK_TOKEN: &'static str = "check TOGAI_API_TOKEN, and that TOGAI_BASE_URL is the server that it is for";
    const COUNTS_AN_ID_ONCE: bool = true;

    fn from_environment() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    fn of_sandbox(sandbox: &Sandbox) -> Result<Self, Error> {
        ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).build()
    }

    fn metered(sandbox: &Sandbox) -> usize {
        sandbox.metered_count()
    }

    fn ingest<'a>(
        &self,
        events: impl Stream<Item = io::Result<(Event, Origin)>> + Send + 'a,
        settings: Settings,
        rejected: &'a Rejected,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Ended<Event>> {
        send::<Self, _>(self.ingest_try_stream(events), settings, rejected, progress)
    }
}

#[cfg(feature = "enso")]
impl Service for enso::Client {
    const CHECK_TOKEN: &'static str = "check ENSO_API_TOKEN, and that ENSO_BASE_URL is the server that it is for";
    const COUNTS_AN_ID_ONCE: bool = false;

    fn from_environment() -> Result<Self, Error> {
        ClientBuilder::enso_from_env()?.build()
    }

    fn of_sandbox(sandbox: &Sandbox) -> Result<Self, Error> {
        ClientBuilder::enso(sandbox.enso_token()).base_url(sandbox.enso_base_url()).build()
    }

    fn metered(sandbox: &Sandbox) -> usize {
        sandbox.enso_metered_count()
    }

    fn ingest<'a>(
        &self,
        events: impl Stream<Item = io::Result<(enso::EnsoEvent, Origin)>> + Send + 'a,
        settings: Settings,
        rejected: &'a Rejected,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Ended<enso::EnsoEvent>> {
        let call = self.ingest_try_stream(events).assume_idempotent(settings.assume_idempotent);
        send::<Self, _>(call, settings, rejected, progress)
    }
}
