//! The listener and its connections, on threads of their own.
//!
//! A runtime of its own keeps the sandbox apart from the test: it is served while the test blocks, its timers do not
//! move with the paused time of the test's runtime, and dropping it ends everything it started.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::connection::{Connection, ConnectionControl};
use crate::lock;
use crate::router::router;
use crate::sandbox::SandboxState;

/// How long requests under way may take when the server stops gracefully.
const GRACE: Duration = Duration::from_secs(5);

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<Option<Shutdown>>,
    /// Completes when the last connection is gone.
    stopped: oneshot::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// How to shut the server down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shutdown {
    Gracefully,
    AtOnce,
}

impl Server {
    /// Starts to listen and returns once connections are accepted.
    pub(crate) async fn start(address: SocketAddr, shared: Arc<SandboxState>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;

        let (stop, stop_receiver) = watch::channel(None);
        let (started_sender, started) = oneshot::channel();
        let (stopped_sender, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("togai-sandbox".to_owned()).spawn(move || {
            let result = new_runtime().and_then(|runtime| {
                let _context = runtime.enter();
                let listener = TcpListener::from_std(listener)?;
                Ok((runtime, listener))
            });
            match result {
                Ok((runtime, listener)) => {
                    // The receiver is gone when the start was abandoned; the server then stops at once.
                    let _ = started_sender.send(Ok(()));
                    runtime.block_on(accept(listener, shared, stop_receiver));
                    drop(runtime);
                    let _ = stopped_sender.send(());
                }
                Err(error) => {
                    let _ = started_sender.send(Err(error));
                }
            }
        })?;
        let server = Self { address, stop, stopped, thread: Some(thread) };
        started.await.map_err(io::Error::other)??;
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops, and waits for the end without blocking.
    pub(crate) async fn stop(&mut self, how: Shutdown) {
        self.stop.send_replace(Some(how));
        let _ = (&mut self.stopped).await;
    }

    /// Stops at once, and waits for the end.
    pub(crate) fn stop_now(&mut self) {
        self.stop.send_replace(Some(Shutdown::AtOnce));
        if let Some(thread) = self.thread.take() {
            // The thread itself does not panic: what its tasks report is in `Shared::panics`.
            let _ = thread.join();
        }
    }
}

fn new_runtime() -> io::Result<runtime::Runtime> {
    // A few threads, so that validating large batches does not make the sandbox the slow part of a measurement.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut builder = runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name("togai-sandbox").enable_all().build()
}

async fn accept(listener: TcpListener, shared: Arc<SandboxState>, stop: watch::Receiver<Option<Shutdown>>) {
    let router = router(Arc::clone(&shared));
    let mut stopping = stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // The sender is dropped with the server, which means the same.
            _ = stopping.wait_for(Option::is_some) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone(), stop.clone()));
                }
                // The client is gone again, or there are too many open files: neither is helped by a busy loop.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(ended) = connections.join_next() => report(&shared, ended),
        }
    }
    drop(listener);

    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report(&shared, ended);
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(GRACE, all_ended) => {}
        _ = stopping.wait_for(|stop| *stop != Some(Shutdown::Gracefully)) => {}
    }
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, router: Router, mut stop: watch::Receiver<Option<Shutdown>>) {
    // Without it, small answers on a connection in use may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let control = Arc::new(ConnectionControl::default());
    let service = TowerToHyperService::new(router.layer(Extension(Arc::clone(&control))));
    let stream = TokioIo::new(Connection::new(stream, Arc::clone(&control)));
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(stream, service));
    tokio::select! {
        // A fault asked for it. Dropping the connection closes or resets it.
        () = control.closed() => return,
        // A client that goes away or speaks no HTTP is its own affair.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(Option::is_some) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        () = control.closed() => {}
        _ = connection => {}
    }
}

fn report(shared: &SandboxState, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
        && lock(&shared.panics).is_empty()
    {
        lock(&shared.panics).push(format!("while serving a connection: {error}"));
    }
}
