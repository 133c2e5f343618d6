//! Client for the Togai usage metering and billing API, generated from its OpenAPI document.
//!
//! Most applications use the crate `togai-ext` on top of this one: it builds the client, retries, pages, and ingests
//! events in batches with a verdict for each.
//!
//! ```
//! use togai_api::{Client, HttpTransport};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let client = Client::new("http://127.0.0.1:9", HttpTransport::new(reqwest::Client::new()));
//! let call = client.get_account().customer_id("acme").account_id("acme-prod").send();
//! assert!(call.await.unwrap_err().is_connect());
//! # }
//! ```
//!
//! - [`Client`] has a method for each operation; it returns a builder from [`builder`] with a setter for each
//!   parameter and `send()`. Bodies and answers are in [`types`].
//! - [`Transport`] is the seam below: what happens to a request on its way is up to it.
//! - [`Error`] is the one error of everything.
//! - [`operations`] has a static for each operation, which says what a transport has to know.
//!
//! Each area of the API is a feature: `event-ingestion`, `event-management` and `customer-accounts` are on by default,
//! `full` is all of them, and rustdoc names the feature of each method. The feature `enso` adds the module `enso`, with the
//! client of another service that events can be sent to.
//!
//! What the server leaves out or sends as null is read as an empty value, fields that are not known are ignored, and
//! an enumeration keeps a value it does not know in its variant `Other`. So an addition of the server breaks nothing.

mod client;
mod core;
#[cfg(feature = "credits")]
mod credits;
mod date;
mod decimal;
#[cfg(feature = "enso")]
pub mod enso;
mod error;
mod event;
#[allow(clippy::all, clippy::pedantic, reason = "generated code is checked by the rules on the document it comes from")]
#[allow(deprecated, unreachable_pub, unused_imports, reason = "generated code is alike for every area, whatever it uses")]
#[rustfmt::skip] // Formatted by prettyplease, which writes the same with every version of Rust.
mod generated;
#[allow(dead_code, reason = "not every area has a body with keys")]
mod keyed;
#[allow(dead_code, reason = "what is read leniently depends on the areas that are on")]
mod lenient;
#[allow(unused_imports, unused_macros, reason = "not every area has an enumeration")]
mod open_enum;
mod operation;
mod outage;
#[allow(dead_code, unused_imports, unused_macros, reason = "what is read and written depends on the areas that are on")]
mod record;
#[allow(dead_code, reason = "without an area there is no request")]
mod request;
mod response;
mod retry_after;
mod text;
mod timestamp;
mod transport;

pub use client::Client;
pub use core::Core;
#[cfg(feature = "credits")]
pub use credits::CreateCreditResponse;
pub use date::{Date, ParseDateError};
pub use decimal::{Decimal, ParseDecimalError};
pub use error::Error;
#[doc(hidden)]
pub use error::{NoSuccess, read_response};
pub use event::{Attribute, Dimensions, DimensionsIntoIter, DimensionsIter, Event};
pub use generated::operations::{self, OPERATIONS};
pub use generated::{builder, types};
pub use lenient::UnreadableRecord;
pub use operation::{Location, Operation, PageSize, Paging, Parameter, QuotaClass, Repeat};
pub use outage::{is_outage, is_passing_outage};
pub use request::Call;
pub use response::ResponseValue;
pub use retry_after::retry_after;
pub use text::Text;
pub use timestamp::{ParseTimestampError, Timestamp};
#[doc(hidden)]
pub use transport::Lent;
pub use transport::{
    BoxFuture, CallContext, HttpTransport, Request, Response, RetryStop, Transport, TransportError, TransportErrorKind,
};

/// Fails to compile when a public type loses a property that users rely on.
const _: () = {
    const fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    const fn thrown<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
    const fn object_safe(_: &dyn Transport) {}
    shared::<Client>();
    #[cfg(feature = "enso")]
    shared::<enso::Client>();
    #[cfg(feature = "enso")]
    shared::<enso::FailureCode>();
    shared::<ResponseValue<Event>>();
    thrown::<Error>();
    thrown::<TransportError>();
    let _ = object_safe;
};
