//! One side of a tee, as the source of its call.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::super::payload::Submission;
use super::super::source::{Pulled, Source};
use super::hub::{Hub, Side};

/// The source of one side.
pub struct Branch<'a, X, Y, S: Side<X, Y>> {
    hub: Shared<'a, X, Y>,
    side: PhantomData<fn() -> S>,
}

/// The hub of two branches.
pub(super) struct Shared<'a, X, Y>(Arc<Mutex<Hub<'a, X, Y>>>);

impl<'a, X, Y> Shared<'a, X, Y> {
    pub(super) fn new(hub: Hub<'a, X, Y>) -> Self {
        Self(Arc::new(Mutex::new(hub)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Hub<'a, X, Y>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn branch<S: Side<X, Y>>(&self) -> Branch<'a, X, Y, S> {
        Branch { hub: Self(Arc::clone(&self.0)), side: PhantomData }
    }
}

impl<X, Y, S: Side<X, Y, Half: Submission>> Source for Branch<'_, X, Y, S> {
    type Item = S::Half;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Half>>> {
        self.hub.lock().poll_pull::<S>(context)
    }

    fn leftover(&mut self) -> Option<S::Half> {
        self.hub.lock().leftover::<S>()
    }
}

/// A call that is over, or was never begun, is not to be waited for.
impl<X, Y, S: Side<X, Y>> Drop for Branch<'_, X, Y, S> {
    fn drop(&mut self) {
        self.hub.lock().close::<S>();
    }
}

impl<X, Y, S: Side<X, Y>> fmt::Debug for Branch<'_, X, Y, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Branch").finish_non_exhaustive()
    }
}
