//! From the errors of ingestion to those of calls.

use togai_api::Error;
use togai_ingest::{DeliveryError, DeliveryErrorKind, IngestError};

use crate::sealed::Sealed;

/// The errors of ingestion as errors of calls.
///
/// ```
/// use togai_ext::prelude::*;
///
/// /// Delivers all events or fails like any other call.
/// async fn deliver(client: &Client, events: Vec<Event>) -> Result<u64, Error> {
///     let report = client.ingest_events(events).send().await.map_err(IngestErrorExt::into_error)?;
///     report.into_result().map_err(IngestErrorExt::into_error)
/// }
///
/// # togai_doctest::run(async |sandbox, _| {
/// let client = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
/// let error = deliver(&client, vec![Event::new("rides", "acme-prod")]).await.unwrap_err();
/// assert!(error.is_auth() && error.attempts() == 1);
/// # Ok(())
/// # });
/// ```
pub trait IngestErrorExt: Sealed {
    /// The error of the request that stopped the call, where one did. It has what every error of a call has, such as the id
    /// of the request and the number of attempts.
    fn call_error(&self) -> Option<&Error>;

    /// Turns into an error of a call, without the report.
    ///
    /// A failed request to Togai or Enso gives its own error. That of another backend keeps its text, and is an error of no
    /// particular kind.
    fn into_error(self) -> Error;
}

impl IngestErrorExt for DeliveryError {
    fn call_error(&self) -> Option<&Error> {
        self.service_error()?.downcast_ref()
    }

    fn into_error(self) -> Error {
        let (operation, kind, status) = (self.operation(), self.kind(), self.status());
        let (problem, source) = self.into_parts();
        let mut error = match kind {
            DeliveryErrorKind::InvalidSettings => Error::invalid_request(operation, problem),
            DeliveryErrorKind::Source => Error::source_failed(operation, problem),
            _ => Error::protocol(operation, problem),
        };
        if let Some(status) = status {
            error = error.with_status(status);
        }
        let Some(source) = source else { return error };
        match source.downcast::<Error>() {
            Ok(call_error) if kind != DeliveryErrorKind::Source => *call_error,
            Ok(source) => error.with_source(source),
            Err(source) => error.with_source(source),
        }
    }
}

impl<E, T> IngestErrorExt for IngestError<E, T> {
    fn call_error(&self) -> Option<&Error> {
        self.error().call_error()
    }

    fn into_error(self) -> Error {
        self.into_parts().2.into_error()
    }
}

impl Sealed for DeliveryError {}
impl<E, T> Sealed for IngestError<E, T> {}
