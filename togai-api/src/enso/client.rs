//! The client of Enso: that of Togai below, without its operations.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Error, Operation, ResponseValue, Transport};

/// The client of Enso: a method for each of its operations.
///
/// ```
/// use togai_api::{HttpTransport, enso};
///
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let client = enso::Client::new("https://api.getenso.ai", reqwest::Client::new(), HttpTransport::new());
/// let call = client.create_events_batch();
/// ```
///
/// Clones are cheap and share connections, retries and pauses.
#[derive(Clone, Debug)]
pub struct Client {
    /// What a client is made of is the same for every service.
    pub(super) inner: crate::Client,
}

impl Client {
    /// A client from its parts.
    ///
    /// ```
    /// use togai_api::{HttpTransport, enso};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let client = enso::Client::new("http://127.0.0.1:8080/", reqwest::Client::new(), HttpTransport::new());
    /// assert_eq!(client.base_url(), "http://127.0.0.1:8080");
    /// ```
    ///
    /// `base_url` is the address of the server, with or without a slash at its end. Nothing is added to a request that
    /// the transport does not add, authentication included.
    pub fn new(base_url: impl Into<String>, http: reqwest::Client, transport: impl Transport) -> Self {
        Self { inner: crate::Client::new(base_url, http, transport) }
    }

    /// The address of the server, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.inner.base_url()
    }

    /// The connections that the client shares with its clones.
    pub fn http(&self) -> &reqwest::Client {
        self.inner.http()
    }

    /// What carries out the requests.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        self.inner.transport()
    }

    /// The same client, sharing its connections, with another transport.
    ///
    /// ```
    /// use togai_api::{HttpTransport, enso};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let client = enso::Client::new("http://127.0.0.1:8080", reqwest::Client::new(), HttpTransport::new());
    /// let frugal = client.with_transport(HttpTransport::new().with_max_response_bytes(1 << 16));
    /// ```
    #[must_use]
    pub fn with_transport(&self, transport: impl Transport) -> Self {
        Self { inner: self.inner.with_transport(transport) }
    }

    /// Carries out a request that was built by hand, as the generated builders do with theirs.
    ///
    /// The request goes through the transport like any other, and its answer is read as
    /// [`togai_api::Client::execute`](crate::Client::execute) reads those of Togai.
    ///
    /// Dropping the future abandons the request; the server may have applied it.
    ///
    /// # Errors
    ///
    /// Where there was no whole answer, where its status is not one of success, and where it cannot be decoded.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<ResponseValue<T>, Error> {
        self.inner.execute(request, operation).await
    }
}
