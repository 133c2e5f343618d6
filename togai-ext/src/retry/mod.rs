//! Carrying calls through throttling and outages.

mod backoff;
mod budget;
mod pause;
mod policy;
mod transport;

pub use budget::RetryBudget;
pub use policy::RetryPolicy;
pub(crate) use transport::{Parts, Retry, Terms};
