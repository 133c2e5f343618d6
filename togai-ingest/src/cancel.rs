//! The cancellation of calls in flight.

use std::sync::Arc;

use tokio::sync::watch;

/// The cancellation signal of a call: after it, no further attempt starts, and the one in flight is awaited.
///
/// ```
/// use togai_ingest::Cancel;
///
/// let cancel = Cancel::new();
/// let clone = cancel.clone();
/// cancel.cancel();
/// assert!(clone.is_cancelled());
/// ```
///
/// Clones share the signal.
#[derive(Clone, Debug)]
pub struct Cancel {
    signal: Arc<watch::Sender<bool>>,
}

impl Cancel {
    /// A signal that was not given yet.
    pub fn new() -> Self {
        Self { signal: Arc::new(watch::Sender::new(false)) }
    }

    /// Gives the signal.
    pub fn cancel(&self) {
        self.signal.send_replace(true);
    }

    /// Whether the signal was given.
    pub fn is_cancelled(&self) -> bool {
        *self.signal.borrow()
    }

    /// Waits for the signal; returns at once after it.
    pub async fn cancelled(&self) {
        // The sender lives as long as `self`, so the only way to end is the signal.
        let _ = self.signal.subscribe().wait_for(|is_cancelled| *is_cancelled).await;
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn waiting_and_later_clones_see_the_signal() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        let mut waiting = Box::pin(other.cancelled());
        assert!(waiting.as_mut().now_or_never().is_none() && !cancel.is_cancelled());
        cancel.cancel();
        waiting.await;
        assert!(other.is_cancelled());
        assert!(cancel.cancelled().now_or_never().is_some());
    }
}
