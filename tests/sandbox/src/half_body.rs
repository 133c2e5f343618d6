//! The body of an answer that ends in the middle.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::HttpBody;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::connection::ConnectionControl;

/// Half of the bytes that the head announces, and then nothing more.
#[derive(Debug)]
pub(crate) struct HalfBody {
    bytes: Option<Bytes>,
    /// The length that the head announces.
    announced: u64,
    /// What ends the connection when the bytes are sent.
    control: Arc<ConnectionControl>,
}

impl HalfBody {
    /// The first half of the bytes, with the length of all of them.
    pub(crate) fn new(bytes: &Bytes, control: Arc<ConnectionControl>) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        // An empty answer cannot be cut in the middle: one byte is announced that never comes.
        let announced = bytes.len().max(1) as u64;
        Self { bytes: Some(half).filter(|half| !half.is_empty()), announced, control }
    }
}

impl HttpBody for HalfBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        // Nobody has to wake this body up: the flush that follows closes the connection.
        self.control.close_after_flush();
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
