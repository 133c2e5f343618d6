//! Lines of bounded length.

use std::io::{self, BufRead, Read as _};

/// How long a line may be. An event has a kilobyte or so; what has more is another file, or a broken one.
const LONGEST: usize = 1 << 20;
/// How much is shown of a line that is longer.
const SHOWN: usize = 200;

/// Reads an input line by line, and no line into memory that is too long.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    read: u64,
}

/// A line that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct Line<'a> {
    /// Counted from 1, as editors do.
    pub(crate) number: u64,
    /// What it took of the input.
    pub(crate) bytes: usize,
    /// The line without its end and without white space around it; its beginning where it is too long.
    pub(crate) text: &'a [u8],
    pub(crate) is_too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), read: 0 }
    }

    /// The next line; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut bytes = (&mut self.input).take(LONGEST as u64 + 1).read_until(b'\n', &mut self.buffer)?;
        if bytes == 0 {
            return Ok(None);
        }
        self.read += 1;
        let is_too_long = bytes > LONGEST && !self.buffer.ends_with(b"\n");
        if is_too_long {
            bytes += self.input.skip_until(b'\n')?;
            self.buffer.truncate(SHOWN);
        }
        // Windows puts a mark of three bytes before the first line.
        let text = self.buffer.strip_prefix("\u{feff}".as_bytes()).filter(|_| self.read == 1);
        let text = text.unwrap_or(&self.buffer).trim_ascii();
        Ok(Some(Line { number: self.read, bytes, text, is_too_long }))
    }
}

/// Why a line that is too long is rejected.
pub(crate) fn too_long() -> String {
    format!("the line has more than {} KiB", LONGEST >> 10)
}
