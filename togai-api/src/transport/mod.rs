//! The seam between the generated client and everything that happens to a request on its way.

mod body;
mod context;
mod error;
mod http_transport;
mod lent;
mod request;
mod response;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

pub use context::{CallContext, RetryStop};
pub use error::{TransportError, TransportErrorKind};
pub use http_transport::HttpTransport;
#[doc(hidden)]
pub use lent::Lent;
pub use request::Request;
pub use response::Response;

/// A future in a box, as the methods of [`Transport`] return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries a request to the server and its response back.
///
/// Transports are decorators: each does one thing (authentication, retry) and hands the request on. They work below
/// decoding, so they see the raw status and headers whatever the body is. A response of any status is an `Ok`; an `Err`
/// means that there was none, or that one of success was not whole.
///
/// ```
/// use togai_api::{BoxFuture, Request, Response, Transport, TransportError};
///
/// /// Says what is called.
/// #[derive(Debug)]
/// struct Announce<T>(T);
///
/// impl<T: Transport> Transport for Announce<T> {
///     fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
///         eprintln!("{}", request.operation().id);
///         self.0.execute(request)
///     }
/// }
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// # let _ = Announce(togai_api::HttpTransport::new(reqwest::Client::new()));
/// ```
///
/// It is [`Any`], so that an extension of the client finds its own transport behind [`Client::transport`](crate::Client).
pub trait Transport: Any + fmt::Debug + Send + Sync {
    /// Sends the request and waits for the response.
    ///
    /// The request is lent, so that it can be sent again: what a transport changes in it, such as a header, is there for
    /// the next attempt. Dropping the future abandons the request; the server may have applied it.
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>>;
}

impl Transport for Arc<dyn Transport> {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.as_ref().execute(request)
    }
}
