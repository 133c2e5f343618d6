//! Spans of calls and attempts on the terminal: `cargo run --example tracing`.
//!
//! The names of the fields are OpenTelemetry's, so `tracing-opentelemetry` exports them as they are. Bodies and the token
//! are in none of them.
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::error::Error;

use togai_ext::prelude::*;
use togai_sandbox::{Fault, Sandbox};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("togai_ext=debug"))?;
    // A line when a span closes, with the time it took.
    tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::CLOSE).compact().init();

    let sandbox = Sandbox::start().await?;
    sandbox.fault(Fault::status(429).header("retry-after", "0").first(1));
    let client = ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).build()?;

    let events = (0..10).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    client.ingest_events(events).send().await?.into_result()?;
    let missing = client.get_single_event().event_id("nothing").send().await;
    assert!(missing.is_err_and(|error| error.is_not_found()));

    println!("{:#?}", client.stats().total());
    Ok(())
}
