//! What building a client of Enso needs to know.

use togai_api::Core;
use togai_api::enso::Client;

use crate::pacing::Pacing;
use crate::service::Service;

impl Service for Client {
    const BASE_URL: &'static str = "https://api.getenso.ai";
    const TOKEN_VARIABLE: &'static str = "ENSO_API_TOKEN";
    const BASE_URL_VARIABLE: &'static str = "ENSO_BASE_URL";
    const BUILDER: &'static str = "ClientBuilder::enso";

    fn core(&self) -> &Core {
        Client::core(self)
    }

    fn pacing() -> Pacing {
        Pacing::learned()
    }

    fn from_core(core: Core) -> Self {
        core.into()
    }
}
