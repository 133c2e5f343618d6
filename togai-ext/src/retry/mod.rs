//! Carrying calls through throttling and outages.

mod backoff;
mod budget;
mod head;
mod options;
mod policy;
mod retry_loop;
mod state;
mod transport;

pub use budget::RetryBudget;
pub use options::CallOptions;
pub use policy::RetryPolicy;
#[cfg(feature = "event-ingestion")]
pub(crate) use retry_loop::CallTerms;
pub(crate) use state::Inner;
pub(crate) use transport::{Parts, Retry};
