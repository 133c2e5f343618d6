//! What a process takes that does nothing but ingest, for a long time: is its memory bounded, and does an event stay as cheap?

use std::error::Error;
use std::process::Command;

use cpu_time::ProcessTime;
use togai_ext::prelude::*;

use crate::records::Record;
use crate::setup::{builder, runtime};

/// Set to the address of the server for the process that is to be measured.
pub(crate) const ROLE: &str = "TOGAI_BENCHMARKS_LONG";
/// Set to the number of events, too.
const EVENTS: &str = "TOGAI_BENCHMARKS_EVENTS";

/// What a process took that ingested so many events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Long {
    pub(crate) events: u32,
    /// How far its memory rose.
    pub(crate) mebibytes: f64,
    /// CPU time of an event, without that of making it.
    pub(crate) nanoseconds: f64,
}

/// Ingests in fresh processes, since memory that was given back does not show in the peak of this one: the least time and the
/// most memory of them. Numbers of events alternate, so that whatever else the machine does meets all of them. Nothing where the
/// system does not tell peaks.
pub(crate) fn measure(address: &str, events: &[u32], runs: usize) -> Result<Vec<Long>, Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        return Ok(Vec::new());
    }
    let unknown = |events: &u32| Long { events: *events, mebibytes: 0.0, nanoseconds: f64::INFINITY };
    let mut all: Vec<Long> = events.iter().map(unknown).collect();
    for _ in 0..runs {
        for long in &mut all {
            let (mebibytes, nanoseconds) = run(address, long.events)?;
            long.mebibytes = long.mebibytes.max(mebibytes);
            long.nanoseconds = long.nanoseconds.min(nanoseconds);
        }
    }
    Ok(all)
}

/// The peak of a process in MiB, and the nanoseconds of an event.
fn run(address: &str, events: u32) -> Result<(f64, f64), Box<dyn Error>> {
    let mut process = Command::new(std::env::current_exe()?);
    let output = process.env(ROLE, address).env(EVENTS, events.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let output = String::from_utf8(output.stdout)?;
    let (kibibytes, nanoseconds) = output.trim().split_once(' ').ok_or("the process has told one number")?;
    Ok((kibibytes.parse::<f64>()? / 1024.0, nanoseconds.parse()?))
}

/// Is the process that is measured: makes events, sends them, and prints its peak in KiB and the nanoseconds of an event.
pub(crate) fn ingest_and_report(address: &str) -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::var(EVENTS)?.parse()?;
    let client = builder(address).build()?;
    let events = || (0..count).map(|number| Record::new(number).event());
    let start = ProcessTime::now();
    events().for_each(|event| drop(std::hint::black_box(event)));
    let making = start.elapsed();
    let start = ProcessTime::now();
    let report = runtime()?.block_on(client.ingest_events(events()).send())?;
    let all = start.elapsed();
    assert_eq!(report.accepted(), u64::from(count));

    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak is told")?;
    let nanoseconds = all.saturating_sub(making).as_secs_f64() * 1e9 / f64::from(count);
    println!("{} {nanoseconds}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}
