//! A sandbox that delays its responses to batches until its clock moves.

use std::time::Duration;

use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::services::Service;

/// Starts a sandbox that responds to batches only when its clock moves.
pub(crate) async fn start_delayed<S: Service>() -> (Sandbox, ManualClock) {
    let clock = ManualClock::new();
    let sandbox = S::sandbox().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(DELAY).on(S::BATCH));
    (sandbox, clock)
}

pub(crate) const DELAY: Duration = Duration::from_secs(1);

/// Releases responses as requests come, forever.
pub(crate) async fn release_responses(clock: &ManualClock) {
    loop {
        clock.until_sleeping(1).await;
        clock.advance(DELAY);
        tokio::task::yield_now().await;
    }
}
