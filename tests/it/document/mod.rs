//! Rules on the API document: what it says is what the vendor's clients say, but for what openapi/README.md lists.

mod areas;
mod aspects;
mod comparison;
mod descriptions;
mod deviations;
mod enso;
mod examples;
mod extensions;
mod our_document;
mod vendor;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The document as one; `cargo xtask regen --check` says whether it is what the YAML files say.
fn document() -> Value {
    json("openapi/togai.json")
}

fn readme() -> String {
    read("openapi/README.md")
}

/// The members of an object; none, if there is no object.
fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a `$ref` stands for, or the part itself.
fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(reference) => {
            let target = document.pointer(reference.trim_start_matches('#'));
            target.unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => part,
    }
}
