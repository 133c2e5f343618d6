//! A word that calls on their way are to be given up.

use std::sync::Arc;

use tokio::sync::watch;

/// Says to calls on their way that they have become pointless: an attempt that has begun is awaited, and there is none
/// after it. Clones are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    said: Arc<watch::Sender<bool>>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { said: Arc::new(watch::Sender::new(false)) }
    }

    pub(crate) fn say(&self) {
        self.said.send_replace(true);
    }

    pub(crate) fn is_said(&self) -> bool {
        *self.said.borrow()
    }

    /// Waits until the word is said, be it said already.
    pub(crate) async fn wait(&self) {
        // The sender lives as long as `self`, so the only way to end is the word.
        let _ = self.said.subscribe().wait_for(|said| *said).await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_told_and_so_is_who_comes_later() {
        let stop = Stop::new();
        let other = stop.clone();
        let mut waiting = Box::pin(other.wait());
        assert!(waiting.as_mut().now_or_never().is_none() && !stop.is_said());
        stop.say();
        waiting.await;
        assert!(other.is_said());
        assert!(stop.wait().now_or_never().is_some());
    }
}
