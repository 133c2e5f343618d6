//! The service at the end of the wire, below the clients and their retries.

use serde_json::{Value, json};
use togai_api::{
    CallContext, Request as HttpRequest, Response as HttpResponse, Transport, TransportError, TransportErrorKind,
};
use togai_ext::RetryPolicy;
use togai_ext::test_util::transport;
use togai_ingest::{
    Backend, BoxFuture, Connection, Failed, Fields, IntoBackend as _, Protocol, ReadBack, Request, Response,
};

use crate::bare::{FIELDS, PROTOCOL, check_event, check_fields, read_back, session};
use crate::clock::HandClock;
use crate::exchange::{Exchange, Sending};
use crate::item::Reading;
use crate::response::{self, Body, Broken, Failure, FailureKind, Name, PartialBody};
use crate::rules::Channel;
use crate::world::SharedWorld;

/// A client of Togai over the service.
pub(crate) fn over_togai(world: &SharedWorld, clock: &HandClock) -> Connection<OverClient<togai_ext::Togai>> {
    let client = togai_api::Client::new("http://localhost", stack(world, clock));
    OverClient::connect(&(&client).into_backend(), &PROTOCOL, world)
}

/// A client of Enso over the service.
pub(crate) fn over_enso(world: &SharedWorld, clock: &HandClock) -> Connection<OverClient<togai_ext::enso::Enso>> {
    let client = togai_api::enso::Client::new("http://localhost", stack(world, clock));
    OverClient::connect(&(&client).into_backend(), &ENSO, world)
}

/// A client that sends the events of the model. A client does not look into the events of its requests.
#[derive(Clone)]
pub(crate) struct OverClient<B> {
    backend: B,
    protocol: &'static Protocol,
    world: SharedWorld,
}

static ENSO: Protocol = Protocol::new("create_events_batch").envelope(PROTOCOL.envelope);

impl<B: Backend> OverClient<B> {
    fn connect(connection: &Connection<B>, protocol: &'static Protocol, world: &SharedWorld) -> Connection<Self> {
        let (backend, world) = (connection.backend().clone(), world.clone());
        Connection::new(Self { backend, protocol, world }, connection.session().clone())
    }
}

impl<B: Backend> Backend for OverClient<B> {
    type Event = Reading;

    const FIELDS: &'static [&'static str] = FIELDS;
    const READ_BACK: Option<ReadBack<Reading>> = Some(read_back);

    fn protocol(&self) -> &'static Protocol {
        self.protocol
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
        let Self { backend, world, .. } = self.clone();
        Box::pin(async move {
            let sending = Sending::begin(&world, &request);
            let result = backend.send(request).await;
            sending.end();
            result
        })
    }
}

fn stack(world: &SharedWorld, clock: &HandClock) -> impl Transport {
    transport(Wire(world.clone()), session(world, clock), RetryPolicy::default().with_max_attempts(3))
}

/// The end of the wire.
struct Wire(SharedWorld);

impl std::fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Wire")
    }
}

impl Transport for Wire {
    fn execute<'a>(&'a self, request: &'a mut HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let body = request.body().map_or(&[][..], AsRef::as_ref);
            let exchange = Exchange::begin(&self.0, body);
            let is_enso = self.0.lock().rules.channel == Channel::Enso;
            match on_the_wire(exchange.response().await, is_enso) {
                Ok(response) => Ok(HttpResponse::from(response)),
                Err(kind) => Err(TransportError::new(kind, "scripted", CallContext::default())),
            }
        })
    }
}

/// A response as it comes over the wire.
fn on_the_wire(response: response::Response, is_enso: bool) -> Result<http::Response<String>, TransportErrorKind> {
    let response::Response { body, events, .. } = response;
    let message = |message: &str| json!({ "message": message }).to_string();
    let (status, body) = match body {
        Body::All if is_enso => (200, summed_up(&[], 0, events)),
        Body::All => (202, String::new()),
        Body::Unclear => (200, "{}".into()),
        Body::Garbled => (207, "<html>".into()),
        Body::Status(status, text) => (status, message(text)),
        Body::Partial(partial) if is_enso => {
            (200, summed_up(&partial.failures, partial.failed.unwrap_or_default(), events))
        }
        Body::Partial(partial) => (207, listed(partial).to_string()),
        Body::Broken(Broken::Connect) => return Err(TransportErrorKind::Connect),
        Body::Broken(Broken::Interrupted) => return Err(TransportErrorKind::Interrupted),
        Body::Broken(Broken::Timeout) => return Err(TransportErrorKind::Timeout),
        Body::Broken(Broken::NotBegun) => return Err(TransportErrorKind::Deadline),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

/// A response as Enso gives it.
fn summed_up(failures: &[Failure], failed: usize, events: usize) -> String {
    let record = |Failure { name, kind }: &Failure| match kind {
        FailureKind::Unclear => json!({ "index": name.index, "statusCode": 503 }),
        _ => json!({ "index": name.index, "code": 2001 }),
    };
    let records: Vec<Value> = failures.iter().map(record).collect();
    let summary = json!({ "success": events - failed, "failed": failed, "total": events });
    json!({ "status": "success", "data": { "summary": summary, "failedRecords": records } }).to_string()
}

/// A response as Togai gives it.
fn listed(partial: PartialBody) -> Value {
    let PartialBody { failures, accepted, failed, is_contradictory, .. } = partial;
    let failures = failures.into_iter().map(|Failure { name, kind }| match kind {
        FailureKind::Refused => entry(name, &json!({ "message": "bad" })),
        FailureKind::Duplicate => entry(name, &json!({ "message": "Duplicate event" })),
        FailureKind::Unclear => entry(name, &json!({ "message": "later", "statusCode": 503 })),
    });
    let accepted = accepted.into_iter().map(|name| entry(name, &json!({ "message": "ok", "statusCode": 200 })));
    let mut body = json!({ "message": "some failed", "errors": failures.chain(accepted).collect::<Vec<_>>() });
    if let Some(failed) = failed {
        body["failedCount"] = json!(failed);
    }
    if is_contradictory {
        (body["success"], body["error"]) = (json!(true), json!("some failed"));
    }
    body
}

fn entry(name: Name, said: &Value) -> Value {
    let mut entry = said.clone();
    if let Some(id) = name.id {
        entry["eventPayload"] = json!({ "id": id });
    }
    entry
}
