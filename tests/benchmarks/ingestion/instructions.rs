//! Instructions an event, by callgrind: they are the same on every run, where times are not.
//!
//! A process that ingests many times is counted, and one that does so few times; the difference is what ingestion takes. The
//! server is a process that is not counted.

use std::error::Error;
use std::process::Command;

use crate::counts::{self, Count};
use crate::section;
use crate::setup::Setup;
use crate::shapes::Shape;
use crate::sink::Sink;
use crate::{by_hand, ours, plain};

/// Set to the address of the server for the process that is counted.
pub(crate) const ROLE: &str = "TOGAI_BENCHMARKS_COUNTED";
/// The section of the page.
pub(crate) const HEADING: &str = "Instructions an event";

const FEW: u32 = 1;
const MANY: u32 = 3;

/// Two ways that are compared, ours last.
const PAIRS: [(&str, &str, &str); 3] = [
    ("`ingest_slice`", "hand_slice", "ingest_slice"),
    ("`ingest_events`", "hand_events", "ingest_events"),
    ("`Event::at` and `ingest_events`", "plain", "made"),
];

/// Counts everything, and writes the section of the page; or compares with it.
pub(crate) fn run(sink: &Sink, is_check: bool) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for shape in Shape::ALL {
        for (what, other, ours) in PAIRS {
            if shape == Shape::Usual || other != "plain" {
                let address = sink.address();
                let count = |way| instructions(&address, shape, way);
                all.push(Count { shape: shape.name(), what, other: count(other)?, ours: count(ours)? });
            }
        }
    }
    println!("{}", counts::table(&all));
    if !is_check {
        section::write(HEADING, &text(&all))?;
        return Ok(());
    }
    let problems = counts::problems(&section::read(HEADING)?, &all);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

fn text(all: &[Count]) -> String {
    format!(
        "`cargo bench -p togai-benchmarks --bench ingestion -- --instructions` counts them by valgrind's callgrind: in user \
         space, without the kernel and the server, and without making and copying the events that are there already. With \
         `--check` it counts anew, and fails where a ratio has fallen by more than 3 %; `.ci/run --long` does.\n\n\
         {}\n\
         A small event has 3 texts. The usual one is that of the tables above. A large one has about 2 kB, with quotes, \
         backslashes, line ends and letters beyond ASCII.\n",
        counts::table(all)
    )
}

fn instructions(address: &str, shape: Shape, way: &str) -> Result<u64, Box<dyn Error>> {
    let many = total(address, shape, way, MANY)?;
    let few = total(address, shape, way, FEW)?;
    Ok((many - few) / u64::from((MANY - FEW) * events(shape)))
}

/// Events in a turn: enough batches that what a call costs by itself does not show.
fn events(shape: Shape) -> u32 {
    if shape == Shape::Large { 4_000 } else { 12_000 }
}

/// The instructions of a process that ingests so many times.
fn total(address: &str, shape: Shape, way: &str, turns: u32) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([shape.name(), way, &turns.to_string()])
        .env(ROLE, address)
        .output()
        .map_err(|error| format!("valgrind is needed to count instructions: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(said.into());
    }
    let collected =
        said.lines().find_map(|line| line.split("Collected :").nth(1)).ok_or("callgrind has not counted")?;
    Ok(collected.trim().parse()?)
}

/// Is the process that is counted.
pub(crate) fn ingest(address: &str) -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shape, way, turns] = &arguments[..] else { return Err("a shape, a way and a number are to be given".into()) };
    let shape = Shape::ALL.into_iter().find(|known| known.name() == shape).ok_or("there is no such shape")?;
    let setup = Setup::at(address, events(shape) as usize)?;
    let events = shape.events(events(shape));
    // As many as the longest run takes, so that copying counts in both.
    let mut copies: Vec<_> = (0..MANY).map(|_| events.clone()).collect();
    for _ in 0..turns.parse()? {
        let copy = copies.pop().ok_or("there are no more events")?;
        setup.runtime.block_on(async {
            match way.as_str() {
                "hand_slice" => by_hand::borrowed(&setup, &events).await,
                "ingest_slice" => ours::borrowed(&setup.client, &events).await,
                "hand_events" => return by_hand::owned(&setup, copy).await,
                "ingest_events" => return ours::owned(&setup.client, copy).await,
                "plain" => plain::limited::literals(&setup).await,
                "made" => ours::constructed(&setup.client, &setup.records).await,
                _ => panic!("there is no such way"),
            }
            // Dropping it would count.
            std::mem::forget(copy);
        });
    }
    // Neither is the rest dropped.
    std::process::exit(0)
}
