//! A clock for tests.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::clock::Clock;

/// A clock whose sleep is over at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VirtualClock;

impl Clock for VirtualClock {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
