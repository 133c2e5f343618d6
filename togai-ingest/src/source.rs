//! Where the events of a call come from.

use std::fmt;
use std::pin::Pin;
use std::slice;
use std::task::{Context, Poll};

use futures::{Stream, TryStream};
use serde::Serialize;

use super::payload::{Borrowed, Payload, Submission};

/// What a source gives: an event, or why there are no more.
pub(super) type Pulled<S> = Result<S, Box<dyn std::error::Error + Send + Sync>>;

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
/// It is there to be named. Calls are made by [`IngestExt`](crate::IngestExt), from iterators, streams and slices.
pub trait Source {
    /// What is handed in.
    type Item: Submission;

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
pub(super) type ReturnedOf<S> = <<<S as Source>::Item as Submission>::Payload as Payload>::Returned;
/// What was handed in with them.
pub(super) type TagOf<S> = <<S as Source>::Item as Submission>::Tag;

/// The events of an iterator.
pub struct FromIterator<I>(pub(super) I);

impl<I: Iterator<Item: Submission>> Source for FromIterator<I> {
    type Item = I::Item;

    fn poll_pull(&mut self, _: &mut Context<'_>) -> Poll<Option<Pulled<I::Item>>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// The events of a slice.
pub struct FromSlice<'a, E>(pub(super) slice::Iter<'a, E>);

impl<'a, E: Serialize> Source for FromSlice<'a, E> {
    type Item = Borrowed<'a, E>;

    fn poll_pull(&mut self, _: &mut Context<'_>) -> Poll<Option<Pulled<Borrowed<'a, E>>>> {
        Poll::Ready(self.0.next().map(|event| Ok(Borrowed(event))))
    }
}

impl<E> fmt::Debug for FromSlice<'_, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FromSlice").finish_non_exhaustive()
    }
}

/// The events of a stream.
pub struct FromStream<S>(Pin<Box<S>>);

impl<S> FromStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Box::pin(stream))
    }
}

impl<S: Stream<Item: Submission>> Source for FromStream<S> {
    type Item = S::Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Item>>> {
        self.0.as_mut().poll_next(context).map(|event| event.map(Ok))
    }
}

/// The events of a stream that may fail.
pub struct FromTryStream<S>(Pin<Box<S>>);

impl<S> FromTryStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Box::pin(stream))
    }
}

impl<S> Source for FromTryStream<S>
where
    S: TryStream<Ok: Submission, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    type Item = S::Ok;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<S::Ok>>> {
        self.0.as_mut().try_poll_next(context).map(|event| event.map(|event| event.map_err(Into::into)))
    }
}

macro_rules! opaque {
    ($($source:ident),*) => {
        $(impl<S> fmt::Debug for $source<S> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($source)).finish_non_exhaustive()
            }
        })*
    };
}

opaque!(FromIterator, FromStream, FromTryStream);
