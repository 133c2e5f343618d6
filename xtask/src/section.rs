//! Sections of hand-written files that `cargo xtask regen` writes.

use anyhow::{Context, Result};

/// A section, by the lines that begin and end it.
pub(crate) struct Section {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

impl Section {
    /// The text with other content in the section.
    pub(crate) fn replace(&self, text: &str, content: &str) -> Result<String> {
        let Self { begin, end } = self;
        let missing = |line: &str| format!("the line `{}` is missing", line.trim_end());
        let (before, rest) = text.split_once(begin).with_context(|| missing(begin))?;
        let (_, after) = rest.split_once(end).with_context(|| missing(end))?;
        Ok(format!("{before}{begin}{content}{end}{after}"))
    }
}
