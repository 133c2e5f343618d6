//! Enso (getenso.ai), another service to deliver events to, in the way of Togai's.
//!
//! ```
//! use togai_ext::enso::EnsoEvent;
//! use togai_ext::prelude::*;
//! # use togai_sandbox::Sandbox;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = Sandbox::builder().enso_customer("ent_acme").start().await?;
//! # let (token, address) = (sandbox.enso_token(), sandbox.enso_base_url());
//! let client = ClientBuilder::enso(token).base_url(address).build()?;
//!
//! let time = Timestamp::now();
//! let report = client
//!     .ingest_events([
//!         EnsoEvent::new("ent_acme", "api_calls", time, 3).event_id("call-1"),
//!         EnsoEvent::new("ent_nobody", "api_calls", time, 5).event_id("call-2"),
//!     ])
//!     .send()
//!     .await?;
//! assert_eq!((report.accepted(), report.not_sent()), (1, 1));
//!
//! // The customer may be created, so the event can be sent again.
//! let refused = &report.not_accepted()[0];
//! assert_eq!((refused.index, refused.outcome.code()), (1, Some("2002")));
//! println!("{} was not accepted: {}", refused.event.customer_entity_id, refused.outcome);
//! # Ok(())
//! # }
//! ```
//!
//! [`ClientBuilder::enso`](crate::ClientBuilder::enso) makes the [`Client`], with the settings that a client of Togai has.
//! It ingests by [`IngestExt`](crate::IngestExt), with all the ways in, settings and verdicts that are there.
//! [`FailureCode`] says what the codes of verdicts mean. [`Conversion`] makes events of one service of those of the other,
//! and [`Tee`](crate::Tee) delivers one stream to both.
//!
//! # What differs from Togai
//!
//! Of Enso little is documented. What no document says is not taken for granted.
//!
//! | | Togai | Enso |
//! |---|---|---|
//! | an event | [`Event`](crate::Event), with attributes | [`EnsoEvent`], with one `value` |
//! | events in a request | 1000 at most | not documented: 1000 by default, and [`batch_size`] may be larger |
//! | id | `id`, which counts once in 45 days | `eventId`, and no document says that it counts once |
//! | no answer, or one of an outage | sent again | [`Unknown`] and not sent again, unless [`idempotent`] is set |
//! | which events failed | by id, or not told | by place, with a status and a code where there are |
//! | what the answer leaves open | sent again in parts | [`Unknown`], and the call goes on, unless [`idempotent`] is set |
//! | 400, 413 or 422 for a request | nothing was taken | the same, as HTTP has it, unless the body speaks of events |
//! | duplicates of earlier calls | told where the server does | never told |
//! | quotas | documented | not documented |
//! | a single event ([`ingest_event`]) | an operation of its own | a batch of one |
//! | whether an event was metered | `verify`, of the feature `event-management` | nothing |
//! | checks before sending | what has to be there, lengths, numbers | what has to be there, and that `value` is a number |
//!
//! Ingestion sends no event without an id, since the vendor may make one of metric, value, time and customer then, and take
//! two equal events for one. That an event has to have customer, metric, time and value is documented for single events, and
//! taken to hold for batches; [`local_checks`] leaves it to the server.
//!
//! The token is an access token, as Enso's `POST /auth/system-login` answers one for a client key and secret. It is not
//! fetched here.
//!
//! [`batch_size`]: crate::Ingest::batch_size
//! [`local_checks`]: crate::Ingest::local_checks
//! [`Unknown`]: crate::Outcome::Unknown
//! [`idempotent`]: crate::Ingest::idempotent
//! [`ingest_event`]: crate::IngestExt::ingest_event

mod service;

pub use crate::ingest::Enso;
pub use togai_api::enso::types::EnsoEvent;
pub use togai_api::enso::{
    Client, Conversion, ConversionError, Converted, FailureCode, Lost, OPERATIONS, builder, operations, types,
};
