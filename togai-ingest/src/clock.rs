//! Time and chance come from outside, so that logic over them is tested without waiting.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use togai_api::BoxFuture;

/// Where time passes and chance falls.
pub(crate) trait Clock: Debug + Send + Sync + 'static {
    fn now(&self) -> Instant;
    fn wall(&self) -> SystemTime;
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// A number from 0 up to, but not including, 1.
    fn random(&self) -> f64;
}

/// The time of the machine, and a random number that differs from run to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }
}
