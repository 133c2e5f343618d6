//! The service behind the trait of the engine, without a client.

use std::future::poll_fn;
use std::sync::Arc;

use http::StatusCode;
use togai_ingest::{
    Backend, BoxFuture, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, Fields, Partial,
    Protocol, Request, Response, Scope, Session,
};

use crate::clock::HandClock;
use crate::item::Reading;
use crate::response::{self, Body, Broken, Meaning};
use crate::rules::NamedBy;
use crate::world::SharedWorld;

/// A request in flight. It is abandoned when it is dropped.
pub(crate) struct Exchange {
    world: SharedWorld,
    number: usize,
}

impl Exchange {
    pub(crate) fn begin(world: &SharedWorld, body: &[u8]) -> Self {
        let number = world.lock().receive(body);
        Self { world: world.clone(), number }
    }

    pub(crate) async fn response(&self) -> response::Response {
        poll_fn(|context| self.world.lock().poll_response(self.number, context)).await
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.world.lock().server.abandon(self.number);
    }
}

/// A session, whose token is known to be good where the rules say so.
pub(crate) fn session(world: &SharedWorld, clock: &HandClock) -> Session {
    let session = Session::new(Arc::new(clock.clone()));
    if world.lock().rules.is_proven {
        session.gate().prove(0, PROTOCOL.operation, false);
    }
    session
}

/// The service behind the trait of the engine.
#[derive(Clone)]
pub(crate) struct Direct {
    world: SharedWorld,
    session: Session,
}

pub(crate) static PROTOCOL: Protocol = Protocol::new("record", &["id", "accountId", "meterName"])
    .max_batch_size(12)
    .envelope(Envelope { before: r#"{"events":["#, between: ",", after: "]}" })
    .idempotent(true);

/// What is wrong with the fields at the top of an event.
pub(crate) fn check_fields(fields: &Fields) -> Result<(), String> {
    if fields.is_set(1) && fields.is_set(2) { Ok(()) } else { Err("a field is not set".to_owned()) }
}

/// What is wrong inside of an event.
pub(crate) fn check_event(event: &Reading) -> Result<(), String> {
    if event.value.parse::<u64>().is_ok() { Ok(()) } else { Err("`value` is no number".to_owned()) }
}

impl Direct {
    pub(crate) fn connect(world: &SharedWorld, clock: &HandClock) -> Connection<Self> {
        let session = session(world, clock);
        Connection::new(Self { world: world.clone(), session: session.clone() }, session)
    }
}

impl Backend for Direct {
    type Event = Reading;

    fn protocol(&self) -> &'static Protocol {
        &PROTOCOL
    }

    fn set_id(event: &mut Reading, id: &str) {
        event.id = Some(id.to_owned());
    }

    fn check(&self, _: &[u8], fields: &Fields) -> Result<(), String> {
        check_fields(fields)
    }

    fn check_event(&self, event: &Reading) -> Result<(), String> {
        check_event(event)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let Self { world, session } = self.clone();
        Box::pin(async move {
            let exchange = Exchange::begin(&world, &request.body);
            let response::Response { body, maybe_repeated, .. } = exchange.response().await;
            match body {
                Body::All => Ok(Response::AllAccepted),
                Body::Partial { failures, may_be_incomplete, .. } => {
                    let named_by = world.lock().rules.named_by;
                    let failures = failures.into_iter().map(|one| failure(one, named_by)).collect();
                    let mut partial = Partial::new(StatusCode::MULTI_STATUS, failures);
                    (partial.may_be_incomplete, partial.maybe_repeated) = (may_be_incomplete, maybe_repeated);
                    Ok(Response::Partial(partial))
                }
                body => {
                    if body.proves_token() {
                        // A 200 proves the token, whatever its body says.
                        session.gate().prove(0, PROTOCOL.operation, false);
                    }
                    Err(failed(&body, maybe_repeated, request.idempotent))
                }
            }
        })
    }
}

fn failure(failure: response::Failure, named_by: NamedBy) -> Failure {
    let response::Failure { id, index, is_duplicate } = failure;
    let event = match named_by {
        NamedBy::Id => id.map(EventRef::Id),
        NamedBy::Index => index.map(EventRef::Index),
    };
    let kind = if is_duplicate { FailureKind::Duplicate } else { FailureKind::Refused };
    Failure::new(event.unwrap_or(EventRef::Unnamed), kind, Some("bad"))
}

fn failed(body: &Body, maybe_repeated: bool, idempotent: bool) -> Failed {
    let scope = match body.meaning() {
        Meaning::TooManyBytes => Scope::Size { by_bytes: true },
        Meaning::TooManyEvents => Scope::Size { by_bytes: false },
        Meaning::Content => Scope::Content,
        Meaning::Token => Scope::Token,
        Meaning::Transient if matches!(body, Body::Status(429, _)) => Scope::Rate,
        Meaning::Taken | Meaning::Transient | Meaning::Final => Scope::Service,
    };
    let maybe_applied = match body {
        Body::Status(404 | 429, _) | Body::Broken(Broken::Connect | Broken::NotBegun) => false,
        // A redirection may be the response of a server that has done what it was asked to.
        Body::Status(302, _) => !idempotent,
        _ => scope == Scope::Service,
    };
    let effect = if maybe_applied || maybe_repeated { Effect::MaybeApplied } else { Effect::NotApplied };
    let mut failed = Failed::new(scope, effect, format!("{body:?}"));
    if let Body::Status(status, message) = body {
        failed.status = StatusCode::from_u16(*status).ok();
        failed.message = Some((*message).into());
    }
    failed
}
