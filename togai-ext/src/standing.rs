//! Whether the server is known to take the token.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::lock::{Mutex, MutexGuard};

/// What all clones of a client know of their token.
///
/// The API locks an address out after 5 requests with a bad token in 30 minutes (docs.togai.com, quotas and limits). So
/// until the server has answered a request with success, requests that come many at a time go one by one, and those that
/// waited for one that was refused are not sent.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    is_proven: AtomicBool,
    refusals: AtomicU64,
    turn: Mutex<()>,
}

/// Whether a request may be sent.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    /// The token is good: nobody has to wait.
    Free,
    /// The token is to be tried, and others wait until this is dropped.
    Mine { _guard: MutexGuard<'a, ()> },
    /// The request that this one waited for was refused for its token.
    Refused,
}

impl Standing {
    pub(crate) fn is_proven(&self) -> bool {
        self.is_proven.load(Ordering::Relaxed)
    }

    /// Notes that the server has answered with success.
    pub(crate) fn prove(&self) {
        self.is_proven.store(true, Ordering::Relaxed);
    }

    /// Notes that the server has refused the token, which may have been good before.
    pub(crate) fn refuse(&self) {
        self.is_proven.store(false, Ordering::Relaxed);
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until a request may be sent.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        if self.is_proven() {
            return Turn::Free;
        }
        let refusals = self.refusals.load(Ordering::Relaxed);
        let guard = self.turn.lock().await;
        if self.is_proven() {
            Turn::Free
        } else if self.refusals.load(Ordering::Relaxed) == refusals {
            Turn::Mine { _guard: guard }
        } else {
            Turn::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_tries_the_token_and_then_nobody_waits() {
        let standing = Standing::default();
        let first = standing.turn().await;
        assert!(matches!(first, Turn::Mine { .. }));
        let mut second = Box::pin(standing.turn());
        assert!(second.as_mut().now_or_never().is_none());
        standing.prove();
        drop(first);
        assert!(matches!(second.await, Turn::Free));
        assert!(matches!(standing.turn().await, Turn::Free));
    }

    #[tokio::test]
    async fn who_waited_for_a_refusal_is_refused_and_who_comes_later_tries_again() {
        let standing = Standing::default();
        let first = standing.turn().await;
        let mut second = Box::pin(standing.turn());
        assert!(second.as_mut().now_or_never().is_none());
        standing.refuse();
        drop(first);
        assert!(matches!(second.await, Turn::Refused));
        assert!(matches!(standing.turn().await, Turn::Mine { .. }));
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_known_to_be_good_no_more() {
        let standing = Standing::default();
        standing.prove();
        standing.refuse();
        assert!(!standing.is_proven());
        assert!(matches!(standing.turn().await, Turn::Mine { .. }));
    }

    #[tokio::test]
    async fn who_gives_up_lets_the_next_one_try() {
        let standing = Standing::default();
        drop(standing.turn().await);
        assert!(matches!(standing.turn().await, Turn::Mine { .. }));
    }
}
