//! Everything that most applications need: `use togai_ext::prelude::*;`.

pub use crate::{
    Attribute, CallOptions, Client, ClientBuilder, ClientExt, Date, Decimal, Environment, Error, Event, Pace, Pacing,
    Page, Paginate, QuotaClass, RetryPolicy, Text, Timestamp,
};
#[cfg(feature = "event-management")]
pub use crate::{EventStateExt, VerifyExt, VerifyReport};
#[cfg(feature = "event-ingestion")]
pub use crate::{IdPolicy, IngestError, IngestErrorExt, IngestExt, IngestProgress, IngestReport, Outcome, Verdict};
