//! What is on the wire below the client: each response as the server wrote it.

use std::sync::{Arc, Mutex};

use togai_api::{BoxFuture, Request, Response, Transport, TransportError};
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
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let response = self.inner.execute(request).await?;
            self.bodies.lock().unwrap().push(String::from_utf8_lossy(response.body()).into_owned());
            Ok(response)
        })
    }
}
