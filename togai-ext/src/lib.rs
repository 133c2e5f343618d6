//! Togai for applications: client construction, retry, pagination, and ingestion with a verdict for each event.
//!
//! ```
//! use togai_ext::prelude::*;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
//! # let address = sandbox.base_url();
//! let client = ClientBuilder::new("sandbox").base_url(address).build()?;
//!
//! let events = (1..=2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
//! let report = client.ingest_events(events).send().await?;
//! assert_eq!((report.submitted(), report.accepted()), (2500, 2500));
//! # Ok(())
//! # }
//! ```
//!
//! - [`ClientBuilder`] makes the [`Client`]: token, address, timeouts, TLS, retry.
//! - [`RetryPolicy`] says how calls are repeated that meet throttling or an outage; [`CallOptions`] are for single calls.
//! - [`Paginate`] reads lists item by item or page by page.
//! - [`IngestExt`] delivers any number of events in batches and tells what became of each.
//!
//! # Features
//!
//! - `rustls-ring` (default), `rustls-aws-lc`, `native-tls`: where TLS comes from. Without any of them only
//!   `http://` addresses of this machine work.

mod authenticate;
mod call_options;
mod client_builder;
mod clock;
mod environment;
mod ingest;
mod paginate;
pub mod prelude;
mod retry;
mod stats;
#[cfg(test)]
mod testing;
mod tls;
mod trace;

pub use call_options::{CallOptions, ClientExt};
pub use client_builder::ClientBuilder;
pub use environment::Environment;
pub use ingest::{IdPolicy, Ingest, IngestError, IngestExt, IngestReport, NotAccepted, Outcome};
pub use paginate::{Items, Page, Pages, Paginate};
pub use retry::{RetryBudget, RetryPolicy};
pub use stats::{ClassStats, Stats};
pub use togai_api::{Attribute, Client, Decimal, Error, Event, ResponseValue, Timestamp, types};

/// Fails to compile when a public type loses a property that users rely on.
const _: () = {
    const fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    const fn stream<T: futures::Stream + Send + Unpin + 'static>() {}
    const fn sent<T: Send + 'static>(_: fn(Ingest<futures::stream::Empty<Event>>) -> T) {}
    // The futures of all builders are made alike.
    const fn call<B, F: Send + 'static>(_: fn(B) -> F) {}
    call(togai_api::builder::GetEvents::send);
    call(togai_api::builder::IngestBatch::send);
    shared::<RetryPolicy>();
    shared::<CallOptions>();
    shared::<Environment>();
    shared::<IngestReport>();
    stream::<Items<togai_api::builder::GetEvents>>();
    stream::<Pages<togai_api::builder::GetAccounts>>();
    sent(Ingest::send);
};
