//! Everything that most applications need: `use togai_ext::prelude::*;`.

pub use crate::{
    Attribute, CallOptions, Client, ClientBuilder, ClientExt, Decimal, Environment, Error, Event, IdPolicy,
    IngestError, IngestExt, IngestProgress, IngestReport, Outcome, Page, Paginate, RetryPolicy, Text, Timestamp,
    Verdict, VerifyExt,
};
