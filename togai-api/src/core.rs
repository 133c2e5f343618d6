//! What the client of every service stands on.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::{Error, Operation, Request, ResponseValue, Transport, error};

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
    address: Arc<Address>,
    transport: Arc<dyn Transport>,
}

#[derive(Debug)]
struct Address {
    text: String,
    /// The same, parsed once for all requests; a wrong one is an error of the first of them.
    url: Result<Url, <Url as FromStr>::Err>,
}

impl Core {
    /// A core for a server, given by its address with or without a slash at its end.
    ///
    /// Requests carry what the transport adds to them, authentication included, and nothing else.
    pub fn new(base_url: impl AsRef<str>, transport: impl Transport) -> Self {
        let text = base_url.as_ref().trim_end_matches('/').to_owned();
        let url = text.parse();
        Self { address: Arc::new(Address { text, url }), transport: Arc::new(transport) }
    }

    /// The address of the server, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.address.text
    }

    /// The transport that carries requests out.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The same address with another transport.
    #[must_use]
    pub fn with_transport(&self, transport: impl Transport) -> Self {
        Self { address: Arc::clone(&self.address), transport: Arc::new(transport) }
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
    pub async fn execute<T: DeserializeOwned>(&self, mut request: Request) -> Result<ResponseValue<T>, Error> {
        let operation = request.operation();
        let result = self.transport.execute(&mut request).await;
        error::receive(operation, result)?.decode()
    }

    /// A request of an operation to a path of the server, with a body of JSON or without one.
    ///
    /// # Errors
    ///
    /// If the address cannot be parsed.
    #[doc(hidden)]
    pub fn request(&self, operation: &'static Operation, path: &str, body: Option<Bytes>) -> Result<Request, Error> {
        let mut url = self.address.url.clone().map_err(|error| {
            Error::invalid_request(operation.id, "the request could not be built").with_source(error)
        })?;
        let base = url.path().trim_end_matches('/');
        let path = if base.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{base}{path}")) };
        url.set_path(&path);
        let request = Request::new(operation, url);
        Ok(match body {
            Some(body) => request.with_body(body),
            None => request,
        })
    }
}
