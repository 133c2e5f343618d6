//! Ingestion at the quota, against the sandbox: what gets through, and how much is throttled.
//!
//! ```sh
//! cargo bench -p togai-benchmarks --bench quota    # two minutes; writes a section of docs/benchmarks.md
//! ```
//!
//! With `--quick`, and without `--bench`, as `cargo test --benches` runs it, a second each shows that it works, and nothing is written.
#![expect(clippy::print_stdout, reason = "a program for a terminal")]
#![expect(clippy::cast_precision_loss, reason = "figures for people have three digits")]

#[path = "../section.rs"]
mod section;

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use togai_ext::ClassStats;
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

/// What the sandbox takes a second, as the vendor documents it for trial accounts.
const QUOTA: f64 = 50.0;
/// Small batches, so that the quota is what bounds them.
const EVENTS: usize = 10;
const CONCURRENCY: usize = 8;

struct Run {
    stats: ClassStats,
    accepted: u64,
    seconds: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    if has("--instructions") || has("--way") {
        // They are for the other bench, which cargo gives the same arguments.
        return Ok(());
    }
    let is_bench = has("--bench") && !has("--quick");
    let time = Duration::from_secs(if is_bench { 60 } else { 1 });
    let mut text = format!(
        "`cargo bench -p togai-benchmarks --bench quota` ingests for {} s, {EVENTS} events in a request and {CONCURRENCY} \
         requests in flight, into a sandbox that takes {QUOTA} requests a second (a bucket of one second) and answers 429 with \
         `Retry-After: 1` beyond that.\n\n\
         | | requests a second that were taken | of the quota | 429s | of the requests |\n|---|--:|--:|--:|--:|\n",
        time.as_secs(),
    );
    for (name, pacing) in [("paced, as by default", Pacing::default()), ("not paced", Pacing::off())] {
        let run = run(pacing, time).await?;
        let taken = run.accepted as f64 / EVENTS as f64 / run.seconds;
        let throttled = run.stats.throttled as f64 / run.stats.attempts as f64;
        writeln!(
            text,
            "| {name} | {taken:.1} | {:.1} % | {} | {:.1} % |",
            taken / QUOTA * 100.0,
            run.stats.throttled,
            throttled * 100.0
        )?;
    }
    println!("{text}");
    if is_bench {
        section::write("At the quota", &text)?;
    }
    Ok(())
}

async fn run(pacing: Pacing, time: Duration) -> Result<Run, Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let client = ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).with_pacing(pacing).build()?;
    let events =
        (0_u64..).map(|number| Event::new("rides", "acme-prod").id(format!("ride-{number}")).attribute("distance", 1));
    let start = std::time::Instant::now();
    let call = client.ingest_events(events).batch_size(EVENTS).concurrency(CONCURRENCY).time_limit(time);
    let accepted = match call.send().await {
        Ok(report) => report.accepted(),
        // The time limit ends the call.
        Err(error) => error.report().accepted(),
    };
    let seconds = start.elapsed().as_secs_f64();
    Ok(Run { stats: client.stats().ingest_batch, accepted, seconds })
}
