//! The body of an answer: all of it, or half of it and then nothing more.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::connection::ConnectionControl;

/// Bytes to send.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    bytes: Option<Bytes>,
    /// The length that the head announces.
    announced: u64,
    /// What ends the connection when the bytes are sent, if they are not the whole.
    cut_by: Option<Arc<ConnectionControl>>,
}

impl ResponseBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let announced = bytes.len() as u64;
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), announced, cut_by: None }
    }

    /// The first half of the bytes, with the length of all of them.
    pub(crate) fn half(bytes: &Bytes, control: Arc<ConnectionControl>) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        // An empty answer cannot be cut in the middle: one byte is announced that never comes.
        let announced = bytes.len().max(1) as u64;
        Self { bytes: Some(half).filter(|half| !half.is_empty()), announced, cut_by: Some(control) }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.bytes.take(), &self.cut_by) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, None) => Poll::Ready(None),
            (None, Some(control)) => {
                // Nobody has to wake this body up: the flush that follows closes the connection.
                control.close_after_flush();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.cut_by.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
