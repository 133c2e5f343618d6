//! Delivery of usage events: each one once, with an outcome for each.
//!
//! Events go in, from an iterator, a stream, a channel or a slice. They are checked, get an id, and are sent in batches. Each event
//! comes out with an [`Outcome`]: accepted, duplicate, rejected, unknown or not sent. Requests that are too large are
//! halved, a bad event is isolated from the good ones in its batch, and a retry happens only where it is harmless. A call
//! ends early by a [`time_limit`](Ingest::time_limit) or a future of yours ([`stop_when`](Ingest::stop_when)).
//!
//! The crate knows no service and has no HTTP client. What it needs to know of a service is a [`Backend`]. `togai-ext` has
//! the ones of Togai and Enso; with it you need nothing from here. Use this crate by itself to deliver to another service.
//!
//! # A backend of your own
//!
//! Say there is a service for meter readings. It takes up to 500 of them as `{"readings":[..]}`, counts an id once, and
//! responds with the indexes of the readings that it refused.
//!
//! 1. **The event** is a type that serializes to the JSON of the service.
//! 2. **The protocol** names the operation and the text around the events, and **`FIELDS`** the fields of interest, the id first.
//! 3. **`set_id`** puts the id into an event that has none, before it is sent for the first time.
//! 4. **`send`** sends a body and says how the service responded: it accepted all events, it refused some of them, or the
//!    request failed. A failure has a [`Scope`], who is at fault, and an [`Effect`], whether the service may have applied
//!    the request. They decide what happens next; see the table below.
//! 5. **The session** is what all calls of a client share. It has the timer of your runtime.
//!
//! Beside this crate it needs `serde`, `http` 1 for statuses, an HTTP client, and a runtime with a timer.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use serde::Serialize;
//! use togai_ingest::{
//!     Backend, BoxFuture, Clock, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, Partial, Protocol,
//!     Request, Response, Scope, Session,
//! };
//!
//! #[derive(Serialize)]
//! struct Reading {
//!     #[serde(skip_serializing_if = "Option::is_none")]
//!     id: Option<String>,
//!     meter: &'static str,
//!     value: f64,
//! }
//!
//! static READINGS: Protocol = Protocol::new("post_readings")
//!     .max_batch_size(500)
//!     .envelope(Envelope { before: r#"{"readings":["#, between: ",", after: "]}" })
//!     .idempotent(true);
//!
//! #[derive(Clone)]
//! struct Meters {
//!     http: HttpClient,
//! }
//!
//! impl Backend for Meters {
//!     type Event = Reading;
//!
//!     const FIELDS: &'static [&'static str] = &["id", "meter"];
//!
//!     fn protocol(&self) -> &'static Protocol {
//!         &READINGS
//!     }
//!
//!     fn set_id(event: &mut Reading, id: &str) {
//!         event.id = Some(id.to_owned());
//!     }
//!
//!     fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failed>> {
//!         let http = self.http.clone();
//!         Box::pin(async move {
//!             match http.post("/readings", request.body).await {
//!                 Ok((200, refused)) if refused.is_empty() => Ok(Response::AllAccepted),
//!                 Ok((200, refused)) => {
//!                     let failure = |index| Failure::new(EventRef::Index(index), FailureKind::Refused, None);
//!                     let failures = refused.into_iter().map(failure).collect();
//!                     Ok(Response::Partial(Partial::new(http::StatusCode::OK, failures)))
//!                 }
//!                 Ok((400, _)) => Err(Failed::new(Scope::Content, Effect::NotApplied, "a reading is malformed")),
//!                 Ok((401, _)) => Err(Failed::new(Scope::Token, Effect::NotApplied, "the token was refused")),
//!                 Ok((413, _)) => Err(Failed::new(Scope::Size { by_bytes: true }, Effect::NotApplied, "too large")),
//!                 // The service may have applied the request, and only the response was lost.
//!                 _ => Err(Failed::new(Scope::Service, Effect::MaybeApplied, "no response")),
//!             }
//!         })
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Tokio;
//!
//! impl Clock for Tokio {
//!     fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
//!         Box::pin(tokio::time::sleep(duration))
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = Connection::new(Meters { http: HttpClient }, Session::new(Arc::new(Tokio)));
//! let readings = (0..1000).map(|number| Reading { id: None, meter: "m-1", value: f64::from(number) });
//! let report = connection.ingest_events(readings).send().await?;
//! assert_eq!((report.accepted(), report.rejected()), (998, 2));
//! # Ok(())
//! # }
//! # /// It refuses the eighth reading of each request.
//! # #[derive(Clone)]
//! # struct HttpClient;
//! # impl HttpClient {
//! #     async fn post(&self, _: &str, body: bytes::Bytes) -> Result<(u16, Vec<usize>), String> {
//! #         assert!(body.starts_with(br#"{"readings":[{"meter":"m-1","value":"#));
//! #         Ok((200, vec![7]))
//! #     }
//! # }
//! ```
//!
//! `tests/write_a_backend.rs` has the same with checks, and shows what a call does on each of these responses.
//!
//! | a request fails with | the engine |
//! |---|---|
//! | [`Scope::Content`] | sends it in parts until the bad event is alone, and rejects that event once another request is accepted; when the isolation budget is spent, the rest is [`NotSent`](Outcome::NotSent); after three batches of which nothing is accepted the call ends |
//! | [`Scope::Size`] | halves it, and keeps the next ones below the size that passes |
//! | one of these and [`Effect::MaybeApplied`] | sends it in parts only if [`Protocol::idempotent`] is set; what a later response does not name is [`Unknown`](Outcome::Unknown) |
//! | [`Scope::Token`], [`Scope::Rate`], [`Scope::Service`] | ends the call; the events are [`NotSent`](Outcome::NotSent) |
//! | one of these three and [`Effect::MaybeApplied`] | ends the call; the events are [`Unknown`](Outcome::Unknown) |
//! | [`Scope::Service`], [`Effect::MaybeApplied`], no status, 408 or 5xx, and [`Protocol::idempotent`] | sends it in parts, if other requests are accepted meanwhile, until the event at which the service fails is alone: that one is [`Unknown`](Outcome::Unknown) |
//!
//! Retries of a request (after a timeout, an outage or throttling) are the backend's, below [`Backend::send`].

