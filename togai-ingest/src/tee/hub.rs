//! Where the pairs of a source are handed to either side.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;

use crate::source::Pulled;

/// What pairs come from.
pub(crate) type Pairs<'a, X, Y> = Pin<Box<dyn Stream<Item = Result<(X, Y), SharedError>> + Send + 'a>>;

/// What both sides pull from: the source, and for each side the halves of pairs that the other one has pulled.
pub(crate) struct Hub<'a, X, Y> {
    source: Pairs<'a, X, Y>,
    /// How the source ended, once it has.
    end: Option<Result<(), SharedError>>,
    queues: Queues<X, Y>,
    sides: [Pulling; 2],
    pub(crate) max_lag: usize,
    pub(crate) continue_alone: bool,
}

/// What was pulled by the other side, and not by this one yet.
type Queues<X, Y> = (VecDeque<X>, VecDeque<Y>);

/// How a side is about its pulling.
#[derive(Debug, Default)]
struct Pulling {
    /// Whether it takes no events any more.
    is_over: bool,
    /// Wakes it, where it waits.
    waker: Option<Waker>,
}

/// One of the two sides. It is a type and not a value, since the halves of a pair have types of their own.
pub trait Side<X, Y> {
    /// The half of a pair that is for this side.
    type Half;
    #[doc(hidden)]
    const PLACE: usize;

    /// What waits for this side, and how much waits for the other.
    #[doc(hidden)]
    fn waiting(queues: &mut (VecDeque<X>, VecDeque<Y>)) -> (&mut VecDeque<Self::Half>, usize);

    /// Takes this side's half, and keeps the other's where that is wanted.
    #[doc(hidden)]
    fn take(pair: (X, Y), queues: &mut (VecDeque<X>, VecDeque<Y>), keeps_other: bool) -> Self::Half;
}

/// The first side.
#[derive(Clone, Copy, Debug)]
pub enum First {}

/// The second side.
#[derive(Clone, Copy, Debug)]
pub enum Second {}

impl<X, Y> Side<X, Y> for First {
    type Half = X;
    const PLACE: usize = 0;

    fn waiting(queues: &mut Queues<X, Y>) -> (&mut VecDeque<X>, usize) {
        (&mut queues.0, queues.1.len())
    }

    fn take((first, second): (X, Y), queues: &mut Queues<X, Y>, keeps_other: bool) -> X {
        queues.1.extend(keeps_other.then_some(second));
        first
    }
}

impl<X, Y> Side<X, Y> for Second {
    type Half = Y;
    const PLACE: usize = 1;

    fn waiting(queues: &mut Queues<X, Y>) -> (&mut VecDeque<Y>, usize) {
        (&mut queues.1, queues.0.len())
    }

    fn take((first, second): (X, Y), queues: &mut Queues<X, Y>, keeps_other: bool) -> Y {
        queues.0.extend(keeps_other.then_some(first));
        second
    }
}

impl<'a, X, Y> Hub<'a, X, Y> {
    pub(crate) fn new(source: Pairs<'a, X, Y>, max_lag: usize) -> Self {
        let queues = (VecDeque::new(), VecDeque::new());
        Self { source, end: None, queues, sides: Default::default(), max_lag, continue_alone: false }
    }

    /// The next event of a side: what waits for it, or else what comes from the source, the other half of which then
    /// waits for the other side.
    pub(crate) fn poll_pull<S: Side<X, Y>>(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Half>>> {
        let (own, waiting_for_other) = S::waiting(&mut self.queues);
        if let Some(half) = own.pop_front() {
            // The other side may have waited for room.
            self.wake_other::<S>();
            return Poll::Ready(Some(Ok(half)));
        }
        match &self.end {
            Some(Ok(())) => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(Box::new(error.clone())))),
            None => {}
        }
        let is_alone = self.sides[1 - S::PLACE].is_over;
        if is_alone && !self.continue_alone {
            return Poll::Ready(None);
        }
        self.sides[S::PLACE].waker = Some(context.waker().clone());
        if !is_alone && waiting_for_other >= self.max_lag {
            return Poll::Pending;
        }
        let Poll::Ready(pulled) = self.source.as_mut().poll_next(context) else { return Poll::Pending };
        self.wake_other::<S>();
        Poll::Ready(match pulled {
            Some(Ok(pair)) => Some(Ok(S::take(pair, &mut self.queues, !is_alone))),
            Some(Err(error)) => {
                self.end = Some(Err(error.clone()));
                Some(Err(Box::new(error)))
            }
            None => {
                self.end = Some(Ok(()));
                None
            }
        })
    }

    /// What still waits for a side that has stopped. When there is nothing, the side is over.
    pub(crate) fn leftover<S: Side<X, Y>>(&mut self) -> Option<S::Half> {
        let half = S::waiting(&mut self.queues).0.pop_front();
        if half.is_none() {
            self.close::<S>();
        }
        half
    }

    /// Hands nothing more to a side.
    pub(crate) fn close<S: Side<X, Y>>(&mut self) {
        self.sides[S::PLACE].is_over = true;
        self.wake_other::<S>();
    }

    fn wake_other<S: Side<X, Y>>(&mut self) {
        if let Some(waker) = self.sides[1 - S::PLACE].waker.take() {
            waker.wake();
        }
    }
}

/// Why the source failed, for both sides.
#[derive(Clone, Debug)]
pub(crate) struct SharedError(Arc<dyn StdError + Send + Sync>);

impl SharedError {
    pub(crate) fn new(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl StdError for SharedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // What failed is one level down, to be found by its type.
        Some(&*self.0)
    }
}
