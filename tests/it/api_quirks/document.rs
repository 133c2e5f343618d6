//! Oddities that are in the document alone.

use std::fs;
use std::path::Path;

use super::{document, operations};

/// The vendor marks what is deprecated in the summaries, in words. The document and the client mark it for tools.
#[test]
fn quirk_25_deprecated_items_carry_the_attribute() {
    let document = document();
    let operations = operations(&document);
    let deprecated: Vec<&str> =
        operations.iter().filter(|(_, (_, _, operation))| operation["deprecated"] == true).map(|(id, _)| *id).collect();
    assert_eq!(deprecated.len(), 19);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../togai-api/src/generated/client");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut deprecated_in_code = Vec::new();
    for file in files {
        for (before, after) in file.match_indices("#[deprecated = ").map(|(at, _)| file.split_at(at)) {
            assert!(before.ends_with("    "), "it marks a method");
            let name = after.split("pub fn ").nth(1).unwrap().split('(').next().unwrap();
            deprecated_in_code.push(name.to_owned());
        }
    }
    deprecated_in_code.sort_unstable();
    assert_eq!(deprecated_in_code, deprecated);
}
