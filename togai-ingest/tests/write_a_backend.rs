//! A backend for an imaginary service, `Meters`: its whole code, and what a call over it does.
//!
//! The service takes `{"readings":[..]}`, responds 200 with the indexes of the readings that it refused, and counts an id
//! once. Here it is a function; with an HTTP client of your choice, `post` sends the body and returns status and text.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use togai_ingest::{
    Backend, BoxFuture, Clock, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, Fields, Outcome,
    Partial, Protocol, Request, Response, Scope, Session,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    meter: String,
    value: f64,
}

static READINGS: Protocol = Protocol::new("post_readings")
    .max_batch_size(500)
    .envelope(Envelope { before: r#"{"readings":["#, between: ",", after: "]}" })
    .idempotent(true);

#[derive(Clone)]
struct Meters {
    post: Post,
}

impl Backend for Meters {
    type Event = Reading;

    const FIELDS: &'static [&'static str] = &["id", "meter"];

    fn protocol(&self) -> &'static Protocol {
        &READINGS
    }

    fn set_id(event: &mut Reading, id: &str) {
        event.id = Some(id.to_owned());
    }

    fn check(&self, event: &[u8], fields: &Fields) -> Result<(), String> {
        match fields.get(1, event) {
            Some(meter) if meter.len() > 2 => Ok(()),
            _ => Err("`meter` is empty: name the meter".to_owned()),
        }
    }

    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
        let post = self.post.clone();
        Box::pin(async move {
            let (status, body) = match post(request.body.to_vec()).await {
                Ok(response) => response,
                // The request may have arrived, and only the response was lost.
                Err(lost) => return Err(Failed::new(Scope::Service, Effect::MaybeApplied, lost)),
            };
            match status {
                200 => {
                    let Ok(refused) = serde_json::from_str::<Vec<usize>>(&body) else {
                        let problem = "the service responded 200 with something else than a list";
                        return Err(Failed::new(Scope::Service, Effect::MaybeApplied, problem));
                    };
                    let failure =
                        |index| Failure::new(EventRef::Index(index), FailureKind::Refused, Some("unknown meter"));
                    let failures: Vec<_> = refused.into_iter().map(failure).collect();
                    Ok(if failures.is_empty() {
                        Response::AllAccepted
                    } else {
                        Response::Partial(Partial::new(http::StatusCode::OK, failures))
                    })
                }
                400 => Err(Failed::new(Scope::Content, Effect::NotApplied, body)),
                401 => Err(Failed::new(Scope::Token, Effect::NotApplied, body)),
                413 => Err(Failed::new(Scope::Size { by_bytes: true }, Effect::NotApplied, body)),
                _ => Err(Failed::new(Scope::Service, Effect::MaybeApplied, body)),
            }
        })
    }
}

/// The timer of the runtime.
#[derive(Debug)]
struct Tokio;

impl Clock for Tokio {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

// That was the backend. What follows is the service, and calls over the backend.

type Post = Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Result<(u16, String), String>> + Send + Sync>;

#[derive(Deserialize)]
struct Body {
    readings: Vec<Reading>,
}

/// A service that says something to the readings of each request, and remembers how many there were.
fn meters(
    respond: impl Fn(Vec<Reading>) -> Result<(u16, String), String> + Send + Sync + 'static,
) -> (Connection<Meters>, Arc<Mutex<Vec<usize>>>) {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&sizes);
    let post: Post = Arc::new(move |body| {
        let Body { readings } = serde_json::from_slice(&body).unwrap();
        noted.lock().unwrap().push(readings.len());
        Box::pin(std::future::ready(respond(readings)))
    });
    (Connection::new(Meters { post }, Session::new(Arc::new(Tokio))), sizes)
}

fn reading(meter: &str, value: u32) -> Reading {
    Reading { id: None, meter: meter.to_owned(), value: f64::from(value) }
}

#[tokio::test]
async fn every_reading_gets_its_outcome() {
    let (connection, sizes) = meters(|readings| {
        let refused = readings.iter().enumerate().filter(|(_, reading)| reading.meter == "m-7").map(|(index, _)| index);
        Ok((200, serde_json::to_string(&refused.collect::<Vec<_>>()).unwrap()))
    });
    let readings = (0..1200)
        .map(|number| reading(["m-1", "m-7", ""][usize::from(number == 600) + 2 * usize::from(number == 9)], number));
    let report = connection.ingest_events(readings).send().await.unwrap();
    assert_eq!((report.accepted(), report.rejected()), (1198, 2));
    assert_eq!(*sizes.lock().unwrap(), [500, 500, 199]);
    let outcomes: Vec<String> = report.not_accepted().iter().map(|verdict| verdict.outcome.to_string()).collect();
    assert_eq!(outcomes, ["rejected: `meter` is empty: name the meter", "rejected: unknown meter"]);
    // It has the id that it was sent with.
    assert!(report.not_accepted()[1].event.id.is_some());
}

#[tokio::test]
async fn one_bad_reading_does_not_hold_up_the_others() {
    let (connection, _) = meters(|readings| {
        let is_bad = readings.iter().any(|reading| reading.value > 1e6);
        Ok(if is_bad { (400, "a value is too large".to_owned()) } else { (200, "[]".to_owned()) })
    });
    let readings = (0..100).map(|number| reading("m-1", if number == 42 { 10_000_000 } else { number }));
    let report = connection.ingest_events(readings).send().await.unwrap();
    assert_eq!((report.accepted(), report.not_accepted()[0].index), (99, 42));
}

#[tokio::test]
async fn a_lost_response_ends_the_call_with_unknown_readings() {
    let (connection, _) = meters(|_| Err("the connection was reset".to_owned()));
    let failure = connection.ingest_events([reading("m-1", 1)]).send().await.unwrap_err();
    assert_eq!(failure.error().to_string(), "the connection was reset");
    assert!(matches!(failure.report().not_accepted()[0].outcome, Outcome::Unknown { may_be_resent: true, .. }));
}

#[tokio::test]
async fn a_response_that_cannot_be_read_accepts_nothing() {
    let (connection, _) = meters(|_| Ok((200, "<html>please log in</html>".to_owned())));
    let failure = connection.ingest_events([reading("m-1", 1)]).send().await.unwrap_err();
    assert_eq!((failure.report().accepted(), failure.report().unknown()), (0, 1));
}

#[tokio::test]
async fn a_refused_token_costs_one_request() {
    let (connection, sizes) = meters(|_| Ok((401, "no such token".to_owned())));
    let readings = (0..5000).map(|number| reading("m-1", number));
    let failure = connection.ingest_events(readings).send().await.unwrap_err();
    assert!(failure.error().is_auth());
    assert_eq!((sizes.lock().unwrap().len(), failure.report().submitted()), (1, 500));
}

#[tokio::test]
async fn too_large_a_request_is_halved_until_it_passes() {
    let (connection, sizes) = meters(|readings| {
        Ok(if readings.len() > 200 { (413, "too large".to_owned()) } else { (200, "[]".to_owned()) })
    });
    let report = connection.ingest_events((0..700).map(|number| reading("m-1", number))).send().await.unwrap();
    assert_eq!((report.accepted(), sizes.lock().unwrap()[..3].to_vec()), (700, vec![500, 250, 125]));
}
