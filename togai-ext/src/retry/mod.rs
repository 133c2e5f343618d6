//! Repeating calls that the server throttles.

mod backoff;
mod policy;
mod transport;

pub use policy::RetryPolicy;
pub(crate) use transport::Retry;
