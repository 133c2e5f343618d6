//! Streams that events can come from.
//!
//! Any stream of `futures` is one. The traits are ours so that the compiler says what to use for everything else, such as a
//! receiver of tokio, instead of listing the types that are streams.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;

/// A stream that events can come from: any [`futures::Stream`].
///
/// ```
/// use togai_ext::{Backend, EventStream, Submission};
/// use togai_ext::togai_ingest::{Connection, FromStream, Ingest};
///
/// /// The call of an application that reads from streams of many kinds.
/// fn call<'a, S, B: Backend>(connection: &Connection<B>, events: S) -> Ingest<'a, FromStream<S, B::Event>, B>
/// where
///     S: EventStream<Item: Submission<B::Event>>,
/// {
///     connection.ingest_stream(events).concurrency(2)
/// }
/// ```
///
/// The trait is there to be named in bounds; a bound on `futures::Stream` does as well. Its method may change.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stream of events",
    label = "expected a `futures::Stream`",
    note = "for a receiver of `tokio::sync::mpsc`, use `ingest_receiver`",
    note = "for a collection or an iterator, use `ingest_events`"
)]
pub trait EventStream {
    /// What the stream yields.
    type Item;

    #[doc(hidden)]
    fn poll_next_event(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

#[diagnostic::do_not_recommend]
impl<S: Stream> EventStream for S {
    type Item = S::Item;

    fn poll_next_event(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next(context)
    }
}

/// A stream that events can come from, and that may fail: any [`futures::Stream`] of `Result`s.
///
/// ```
/// use std::error::Error as StdError;
/// use togai_ext::{Backend, Submission, TryEventStream};
/// use togai_ext::togai_ingest::{Connection, FromTryStream, Ingest};
///
/// /// The call of an application that reads from streams of many kinds.
/// fn call<'a, S, B: Backend>(connection: &Connection<B>, events: S) -> Ingest<'a, FromTryStream<S, B::Event>, B>
/// where
///     S: TryEventStream<Ok: Submission<B::Event>, Error: Into<Box<dyn StdError + Send + Sync>>>,
/// {
///     connection.ingest_try_stream(events).concurrency(2)
/// }
/// ```
///
/// The trait is there to be named in bounds; a bound on `futures::Stream<Item = Result<_, _>>` does as
/// well, and one on `futures::TryStream` does not. Its method may change.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stream of results",
    label = "expected a `futures::Stream` of `Result<event, error>`",
    note = "for a stream that cannot fail, use `ingest_stream`",
    note = "for a receiver of `tokio::sync::mpsc`, use `futures::stream::poll_fn(move |context| receiver.poll_recv(context))`",
    note = "for an iterator of results, make a stream of it with `futures::stream::iter`"
)]
pub trait TryEventStream {
    /// What the stream yields until it fails.
    type Ok;
    /// Why it fails.
    type Error;

    #[doc(hidden)]
    fn poll_next_result(self: Pin<&mut Self>, context: &mut Context<'_>)
    -> Poll<Option<Result<Self::Ok, Self::Error>>>;
}

#[diagnostic::do_not_recommend]
// Not over `TryStream`: the compiler would explain why a type is not one of those, and not what to use.
impl<S: Stream<Item = Result<T, F>>, T, F> TryEventStream for S {
    type Ok = T;
    type Error = F;

    fn poll_next_result(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T, F>>> {
        self.poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as StdError;

    use super::*;
    use crate::backend::{Backend, Connection};
    use crate::delivery::Ingest;
    use crate::source::{FromStream, FromTryStream};
    use crate::submission::Submission;

    /// Callers that are generic over streams of `futures` need no bound on our traits.
    #[expect(dead_code, reason = "that it compiles is the test")]
    fn generic<'a, B, S>(connection: &Connection<B>, events: S) -> Ingest<'a, FromStream<S, B::Event>, B>
    where
        B: Backend,
        S: Stream<Item: Submission<B::Event>>,
    {
        connection.ingest_stream(events)
    }

    #[expect(dead_code, reason = "that it compiles is the test")]
    fn try_generic<'a, B, S, T, F>(connection: &Connection<B>, events: S) -> Ingest<'a, FromTryStream<S, B::Event>, B>
    where
        B: Backend,
        S: Stream<Item = Result<T, F>>,
        T: Submission<B::Event>,
        F: Into<Box<dyn StdError + Send + Sync>>,
    {
        connection.ingest_try_stream(events)
    }
}
