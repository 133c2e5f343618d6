//! The services that lines can be sent to.

use clap::ValueEnum;
use serde::de::DeserializeOwned;
#[cfg(feature = "enso")]
use togai_ext::enso;
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

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
}
