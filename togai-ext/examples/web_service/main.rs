//! A web service that meters its own requests: `cargo run --example web_service -- --port 8000`, or with `--demo`.
//!
//! Without `TOGAI_BASE_URL` it starts a sandbox of its own. What it shows:
//!
//! - The id of a request is the id of its event, so a request is billed once however often its event is sent.
//! - A request is carried out only where there is room for its event. While the metering is behind, it is answered 503
//!   instead: nobody waits for the billing, memory is bounded, and nothing is given away. A service that would rather
//!   give its work away than refuse it writes the event to the dead letters there.
//! - Ingestion that is stopped, by a refused token or an outage, is started again after a while. Meanwhile the service goes
//!   on until the room is used up. Events that are handed back go first.
//! - The end is orderly: no new requests, the requests under way are finished, their events are delivered, and what became
//!   of them is printed. What cannot be delivered is in the file of dead letters, as events with their ids, which the
//!   example `backfill` reads.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

// Reading order: the way of a request.
mod request_id;
mod service;

mod dead_letters;
mod metering;

mod demo;

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::Parser;
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;
use tokio::net::TcpListener;

use dead_letters::DeadLetters;

/// A web service that meters its own requests.
#[derive(Debug, Parser)]
struct Options {
    /// Port to listen on, on the loopback interface; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Where events go that cannot be delivered; they are added to what it holds
    #[arg(long, value_name = "FILE", default_value = "dead-letters.ndjson")]
    dead_letters: PathBuf,

    /// Make a few requests, end in order, and print what was metered
    #[arg(long)]
    demo: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let (client, sandbox) = connect().await?;
    let dead_letters = DeadLetters::new(options.dead_letters);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    // Before the line below: a reader of it may send a signal at once.
    let signal = stop_signal()?;
    println!("listening on http://{address}, metering to {}", client.base_url());

    let (meter, metering) = metering::start(client, dead_letters);
    let server = axum::serve(listener, service::router(meter));
    if options.demo {
        // The demo is the client, and its end is what stops the service.
        let (requests, stop) = demo::make_requests(address);
        server.with_graceful_shutdown(stop).await?;
        for request in requests.await?? {
            println!("{request}");
        }
    } else {
        server.with_graceful_shutdown(signal).await?;
    }

    // The router is gone, and with it the last sender: what is in the channel is delivered, and the metering ends.
    println!("no more requests: delivering what is left");
    println!("{}", metering.end().await?);
    if let Some(sandbox) = sandbox {
        println!("the sandbox metered {} events", sandbox.metered_count());
    }
    Ok(())
}

/// A client of the server that the environment names, or of a sandbox of our own.
async fn connect() -> Result<(Client, Option<Sandbox>), Box<dyn Error>> {
    if std::env::var_os("TOGAI_BASE_URL").is_some() {
        return Ok((ClientBuilder::from_env()?.build()?, None));
    }
    let sandbox = Sandbox::start().await?;
    let client = ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).build()?;
    Ok((client, Some(sandbox)))
}

/// Completes on Ctrl-C, and on SIGTERM, with which whatever runs services ends them.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Completes on Ctrl-C.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
    })
}
