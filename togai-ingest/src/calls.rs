//! The calls that can be made over a connection.

use std::error::Error as StdError;

use serde::Serialize;

use crate::backend::{Backend, Connection};
use crate::delivery::Ingest;
use crate::event_stream::{EventStream, TryEventStream};
use crate::receiver::EventReceiver;
use crate::source::{FromIterator, FromReceiver, FromSlice, FromStream, FromTryStream};
use crate::submission::Submission;

impl<B: Backend> Connection<B> {
    /// Ingests the events of an iterator.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// use togai_ingest::IntoBackend;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let connection = client.into_backend();
    /// let events = (0..2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// assert_eq!(connection.ingest_events(events).send().await?.accepted(), 2500);
    /// # Ok(())
    /// # });
    /// ```
    pub fn ingest_events<'a, I>(&self, events: I) -> Ingest<'a, FromIterator<I::IntoIter, B::Event>, B>
    where
        I: IntoIterator<Item: Submission<B::Event>>,
    {
        Ingest::new(self.clone(), FromIterator::new(events.into_iter()))
    }

    /// Ingests the events of a stream. A batch is sent when it is full or the stream has ended, unless
    /// [`linger`](Ingest::linger) is set.
    pub fn ingest_stream<'a, S>(&self, events: S) -> Ingest<'a, FromStream<S, B::Event>, B>
    where
        S: EventStream<Item: Submission<B::Event>>,
    {
        Ingest::new(self.clone(), FromStream::new(events))
    }

    /// Ingests the events of a stream that may fail. After its first error nothing more is pulled, and the call ends in an
    /// error once what came before is delivered.
    pub fn ingest_try_stream<'a, S>(&self, events: S) -> Ingest<'a, FromTryStream<S, B::Event>, B>
    where
        S: TryEventStream<Ok: Submission<B::Event>, Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        Ingest::new(self.clone(), FromTryStream::new(events))
    }

    /// Ingests the events of a channel of tokio, bounded or not. The call ends when all senders are dropped.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// use togai_ingest::IntoBackend;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let (sender, events) = tokio::sync::mpsc::channel(100);
    /// let call = client.into_backend().ingest_receiver(events);
    /// let produce = async move {
    ///     for count in 0..2500 {
    ///         let event = Event::new("api_calls", "acme-prod").attribute("count", count);
    ///         // It fails once the call has stopped.
    ///         if sender.send(event).await.is_err() {
    ///             break;
    ///         }
    ///     }
    /// };
    /// let (report, ()) = tokio::join!(call.send(), produce);
    /// assert_eq!(report?.accepted(), 2500);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// A batch is sent when it is full or the channel is closed, unless [`linger`](Ingest::linger) is set. A call that stops
    /// drops the receiver with what it still holds; lend it (`&mut events`) to keep that.
    pub fn ingest_receiver<'a, R>(&self, events: R) -> Ingest<'a, FromReceiver<R, B::Event>, B>
    where
        R: EventReceiver<Item: Submission<B::Event>>,
    {
        Ingest::new(self.clone(), FromReceiver::new(events))
    }

    /// Ingests rows of a type of the caller's own, which is written as an event of the service is.
    pub fn ingest_slice<'a, R: Serialize>(&self, rows: &'a [R]) -> Ingest<'a, FromSlice<'a, R, B::Event>, B> {
        Ingest::new(self.clone(), FromSlice::new(rows))
    }
}
