//! Makes tests of the README and of the API document, which are too many to be written by hand.

#[path = "build/calls.rs"]
mod calls;
#[path = "build/document.rs"]
mod document;
#[path = "build/instances.rs"]
mod instances;
#[path = "build/lists.rs"]
mod lists;
#[path = "build/readme.rs"]
mod readme;
#[path = "build/values.rs"]
mod values;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use document::Document;

/// What may go wrong is told as it is.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("..");
    let target = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let read = |path: &str| -> Result<String> {
        let path = root.join(path);
        println!("cargo::rerun-if-changed={}", path.display());
        Ok(fs::read_to_string(path)?)
    };
    let write = |name: &str, code: String| fs::write(Path::new(&target).join(name), code);

    write("readme.rs", readme::tests(&read("README.md")?)?)?;
    let document = Document::parse(&read("openapi/togai.json")?)?;
    write("calls.rs", calls::code(&document)?)?;
    write("lists.rs", lists::code(&document)?)?;
    write("values.rs", values::code(&document)?)?;
    Ok(())
}
