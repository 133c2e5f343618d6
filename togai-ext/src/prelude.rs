//! Everything that most applications need: `use togai_ext::prelude::*;`.

pub use crate::{
    Attribute, Client, ClientBuilder, Decimal, Environment, Error, Event, IdPolicy, IngestError, IngestExt,
    IngestReport, Outcome, Page, Paginate, RetryPolicy, Timestamp,
};
