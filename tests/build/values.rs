//! JSON for each schema: the examples of the document, and values that are made of the schema.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::Result;
use crate::document::{Document, referred_schema, required, rust_type};
use crate::instances::{largest, smallest};

pub(crate) fn code(document: &Document) -> Result<String> {
    let strict = strict_schemas(document)?;
    let mut examples = String::new();
    for operation in document.operations()? {
        let request = operation.request_body().map(|body| ("body", Some(body)));
        for (place, body) in request.into_iter().chain(operation.successes()) {
            let Some(body) = body else { continue };
            let example = body.example.ok_or_else(|| format!("{} {place}: there is no example", operation.id))?;
            add(&mut examples, &format!("{} {place}", operation.id), body.schema, place == "body", example)?;
        }
    }
    let (mut schemas, mut made) = (String::new(), String::new());
    for (name, schema) in document.schemas() {
        let is_sent = strict.contains(name.as_str());
        if let Some(example) = schema.get("example") {
            add(&mut examples, name, name, is_sent, example)?;
        }
        add(&mut made, &format!("{name}, with what is required"), name, is_sent, &smallest(document, name))?;
        add(&mut made, &format!("{name}, with everything"), name, is_sent, &largest(document, name))?;
        if let Some(kind) = rust_type(name).filter(|_| schema.get("properties").is_some()) {
            // The event has a type by hand, which is strict although events are answered as well.
            let is_strict = is_sent || matches!(name.as_str(), "Attribute" | "Event");
            let required = if is_strict { required(schema) } else { Vec::new() };
            writeln!(
                schemas,
                "Schema {{ name: {name:?}, required: &{required:?}, round_trip: round_trip::<{kind}> }},"
            )?;
        }
    }
    Ok(format!(
        "/// The examples of the document.\nconst EXAMPLES: &[Sample] = &[\n{examples}];\n\
         /// Values that are made of the schemas.\nconst MADE: &[Sample] = &[\n{made}];\n\
         /// The schemas of objects, each with what its type does not do without.\nconst SCHEMAS: &[Schema] = &[\n{schemas}];\n"
    ))
}

fn add(samples: &mut String, place: &str, schema: &str, is_sent: bool, value: &Value) -> Result<()> {
    if let Some(kind) = rust_type(schema) {
        let json = value.to_string();
        writeln!(
            samples,
            "Sample {{ place: {place:?}, is_sent: {is_sent}, json: {json:?}, round_trip: round_trip::<{kind}> }},"
        )?;
    }
    Ok(())
}

/// Names of the schemas that are sent and never answered: there, what is missing is a mistake of the caller.
fn strict_schemas(document: &Document) -> Result<BTreeSet<&str>> {
    let (mut sent, mut received) = (BTreeSet::new(), BTreeSet::new());
    for operation in document.operations()? {
        if let Some(body) = operation.request_body() {
            collect_reachable(document, body.schema, &mut sent);
        }
        for body in operation.successes().filter_map(|(_, body)| body) {
            collect_reachable(document, body.schema, &mut received);
        }
    }
    Ok(sent.difference(&received).copied().collect())
}

/// Adds a schema and all that it refers to.
fn collect_reachable<'a>(document: &'a Document, name: &'a str, reached: &mut BTreeSet<&'a str>) {
    if reached.insert(name) {
        for name in references(document.schema(name)) {
            collect_reachable(document, name, reached);
        }
    }
}

fn references(part: &Value) -> Vec<&str> {
    match part {
        Value::Object(members) => {
            referred_schema(part).into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
