//! Another call of the session, which the service accepts.

use std::task::{Context, Poll, Waker};

use togai_ingest::{Backend, BoxFuture, Connection, Failed, Protocol, Request, Response, Session};

use crate::bare::FIELDS;
use crate::item::Reading;

/// A service that accepts everything at once.
#[derive(Clone)]
struct Accepting {
    protocol: &'static Protocol,
}

impl Backend for Accepting {
    type Event = Reading;

    const FIELDS: &'static [&'static str] = FIELDS;

    fn protocol(&self) -> &'static Protocol {
        self.protocol
    }

    fn set_id(event: &mut Reading, id: &str) {
        event.id = Some(id.to_owned());
    }

    fn send(&self, _: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        Box::pin(std::future::ready(Ok(Response::AllAccepted)))
    }
}

/// Delivers an event in a call of its own, and says whether it was accepted at once.
pub(crate) fn deliver_one(session: &Session, protocol: &'static Protocol, event: Reading) -> bool {
    let connection = Connection::new(Accepting { protocol }, session.clone());
    let mut call = Box::pin(connection.ingest_events([event]).send());
    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    matches!(polled, Poll::Ready(Ok(report)) if report.accepted() == 1)
}
