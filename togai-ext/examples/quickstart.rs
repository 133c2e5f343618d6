//! From a file of usage events to billed usage, through throttling and refusals: `cargo run --example quickstart`.
//!
//! It starts a sandbox of its own. With `TOGAI_BASE_URL` and `TOGAI_API_TOKEN` set it talks to that server instead.
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use togai_ext::prelude::*;
use togai_ext::types::{CreateCustomerAccountRequest, IngestionStatusStatus};
use togai_sandbox::{Fault, Quotas, Sandbox};

const CUSTOMER: &str = "acme";
const ACCOUNT: &str = "acme-prod";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, sandbox) = connect().await?;
    let start = Instant::now();
    println!("\n  Togai quick start, talking to {}\n", client.base_url());

    let news = create_account(&client).await?;
    println!("  account    {ACCOUNT} of customer {CUSTOMER}: {news}");

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/usage.ndjson");
    let events = read_events(&file)?;
    println!("  file       {}: {} events\n", file.file_name().unwrap_or_default().display(), events.len());

    // Without a check of our own the server says what is wrong with an event.
    let report = client.ingest_events(events).local_checks(false).send().await?;
    println!("  ingested   {:>5} accepted", report.accepted());
    println!("             {:>5} rejected", report.rejected());
    for refused in report.not_accepted() {
        let id = refused.event.id.as_deref().unwrap_or("no id");
        println!("                     line {:<5} {id:<12} {}", refused.index + 1, refused.outcome);
    }
    println!();

    print_usage(&client).await?;
    match sandbox {
        Some(sandbox) => print_requests(&sandbox),
        None => println!("\n  run it again: the events have ids, so nothing is billed twice"),
    }
    println!("\n  done in {} ms\n", start.elapsed().as_millis());
    Ok(())
}

/// A client for the server that the environment names, or for a sandbox of our own.
async fn connect() -> Result<(Client, Option<Sandbox>), Box<dyn Error>> {
    if std::env::var_os("TOGAI_BASE_URL").is_some() {
        return Ok((ClientBuilder::from_env()?.build()?, None));
    }
    let sandbox = Sandbox::builder().quotas(Quotas::off()).start().await?;
    let throttled = Fault::status(429).header("retry-after", "0").body("slow down");
    sandbox.fault(throttled.on("ingest_batch").first(2));
    // Nobody is served worse when we come back soon.
    let impatient = RetryPolicy::default().with_initial_backoff(Duration::from_millis(20));
    let client = ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).with_retry(impatient).build()?;
    Ok((client, Some(sandbox)))
}

async fn create_account(client: &Client) -> Result<&'static str, togai_ext::Error> {
    let found = client.get_account().customer_id(CUSTOMER).account_id(ACCOUNT).send().await;
    match found {
        Ok(_) => Ok("there already"),
        Err(error) if error.is_not_found() => {
            let account = CreateCustomerAccountRequest::new(ACCOUNT, "Acme, production").aliases(["acme"]);
            client.create_account().customer_id(CUSTOMER).body(account).send().await?;
            Ok("created")
        }
        Err(error) => Err(error),
    }
}

/// Events as the application logged them, a line each: in the current shape or that of 2022, with or without a zone.
fn read_events(file: &Path) -> Result<Vec<Event>, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let mut events = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let event = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        events.push(event);
    }
    Ok(events)
}

/// Reads the events back, through as many pages as there are, and adds up what was metered.
async fn print_usage(client: &Client) -> Result<(), Box<dyn Error>> {
    let mut usage: BTreeMap<(Text, Text), (u32, f64)> = BTreeMap::new();
    let mut statuses: BTreeMap<String, u32> = BTreeMap::new();
    let mut events = client.get_events().account_id(ACCOUNT).items();
    while let Some(event) = events.try_next().await? {
        let status = event.ingestion_status.status;
        *statuses.entry(status.to_string()).or_default() += 1;
        if status != IngestionStatusStatus::IngestionCompletedEventMetered {
            continue;
        }
        for attribute in &event.event_payload.attributes {
            let unit = attribute.unit.as_ref().unwrap_or(&attribute.name).clone();
            let sum = usage.entry((event.event_payload.schema_name.clone(), unit)).or_default();
            sum.0 += 1;
            sum.1 += attribute.value.parse::<f64>()?;
        }
    }
    println!("  read back");
    for (status, count) in statuses {
        println!("             {count:>5} {status}");
    }
    for ((schema, unit), (count, sum)) in usage {
        println!("             {count:>5} {schema:<9} {sum:>10.1} {unit}");
    }
    Ok(())
}

fn print_requests(sandbox: &Sandbox) {
    let requests = sandbox.requests();
    let throttled = requests.iter().filter(|request| request.status == Some(429)).count();
    println!(
        "\n  the server saw {} requests, throttled {throttled} of them, and was asked again each time",
        requests.len()
    );
}
