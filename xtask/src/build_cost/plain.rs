//! The plain output of progenitor, as a package.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use serde_json::Value;

use super::subject::Subject;
use super::workspace;
use crate::document::Document;
use crate::lower;

const PACKAGE: &str = "plain-progenitor";

/// What its code needs, in the versions and with the features that ours has.
const DEPENDENCIES: &str = r#"[dependencies]
chrono = { version = "0.4.42", default-features = false, features = ["serde", "std"] }
progenitor-client = "=0.15.1"
reqwest = { version = "0.13.5", default-features = false, features = ["json", "query"] }
serde = { version = "1.0.228", features = ["derive"] }
serde_json = { version = "1.0.145", features = ["raw_value"] }
"#;

/// Generates the package.
pub(super) fn make(root: &Path, scratch: &Path, document: &Document) -> Result<Subject> {
    let folder = scratch.join(PACKAGE);
    let source = folder.join("src");
    fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
    let code = generate(&lower::run(document.json()))?;
    workspace::write(&source.join("lib.rs"), &code)?;
    workspace::write(&folder.join("Cargo.toml"), &workspace::apart(&manifest()))?;
    workspace::lock(root, &folder)?;
    Ok(Subject::made("progenitor 0.15.1, plain", PACKAGE, folder))
}

fn manifest() -> String {
    format!("[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n{DEPENDENCIES}")
}

/// The generator's code as it comes. It panics over the document as it is.
fn generate(lowered: &Value) -> Result<String> {
    let document: OpenAPI =
        serde_json::from_value(lowered.clone()).context("the lowered document is not OpenAPI 3.0")?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder).with_tag(TagStyle::Merged);
    let tokens = Generator::new(&settings).generate_tokens(&document).context("the generator refuses the document")?;
    Ok(prettyplease::unparse(&syn::parse2(tokens).context("the generator's code does not parse")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_accepts_only_the_lowered_document() {
        let document = Document::load(&crate::root(), &crate::service::TOGAI).unwrap();
        assert!(generate(&lower::run(document.json())).unwrap().contains("pub struct IngestBatch"));
        assert!(std::panic::catch_unwind(|| generate(document.json())).is_err());
    }
}
