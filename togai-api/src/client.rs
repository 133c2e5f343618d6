//! The client of Togai: a core, and the generated methods on it.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Core, Error, Request, ResponseValue, Transport};

/// The client: a method for each operation of the API.
///
/// ```
/// use togai_api::{Client, HttpTransport};
///
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let client = Client::new("http://127.0.0.1:8080", HttpTransport::new(reqwest::Client::new()));
/// let call = client.get_account().customer_id("acme").account_id("acme-prod").send();
/// ```
///
/// Togai meters usage and bills by it: send usage events, look at what became of them, correct them, and manage what they
/// are billed by: customers and accounts, schemas and meters, features, price plans, wallets and invoices. Every operation
/// takes and returns JSON and needs a bearer token.
///
/// Clones are cheap and share connections, retries and pauses. `togai_ext::ClientBuilder` makes one; [`Client::new`] puts
/// one together from its parts.
#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

impl Client {
    /// A client from its parts. `togai_ext::ClientBuilder` puts them together for most users.
    ///
    /// ```
    /// use togai_api::{Client, HttpTransport};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let client = Client::new("http://127.0.0.1:8080/", HttpTransport::new(reqwest::Client::new()));
    /// assert_eq!(client.base_url(), "http://127.0.0.1:8080");
    /// ```
    ///
    /// `base_url` is the address of the server, with or without a slash at its end. Requests carry what the transport adds
    /// to them, authentication included, and nothing else.
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
    ///
    /// ```
    /// use togai_api::{Client, HttpTransport};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let http = reqwest::Client::new();
    /// let client = Client::new("http://127.0.0.1:8080", HttpTransport::new(http.clone()));
    /// let frugal = client.with_transport(HttpTransport::new(http).with_max_response_bytes(1 << 16));
    /// ```
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
