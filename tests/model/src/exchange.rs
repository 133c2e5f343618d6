//! What goes between the engine and the service: the requests of the engine, and the attempts of a client at each.

use std::future::poll_fn;

use togai_ingest::Request;

use crate::response::Response;
use crate::world::SharedWorld;

/// A request of the engine. It is abandoned when it is dropped without a result.
pub(crate) struct Sending {
    world: SharedWorld,
    number: usize,
    has_result: bool,
}

impl Sending {
    pub(crate) fn begin(world: &SharedWorld, request: &Request) -> Self {
        let number = world.lock().begin(request);
        Self { world: world.clone(), number, has_result: false }
    }

    /// The result goes to the engine.
    pub(crate) fn end(mut self) {
        self.has_result = true;
        self.world.lock().note_result(self.number);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.has_result {
            self.world.lock().forget(self.number);
        }
    }
}

/// An attempt at a request, in flight. It is abandoned when it is dropped.
pub(crate) struct Exchange {
    world: SharedWorld,
    number: usize,
}

impl Exchange {
    pub(crate) fn begin(world: &SharedWorld, body: &[u8]) -> Self {
        let number = world.lock().receive(body);
        Self { world: world.clone(), number }
    }

    pub(crate) async fn response(&self) -> Response {
        poll_fn(|context| self.world.lock().poll_response(self.number, context)).await
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.world.lock().server.abandon(self.number);
    }
}
