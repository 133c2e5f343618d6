//! The sections of docs/benchmarks.md, each of which is written by a program of its own.

use std::path::Path;

/// Puts a text in place of what stands below a heading of the page, or at its end where there is none.
pub(crate) fn write(heading: &str, text: &str) -> std::io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("docs/benchmarks.md"));
    let page = page.into_iter().find(|page| page.exists()).ok_or(std::io::ErrorKind::NotFound)?;
    let before = std::fs::read_to_string(&page)?;
    let start = format!("## {heading}\n");
    let at = before.find(&start).unwrap_or(before.len());
    let end = before[at..].find("\n## ").filter(|_| at < before.len()).map_or(before.len(), |length| at + length + 1);
    let after = before[end..].trim_start();
    let mut page_text = format!("{}\n\n{start}\n{}\n", before[..at].trim_end(), text.trim_end());
    if !after.is_empty() {
        page_text += &format!("\n{after}");
    }
    std::fs::write(page, page_text)
}
