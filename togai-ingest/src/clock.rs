//! Time and chance come from outside, so that logic over them is tested without waiting.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use futures::future::BoxFuture;

/// The clock of a session: the timer of the caller's runtime.
///
/// ```
/// use std::time::Duration;
/// use togai_ingest::{BoxFuture, Clock};
///
/// #[derive(Debug)]
/// struct Tokio;
///
/// impl Clock for Tokio {
///     fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
///         Box::pin(tokio::time::sleep(duration))
///     }
/// }
/// ```
///
/// The engine depends on no runtime. A clock for tests can replace the other methods as well.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The time for measuring.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day, to compare with times from a server.
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A random number from 0 up to, but not including, 1.
    fn random(&self) -> f64 {
        fastrand::f64()
    }
}
