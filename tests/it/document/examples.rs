//! Everything that is sent or answered has an example, and every example is valid.

use jsonschema::{Draft, PatternOptions, ValidationError};
use serde_json::{Map, Value, json};

use super::our_document::{id, operations};
use super::{document, entries, items, json, resolved};

/// Examples, each with its place and its schema.
#[derive(Default)]
struct Examples<'a> {
    places: Vec<String>,
    schemas: Vec<&'a Value>,
    values: Vec<&'a Value>,
}

impl<'a> Examples<'a> {
    /// All examples of a document.
    fn of(document: &'a Value) -> Self {
        let mut examples = Self::default();
        for operation in operations(document).into_values() {
            for parameter in items(&operation["parameters"]).map(|parameter| resolved(document, parameter)) {
                let place = format!("{} {}", id(operation), parameter["name"]);
                examples.add(&place, &parameter["schema"], parameter);
                examples.add_schema(&place, &parameter["schema"]);
            }
            for (place, content) in contents(document, operation) {
                examples.add(&place, &content["schema"], content);
            }
        }
        for (name, schema) in entries(&document["components"]["schemas"]) {
            examples.add_schema(name, schema);
        }
        examples
    }

    fn add(&mut self, place: &str, schema: &'a Value, part: &'a Value) {
        if let Some(example) = part.get("example") {
            self.places.push(place.to_owned());
            self.schemas.push(schema);
            self.values.push(example);
        }
    }

    /// Adds the examples at a schema and in it.
    fn add_schema(&mut self, place: &str, schema: &'a Value) {
        self.add(place, schema, schema);
        for (property, schema) in entries(&schema["properties"]) {
            self.add_schema(&format!("{place}.{property}"), schema);
        }
        for part in ["items", "additionalProperties"].into_iter().filter_map(|part| schema.get(part)) {
            self.add_schema(place, part);
        }
    }

    /// What is wrong with them.
    fn faults(&self, document: &Value) -> Vec<String> {
        let schemas: Vec<Value> = self.schemas.iter().map(|schema| as_json_schema(schema)).collect();
        let components = json!({ "schemas": as_json_schema(&document["components"]["schemas"]) });
        // Compiling one schema for all is many times faster than one for each: they refer to the same components.
        let validator = jsonschema::options()
            // Of all drafts this one is closest to OpenAPI 3.0. A list under `items` is one schema for each item.
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&json!({ "items": schemas, "components": components }))
            .unwrap_or_else(|error| panic!("{error}"));
        let values: Value = self.values.iter().copied().cloned().collect();
        let fault = |error: ValidationError<'_>| {
            let path = error.instance_path().to_string();
            let (index, field) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
            format!("{} /{field}: {error}", self.places[index.parse::<usize>().unwrap()])
        };
        validator.iter_errors(&values).map(fault).collect()
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
    let examples = Examples::of(&document);
    // One of each parameter at least, and one of nearly every body.
    assert!(examples.values.len() > 400, "{}", examples.values.len());
    let faults = examples.faults(&document);
    assert!(faults.is_empty(), "examples that their schemas do not allow:\n{}", faults.join("\n"));
}

#[test]
fn every_enso_example_is_valid() {
    let document = json("openapi/enso.json");
    let examples = Examples::of(&document);
    // The request, its answer, and a code.
    assert_eq!(examples.values.len(), 3);
    assert_eq!(examples.faults(&document), [""; 0]);
}

#[test]
fn an_invalid_example_is_found() {
    let mut document = document();
    let customer = &mut document["components"]["schemas"]["Customer"]["example"];
    customer["status"] = json!("GONE");
    customer["createdAt"] = json!("yesterday");
    customer["address"]["line1"] = json!(12);
    customer["nmae"] = customer["name"].take();
    document["components"]["schemas"]["CustomerPaginatedResponse"]["example"]["data"] = json!(null);
    document["components"]["parameters"]["PageSizeTo50"]["example"] = json!(51);

    let mut faults = Examples::of(&document).faults(&document);
    // The last part says what is wrong in the words of the library.
    for fault in &mut faults {
        fault.truncate(fault.find(':').unwrap());
    }
    faults.sort();
    faults.dedup();
    assert_eq!(
        faults,
        [
            "Customer /",
            "Customer /address/line1",
            "Customer /createdAt",
            "Customer /name",
            "Customer /status",
            "CustomerPaginatedResponse /data",
            "get_events \"pageSize\" /",
            "get_license_updates \"pageSize\" /",
            "list_credits \"pageSize\" /",
            "list_feature_credit_entries \"pageSize\" /",
            "list_invoices \"pageSize\" /",
            "list_invoices_for_bill_run \"pageSize\" /",
            "list_payments \"pageSize\" /",
            "wallet_entries_for_account \"pageSize\" /",
        ]
    );
}
