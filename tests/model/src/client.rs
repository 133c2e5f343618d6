//! The service behind the engine's own trait, and behind the whole client with its retries.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use togai_api::operations::INGEST_BATCH;
use togai_api::{
    BoxFuture, CallContext, Client, Operation, Transport, TransportError, TransportErrorKind, read_response,
};

use super::super::backend::{
    Backend, Connection, Envelope, Failed, Failure, FailureKind, Named, Partial, Protocol, Request, Response,
};
use super::super::encode::Fields;
use super::super::togai::Togai;
use super::super::{IngestExt as _, check, classify};
use super::clock::HandClock;
use super::reply::{Refused, Reply, Said};
use super::world::Shared;
use crate::retry::{Parts, Retry};
use crate::session::Session;
use crate::stack::Stack;
use crate::{RetryBudget, RetryPolicy};

/// A request on its way. It is abandoned when it is dropped.
struct Exchange {
    world: Shared,
    number: usize,
}

impl Exchange {
    fn begin(world: &Shared, body: &[u8]) -> Self {
        let number = world.lock().receive(body);
        Self { world: world.clone(), number }
    }

    async fn reply(&self) -> Reply {
        poll_fn(|context| self.world.lock().poll_reply(self.number, context)).await
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.world.lock().abandon(self.number);
    }
}

/// The answer to a request of so many events as it comes over the wire.
fn response(said: Said, events: usize, is_enso: bool) -> Result<http::Response<String>, TransportErrorKind> {
    let message = |message: &str| json!({ "message": message }).to_string();
    let (status, body) = match said {
        Said::All if is_enso => (200, summed_up(&[], 0, events)),
        Said::All => (202, String::new()),
        Said::Unclear => (200, "{}".into()),
        Said::Garbled => (207, "<html>".into()),
        Said::Status(status, text) => (status, message(text)),
        Said::Partial { failures, failed, .. } if is_enso => (200, summed_up(&failures, failed, events)),
        Said::Partial { failures, .. } => {
            let listed: Vec<Value> = failures.into_iter().map(listed).collect();
            (207, json!({ "message": "some failed", "errors": listed }).to_string())
        }
        Said::Broken(kind) => return Err(kind),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

/// An answer as Enso gives it.
fn summed_up(failures: &[Refused], failed: usize, events: usize) -> String {
    let records: Vec<Value> = failures.iter().map(|refused| json!({ "index": refused.place, "code": 2001 })).collect();
    let summary = json!({ "success": events - failed, "failed": failed, "total": events });
    json!({ "status": "success", "data": { "summary": summary, "failedRecords": records } }).to_string()
}

fn listed(Refused { id, is_duplicate, .. }: Refused) -> Value {
    let message = if is_duplicate { "Duplicate event" } else { "bad" };
    match id {
        Some(id) => json!({ "eventPayload": { "id": id }, "message": message }),
        None => json!({ "message": message }),
    }
}

/// The service behind the trait of the engine. It tells the gate of the session what it says of the token, as a transport
/// does.
#[derive(Clone)]
pub(super) struct Direct {
    world: Shared,
    session: Session,
}

static PROTOCOL: Protocol = Protocol {
    operation: "ingest_batch",
    max_batch_size: Some(12),
    envelope: Envelope { before: r#"{"events":["#, between: ",", after: "]}" },
    fields: check::FIELDS,
    idempotent: true,
};

impl Direct {
    pub(super) fn connect(world: &Shared, clock: &HandClock) -> Connection<Self> {
        let session = session(world, clock);
        Connection { backend: Self { world: world.clone(), session: session.clone() }, session }
    }
}

impl Backend for Direct {
    fn protocol(&self) -> &'static Protocol {
        &PROTOCOL
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let Self { world, session } = self.clone();
        Box::pin(async move {
            let exchange = Exchange::begin(&world, &request.body);
            let Reply { said, before } = exchange.reply().await;
            if world.lock().is_proven {
                session.gate().prove(0, PROTOCOL.operation, false);
            }
            match said {
                Said::All => Ok(Response::AllAccepted),
                Said::Partial { failures, may_be_incomplete, .. } => {
                    let by_place = world.lock().rules.names_places;
                    let failures = failures.into_iter().map(|refused| failure(refused, by_place)).collect();
                    Ok(partial(failures, may_be_incomplete, before))
                }
                said => Err(failed(said, before, request.idempotent).await),
            }
        })
    }
}

fn failure(refused: Refused, by_place: bool) -> Failure {
    let Refused { id, place, is_duplicate } = refused;
    let event = match (id, place) {
        (_, Some(place)) if by_place => Named::Place(place),
        (Some(id), _) if !by_place => Named::Id(id),
        _ => Named::Nobody,
    };
    let kind = if is_duplicate { FailureKind::Duplicate } else { FailureKind::Refused };
    Failure { event, kind, status: None, code: None, message: "bad".into() }
}

fn partial(failures: Vec<Failure>, may_be_incomplete: bool, maybe_repeated: bool) -> Response {
    let status = StatusCode::MULTI_STATUS;
    Response::Partial(Partial {
        status,
        failures,
        may_be_incomplete,
        says_success: false,
        message: None,
        maybe_repeated,
    })
}

/// A failure as the client makes it of an answer, which is the only way to one with a status.
async fn failed(said: Said, before: bool, idempotent: bool) -> Failed {
    let mut context = CallContext::new(1, Duration::ZERO);
    (context.maybe_delivered, context.idempotent) = (before, Some(idempotent));
    let answer = match response(said, 0, false) {
        Ok(mut response) => {
            response.extensions_mut().insert(context);
            Ok(reqwest::Response::from(response))
        }
        Err(kind) => Err(TransportError::new(kind, "scripted", context)),
    };
    match read_response::<Value>(&INGEST_BATCH, answer, Instant::now()).await {
        Ok(response) => classify::unclear("200", response.unclear("200")),
        Err((error, _)) => classify::failed(error),
    }
}

/// The service at the end of the wire, below the retries.
struct Wire(Shared);

impl std::fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Wire")
    }
}

