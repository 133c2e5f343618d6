//! Parts of hand-written files that are written by `cargo xtask regen`.

use anyhow::{Context, Result};

/// The lines before and after such a part.
pub(crate) struct Marks {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

impl Marks {
    /// The text with another part between the marks.
    pub(crate) fn replace(&self, text: &str, part: &str) -> Result<String> {
        let Self { begin, end } = self;
        let missing = |mark: &str| format!("the line `{}` is missing", mark.trim_end());
        let (before, rest) = text.split_once(begin).with_context(|| missing(begin))?;
        let (_, after) = rest.split_once(end).with_context(|| missing(end))?;
        Ok(format!("{before}{begin}{part}{end}{after}"))
    }
}
