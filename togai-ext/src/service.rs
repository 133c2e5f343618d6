//! The services that there are clients of.

use togai_api::{Client, Core};

use crate::environment::Environment;
use crate::pacing::Pacing;
use crate::sealed::Sealed;

/// A service, by its client: what building one needs to know.
pub trait Service: Sized + Sealed {
    /// The address where none is set.
    const BASE_URL: &'static str;
    /// The environment variable of the token.
    const TOKEN_VARIABLE: &'static str;
    /// The environment variable of the address.
    const BASE_URL_VARIABLE: &'static str;
    /// How fast requests are sent where nothing else is set.
    #[doc(hidden)]
    fn pacing() -> Pacing;

    /// What a builder is made with.
    const BUILDER: &'static str;

    /// What the client stands on.
    #[doc(hidden)]
    fn core(&self) -> &Core;

    /// A client of the service.
    #[doc(hidden)]
    fn from_core(core: Core) -> Self;
}

impl Service for Client {
    const BASE_URL: &'static str = Environment::Production.base_url();
    const TOKEN_VARIABLE: &'static str = "TOGAI_API_TOKEN";
    const BASE_URL_VARIABLE: &'static str = "TOGAI_BASE_URL";
    const BUILDER: &'static str = "ClientBuilder::new";

    fn core(&self) -> &Core {
        Client::core(self)
    }

    fn from_core(core: Core) -> Self {
        core.into()
    }

    fn pacing() -> Pacing {
        Pacing::default()
    }
}
