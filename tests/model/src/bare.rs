//! The service behind the engine's own trait.

use std::future::poll_fn;
use std::sync::Arc;

use http::StatusCode;
use togai_ingest::{
    Backend, BoxFuture, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, Fields, Partial,
    Protocol, Request, Response, Scope, Session,
};

use crate::clock::HandClock;
use crate::item::Reading;
use crate::reply::{Broken, Refused, Reply, Said};
use crate::world::Shared;

/// A request in flight. It is abandoned when it is dropped.
pub(crate) struct Exchange {
    world: Shared,
    number: usize,
}

impl Exchange {
    pub(crate) fn begin(world: &Shared, body: &[u8]) -> Self {
        let number = world.lock().receive(body);
        Self { world: world.clone(), number }
    }

    pub(crate) async fn reply(&self) -> Reply {
        poll_fn(|context| self.world.lock().poll_reply(self.number, context)).await
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.world.lock().abandon(self.number);
    }
}

/// A session, whose token is good where the world says so.
pub(crate) fn session(world: &Shared, clock: &HandClock) -> Session {
    let session = Session::new(Arc::new(clock.clone()));
    if world.lock().is_proven {
        session.gate().prove(0, PROTOCOL.operation, false);
    }
    session
}

/// The service behind the trait of the engine.
#[derive(Clone)]
pub(crate) struct Direct {
    world: Shared,
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
    pub(crate) fn connect(world: &Shared, clock: &HandClock) -> Connection<Self> {
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
            let Reply { said, before } = exchange.reply().await;
            match said {
                Said::All => Ok(Response::AllAccepted),
                Said::Partial { failures, may_be_incomplete, .. } => {
                    let by_place = world.lock().rules.names_places;
                    let failures = failures.into_iter().map(|refused| failure(refused, by_place)).collect();
                    let mut partial = Partial::new(StatusCode::MULTI_STATUS, failures);
                    (partial.may_be_incomplete, partial.maybe_repeated) = (may_be_incomplete, before);
                    Ok(Response::Partial(partial))
                }
                said => {
                    if matches!(said, Said::Unclear) {
                        // The token was good, whatever else.
                        session.gate().prove(0, PROTOCOL.operation, false);
                    }
                    Err(failed(&said, before, request.idempotent))
                }
            }
        })
    }
}

fn failure(refused: Refused, by_place: bool) -> Failure {
    let Refused { id, place, is_duplicate } = refused;
    let event = match (id, place) {
        (_, Some(place)) if by_place => EventRef::Index(place),
        (Some(id), _) if !by_place => EventRef::Id(id),
        _ => EventRef::Unnamed,
    };
    let kind = if is_duplicate { FailureKind::Duplicate } else { FailureKind::Refused };
    Failure::new(event, kind, Some("bad"))
}

fn failed(said: &Said, before: bool, idempotent: bool) -> Failed {
    let (scope, maybe_applied) = match said {
        Said::Status(413, _) => (Scope::Size { by_bytes: true }, false),
        Said::Status(422, _) | Said::Status(400, "events: too many items") => (Scope::Size { by_bytes: false }, false),
        Said::Status(400, _) => (Scope::Content, false),
        Said::Status(401 | 403, _) => (Scope::Token, false),
        Said::Status(429, _) => (Scope::Rate, false),
        Said::Status(404, _) | Said::Broken(Broken::Connect | Broken::NotBegun) => (Scope::Service, false),
        // A redirection may be the response of a server that has done what it was asked to.
        Said::Status(302, _) => (Scope::Service, !idempotent),
        _ => (Scope::Service, true),
    };
    let effect = if maybe_applied || before { Effect::MaybeApplied } else { Effect::NotApplied };
    let mut failed = Failed::new(scope, effect, format!("{said:?}"));
    if let Said::Status(status, message) = said {
        failed.status = StatusCode::from_u16(*status).ok();
        failed.message = Some((*message).into());
    }
    failed
}
