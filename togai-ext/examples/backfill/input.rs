//! What is read: files, or standard input.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was named on the command line, looked at before anything is sent.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) all: Vec<Input>,
    bytes: Option<u64>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Input {
    /// As it is called in messages.
    pub(crate) name: Arc<str>,
    /// None for standard input.
    pub(crate) path: Option<PathBuf>,
}

impl Inputs {
    /// # Errors
    ///
    /// Where a file is not there, and where one is named twice: its lines would count as so many equal events, and be
    /// metered twice.
    pub(crate) fn find(files: &[PathBuf]) -> io::Result<Self> {
        let standard_input = [PathBuf::from("-")];
        let files = if files.is_empty() { &standard_input } else { files };
        let mut inputs = Self { all: Vec::new(), bytes: Some(0) };
        let mut seen = HashSet::new();
        for file in files {
            let (input, identity, bytes) = inspect(file)?;
            if !seen.insert(identity) {
                let problem = format!("{} is named twice, and would be metered twice: name it once", input.name);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
            }
            inputs.bytes = inputs.bytes.zip(bytes).map(|(sum, bytes)| sum + bytes);
            inputs.all.push(input);
        }
        Ok(inputs)
    }

    /// How much there is to read, where that is known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// # Errors
    ///
    /// Where a file to be written is one of those to be read.
    pub(crate) fn check_apart_from(&self, output: &Path) -> io::Result<()> {
        let Ok(output) = fs::canonicalize(output) else { return Ok(()) };
        let is_output = |input: &&Input| {
            input.path.as_ref().and_then(|path| fs::canonicalize(path).ok()).is_some_and(|path| path == output)
        };
        match self.all.iter().find(is_output) {
            None => Ok(()),
            Some(input) => {
                let problem = format!("{} would be overwritten: name another file with --rejected", input.name);
                Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
            }
        }
    }
}

/// The input, what tells it from others, and its length where that is known: that of a pipe is not.
fn inspect(file: &Path) -> io::Result<(Input, PathBuf, Option<u64>)> {
    if file.as_os_str() == "-" {
        return Ok((Input { name: "standard input".into(), path: None }, file.to_owned(), None));
    }
    let name: Arc<str> = file.to_string_lossy().into();
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
    let about = fs::metadata(file).map_err(named)?;
    if about.is_dir() {
        return Err(named(io::ErrorKind::IsADirectory.into()));
    }
    // A pipe that the shell made (`<(zcat archive.gz)`) has no other name than the one that it was given.
    let identity = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let bytes = about.is_file().then_some(about.len());
    Ok((Input { name, path: Some(file.to_owned()) }, identity, bytes))
}
