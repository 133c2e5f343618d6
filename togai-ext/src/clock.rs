//! The clock of clients.

use std::time::Duration;

use togai_api::BoxFuture;
use togai_ingest::Clock;

/// The time of the machine, and the timer of tokio.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
