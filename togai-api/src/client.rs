//! The hand-written half of the client: how it is put together and how it carries out a request.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;

use crate::error::{self, Failed};
use crate::{Client, Error, Operation, ResponseValue, Transport};

/// What a [`Client`] holds beside its address and connections.
#[derive(Clone)]
pub(crate) struct Inner {
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.transport, formatter)
    }
}

impl Client {
    /// A client from its parts. `togai_ext::ClientBuilder` puts them together for most users.
    ///
    /// ```
    /// use togai_api::{Client, HttpTransport};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let client = Client::new("http://127.0.0.1:8080", reqwest::Client::new(), HttpTransport::new());
    /// assert_eq!(client.base_url(), "http://127.0.0.1:8080");
    /// ```
    ///
    /// `base_url` is the address of the server, with or without a slash at its end. Nothing is added to a request that
    /// the transport does not add, authentication included.
    pub fn new(base_url: impl Into<String>, http: reqwest::Client, transport: impl Transport) -> Self {
        let address: String = base_url.into();
        Self {
            baseurl: address.trim_end_matches('/').to_owned(),
            client: http,
            inner: Inner { transport: Arc::new(transport) },
        }
    }

    /// The address of the server, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.baseurl
    }

    /// The connections that the client shares with its clones.
    pub fn http(&self) -> &reqwest::Client {
        &self.client
    }

    /// What carries out the requests.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.inner.transport
    }

    /// The same client, sharing its connections, with another transport.
    ///
    /// ```
    /// use togai_api::{Client, HttpTransport};
    ///
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let client = Client::new("http://127.0.0.1:8080", reqwest::Client::new(), HttpTransport::new());
    /// let frugal = client.with_transport(HttpTransport::new().with_max_response_bytes(1 << 16));
    /// ```
    #[must_use]
    pub fn with_transport(&self, transport: impl Transport) -> Self {
        Self { inner: Inner { transport: Arc::new(transport) }, ..self.clone() }
    }

    /// Carries out a request that was built by hand, as the generated builders do with theirs.
    ///
    /// The request goes through the transport like any other. A body of success is decoded into `T`. An empty one is
    /// `None` for an `Option`, read like `{}` with a 202, which the API has answered without a body, and an error otherwise. A redirection is
    /// a success where the document has it: [`ResponseValue::location`] tells where it leads.
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
        self.receive(request, operation).await?.decode()
    }

    /// The same, with what an answer of failure holds where it can be read like one of success, too.
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Self::execute).
    #[doc(hidden)]
    pub async fn execute_and_read_failure<T: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<ResponseValue<T>, (Error, Option<ResponseValue<T>>)> {
        match self.receive(request, operation).await {
            Ok(answer) => answer.decode().map_err(|error| (error, None)),
            Err(Failed { error, answer }) => Err((error, answer.and_then(|answer| answer.decode().ok()))),
        }
    }

    async fn receive(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<error::Undecoded, Failed> {
        let start = Instant::now();
        let answer = self.inner.transport.execute(&self.client, request, operation).await;
        let response = answer.map_err(|failure| Error::from_transport(operation, failure))?;
        error::receive(operation, response, start).await
    }
}
