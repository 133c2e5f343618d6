//! The list of the document's files, in its README.

use std::fmt::Write as _;

use anyhow::Result;

use crate::areas::Areas;
use crate::document::{Document, operations};
use crate::section::Section;

/// Where the list stands.
pub(crate) const FILE: &str = "openapi/README.md";

const SECTION: Section = Section {
    begin: "<!-- Written by `cargo xtask regen`. -->\n",
    end: "<!-- The end of what is written by `cargo xtask regen`. -->\n",
};

/// The README with the list as it has to be.
pub(crate) fn write(readme: &str, document: &Document, areas: &Areas) -> Result<String> {
    let mut list = String::from("| file | area | operations | contents |\n|---|---|---|---|\n");
    for (file, title) in document.sources() {
        let area = areas.iter().find(|area| document.file_of_tag(&area.tag) == file);
        let _ = match area {
            Some(area) => {
                let count = operations(document.json())
                    .filter(|operation| document.file_of_path(operation.path) == file)
                    .count();
                writeln!(list, "| `{file}` | `{}` | {count} | {} |", area.tag, area.about)
            }
            None => writeln!(list, "| `{file}` | | | {title} |"),
        };
    }
    SECTION.replace(readme, &list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_with_their_areas_and_operations() {
        let document = Document::merge(&crate::service::TOGAI, [
            ("common.yaml", "# What areas share.\n# More about it.\nopenapi: 3.0.3\n"),
            (
                "wallet.yaml",
                "# Wallets.\ntags: [{name: Wallet, description: Prepaid money.}]\npaths: {/w: {get: {}, put: {}}}\n",
            ),
        ])
        .unwrap();
        let areas = Areas::of(document.json()).unwrap();
        let readme =
            write(&format!("Before.\n{}old\n{}After.\n", SECTION.begin, SECTION.end), &document, &areas).unwrap();
        insta::assert_snapshot!(readme, @r"
        Before.
        <!-- Written by `cargo xtask regen`. -->
        | file | area | operations | contents |
        |---|---|---|---|
        | `common.yaml` | | | What areas share. |
        | `wallet.yaml` | `Wallet` | 2 | Prepaid money. |
        <!-- The end of what is written by `cargo xtask regen`. -->
        After.
        ");
        assert!(write("", &document, &areas).unwrap_err().to_string().contains("is missing"));
    }
}
