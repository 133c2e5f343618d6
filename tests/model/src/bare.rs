//! The service behind the trait of the engine, without a client.

use std::sync::Arc;

use http::StatusCode;
use togai_ingest::{
    Backend, BoxFuture, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, Fields, Partial,
    Protocol, ReadBack, Request, Response, Scope, Session,
};

use crate::clock::HandClock;
use crate::exchange::{Exchange, Sending};
use crate::item::Reading;
use crate::response::{self, Body, Broken, Meaning, Name, PartialBody};
use crate::rules::NamedBy;
use crate::world::SharedWorld;

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

/// The fields of interest of an event.
pub(crate) const FIELDS: &[&str] = &["id", "accountId", "meterName"];

pub(crate) static PROTOCOL: Protocol = Protocol::new("record")
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

/// An event of its bytes.
pub(crate) fn read_back(json: &[u8]) -> Reading {
    serde_json::from_slice(json).expect("an event reads what it writes")
}

impl Direct {
    pub(crate) fn connect(world: &SharedWorld, clock: &HandClock) -> Connection<Self> {
        let session = session(world, clock);
        Connection::new(Self { world: world.clone(), session: session.clone() }, session)
    }
}

impl Backend for Direct {
    type Event = Reading;

    const FIELDS: &'static [&'static str] = FIELDS;
    const READ_BACK: Option<ReadBack<Reading>> = Some(read_back);

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
            let sending = Sending::begin(&world, &request);
            let exchange = Exchange::begin(&world, &request.body);
            let response::Response { body, maybe_repeated, .. } = exchange.response().await;
            sending.end();
            match body {
                Body::All => Ok(Response::AllAccepted),
                Body::Partial(body) => {
                    Ok(Response::Partial(partial(body, maybe_repeated, world.lock().rules.named_by)))
                }
                body => {
                    if body.proves_token() {
                        // A status of success proves the token, whatever the body says.
                        session.gate().prove(0, PROTOCOL.operation, false);
                    }
                    Err(failed(&body, maybe_repeated))
                }
            }
        })
    }
}

fn partial(body: PartialBody, maybe_repeated: bool, named_by: NamedBy) -> Partial {
    let PartialBody { failures, accepted, may_be_incomplete, is_contradictory, .. } = body;
    let failures = failures.into_iter().map(|one| failure(one, named_by)).collect();
    let mut partial = Partial::new(StatusCode::MULTI_STATUS, failures);
    partial.accepted = accepted.into_iter().map(|name| event_ref(name, named_by)).collect();
    (partial.may_be_incomplete, partial.maybe_repeated) = (may_be_incomplete, maybe_repeated);
    partial.is_contradictory = is_contradictory;
    partial
}

fn failure(failure: response::Failure, named_by: NamedBy) -> Failure {
    let kind = match failure.kind {
        response::FailureKind::Refused => FailureKind::Refused,
        response::FailureKind::Duplicate => FailureKind::Duplicate,
        response::FailureKind::Unclear => FailureKind::Unclear,
    };
    Failure::new(event_ref(failure.name, named_by), kind, Some("bad"))
}

fn event_ref(Name { id, index }: Name, named_by: NamedBy) -> EventRef {
    let event = match named_by {
        NamedBy::Id => id.map(EventRef::Id),
        NamedBy::Index => index.map(EventRef::Index),
    };
    event.unwrap_or(EventRef::Unnamed)
}

fn failed(body: &Body, maybe_repeated: bool) -> Failed {
    let scope = match body.meaning() {
        Meaning::TooManyBytes => Scope::Size { by_bytes: true },
        Meaning::TooManyEvents => Scope::Size { by_bytes: false },
        Meaning::Content | Meaning::Duplicate => Scope::Content,
        Meaning::Token => Scope::Token,
        Meaning::Throttled => Scope::Rate,
        Meaning::Taken | Meaning::Transient | Meaning::Final => Scope::Service,
    };
    let maybe_applied = match body {
        Body::Status(404 | 429, _) | Body::Broken(Broken::Connect | Broken::NotBegun) => false,
        _ => scope == Scope::Service,
    };
    let effect = if maybe_applied || maybe_repeated { Effect::MaybeApplied } else { Effect::NotApplied };
    let mut failed = Failed::new(scope, effect, format!("{body:?}"));
    failed.is_duplicate = body.meaning() == Meaning::Duplicate;
    if let Body::Status(status, message) = body {
        failed.status = StatusCode::from_u16(*status).ok();
        failed.message = Some((*message).into());
    }
    failed
}
