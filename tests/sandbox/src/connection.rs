//! A TCP connection that can be reset or cut off from within a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Ends the connection that a request came in on.
#[derive(Debug, Default)]
pub(crate) struct ConnectionControl {
    reset: AtomicBool,
    close_after_flush: AtomicBool,
    close: Notify,
}

impl ConnectionControl {
    /// Resets the connection: what was not read or sent is lost, and the client gets an error.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
        self.close.notify_one();
    }

    /// Closes the connection as soon as everything that was written is on its way.
    pub(crate) fn close_after_flush(&self) {
        self.close_after_flush.store(true, Ordering::Release);
    }

    /// Completes when the connection is to be dropped.
    pub(crate) async fn closed(&self) {
        self.close.notified().await;
    }
}

/// A connection under control.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    control: Arc<ConnectionControl>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, control: Arc<ConnectionControl>) -> Self {
        Self { stream, control }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.control.reset.load(Ordering::Acquire) {
            // Not waiting for the rest to be sent is what makes the kernel answer with RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The HTTP layer flushes the stream after it has written all that it had.
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.control.close_after_flush.load(Ordering::Acquire) {
            self.control.close.notify_one();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
