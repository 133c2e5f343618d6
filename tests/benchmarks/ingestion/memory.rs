//! The most memory that a process takes which does nothing but ingest.

use std::error::Error;
use std::process::Command;

use togai_ext::prelude::*;

use crate::records::Record;
use crate::setup::{builder, runtime};

/// Set to the address of the server for the process that is to be measured.
pub(crate) const ROLE: &str = "TOGAI_BENCHMARKS_MEMORY";
/// Set to the number of events, too.
const EVENTS: &str = "TOGAI_BENCHMARKS_EVENTS";

/// How far the memory of a process rose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak {
    pub(crate) events: u32,
    pub(crate) mebibytes: f64,
}

/// Ingests in a fresh process, since memory that was given back does not show in the peak of this one. None where the
/// system does not tell peaks.
pub(crate) fn measure(address: &str, events: u32) -> Result<Option<Peak>, Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let mut process = Command::new(std::env::current_exe()?);
    let output = process.env(ROLE, address).env(EVENTS, events.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let kibibytes: u32 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Some(Peak { events, mebibytes: f64::from(kibibytes) / 1024.0 }))
}

/// Is the process that is measured: makes events, sends them, and prints its peak in KiB.
pub(crate) fn ingest_and_report(address: &str) -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::var(EVENTS)?.parse()?;
    let client = builder(address).build()?;
    let events = (0..count).map(|number| Record::new(number).event());
    let report = runtime()?.block_on(client.ingest_events(events).send())?;
    assert_eq!(report.accepted(), u64::from(count));

    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak is told")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}
