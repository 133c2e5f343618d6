//! The file of lines that were not accepted.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use togai_ext::Outcome;

use crate::reader::Origin;

/// Writes the lines that were not accepted, each with its reason.
#[derive(Debug)]
pub(crate) struct Rejected {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    output: BufWriter<File>,
    failure: Option<io::Error>,
}

/// A line of the file.
#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    line: u64,
    verdict: &'a str,
    reason: &'a str,
    /// What the event was sent with, or was to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// The server's code for what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    text: &'a str,
}

/// The file once it is complete.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) path: PathBuf,
    /// Why not all lines are in it.
    pub(crate) failure: Option<io::Error>,
}

impl Rejected {
    /// It is there from the beginning, so that a path that cannot be written to is told before anything is sent.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path).map_err(|error| named(path, &error))?;
        let state = State { output: BufWriter::new(file), failure: None };
        Ok(Self { path: path.to_owned(), state: Mutex::new(state) })
    }

    /// Writes a line with what became of its event.
    pub(crate) fn write_outcome(&self, origin: &Origin, id: Option<&str>, outcome: &Outcome) {
        let (verdict, reason) = (outcome.name(), outcome.reason().unwrap_or_default());
        let Origin { file, line, text } = origin;
        self.write(&Entry { file, line: *line, verdict, reason, id, code: outcome.code(), text });
    }

    /// Writes a line that is no event.
    pub(crate) fn write_malformed(&self, origin: &Origin, reason: &str) {
        let Origin { file, line, text } = origin;
        self.write(&Entry { file, line: *line, verdict: "rejected", reason, id: None, code: None, text });
    }

    /// Writes a line. Where that fails it is kept for [`check`](Self::check): who reports a verdict cannot stop the call.
    fn write(&self, entry: &Entry<'_>) {
        let mut state = self.state();
        if state.failure.is_some() {
            return;
        }
        let output = &mut state.output;
        let written = serde_json::to_writer(&mut *output, entry).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| output.write_all(b"\n")) {
            state.failure = Some(error);
        }
    }

    /// # Errors
    ///
    /// Where a line could not be written.
    pub(crate) fn check(&self) -> io::Result<()> {
        match &self.state().failure {
            None => Ok(()),
            Some(error) => Err(named(&self.path, error)),
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> Finished {
        let State { mut output, failure } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failure = failure.or_else(|| output.flush().err()).map(|error| named(&self.path, &error));
        Finished { path: self.path, failure }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
