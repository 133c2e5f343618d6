//! Requests one after the other, so far apart as the quota wants them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use togai_ingest::Clock;

/// Lets a request begin every so often.
///
/// The gaps are even, and no time that passed unused is made up for: others share the quota, and a burst would take
/// their part of it.
#[derive(Debug)]
pub(super) struct Pacer {
    clock: Arc<dyn Clock>,
    gap: Duration,
    next: Option<Instant>,
}

impl Pacer {
    pub(super) fn new(clock: Arc<dyn Clock>, per_second: u32) -> Self {
        Self { clock, gap: Duration::from_secs(1) / per_second.max(1), next: None }
    }

    /// Waits for the turn of the next request.
    pub(super) async fn turn(&mut self) {
        let now = self.clock.now();
        if let Some(wait) = self.next.and_then(|next| next.checked_duration_since(now)).filter(|wait| !wait.is_zero()) {
            self.clock.sleep(wait).await;
        }
        self.next = Some(self.clock.now() + self.gap);
    }

    /// Waits whatever the turn is.
    pub(super) async fn wait(&self, duration: Duration) {
        if !duration.is_zero() {
            self.clock.sleep(duration).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::VirtualClock;

    #[tokio::test]
    async fn requests_are_evenly_spaced_and_do_not_catch_up() {
        let clock = VirtualClock::new(0.0);
        let mut pacer = Pacer::new(Arc::new(clock.clone()), 4);
        let mut begun = Vec::new();
        for took in [0, 100, 900, 0, 250] {
            pacer.turn().await;
            begun.push(clock.elapsed().as_millis());
            pacer.wait(Duration::from_millis(took)).await;
        }
        // The third took longer than the gap, so the fourth begins at once, and the fifth a whole gap later.
        assert_eq!(begun, [0, 250, 500, 1400, 1650]);
    }
}
