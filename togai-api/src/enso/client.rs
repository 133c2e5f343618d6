//! The client of Enso: a core, and the generated methods on it.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Core, Error, Request, ResponseValue, Transport};

/// The client of Enso: a method for each of its operations.
///
/// ```
/// use togai_api::{HttpTransport, enso};
///
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let client = enso::Client::new("https://api.getenso.ai", HttpTransport::new(reqwest::Client::new()));
/// let call = client.create_events_batch();
/// ```
///
/// Clones are cheap and share connections, retries and pauses.
#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

impl Client {
    /// A client from its parts, as [`togai_api::Client::new`](crate::Client::new) makes one of Togai.
    pub fn new(base_url: impl AsRef<str>, transport: impl Transport) -> Self {
        Core::new(base_url, transport).into()
    }

    /// What the client stands on: the address and the transport.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The address of the server, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.core.base_url()
    }

    /// The transport that carries requests out.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        self.core.transport()
    }

    /// The same client with another transport.
    #[must_use]
    pub fn with_transport(&self, transport: impl Transport) -> Self {
        self.core.with_transport(transport).into()
    }

    /// Carries out a request that was built by hand; see [`Core::execute`].
    ///
    /// # Errors
    ///
    /// If there was no complete response, if its status is not one of success, and if its body cannot be decoded.
    pub async fn execute<T: DeserializeOwned>(&self, request: Request) -> Result<ResponseValue<T>, Error> {
        self.core.execute(request).await
    }
}

impl From<Core> for Client {
    fn from(core: Core) -> Self {
        Self { core }
    }
}
