//! What ingestion costs, beside a loop by hand, plain progenitor and the vendor's Python client.
//!
//! ```sh
//! cargo bench -p togai-benchmarks                           # measures, and writes docs/benchmarks.md and .svg
//! cargo bench -p togai-benchmarks -- --quick                # a few events each way, to see that it works
//! cargo bench -p togai-benchmarks -- --way ingest_events    # one way over and over, for a profiler
//! cargo bench -p togai-benchmarks --bench ingestion -- --instructions            # counts, and writes their section
//! cargo bench -p togai-benchmarks --bench ingestion -- --instructions --check    # counts, and compares with the page
//! ```
//!
//! The server is another process, which is this program again: [`sink`]. The ways that are compared alternate within a
//! round, so that whatever else the machine does meets all of them, and only what was measured in one round is divided.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod by_hand;
mod chart;
mod comparisons;
mod counts;
mod instructions;
mod long;
mod measure;
mod ours;
mod plain;
mod records;
mod report;
#[path = "../section.rs"]
mod section;
mod setup;
mod shapes;
mod sink;
mod vendor;

use std::error::Error;
use std::path::{Path, PathBuf};

use comparisons::Scale;
use setup::Setup;
use sink::Sink;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os(sink::ROLE).is_some() {
        return sink::serve();
    }
    if let Some(address) = std::env::var_os(long::ROLE) {
        return long::ingest_and_report(&address.to_string_lossy());
    }
    if let Some(address) = std::env::var_os(instructions::ROLE) {
        return instructions::ingest(&address.to_string_lossy());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let sink = Sink::start()?;
    if has("--instructions") {
        return instructions::run(&sink, has("--check"));
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--way") {
        let name = arguments.get(at + 1).map_or("", String::as_str);
        return comparisons::repeat(&Setup::at(&sink.address(), Scale::FULL.events)?, name);
    }
    // `cargo test --benches` runs this without `--bench`, and only wants to know whether it works.
    let is_quick = has("--quick") || !has("--bench");
    let scale = if is_quick { Scale::QUICK } else { Scale::FULL };

    let setup = Setup::at(&sink.address(), scale.events)?;
    let results = comparisons::run(&setup, &sink, &scale)?;
    println!("{}", report::tables(&results));
    if !is_quick {
        let docs = root().join("docs");
        // Other programs have written these.
        let kept = [instructions::HEADING, "What a call costs", "At the quota"]
            .map(|heading| (heading, section::read(heading)));
        std::fs::write(docs.join("benchmarks.md"), report::page(&results))?;
        for (heading, text) in kept {
            let text = text?;
            if !text.is_empty() {
                section::write(heading, &text)?;
            }
        }
        std::fs::write(docs.join("benchmarks.svg"), chart::draw(&results))?;
        eprintln!("written to docs/benchmarks.md and docs/benchmarks.svg");
    }
    Ok(())
}

/// The root of the repository, wherever the program is run from.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