#![cfg_attr(
    not(feature = "test-util"),
    allow(unreachable_pub, reason = "the parts of a call are public for its model")
)]
#![cfg_attr(feature = "test-util", allow(missing_debug_implementations, reason = "nobody prints the parts of a call"))]

mod backend;
mod calls;
mod cancel;
mod clock;
mod delivery;
mod ending;
mod engine;
mod error;
mod event_stream;
mod ids;
mod json;
mod outcome;
mod receiver;
mod report;
mod session;
mod source;
mod submission;
mod tee;
#[cfg(test)]
mod testing;
mod verdicts;

pub use backend::{
    Backend, Connection, Effect, Envelope, EventRef, Failed, Failure, FailureKind, IntoBackend, Partial, Protocol,
    Request, Response, Scope,
};
pub use cancel::{Cancel, CancelSignal};
pub use clock::Clock;
pub use delivery::Ingest;
pub use error::{DeliveryError, DeliveryErrorKind};
pub use event_stream::{EventStream, TryEventStream};
pub use futures::future::BoxFuture;
pub use ids::IdPolicy;
pub use json::{Fields, ReadBack};
pub use outcome::Outcome;
pub use receiver::EventReceiver;
pub use report::{IngestError, IngestProgress, IngestReport, Reason, Verdict};
pub use session::{Closed, Pace, Pacer, Pass, Session, TokenGate};
pub use source::{FromIterator, FromReceiver, FromSlice, FromStream, FromTryStream, Source};
#[doc(hidden)]
pub use submission::Payload;
pub use submission::{Row, Submission};
pub use tee::{Tee, TeeIngest, TeeReport};
pub use verdicts::Verdicts;

/// The parts of a call, for the model of ingestion.
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod test_util {
    pub use crate::engine::{BatchOutcomes, Encoded, Entry, Finished, Kept, Repeat, Run, Settings, decide_partial};
    pub use crate::report::{Recorder, Tally, into_verdicts};
    pub use crate::session::BatchSize;
    pub use crate::source::Pulled;

    /// An event as it is sent, without an id of ours, and where its fields stand.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn encode<B: crate::Backend>(
        event: &impl serde::Serialize,
    ) -> Result<(Vec<u8>, crate::Fields), serde_json::Error> {
        let mut buffer = crate::json::Buffer::default();
        let mut encoder = crate::json::Encoder::<crate::backend::FieldsOf<B>>::new();
        encoder.encode(event, &mut buffer)?;
        Ok((buffer.into_vec(), encoder.into_fields()))
    }

    /// The error of a call whose owner has had enough.
    pub fn enough() -> crate::DeliveryError {
        crate::DeliveryError::new("record", crate::DeliveryErrorKind::TooManyNotAccepted, "enough".to_owned())
    }
}
