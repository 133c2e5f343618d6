//! Makes what a user of plain progenitor has: a client of one operation, generated without any of our changes.
//!
//! Twice: from the document as it is, and without the lengths and patterns of strings, which the generator makes types
//! of that look at each value.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Value, json};

const DOCUMENT: &str = "../../openapi/togai.json";
const PATH: &str = "/ingestBatch";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DOCUMENT}");

    let document: Value = serde_json::from_str(&std::fs::read_to_string(DOCUMENT)?)?;
    let mut document = reduced(&document);
    generate(&document, "limited.rs")?;
    take_out_limits(&mut document);
    generate(&document, "unlimited.rs")?;

    // The report names the compiler, since another one makes other code.
    let rustc = Command::new(std::env::var("RUSTC")?).arg("--version").output()?;
    let version = String::from_utf8(rustc.stdout)?;
    let version: Vec<&str> = version.split(' ').take(2).collect();
    println!("cargo::rustc-env=BENCHMARKS_RUSTC={}", version.join(" "));
    Ok(())
}

fn generate(document: &Value, file: &str) -> Result<(), Box<dyn Error>> {
    let document: OpenAPI = serde_json::from_value(document.clone())?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let code = Generator::new(&settings).generate_tokens(&document)?;
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join(file), code.to_string())?;
    Ok(())
}

/// The document with nothing but the operation and what it needs.
///
/// The generator takes one type for all failures of an operation, and `default` for a success as well, so only the
/// answers of success stay.
fn reduced(document: &Value) -> Value {
    let mut operation = document["paths"][PATH].clone();
    if let Some(responses) = operation["post"]["responses"].as_object_mut() {
        responses.retain(|status, _| status.starts_with('2'));
    }
    let mut schemas = BTreeMap::new();
    collect(document, &operation, &mut schemas);
    json!({
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": {PATH: operation},
        "components": {"schemas": schemas},
    })
}

/// Adds the schemas that a part of the document refers to, and those that they refer to.
fn collect<'a>(document: &'a Value, part: &Value, schemas: &mut BTreeMap<&'a str, &'a Value>) {
    match part {
        Value::Object(object) => {
            let name =
                object.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix("#/components/schemas/"));
            let known = document["components"]["schemas"].as_object();
            let entry = name.and_then(|name| known?.get_key_value(name));
            if let Some((name, schema)) = entry
                && schemas.insert(name, schema).is_none()
            {
                collect(document, schema, schemas);
            }
            object.values().for_each(|part| collect(document, part, schemas));
        }
        Value::Array(list) => list.iter().for_each(|part| collect(document, part, schemas)),
        _ => {}
    }
}

fn take_out_limits(part: &mut Value) {
    match part {
        Value::Object(object) => {
            for keyword in ["minLength", "maxLength", "pattern"] {
                object.remove(keyword);
            }
            object.values_mut().for_each(take_out_limits);
        }
        Value::Array(list) => list.iter_mut().for_each(take_out_limits),
        _ => {}
    }
}
