//! What building a client of Enso needs to know.

use crate::service::{Connected, Service};

impl Service for togai_api::enso::Client {
    const BASE_URL: &'static str = "https://api.getenso.ai";
    const TOKEN_VARIABLE: &'static str = "ENSO_API_TOKEN";
    const BASE_URL_VARIABLE: &'static str = "ENSO_BASE_URL";
    const BUILDER: &'static str = "ClientBuilder::enso";

    fn connect(base_url: &str, http: reqwest::Client, transport: Connected) -> Self {
        Self::new(base_url, http, transport.0)
    }
}
