//! What the client of every service stands on.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::de::DeserializeOwned;

use crate::{Error, Operation, Repeat, ResponseValue, Transport, error};

/// What the client of every service stands on: the address of the server, and the transport that carries requests there.
///
/// ```
/// use togai_api::{Client, Core, HttpTransport};
///
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let core = Core::new("http://127.0.0.1:8080/", HttpTransport::new(reqwest::Client::new()));
/// assert_eq!(core.base_url(), "http://127.0.0.1:8080");
/// let client = Client::from(core);
/// ```
///
/// Clones are cheap and share the transport. A client adds one method for each operation of its service.
#[derive(Clone, Debug)]
pub struct Core {
    base_url: Arc<str>,
    transport: Arc<dyn Transport>,
}

impl Core {
    /// A core for a server, given by its address with or without a slash at its end.
    ///
    /// Requests carry what the transport adds to them, authentication included, and nothing else.
    pub fn new(base_url: impl AsRef<str>, transport: impl Transport) -> Self {
        Self { base_url: base_url.as_ref().trim_end_matches('/').into(), transport: Arc::new(transport) }
    }

    /// The address of the server, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The transport that carries requests out.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The same address with another transport.
    #[must_use]
    pub fn with_transport(&self, transport: impl Transport) -> Self {
        Self { base_url: Arc::clone(&self.base_url), transport: Arc::new(transport) }
    }

    /// Carries out a request that was built by hand, as the generated builders do with theirs.
    ///
    /// The request goes through the transport like any other. A body of success is decoded into `T`. An empty body is
    /// `None` for an `Option`, is read like `{}` with a 202, which the API has answered without a body, and is an error
    /// otherwise. A redirection is a success where the document has it: [`ResponseValue::location`] says where it leads.
    ///
    /// Dropping the future abandons the request; the server may have applied it.
    ///
    /// # Errors
    ///
    /// If there was no complete response, if its status is not one of success, and if its body cannot be decoded.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        request: Request,
        operation: &'static Operation,
    ) -> Result<ResponseValue<T>, Error> {
        self.execute_with(request, operation, operation.repeat == Repeat::Always).await
    }

    /// The same for a request of which the caller knows whether sending it twice has the effect of sending it once.
    ///
    /// [`execute`](Self::execute) takes that from the operation alone, so a batch of events that all have ids is repeated
    /// only if it is sent by this.
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Self::execute).
    pub async fn execute_with<T: DeserializeOwned>(
        &self,
        request: Request,
        operation: &'static Operation,
        idempotent: bool,
    ) -> Result<ResponseValue<T>, Error> {
        let start = Instant::now();
        let result = self.transport.execute_with(request, operation, idempotent).await;
        error::receive(operation, result, start).await?.decode()
    }

    /// A request of an operation to a path of the server, with a body of JSON or without one.
    ///
    /// # Errors
    ///
    /// If the address cannot be parsed.
    #[doc(hidden)]
    pub fn request(&self, operation: &Operation, path: &str, body: Option<Bytes>) -> Result<Request, Error> {
        let invalid = |problem: &str| Error::invalid_request(operation.id, problem);
        let url = Url::parse(&format!("{}{path}", self.base_url))
            .map_err(|error| invalid("the request could not be built").with_source(error))?;
        let method = Method::from_bytes(operation.method.as_bytes())
            .map_err(|error| invalid("the operation has an unknown HTTP method").with_source(error))?;
        let json = HeaderValue::from_static("application/json");
        let mut request = Request::new(method, url);
        request.headers_mut().insert(ACCEPT, json.clone());
        if let Some(body) = body {
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}
