//! Tokens of tests can be found in output: each holds a mark, and `.ci/run` searches for the marks.

use std::fs;
use std::path::Path;

use crate::support::TOKEN_MARKS;

/// What comes before a token that is written as a literal.
const BEFORE_A_TOKEN: [&str; 11] = [
    "AccessToken::new(\"",
    "ClientBuilder::enso(\"",
    "ClientBuilder::new(\"",
    "ENSO_TOKEN: &str = \"",
    "OWN_TOKEN: &str = \"",
    " TOKEN: &str = \"",
    ".bearer_auth(\"",
    ".enso_token(\"",
    ".token(\"",
    "\"Bearer ",
    "set_token(\"",
];

/// The Rust sources of a folder, but for what is built and generated.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "generated" | "target") && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_token_in_the_sources_has_a_mark() {
    let (mut found, mut tokens) = (Vec::new(), 0);
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found);
    // This file names what comes before a token, and no token.
    for source in found.iter().filter(|source| !source.contains("BEFORE_A_TOKEN")) {
        for before in BEFORE_A_TOKEN {
            for (place, _) in source.match_indices(before) {
                let (token, after) = source[place + before.len()..].split_once('"').unwrap();
                // A token is the last argument; that of a page is not.
                let is_none = token.is_empty() || token.contains(['{', '<', '*']) || after.starts_with(',');
                assert!(is_none || TOKEN_MARKS.iter().any(|mark| token.contains(mark)), "{before}{token}");
                tokens += 1;
            }
        }
    }
    assert!(tokens > 50, "{tokens}");
}

#[test]
fn the_check_searches_for_the_marks() {
    let pattern = format!("tokens='{}'", TOKEN_MARKS.join("|"));
    assert!(include_str!("../../.ci/run").lines().any(|line| line == pattern), "{pattern}");
}
