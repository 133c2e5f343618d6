//! Where the events of a call come from.

use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::slice;
use std::task::{Context, Poll};

use serde::Serialize;

use crate::event_stream::{EventStream, TryEventStream};
use crate::receiver::EventReceiver;
use crate::submission::{Payload, Row, Submission};

/// What a source gives: an event, or why there are no more.
pub type Pulled<S> = Result<S, Box<dyn StdError + Send + Sync>>;

/// Where the events of a call come from, one at a time: what stands in the type of an [`Ingest`](crate::Ingest).
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_ext::{Backend, Ingest, Source};
///
/// /// Settings that all calls of an application have in common.
/// fn ours<'a, S: Source, B: Backend>(call: Ingest<'a, S, B>) -> Ingest<'a, S, B> {
///     call.concurrency(2).ids(IdPolicy::Require)
/// }
/// ```
///
/// It is there to be named. Calls are made by [`Connection`](crate::Connection), from iterators, streams, receivers and
/// slices.
pub trait Source {
    /// The event of the service that they are handed in for.
    type Event;
    /// What is handed in.
    type Item: Submission<Self::Event>;

    /// The next event; nothing at the end.
    #[doc(hidden)]
    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Self::Item>>>;

    /// After the call has stopped: the next event that was taken for it from elsewhere already, and cannot be left there.
    #[doc(hidden)]
    fn leftover(&mut self) -> Option<Self::Item> {
        None
    }
}

/// What comes back of the events of a source.
pub(crate) type ReturnedOf<S> = <PayloadOf<S> as Payload<<S as Source>::Event>>::Returned;
/// The tags that are handed in with them.
pub(crate) type TagOf<S> = <<S as Source>::Item as Submission<<S as Source>::Event>>::Tag;
/// What is sent of them.
pub(crate) type PayloadOf<S> = <<S as Source>::Item as Submission<<S as Source>::Event>>::Payload;

/// The events of an iterator.
pub struct FromIterator<I, E> {
    events: I,
    event: PhantomData<fn() -> E>,
}

impl<I, E> FromIterator<I, E> {
    pub(crate) fn new(events: I) -> Self {
        Self { events, event: PhantomData }
    }
}

impl<I: Iterator<Item: Submission<E>>, E> Source for FromIterator<I, E> {
    type Event = E;
    type Item = I::Item;

    fn poll_pull(&mut self, _: &mut Context<'_>) -> Poll<Option<Pulled<I::Item>>> {
        Poll::Ready(self.events.next().map(Ok))
    }
}

/// The rows of a slice.
pub struct FromSlice<'a, R, E> {
    rows: slice::Iter<'a, R>,
    event: PhantomData<fn() -> E>,
}

impl<'a, R, E> FromSlice<'a, R, E> {
    pub(crate) fn new(rows: &'a [R]) -> Self {
        Self { rows: rows.iter(), event: PhantomData }
    }
}

impl<'a, R: Serialize, E> Source for FromSlice<'a, R, E> {
    type Event = E;
    type Item = Row<'a, R, E>;

    fn poll_pull(&mut self, _: &mut Context<'_>) -> Poll<Option<Pulled<Self::Item>>> {
        Poll::Ready(self.rows.next().map(|row| Ok(Row::new(row))))
    }
}

/// The events of a stream.
pub struct FromStream<S, E> {
    events: Pin<Box<S>>,
    event: PhantomData<fn() -> E>,
}

impl<S, E> FromStream<S, E> {
    pub(crate) fn new(events: S) -> Self {
        Self { events: Box::pin(events), event: PhantomData }
    }
}

impl<S: EventStream<Item: Submission<E>>, E> Source for FromStream<S, E> {
    type Event = E;
    type Item = S::Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Item>>> {
        self.events.as_mut().poll_next_event(context).map(|event| event.map(Ok))
    }
}

/// The events of a stream that may fail.
pub struct FromTryStream<S, E> {
    events: Pin<Box<S>>,
    event: PhantomData<fn() -> E>,
}

impl<S, E> FromTryStream<S, E> {
    pub(crate) fn new(events: S) -> Self {
        Self { events: Box::pin(events), event: PhantomData }
    }
}

impl<S, E> Source for FromTryStream<S, E>
where
    S: TryEventStream<Ok: Submission<E>, Error: Into<Box<dyn StdError + Send + Sync>>>,
{
    type Event = E;
    type Item = S::Ok;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Ok>>> {
        self.events.as_mut().poll_next_result(context).map(|event| event.map(|event| event.map_err(Into::into)))
    }
}

/// The events of a receiver.
pub struct FromReceiver<R, E> {
    events: R,
    event: PhantomData<fn() -> E>,
}

impl<R, E> FromReceiver<R, E> {
    pub(crate) fn new(events: R) -> Self {
        Self { events, event: PhantomData }
    }
}

impl<R: EventReceiver<Item: Submission<E>>, E> Source for FromReceiver<R, E> {
    type Event = E;
    type Item = R::Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<R::Item>>> {
        self.events.poll_receive(context).map(|event| event.map(Ok))
    }
}

macro_rules! opaque {
    ($($source:ident<$($parameter:tt),*>)*) => {
        $(impl<$($parameter),*> fmt::Debug for $source<$($parameter),*> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($source)).finish_non_exhaustive()
            }
        })*
    };
}

opaque!(FromIterator<I, E> FromSlice<'a, R, E> FromStream<S, E> FromTryStream<S, E> FromReceiver<R, E>);
