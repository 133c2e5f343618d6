//! Delivery of usage events to a metering service.

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
mod engine;
mod error;
mod ids;
mod json;
mod outcome;
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
pub use cancel::Cancel;
pub use clock::Clock;
pub use delivery::Ingest;
pub use error::{DeliveryError, DeliveryErrorKind};
pub use futures::future::BoxFuture;
pub use ids::IdPolicy;
pub use json::Fields;
pub use outcome::Outcome;
pub use report::{IngestError, IngestProgress, IngestReport, Verdict};
pub use session::{Closed, Pass, Session, TokenGate};
pub use source::{FromIterator, FromSlice, FromStream, FromTryStream, Source};
pub use submission::{Row, Submission};
pub use tee::{Tee, TeeIngest, TeeReport};
pub use verdicts::Verdicts;

/// The parts of a call, for the model of ingestion.
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod test_util {
    pub use crate::engine::{BatchOutcomes, Encoded, Entry, Finished, Repeat, Run, Settings, decide_partial};
    pub use crate::json::Encoder;
    pub use crate::report::{Recorder, Tally, into_verdicts};
    pub use crate::session::BatchSize;
    pub use crate::source::Pulled;
    pub use crate::submission::Payload;

    /// The error of a call whose owner has had enough.
    pub fn enough() -> crate::DeliveryError {
        crate::DeliveryError::new("record", crate::DeliveryErrorKind::TooManyNotAccepted, "enough".to_owned())
    }
}
