//! An in-memory Togai that speaks HTTP: for tests of a client, for examples, and for trials without an account.
//!
//! It authenticates, validates each request against the document of the API, meters events of Togai once per id, keeps
//! accounts, pages lists, counts quotas, and fails on demand. It remembers what it was asked and what it was sent, so a
//! test can say what has to have happened.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use serde_json::json;
//! use togai_sandbox::{Fault, Sandbox};
//!
//! let sandbox = Sandbox::start().await?;
//! // The first batch is metered, but its answer gets lost.
//! sandbox.fault(Fault::reset_after_reading().on("ingest_batch").first(1));
//!
//! let batch = json!({ "events": [{
//!     "schemaName": "api_calls",
//!     "id": "call-1",
//!     "timestamp": "2024-11-05T08:31:12Z",
//!     "accountId": "acme-prod",
//!     "attributes": [{ "name": "count", "value": "1" }],
//!     "dimensions": {},
//! }] });
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let client = reqwest::Client::new();
//! let send = || {
//!     let request = client.post(format!("{}/ingestBatch", sandbox.base_url()));
//!     request.bearer_auth(sandbox.token()).json(&batch).send()
//! };
//! assert!(send().await.is_err());
//! assert_eq!(send().await?.status(), 202);
//!
//! // The event arrived twice and counts once.
//! assert_eq!(sandbox.events().len(), 2);
//! assert_eq!(sandbox.metered().len(), 1);
//! let log: Vec<_> = sandbox.requests().iter().map(ToString::to_string).collect();
//! assert_eq!(log, [
//!     "POST /ingestBatch 1 event -> no answer (fault: reset after reading)",
//!     "POST /ingestBatch 1 event -> 202",
//! ]);
//! # Ok(()) }
//! ```
//!
//! The binary of the same name serves from the command line: `cargo run -p togai-sandbox -- --port 8080`.
//!
//! # The second service
//!
//! Below `/enso` the same server plays Enso, another service that events can be delivered to. It has one operation, the
//! batches of events: `POST /enso/events/batch`, see [`Sandbox::enso_base_url`]. It has a token, customer entities and
//! arrivals of its own ([`Sandbox::enso_events`]), and a document of its own to validate by. The log, faults, the clock
//! and the settings of batches and bodies are the same for both; the other settings are for one of them.
//!
//! - Success is answered 200 whatever became of the events. The answer names those that were not taken by their place
//!   in the batch: first those whose customer entity is missing (code 2001) or not known (2002), then those that break
//!   a rule of the document (the text `27`).
//! - A body without a list of events is answered 400 with the code 2003.
//!
//! # What happens to a request
//!
//! 1. It is logged: [`Sandbox::requests`].
//! 2. A [`Fault`] that matches takes over, or lets it pass.
//! 3. Without the bearer token of its service it is answered 401.
//! 4. With an unknown path it is answered 404, with another method than the path takes 405.
//! 5. Without a request left in its quota it is answered 429, see [`Quotas`]; Enso has none.
//! 6. If the parameters or the body break a rule of the document it is answered 400, if it is too large 413 or 422. The
//!    message names the field and what it has to be. With Enso a rule that an event breaks is a failure of that event.
//! 7. It is carried out.
//!
//! # What is known to differ from the service
//!
//! - Everything is metered at once, or all of it after [`SandboxBuilder::events_settled_after`].
//! - Customers, accounts, aliases, event schemas, usage meters, features, price plans and settings are kept, but not
//!   counted by: an event needs none of them, and no invoice comes of it. A customer need not be there for its account.
//! - All other operations are answered with the example of the document, and what the request says laid over it; their
//!   lists have three items.
//! - Price plans of the two generations are apart from each other.
//! - Query parameters that the document does not have are ignored.
//! - Tokens do not expire, and wrong ones do not lock an address out.
//! - `require_confirmation` of a correction is ignored.
//! - Enso: it is not documented which status means success, how errors look, whether an `eventId` counts once, and what
//!   of single events holds for batches. Here it is 200; errors are a message, as those of Togai are, and the form of the
//!   one with code 2003 and the status 400 of code 2001 are made up; every event that was taken counts unless
//!   [`SandboxBuilder::enso_meters_an_id_once`] is set, and no event without an `eventId` is taken for another; what is
//!   required is that of single events.
//! - Enso: an error of its database is known for timestamps alone, and names the same organisation each time; those for
//!   other keys are in words of the sandbox.
//! - Enso: tokens are given out by another operation, which is not here.

// Reading order: what a user sees, what a request goes through, what it finds.
mod builder;
mod clock;
mod enso_settings;
mod fault;
mod log;
mod quota;
mod sandbox;

mod connection;
mod faults;
mod half_body;
mod request_log;
mod router;
mod server;
mod service;

mod api;
mod application;
mod json_response;
mod operation_call;
mod operations;

mod document;
mod form;
mod integer_format;
mod lazy_rules;
mod operation;
mod parameter;
mod response;
mod schema;
mod shape;
mod validate;

mod arrivals;
mod collection;
mod directory;
mod enso_arrivals;
mod event;
mod moment;
mod paging;

#[cfg(test)]
mod testing;

pub use arrivals::Arrival;
pub use builder::{PartialFailureShape, SandboxBuilder};
pub use clock::{Clock, ManualClock, SystemClock};
pub use enso_arrivals::EnsoArrival;
pub use fault::Fault;
pub use log::{LoggedBody, LoggedRequest};
pub use quota::Quotas;
pub use sandbox::Sandbox;

/// Locks a mutex. A panic elsewhere is reported by itself and does not have to bring the rest down.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
