//! Everything that is sent or answered has an example, and every example is valid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::reading::{id, operations};
use super::{document, entries, items, resolved};

/// Schemas with examples, in the form of JSON Schema.
struct Checker {
    components: Value,
    validators: BTreeMap<String, Validator>,
    faults: String,
}

impl Checker {
    fn new(document: &Value) -> Self {
        let components = json!({ "schemas": as_json_schema(&document["components"]["schemas"]) });
        Self { components, validators: BTreeMap::new(), faults: String::new() }
    }

    fn check(&mut self, place: &str, schema: &Value, example: &Value) {
        let validator = self.validators.entry(schema.to_string()).or_insert_with(|| {
            // The schema stands in `allOf`, since what is beside a `$ref` is ignored.
            let whole = json!({ "allOf": [as_json_schema(schema)], "components": self.components });
            let options = jsonschema::options()
                // Of all drafts this one is closest to OpenAPI 3.0.
                .with_draft(Draft::Draft7)
                .should_validate_formats(true)
                .with_pattern_options(PatternOptions::regex())
                .build(&whole);
            options.unwrap_or_else(|error| panic!("{place}: {error}"))
        });
        for error in validator.iter_errors(example) {
            let _ = writeln!(self.faults, "{place}: {}: {error}", error.instance_path());
        }
    }

    /// Checks all examples at a schema and in it.
    fn check_schema(&mut self, place: &str, schema: &Value) {
        if let Some(example) = schema.get("example") {
            self.check(place, schema, example);
        }
        for (property, schema) in entries(&schema["properties"]) {
            self.check_schema(&format!("{place}.{property}"), schema);
        }
        for part in ["items", "additionalProperties"].into_iter().filter_map(|part| schema.get(part)) {
            self.check_schema(place, part);
        }
    }
}

/// Translates what OpenAPI 3.0 has of its own, and allows no properties that are not declared: in an example such a
/// property is a slip of the pen.
fn as_json_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: Map<String, Value> =
                members.iter().map(|(name, member)| (name.clone(), as_json_schema(member))).collect();
            if members.get("nullable").is_some_and(|nullable| nullable == true)
                && members.get("type").is_some_and(Value::is_string)
            {
                members["type"] = json!([members["type"], "null"]);
                if let Some(Value::Array(values)) = members.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            let is_closed = members.get("properties").is_some_and(|properties| !is_schema(properties));
            if is_closed && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            Value::Object(members)
        }
        Value::Array(values) => values.iter().map(as_json_schema).collect(),
        other => other.clone(),
    }
}

/// Whether this is a schema, in a place where a map of schemas would stand: then `properties` is but a property's name.
fn is_schema(part: &Value) -> bool {
    part["type"].is_string() || part["$ref"].is_string()
}

/// The contents of all bodies of an operation, each with its place.
fn contents<'a>(document: &'a Value, operation: &'a Value) -> impl Iterator<Item = (String, &'a Value)> {
    let body = operation.get("requestBody").map(|body| ("body", body));
    body.into_iter().chain(entries(&operation["responses"])).flat_map(move |(name, body)| {
        let place = format!("{} {name}", id(operation));
        entries(&resolved(document, body)["content"]).map(move |(_, content)| (place.clone(), content))
    })
}

#[test]
fn every_parameter_and_every_body_has_an_example() {
    let document = document();
    let mut without = Vec::new();
    for operation in operations(&document).into_values() {
        for parameter in items(&operation["parameters"]).map(|parameter| resolved(&document, parameter)) {
            if parameter["example"].is_null() {
                without.push(format!("{} {}", id(operation), parameter["name"]));
            }
        }
        for (place, content) in contents(&document, operation) {
            if content["example"].is_null() && resolved(&document, &content["schema"])["example"].is_null() {
                without.push(place);
            }
        }
    }
    assert!(without.is_empty(), "write an `example` there, or at the schema: {without:?}");
}

#[test]
fn every_example_is_valid() {
    let document = document();
    let mut checker = Checker::new(&document);
    for operation in operations(&document).into_values() {
        for parameter in items(&operation["parameters"]).map(|parameter| resolved(&document, parameter)) {
            let place = format!("{} {}", id(operation), parameter["name"]);
            checker.check(&place, &parameter["schema"], &parameter["example"]);
            checker.check_schema(&place, &parameter["schema"]);
        }
        for (place, content) in contents(&document, operation) {
            if let Some(example) = content.get("example") {
                checker.check(&place, &content["schema"], example);
            }
        }
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        checker.check_schema(name, schema);
    }
    assert!(checker.faults.is_empty(), "examples that their schemas do not allow:\n{}", checker.faults);
}

#[test]
fn an_example_that_is_not_valid_is_found() {
    let mut document = document();
    for (pointer, value) in [
        ("/components/schemas/Customer/example/status", json!("GONE")),
        ("/components/schemas/Customer/example/createdAt", json!("yesterday")),
        ("/components/schemas/Customer/example/address/line1", json!(12)),
        ("/components/schemas/CustomerPaginatedResponse/example/data", json!(null)),
        ("/components/schemas/Customer/example", json!({ "id": "CUST00001" })),
    ] {
        let before = document.pointer_mut(pointer).unwrap().take();
        *document.pointer_mut(pointer).unwrap() = value;
        let mut checker = Checker::new(&document);
        let name = pointer.split('/').nth(3).unwrap();
        checker.check_schema(name, &document["components"]["schemas"][name]);
        assert!(checker.faults.starts_with(name), "{pointer}");
        *document.pointer_mut(pointer).unwrap() = before;
    }
    document["components"]["schemas"]["Customer"]["example"]["nmae"] = json!("Riders");
    let mut checker = Checker::new(&document);
    checker.check_schema("Customer", &document["components"]["schemas"]["Customer"]);
    assert!(checker.faults.contains("nmae"), "{}", checker.faults);
}
