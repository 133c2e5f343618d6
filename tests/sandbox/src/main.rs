//! Serves an in-memory Togai from the command line.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use togai_sandbox::{Quotas, Sandbox};

/// An in-memory Togai: what it is sent is forgotten when it stops.
///
/// Below /enso it takes the event batches of Enso as well, a second service: POST /enso/events/batch.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on, on the loopback interface; 0 picks a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// Bearer token that requests have to carry
    #[arg(long, default_value = "sandbox-token-0001")]
    token: String,

    /// Bearer token that requests to Enso have to carry, whose paths begin with /enso
    #[arg(long, default_value = "enso-token-0001")]
    enso_token: String,

    /// Do not limit the number of requests per second; those to Enso never are
    #[arg(long)]
    no_quotas: bool,

    /// Begin with the resources that the examples of the API document speak of
    #[arg(long)]
    with_examples: bool,

    /// Refuse a batch of either service as a whole if an event in it breaks a rule, instead of accepting the others
    #[arg(long)]
    refuse_whole_batches: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let quotas = if arguments.no_quotas { Quotas::off() } else { Quotas::default() };
    let mut builder = Sandbox::builder().port(arguments.port).token(arguments.token).quotas(quotas);
    builder = builder.enso_token(arguments.enso_token).refuse_whole_batches(arguments.refuse_whole_batches);
    if arguments.with_examples {
        builder = builder.with_examples();
    }
    let sandbox = builder
        .start()
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on port {}: {error}", arguments.port)))?;

    // Before the line below: a reader of it may send a signal at once.
    let stop_signal = stop_signal()?;
    // Scripts wait for this line, so it must not stay in a buffer.
    let mut output = io::stdout();
    writeln!(output, "listening on {}", sandbox.base_url())?;
    output.flush()?;

    stop_signal.await;
    sandbox.stop().await;
    Ok(())
}

/// Completes on Ctrl-C and on SIGTERM.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
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
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
    })
}
