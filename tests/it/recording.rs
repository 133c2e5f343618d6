//! What is on the wire below the client: each response as the server wrote it.

use std::sync::{Arc, Mutex};

use togai_api::{BoxFuture, CallContext, Operation, Transport, TransportError, TransportErrorKind};
use togai_ext::prelude::*;

/// A transport that keeps the bodies of the responses that it hands on.
#[derive(Debug)]
pub(crate) struct Recording {
    inner: Arc<dyn Transport>,
    bodies: Arc<Mutex<Vec<String>>>,
}

/// The bodies of a client's responses, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies(Arc<Mutex<Vec<String>>>);

impl Bodies {
    pub(crate) fn last(&self) -> Option<String> {
        self.0.lock().unwrap().last().cloned()
    }
}

/// The same client, and the bodies of the responses that it will get.
pub(crate) fn recorded(client: &Client) -> (Client, Bodies) {
    let bodies = Bodies::default();
    let recording = Recording { inner: Arc::clone(client.transport()), bodies: Arc::clone(&bodies.0) };
    (client.with_transport(recording), bodies)
}

impl Transport for Recording {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        Box::pin(async move {
            let mut response = self.inner.execute(request, operation).await?;
            let mut copy = http::Response::new(());
            *copy.status_mut() = response.status();
            *copy.headers_mut() = std::mem::take(response.headers_mut());
            // How the call went is among the extensions.
            *copy.extensions_mut() = std::mem::take(response.extensions_mut());
            let body = response
                .text()
                .await
                .map_err(|error| TransportError::new(TransportErrorKind::Interrupted, error, CallContext::default()))?;
            self.bodies.lock().unwrap().push(body.clone());
            Ok(copy.map(|()| body).into())
        })
    }
}