impl Transport for Wire {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        Box::pin(async move {
            let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
            let exchange = Exchange::begin(&self.0, body);
            let (events, is_enso) = {
                let world = self.0.lock();
                (world.flights.last().map_or(0, |flight| flight.indexes.len()), world.rules.is_enso)
            };
            let Reply { said, .. } = exchange.reply().await;
            match response(said, events, is_enso) {
                Ok(response) => Ok(reqwest::Response::from(response)),
                Err(kind) => Err(TransportError::new(kind, "scripted", CallContext::default())),
            }
        })
    }
}

/// The whole client, with retries, over the service.
pub(super) fn over_the_wire(world: &Shared, clock: &HandClock) -> Connection<Togai> {
    Client::new("http://localhost", stack(world, clock)).connect(false)
}

fn session(world: &Shared, clock: &HandClock) -> Session {
    let session = Session::new(Arc::new(clock.clone()));
    if world.lock().is_proven {
        session.gate().prove(0, PROTOCOL.operation, false);
    }
    session
}

fn stack(world: &Shared, clock: &HandClock) -> Stack {
    let session = session(world, clock);
    let retry = Retry::new(Parts {
        inner: Box::new(Wire(world.clone())),
        session: session.clone(),
        credentials: None,
        policy: RetryPolicy::default().with_max_attempts(3),
        attempt_timeout: None,
        budget: RetryBudget::default(),
    });
    Stack { retry, session }
}

/// The same of Enso, to which the events of the model are sent: what they look like makes no difference to it.
#[cfg(feature = "enso")]
#[derive(Clone)]
pub(super) struct EnsoOverTheWire(super::super::enso::Enso);

#[cfg(feature = "enso")]
static ENSO: Protocol = Protocol {
    operation: "create_events_batch",
    max_batch_size: None,
    envelope: PROTOCOL.envelope,
    fields: check::FIELDS,
    idempotent: false,
};

#[cfg(feature = "enso")]
impl EnsoOverTheWire {
    pub(super) fn connect(world: &Shared, clock: &HandClock) -> Connection<Self> {
        let client = togai_api::enso::Client::new("http://localhost", stack(world, clock));
        let Connection { backend, session } = client.connect(false);
        Connection { backend: Self(backend), session }
    }
}

#[cfg(feature = "enso")]
impl Backend for EnsoOverTheWire {
    fn protocol(&self) -> &'static Protocol {
        &ENSO
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        self.0.send(request)
    }
}
