//! Rules on what is shared.

use std::collections::BTreeSet;

use super::finding::Finding;
use crate::document::{Document, entries, visit};

/// A reference leads somewhere.
pub(super) fn references(document: &Document, findings: &mut Vec<Finding>) {
    for reference in all_references(document) {
        let known = reference
            .strip_prefix("#/components/")
            .is_some_and(|rest| document.json().pointer(&format!("/components/{rest}")).is_some());
        if !known {
            findings.push(Finding::new(
                document.service().source,
                &reference,
                "the reference leads nowhere",
                "write `#/components/<section>/<name>`, as if all files were one",
            ));
        }
    }
}

/// What nothing refers to would be generated and never used.
pub(super) fn unused(document: &Document, findings: &mut Vec<Finding>) {
    let used = all_references(document);
    for (section, parts) in entries(&document.json()["components"]) {
        if section == "securitySchemes" {
            continue;
        }
        for (name, part) in entries(parts) {
            if part["x-togai-unused"].is_null() && !used.contains(&format!("#/components/{section}/{name}")) {
                findings.push(Finding::new(
                    document.file_of_component(section, name),
                    format!("components.{section}.{name}"),
                    "nothing refers to it",
                    "take it out, use it, or say in `x-togai-unused` why it is kept",
                ));
            }
        }
    }
}

fn all_references(document: &Document) -> BTreeSet<String> {
    let mut references = BTreeSet::new();
    visit(document.json(), &mut |_, object| {
        if let Some(reference) = object.get("$ref").and_then(|reference| reference.as_str()) {
            references.insert(reference.to_owned());
        }
    });
    references
}
