//! Enso (getenso.ai), another service that usage events can be delivered to: `POST /events/batch`.
//!
//! ```
//! use togai_api::enso::types::{CreateEventsBatchRequest, EnsoEvent};
//! use togai_api::{HttpTransport, Timestamp, enso};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let client = enso::Client::new("http://127.0.0.1:9", HttpTransport::new(reqwest::Client::new()));
//! let moment: Timestamp = "2023-11-07T05:31:56Z".parse()?;
//! let event = EnsoEvent::new("ent_acme", "api_calls", moment, 123).event_id("call-8f14e45f");
//! let call = client.create_events_batch().body(CreateEventsBatchRequest::new([event])).send();
//! assert!(call.await.unwrap_err().is_connect());
//! # Ok(())
//! # }
//! ```
//!
//! Enso has nothing to do with Togai, and no operation of one is on the client of the other. What requests and answers
//! go through is the same: [`Transport`](crate::Transport), [`Error`](crate::Error), [`Operation`](crate::Operation).
//!
//! - [`Client`] has a method for each operation, which returns a builder from [`builder`]. Bodies and answers are in
//!   [`types`].
//! - An answer of success does not say that the events were taken: [`failed_records`] tells which were not, and
//!   [`FailureCode`] why.
//! - [`operations`] has a static for each of Enso's operations.
//!
//! Of this service little is documented. The descriptions say what is not.
//!
//! [`failed_records`]: method@types::BatchEventsResponse::failed_records

mod client;
mod conversion;
mod converted;
mod failure_code;
mod number;
mod response;
#[allow(clippy::all, clippy::pedantic, reason = "generated code is checked by the rules on the document it comes from")]
#[allow(unreachable_pub, unused_imports, reason = "generated code is alike for every area, whatever it uses")]
#[rustfmt::skip] // Formatted by prettyplease, which writes the same with every version of Rust.
mod generated;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use conversion::Conversion;
pub use converted::{ConversionError, Converted, Lost};
pub use failure_code::FailureCode;
pub use generated::operations::{self, OPERATIONS};
pub use generated::{builder, types};
