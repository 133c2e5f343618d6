//! Usage events from files to the bill, each line once: `cargo run --release --example backfill -- [FILES]...`.
//!
//! Try it without an account:
//!
//! ```sh
//! cargo run --release --example backfill -- --sandbox togai-ext/examples/data/usage.ndjson
//! ```
//!
//! The id of an event that has none is made from its content ([`IdPolicy::FromContent`]), so the same input has the same
//! ids whenever it is handed in. That is what makes a run that was killed, or stopped by an outage, no loss: run it again
//! with the same files. What was metered already is told as such by the server and is not metered again, for 45 days.
//!
//! The same goes for lines that were rejected. Correct them where they stand and run the whole again; in a run of their
//! own, a corrected line that is equal to another one would count as that one.
//!
//! Events of Enso are sent in the same way:
//!
//! ```sh
//! cargo run --release --features enso --example backfill -- --service enso --sandbox togai-ext/examples/data/usage-enso.ndjson
//! ```
//!
//! No document says that an event which is sent to Enso again counts once, so what is above does not hold there. A run stops
//! where it is not known whether the server has a batch, and tells in the end what became of the lines, which of them to send
//! again, and which to look for first. Lines that are sent in a file of their own are numbered anew: where equal lines are
//! so many events, give them ids of your own. With `--assume-idempotent` all of it goes as with Togai.
//!
//! [`IdPolicy::FromContent`]: togai_ext::IdPolicy::FromContent
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

// Reading order: the way of a line.
mod input;
mod lines;
mod reader;

mod delivery;
mod interrupt;
mod progress;
mod rejected;
mod service;
mod summary;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use togai_ext::prelude::*;
use togai_sandbox::{Quotas, Sandbox};

use delivery::Settings;
use input::Inputs;
use progress::Progress;
use rejected::Rejected;
use service::{Service, ServiceName};
use summary::Summary;

/// Ingests usage events from NDJSON files, one JSON object a line, in the current shape or that of 2022.
///
/// It may be killed and run again with the same files, and run twice: each line is metered once. With `--service enso` it
/// may not: that an event which is sent again counts once is not documented there.
#[derive(Debug, Parser)]
#[command(after_help = AFTER_HELP)]
struct Options {
    /// Files to read, in this order; standard input where there are none, or for `-`
    files: Vec<PathBuf>,

    /// The service that the lines are events of
    #[arg(long, value_enum, default_value_t = ServiceName::Togai)]
    service: ServiceName,

    /// With `--service enso`, take it that an event which is sent again counts once, as it is with Togai
    #[arg(long)]
    assume_idempotent: bool,

    /// Where lines go that were not accepted, with file, line number and reason; what it held before is replaced
    #[arg(long, value_name = "FILE", default_value = "rejected.ndjson")]
    rejected: PathBuf,

    /// Batches in flight at a time
    #[arg(long, value_name = "BATCHES", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,

    /// Events in a batch
    #[arg(long, value_name = "EVENTS", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch_size: u16,

    /// Send to a sandbox inside of this process, for a trial: nothing is billed, and what it holds is forgotten
    #[arg(long)]
    sandbox: bool,
}

/// The token is no option, since command lines can be read by everyone on the machine.
const AFTER_HELP: &str = "\
Environment:
  TOGAI_API_TOKEN  the token of the account
  TOGAI_BASE_URL   the server [default: https://api.togai.com]
  ENSO_API_TOKEN   the token, with --service enso
  ENSO_BASE_URL    the server, with --service enso [default: https://api.getenso.ai]

Exit codes:
  0  every line was accepted, or the server had it already
  1  the run did not start, or lines are unknown or were not sent; it tells whether to run it again
  2  every line has its verdict, and some were rejected: see the file of rejected lines

Ctrl-C stops reading, and sends what was read. A second Ctrl-C gives up.";

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            // clap would end with 2, which here says that lines were rejected.
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    if options.assume_idempotent && matches!(options.service, ServiceName::Togai) {
        eprintln!("error: `--assume-idempotent` is for `--service enso`: with Togai an id counts once anyway");
        return ExitCode::FAILURE;
    }
    let result = match options.service {
        ServiceName::Togai => backfill::<Client>(options).await,
        #[cfg(feature = "enso")]
        ServiceName::Enso => backfill::<togai_ext::enso::Client>(options).await,
        #[cfg(not(feature = "enso"))]
        ServiceName::Enso => {
            Err("`--service enso` needs the feature `enso`: `cargo run --release --features enso --example backfill`"
                .into())
        }
    };
    match result {
        Ok(summary) => {
            println!("{summary}");
            summary.exit_code()
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whatever fails in here failed before the first event was sent.
async fn backfill<C: Service>(options: Options) -> Result<Summary, Box<dyn Error>> {
    let (client, sandbox) = connect::<C>(options.sandbox).await?;
    let inputs = Inputs::find(&options.files)?;
    inputs.check_apart_from(&options.rejected)?;
    let rejected = Rejected::create(&options.rejected)?;
    let progress = Progress::new(inputs.bytes());

    let stop = interrupt::listen(progress.clone())?;
    let records = reader::start(inputs)?;
    let settings = Settings {
        concurrency: options.concurrency.into(),
        batch_size: options.batch_size.into(),
        assume_idempotent: options.assume_idempotent,
    };
    let result = delivery::deliver(&client, records, stop, settings, &rejected, &progress).await;

    let mut summary = Summary::new::<C>(&result, settings, &progress, rejected.finish());
    if let Some(sandbox) = sandbox {
        summary.note(format!("the sandbox metered {} events, and forgets them now", C::metered(&sandbox)));
    }
    Ok(summary)
}

/// A client of the server that the environment names, or of a sandbox of our own.
async fn connect<C: Service>(to_sandbox: bool) -> Result<(C, Option<Sandbox>), Box<dyn Error>> {
    if !to_sandbox {
        let client = C::from_environment().map_err(|error| format!("{error}, or try it with --sandbox"))?;
        return Ok((client, None));
    }
    // Enso refuses events of customers that it does not know, so that there is something to see.
    let sandbox = Sandbox::builder().quotas(Quotas::off()).enso_customer("ent_acme").start().await?;
    let client = C::of_sandbox(&sandbox)?;
    Ok((client, Some(sandbox)))
}
