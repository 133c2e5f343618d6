//! Receivers of channels that events can come from.

use std::task::{Context, Poll};

use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

/// A receiver that events can come from: [`tokio::sync::mpsc::Receiver`] or [`tokio::sync::mpsc::UnboundedReceiver`].
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
/// sender.send(Event::new("rides", "acme-prod"))?;
/// drop(sender);
/// // Lent, so that what a call leaves in the channel is not lost.
/// assert_eq!(client.ingest_receiver(&mut events).send().await?.accepted(), 1);
/// assert!(events.is_empty());
/// # Ok(())
/// # });
/// ```
///
/// A bounded channel keeps memory bounded: its senders wait while the server is slow. The trait is there to be named in
/// bounds. Its method may change.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a receiver of events",
    label = "expected a `tokio::sync::mpsc::Receiver` or `UnboundedReceiver`",
    note = "for a stream, such as a receiver of `futures::channel::mpsc`, use `ingest_stream`"
)]
pub trait EventReceiver {
    /// What comes through the channel.
    type Item;

    #[doc(hidden)]
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

impl<T> EventReceiver for Receiver<T> {
    type Item = T;

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(context)
    }
}

impl<T> EventReceiver for UnboundedReceiver<T> {
    type Item = T;

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(context)
    }
}

impl<R: EventReceiver + ?Sized> EventReceiver for &mut R {
    type Item = R::Item;

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<R::Item>> {
        R::poll_receive(self, context)
    }
}
