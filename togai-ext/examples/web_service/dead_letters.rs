//! The file of events that could not be delivered.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use togai_ext::{Event, Outcome};

/// Adds to a file that is made with its first event. Each line is an event, with its id, and with what became of it: the
/// example `backfill` reads it, and sends each event with the id that it had here.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    path: PathBuf,
    file: Option<File>,
    written: u64,
}

#[derive(Serialize)]
struct Letter<'a> {
    #[serde(flatten)]
    event: &'a Event,
    outcome: String,
}

impl DeadLetters {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, written: 0 }
    }

    /// Writes an event. Where even that fails, it goes to the log: the last place there is.
    pub(crate) fn write(&mut self, event: &Event, outcome: &Outcome) {
        self.written += 1;
        let letter = Letter { event, outcome: outcome.to_string() };
        let line = serde_json::to_string(&letter).unwrap_or_else(|_| format!("{event:?}"));
        if let Err(error) = self.append(&line) {
            eprintln!("error: {}: {error}; the dead letter is {line}", self.path.display());
        }
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// There are few, so a line is written at once, and is there when the process is killed.
    fn append(&mut self, line: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().create(true).append(true).open(&self.path)?),
        };
        file.write_all(format!("{line}\n").as_bytes())
    }
}
