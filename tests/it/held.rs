//! A server that holds its answers back until it is told to give them.

use std::time::Duration;

use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::services::Service;

/// A sandbox that answers batches only when its clock is moved.
pub(crate) async fn held<S: Service>() -> (Sandbox, ManualClock) {
    let clock = ManualClock::new();
    let sandbox = S::sandbox().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(SECOND).on(S::BATCH));
    (sandbox, clock)
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Lets requests be answered as they come, for ever.
pub(crate) async fn answer(clock: &ManualClock) {
    loop {
        clock.until_sleeping(1).await;
        clock.advance(SECOND);
        tokio::task::yield_now().await;
    }
}
