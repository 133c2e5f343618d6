//! The services that there are clients of.

use reqwest::Client as HttpClient;
use togai_api::Client;

use crate::Environment;
use crate::stack::Stack;

/// A service, by its client: what building one needs to know.
pub trait Service: Sized + sealed::Sealed {
    /// The address where none is set.
    const BASE_URL: &'static str;
    /// The environment variable of the token.
    const TOKEN_VARIABLE: &'static str;
    /// The environment variable of the address.
    const BASE_URL_VARIABLE: &'static str;
    /// What a builder is made with.
    const BUILDER: &'static str;

    #[doc(hidden)]
    fn connect(base_url: &str, http: HttpClient, transport: Connected) -> Self;
}

/// The transport of a client.
#[derive(Debug)]
pub struct Connected(pub(crate) Stack);

impl Service for Client {
    const BASE_URL: &'static str = Environment::Production.base_url();
    const TOKEN_VARIABLE: &'static str = "TOGAI_API_TOKEN";
    const BASE_URL_VARIABLE: &'static str = "TOGAI_BASE_URL";
    const BUILDER: &'static str = "ClientBuilder::new";

    fn connect(base_url: &str, http: HttpClient, transport: Connected) -> Self {
        Self::new(base_url, http, transport.0)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for togai_api::Client {}
    #[cfg(feature = "enso")]
    impl Sealed for togai_api::enso::Client {}
}
