//! What ends a call before its source does.

use std::task::Context;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::clock::Clock;
use crate::error::{DeliveryError, DeliveryErrorKind};

/// What ends a call before its source does: a time limit, or an event on the side of the caller.
#[derive(Default)]
pub(crate) struct Ending<'a> {
    pub(crate) time_limit: Option<Duration>,
    /// Measures the time limit, where the call shares it with another one.
    pub(crate) timer: Option<BoxFuture<'a, ()>>,
    pub(crate) stop: Option<BoxFuture<'a, ()>>,
}

/// The same once the call has started.
pub(crate) struct RunningEnding<'a> {
    operation: &'static str,
    timer: Option<BoxFuture<'a, ()>>,
    stop: Option<BoxFuture<'a, ()>>,
}

impl<'a> Ending<'a> {
    /// The time of the call starts.
    pub(crate) fn start(self, operation: &'static str, clock: &dyn Clock) -> RunningEnding<'a> {
        let timer = self.timer.or_else(|| self.time_limit.map(|limit| clock.sleep(limit)));
        RunningEnding { operation, timer, stop: self.stop }
    }
}

impl RunningEnding<'_> {
    /// The reason to end the call, once there is one. It comes once.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Option<DeliveryError> {
        let problem = if is_over(self.timer.as_mut(), context) {
            "the time limit of the call was reached"
        } else if is_over(self.stop.as_mut(), context) {
            "the caller stopped the call"
        } else {
            return None;
        };
        (self.timer, self.stop) = (None, None);
        Some(DeliveryError::new(self.operation, DeliveryErrorKind::Ended, problem.to_owned()))
    }
}

fn is_over(future: Option<&mut BoxFuture<'_, ()>>, context: &mut Context<'_>) -> bool {
    future.is_some_and(|future| future.poll_unpin(context).is_ready())
}
