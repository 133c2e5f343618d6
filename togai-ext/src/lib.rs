//! Togai for applications: client construction, retry, pagination, and ingestion with a verdict for each event.
//!
//! ```
//! use togai_ext::prelude::*;
//!
//! # togai_doctest::run(async |sandbox, _| {
//! # let address = sandbox.base_url();
//! let client = ClientBuilder::new("sandbox-token-0001").base_url(address).build()?;
//!
//! let events = (1..=2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
//! let report = client.ingest_events(events).send().await?;
//! assert_eq!((report.submitted(), report.accepted()), (2500, 2500));
//! # Ok(())
//! # });
//! ```
//!
//! - [`ClientBuilder`] makes the [`Client`]: token, address, timeouts, TLS, retry.
//! - [`RetryPolicy`] says how calls are repeated that meet throttling or an outage; [`CallOptions`] are for single calls.
//! - [`Paginate`] reads lists item by item or page by page.
//! - [`IngestExt`] delivers any number of events in batches and reports what became of each. The engine behind it is
//!   [`togai_ingest`], which can deliver to any service; [`Tee`] delivers to two clients.
//! - [`VerifyExt`] says which accepted events were metered, and [`VerifyReport`] what became of the unknown ones.
#![cfg_attr(feature = "enso", doc = "- [`enso`] is another service that events can be delivered to.\n")]
//!
//! # Features
//!
//! - One for each area of the API, named like its file in the document: `event-ingestion`, `event-management` and
//!   `customer-accounts` are on by default, `full` is all of them. What needs no area is always there; [`IngestExt`] comes
//!   with `event-ingestion`, [`VerifyExt`] with `event-management`.
//! - `enso`: the event batches of Enso, another service to deliver events to; not part of `full`.
//! - `rustls-ring` (default), `rustls-aws-lc`, `native-tls`: where TLS comes from. Without any of them only
//!   `http://` addresses work.

mod auth;
mod base_url;
mod client_builder;
mod client_ext;
mod clock;
#[cfg(feature = "enso")]
pub mod enso;
mod environment;
#[cfg(feature = "event-ingestion")]
mod ingest;
mod pacing;
mod paginate;
pub mod prelude;
mod retry;
mod sealed;
mod service;
mod stack;
mod stats;
#[cfg(test)]
mod testing;
mod tls;
mod trace;
#[cfg(feature = "event-management")]
mod verify;

/// The retries over any transport, for the model of ingestion.
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod test_util {
    pub use crate::stack::over as transport;
}

pub use auth::AccessToken;
pub use client_builder::ClientBuilder;
pub use client_ext::ClientExt;
pub use environment::Environment;
#[cfg(feature = "event-ingestion")]
pub use ingest::{Ingest, IngestError, IngestErrorExt, IngestExt, IngestReport, Togai, Verdict, Verdicts};
pub use pacing::Pacing;
pub use paginate::{Items, Page, PagedRequest, Pages, Paginate};
pub use retry::{CallOptions, RetryBudget, RetryPolicy};
pub use stats::{ClassStats, Stats};
#[cfg(feature = "credits")]
pub use togai_api::CreateCreditResponse;
pub use togai_api::{
    Attribute, Call, Client, Date, Decimal, Dimensions, Error, Event, OPERATIONS, QuotaClass, ResponseValue, Text,
    Timestamp, UnreadableRecord, builder, operations, types,
};
/// The delivery engine, with what naming the type of a call needs.
pub use togai_ingest;
pub use togai_ingest::Pace;
#[cfg(feature = "event-ingestion")]
pub use togai_ingest::{
    Backend, DeliveryError, DeliveryErrorKind, EventReceiver, EventStream, IdPolicy, IngestProgress, IntoBackend,
    Outcome, Reason, Source, Submission, Tee, TeeIngest, TeeReport, TryEventStream,
};
#[cfg(feature = "event-management")]
pub use verify::{
    EventState, EventStateExt, ReportedEvent, Verification, VerifiedEvent, Verify, VerifyError, VerifyExt,
    VerifyOutcomes, VerifyOutcomesError, VerifyProgress, VerifyReport,
};

/// Fails to compile when a public type loses a property that users rely on.
const _: () = {
    const fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    #[allow(dead_code, reason = "without an area there is no list")]
    const fn stream<T: futures::Stream + Send + Unpin + 'static>() {}
    // The futures of all builders are made alike.
    const fn call<F: Send + Unpin + 'static>() {}
    call::<Call<Event>>();
    shared::<RetryPolicy>();
    shared::<CallOptions>();
    shared::<AccessToken>();
    shared::<Environment>();
    #[cfg(feature = "event-ingestion")]
    shared::<IngestReport>();
    #[cfg(feature = "customer-accounts")]
    stream::<Pages<togai_api::builder::GetAccounts>>();
    #[cfg(feature = "event-management")]
    {
        const fn sent<B, F: Send + 'static>(_: fn(B) -> F) {}
        stream::<Items<togai_api::builder::GetEvents>>();
        shared::<Verification>();
        sent(Verify::send);
        // What comes back of an event can be sent, and need not be shared.
        sent(VerifyOutcomes::<Event, std::cell::Cell<u8>>::send);
    }
};

/// The same for calls of ingestion, whose types have no names.
#[cfg(feature = "event-ingestion")]
const _: fn(&Client) = |client| {
    use futures::StreamExt as _;

    fn sent<T: Send + 'static>(_: T) {}
    fn stream<T: futures::Stream + Send + Unpin + 'static>(_: T) {}
    let events = || client.ingest_stream(futures::stream::empty::<Event>());
    sent(events().send());
    stream(events().verdicts());
    sent(client.ingest_events(Vec::<(Event, u64)>::new()).send());
    let own = client.clone();
    // What borrows within a task goes with the task.
    sent(async move {
        let events = [Event::default()];
        let _ = own.ingest_slice(&events).send().await;
        let _ = own.ingest_slice(&events).verdicts().next().await;
        let _ = own.ingest_events(events.iter().map(|event| event.clone().id("a"))).send().await;
        let stream = futures::stream::iter(events.iter()).map(|event| (event.clone(), event));
        let _ = own.ingest_stream(stream).on_not_accepted(|verdict| drop((verdict, &events))).send().await;
    });
};

/// The same for what is delivered to two clients, and for clients of other services.
#[cfg(feature = "enso")]
const _: fn(&Client, &enso::Client) = |togai, enso| {
    fn sent<T: Send + 'static>(_: T) {}
    let pairs = Vec::<((Event, u64), enso::EnsoEvent)>::new;
    sent(Tee::new(togai, enso).ingest_events(pairs()).send());
    sent(enso.ingest_events(Vec::<enso::EnsoEvent>::new()).send());
    let (togai, enso) = (togai.clone(), enso.clone());
    sent(async move {
        let pairs = pairs();
        let lent = futures::stream::iter(pairs.iter().map(|(first, second)| (first.clone(), (second.clone(), &pairs))));
        let _ = Tee::new(&togai, &enso).ingest_stream(lent).max_lag(5).send().await;
    });
};
