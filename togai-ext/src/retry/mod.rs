//! Carrying calls through throttling and outages.

mod backoff;
mod budget;
mod call;
mod pause;
mod policy;
mod shared;
mod transport;

pub use budget::RetryBudget;
#[cfg(feature = "event-ingestion")]
pub(crate) use call::Terms;
pub use policy::RetryPolicy;
pub(crate) use transport::{Parts, Retry};
