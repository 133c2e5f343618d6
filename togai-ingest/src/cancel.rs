//! The cancellation of calls in flight.

use std::future::pending;

use tokio::sync::watch;

/// Cancels a call: after that no further attempt starts, and the one in flight is awaited.
///
/// ```
/// use togai_ingest::Cancel;
///
/// let cancel = Cancel::new();
/// let signal = cancel.signal();
/// cancel.cancel();
/// assert!(signal.is_cancelled());
/// ```
#[derive(Debug)]
pub struct Cancel {
    sender: watch::Sender<bool>,
}

/// Says whether a call was cancelled; made by [`Cancel::signal`].
#[derive(Clone, Debug)]
pub struct CancelSignal {
    receiver: watch::Receiver<bool>,
}

impl Cancel {
    /// A call that is not cancelled.
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(false) }
    }

    /// Cancels the call.
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }

    /// The signal for those who have to stop.
    pub fn signal(&self) -> CancelSignal {
        CancelSignal { receiver: self.sender.subscribe() }
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl CancelSignal {
    /// Whether the call was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.receiver.borrow()
    }

    /// Waits until the call is cancelled; returns at once if it was.
    pub async fn cancelled(&self) {
        let mut receiver = self.receiver.clone();
        let ended = receiver.wait_for(|is_cancelled| *is_cancelled).await.is_err();
        if ended {
            // The call has ended, and nothing can cancel it any more.
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn waiting_and_later_signals_see_the_cancellation() {
        let cancel = Cancel::new();
        let signal = cancel.signal();
        let mut waiting = Box::pin(signal.cancelled());
        assert!(waiting.as_mut().now_or_never().is_none() && !signal.is_cancelled());
        cancel.cancel();
        waiting.await;
        assert!(signal.is_cancelled());
        assert!(cancel.signal().cancelled().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_call_that_ended_is_not_cancelled() {
        let signal = Cancel::new().signal();
        assert!(!signal.is_cancelled());
        assert!(signal.cancelled().now_or_never().is_none());
    }
}
