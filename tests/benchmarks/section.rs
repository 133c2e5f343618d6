//! The sections of docs/benchmarks.md, each of which is written by a program of its own.

use std::path::{Path, PathBuf};

/// The page.
fn page() -> std::io::Result<PathBuf> {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut pages = folders.map(|folder| folder.join("docs/benchmarks.md"));
    pages.find(|page| page.exists()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
}

/// The page before a section, the text of the section, and the page after it.
fn split<'a>(page: &'a str, heading: &str) -> (&'a str, &'a str, &'a str) {
    let start = format!("## {heading}\n");
    let Some(at) = page.find(&start) else { return (page, "", "") };
    let (before, section) = page.split_at(at);
    let (section, after) = section.split_at(section.find("\n## ").map_or(section.len(), |end| end + 1));
    (before, &section[start.len()..], after)
}

/// The text below a heading of the page; empty where there is none.
#[allow(dead_code, reason = "one of the programs reads, the others write")]
pub(crate) fn read(heading: &str) -> std::io::Result<String> {
    Ok(split(&std::fs::read_to_string(page()?)?, heading).1.to_owned())
}

/// Puts a text in place of what stands below a heading of the page, or at its end where there is none.
pub(crate) fn write(heading: &str, text: &str) -> std::io::Result<()> {
    let page = page()?;
    let whole = std::fs::read_to_string(&page)?;
    let (before, _, after) = split(&whole, heading);
    let end = if after.is_empty() { "" } else { "\n" };
    std::fs::write(page, format!("{}\n\n## {heading}\n\n{}\n{end}{after}", before.trim_end(), text.trim()))
}
