//! The service behind the engine's own trait, and behind the whole client with its retries.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::{Value, json};
use togai_api::operations::INGEST_BATCH;
use togai_api::{
    BoxFuture, CallContext, Client, Core, Error, Operation, Transport, TransportError, TransportErrorKind,
};

use super::super::backend::{Answer, Backend, Envelope, Failure, FailureKind, Named, Partial};
use super::super::check;
use super::super::encode::Fields;
use super::super::run::Surroundings;
use super::super::togai::{Endpoint, Togai};
use super::clock::HandClock;
use super::service::{Refused, Reply, Said};
use super::world::Shared;
use crate::retry::{Parts, Retry};
use crate::stack::Stack;
use crate::standing::Standing;
use crate::stop::Stop;
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

fn context(before: bool) -> CallContext {
    let mut context = CallContext::new(1, Duration::ZERO);
    context.maybe_delivered = before;
    context
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

/// The service behind the trait of the engine.
#[derive(Clone)]
pub(super) struct Direct {
    pub(super) world: Shared,
    pub(super) clock: HandClock,
}

impl Backend for Direct {
    fn operation(&self) -> &'static str {
        "ingest_batch"
    }

    fn max_batch_size(&self) -> Option<usize> {
        Some(12)
    }

    fn envelope(&self) -> Envelope {
        Envelope { before: r#"{"events":["#, between: ",", after: "]}" }
    }

    fn fields(&self) -> &'static [&'static str] {
        check::FIELDS
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn is_resending_harmless(&self) -> bool {
        self.world.lock().rules.is_resending_harmless
    }

    fn is_proven(&self) -> bool {
        self.world.lock().is_proven
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings { clock: Arc::new(self.clock.clone()), limits: Arc::default(), stop: Stop::new() }
    }

    fn send(&self, body: Bytes, _events: usize) -> BoxFuture<'static, Result<Answer, Error>> {
        let world = self.world.clone();
        Box::pin(async move {
            let exchange = Exchange::begin(&world, &body);
            let Reply { said, before } = exchange.reply().await;
            match said {
                Said::All => Ok(Answer::All),
                Said::Unclear => Ok(Answer::Unclear { why: "200".into() }),
                Said::Partial { failures, may_be_incomplete, .. } => {
                    let by_place = world.lock().rules.names_places;
                    let failures = failures.into_iter().map(|refused| failure(refused, by_place)).collect();
                    Ok(partial(failures, may_be_incomplete, before))
                }
                said => Err(error(said, before).await),
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

fn partial(failures: Vec<Failure>, may_be_incomplete: bool, maybe_repeated: bool) -> Answer {
    let status = StatusCode::MULTI_STATUS;
    Answer::Partial(Partial { status, failures, may_be_incomplete, says_success: false, message: None, maybe_repeated })
}

/// An error as the client makes it of an answer, which is the only way to one with a status.
async fn error(said: Said, before: bool) -> Error {
    let answer = match response(said, 0, false) {
        Ok(mut response) => {
            response.extensions_mut().insert(context(before));
            Ok(reqwest::Response::from(response))
        }
        Err(kind) => Err(TransportError::new(kind, "scripted", context(before))),
    };
    let once = Once(Mutex::new(Some(answer)));
    let core = Core::new("http://localhost", once);
    let request = core.request(&INGEST_BATCH, "/", None).expect("a request");
    core.execute::<Value>(request, &INGEST_BATCH).await.expect_err("an error")
}

/// A transport with one answer.
#[derive(Debug)]
struct Once(Mutex<Option<Result<reqwest::Response, TransportError>>>);

impl Transport for Once {
    fn execute<'a>(
        &'a self,
        _request: reqwest::Request,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(std::future::ready(answer.expect("it is asked once")))
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
pub(super) fn over_the_wire(world: &Shared, clock: &HandClock) -> Togai {
    let client = Client::new("http://localhost", stack(world, clock));
    Togai::new(&client, Endpoint::Batch)
}

fn stack(world: &Shared, clock: &HandClock) -> Stack {
    let is_proven = world.lock().is_proven;
    let standing = Arc::new(Standing::default());
    if is_proven {
        standing.prove();
    }
    let retry = Retry::new(Parts {
        inner: Box::new(Wire(world.clone())),
        clock: Arc::new(clock.clone()),
        policy: RetryPolicy::default().with_max_attempts(3),
        attempt_timeout: None,
        budget: RetryBudget::default(),
    });
    Stack::new(retry, Arc::new(clock.clone()), standing)
}

/// The same of Enso, to which the events of the model are sent: what they look like makes no difference to it.
#[cfg(feature = "enso")]
#[derive(Clone)]
pub(super) struct EnsoOverTheWire(super::super::enso::Enso);

#[cfg(feature = "enso")]
impl EnsoOverTheWire {
    pub(super) fn new(world: &Shared, clock: &HandClock) -> Self {
        use super::super::IngestExt as _;

        let client = togai_api::enso::Client::new("http://localhost", stack(world, clock));
        let backend = client.backend(false);
        Self(backend.assume_idempotent(world.lock().rules.is_resending_harmless))
    }
}

#[cfg(feature = "enso")]
impl Backend for EnsoOverTheWire {
    fn operation(&self) -> &'static str {
        self.0.operation()
    }

    fn max_batch_size(&self) -> Option<usize> {
        self.0.max_batch_size()
    }

    fn envelope(&self) -> Envelope {
        self.0.envelope()
    }

    fn fields(&self) -> &'static [&'static str] {
        check::FIELDS
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        check::check_fields(event, fields)
    }

    fn is_resending_harmless(&self) -> bool {
        self.0.is_resending_harmless()
    }

    fn is_proven(&self) -> bool {
        self.0.is_proven()
    }

    fn surroundings(&self) -> Surroundings {
        self.0.surroundings()
    }

    fn send(&self, body: Bytes, events: usize) -> BoxFuture<'static, Result<Answer, Error>> {
        self.0.send(body, events)
    }
}
