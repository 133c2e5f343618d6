//! One side of a tee, as the source of its call.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::hub::{Hub, Side};
use crate::source::{Pulled, Source};
use crate::submission::Submission;

/// The source of one side.
pub struct Branch<'a, X, Y, S: Side<X, Y>, E> {
    hub: SharedHub<'a, X, Y>,
    side: PhantomData<fn() -> (S, E)>,
}

/// The hub of two branches.
pub(crate) struct SharedHub<'a, X, Y>(Arc<Mutex<Hub<'a, X, Y>>>);

impl<'a, X, Y> SharedHub<'a, X, Y> {
    pub(crate) fn new(hub: Hub<'a, X, Y>) -> Self {
        Self(Arc::new(Mutex::new(hub)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Hub<'a, X, Y>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn branch<S: Side<X, Y>, E>(&self) -> Branch<'a, X, Y, S, E> {
        Branch { hub: Self(Arc::clone(&self.0)), side: PhantomData }
    }
}

impl<X, Y, E, S: Side<X, Y, Half: Submission<E>>> Source for Branch<'_, X, Y, S, E> {
    type Event = E;
    type Item = S::Half;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Half>>> {
        self.hub.lock().poll_pull::<S>(context)
    }

    fn leftover(&mut self) -> Option<S::Half> {
        self.hub.lock().leftover::<S>()
    }
}

/// A call that is over, or was never begun, is not to be waited for.
impl<X, Y, S: Side<X, Y>, E> Drop for Branch<'_, X, Y, S, E> {
    fn drop(&mut self) {
        self.hub.lock().close::<S>();
    }
}

impl<X, Y, S: Side<X, Y>, E> fmt::Debug for Branch<'_, X, Y, S, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Branch").finish_non_exhaustive()
    }
}
