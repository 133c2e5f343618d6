//! The vendor's Python client, in a process of its own that tells what it took.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::measure::Sample;
use crate::records::Record;
use crate::root;
use crate::setup::TOKEN;

const VERSION: &str = "1.0.3";

/// A Python that has the client.
pub(crate) struct Vendor {
    python: PathBuf,
}

impl Vendor {
    /// Finds the client's environment, and makes it where that is allowed; else says why there is none.
    pub(crate) fn find(may_install: bool) -> Result<Self, String> {
        let install = if may_install { "install \"$1\"; " } else { "" };
        let script = format!(
            "set -euo pipefail; . tests/vendor/environment.sh; {install}\
             python=\"$environments/$1/bin/python\"; [ -x \"$python\" ]; realpath -s \"$python\""
        );
        let output = Command::new("bash").args(["-c", &script, "bash", VERSION]).current_dir(root()).output();
        let output = output.map_err(|error| format!("there is no bash: {error}"))?;
        if !output.status.success() {
            return Err(format!("there is no Python with the vendor's client {VERSION}"));
        }
        Ok(Self { python: String::from_utf8_lossy(&output.stdout).trim().into() })
    }

    /// Makes events of the records and sends them. The interpreter's start and the reading of records do not count.
    pub(crate) fn ingest(&self, address: &str, records: &[Record]) -> Result<Sample, Box<dyn Error>> {
        let mut process = Command::new(&self.python)
            .args(["-B", "tests/benchmarks/vendor.py", address, TOKEN])
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        // Taken out, so that it is closed after the last byte.
        let mut input = process.stdin.take().ok_or("the process has no input")?;
        input.write_all(&serde_json::to_vec(records)?)?;
        drop(input);
        let output = process.wait_with_output()?;
        if !output.status.success() {
            return Err("the vendor's client failed".into());
        }
        let times: Value = serde_json::from_slice(&output.stdout)?;
        let time = |name: &str| -> Result<Duration, Box<dyn Error>> {
            Ok(Duration::try_from_secs_f64(times[name].as_f64().ok_or("the script told no time")?)?)
        };
        Ok(Sample::new(time("cpu")?, time("wall")?, records.len()))
    }
}
