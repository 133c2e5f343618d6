//! Whether the service refuses one batch after the other.

use std::sync::Arc;

use futures::future::{Either, select};
use futures::lock::{Mutex, OwnedMutexGuard};
use tokio::sync::watch;

/// After so many batches of which nothing was accepted, one after the other, the call stops.
const MOST_FRUITLESS: u32 = 3;

/// Batches that the service refused whole, since it last accepted a request of the call.
#[derive(Debug)]
pub(crate) struct WholeRefusals {
    state: watch::Sender<State>,
    turn: Arc<Mutex<()>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// How many requests of the call were accepted, in whole or in part.
    accepted: u64,
    /// Whether a batch was refused whole since then.
    is_suspected: bool,
    /// How many batches ended since then without an accepted event.
    fruitless: u32,
    /// How many events that were handed in alone were refused since then.
    alone: usize,
}

/// Whether a batch that was refused whole may be sent in parts.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Others may do so at the same time.
    Shared,
    /// Until this is dropped no other batch does.
    Alone(OwnedMutexGuard<()>),
    /// There is no use in it: it was the same with those before.
    Refused,
}

impl Default for WholeRefusals {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::default()), turn: Arc::default() }
    }
}

impl WholeRefusals {
    /// How many requests of the call were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.state.borrow().accepted
    }

    /// Whether a batch was refused whole, and nothing accepted since.
    pub(crate) fn is_suspected(&self) -> bool {
        self.state.borrow().is_suspected
    }

    /// Notes that a request was accepted.
    pub(crate) fn note_accepted(&self) {
        self.state.send_modify(|state| *state = State { accepted: state.accepted + 1, ..State::default() });
    }

    /// Notes that a batch was refused whole.
    pub(crate) fn note_refused(&self) {
        self.state.send_modify(|state| state.is_suspected = true);
    }

    /// Notes that an event was refused that was handed in alone: how many there were, one after the other.
    pub(crate) fn note_refused_alone(&self) -> usize {
        self.state.send_modify(|state| state.alone += 1);
        self.state.borrow().alone
    }

    /// Notes that nothing was accepted of a batch that was refused whole.
    pub(crate) fn note_fruitless(&self) {
        self.state.send_modify(|state| state.fruitless += u32::from(state.is_suspected));
    }

    /// Waits until a batch that was refused whole may be sent in parts: one at a time while nothing is accepted.
    pub(crate) async fn turn(&self) -> Turn {
        let mut state = self.state.subscribe();
        if !state.borrow().is_suspected {
            return Turn::Shared;
        }
        let accepted = Box::pin(state.wait_for(|state| !state.is_suspected));
        match select(Arc::clone(&self.turn).lock_owned(), accepted).await {
            Either::Left((guard, _)) => {
                let State { is_suspected, fruitless, .. } = *self.state.borrow();
                match (is_suspected, fruitless + 1 >= MOST_FRUITLESS) {
                    (false, _) => Turn::Shared,
                    (true, false) => Turn::Alone(guard),
                    (true, true) => Turn::Refused,
                }
            }
            Either::Right(_) => Turn::Shared,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn refuse_one(refusals: &WholeRefusals) -> Option<Turn> {
        refusals.note_refused();
        refusals.turn().now_or_never()
    }

    #[test]
    fn one_batch_isolates_at_a_time_until_a_request_is_accepted() {
        let refusals = WholeRefusals::default();
        let first = refuse_one(&refusals);
        assert!(matches!(first, Some(Turn::Alone(_))));
        let mut second = Box::pin(refusals.turn());
        assert!((&mut second).now_or_never().is_none());
        refusals.note_accepted();
        assert!(matches!(second.now_or_never(), Some(Turn::Shared)));
        // The next one finds the first one still at it.
        assert!(refuse_one(&refusals).is_none());
        drop(first);
        assert!(matches!(refuse_one(&refusals), Some(Turn::Alone(_))));
    }

    #[test]
    fn the_third_fruitless_batch_has_no_turn() {
        let refusals = WholeRefusals::default();
        for _ in 0..2 {
            assert!(matches!(refuse_one(&refusals), Some(Turn::Alone(_))));
            refusals.note_fruitless();
        }
        assert!(matches!(refuse_one(&refusals), Some(Turn::Refused)));
        refusals.note_accepted();
        assert!(matches!(refuse_one(&refusals), Some(Turn::Alone(_))));
        assert_eq!((refusals.accepted(), refusals.is_suspected()), (1, true));
    }
}
