//! Rules on schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::finding::Finding;
use crate::document::{Document, entries, items, visit};
use crate::names::{self, GIVEN_NAME};

/// `required` names existing properties; for others the generator invents a field that does not compile.
pub(super) fn required(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        let properties = object.get("properties").unwrap_or(&Value::Null);
        for name in items(object.get("required").unwrap_or(&Value::Null)).filter_map(Value::as_str) {
            if properties[name].is_null() {
                let problem = format!("`required` names `{name}`, which is no property");
                findings.push(Finding::new(file, location, problem, "mind the spelling, or take it out of `required`"));
            }
        }
    });
}

/// Properties whose Rust names fall together do not compile.
pub(super) fn names(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        let mut seen = BTreeMap::new();
        for (name, property) in entries(object.get("properties").unwrap_or(&Value::Null)) {
            if let Some(other) = seen.insert(names::field(name, property), name) {
                let problem = format!("the properties `{other}` and `{name}` have the same name in Rust");
                let remedy = "give one of them the name of its field in `x-togai-name`";
                findings.push(Finding::new(file, location, problem, remedy));
            }
        }
    });
}

/// A name that the document gives to a field is that of the field, letter by letter.
pub(super) fn given_names(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        for (name, property) in entries(object.get("properties").unwrap_or(&Value::Null)) {
            let given = &property[GIVEN_NAME];
            if !given.is_null() && given.as_str().is_none_or(|given| !is_identifier(given)) {
                let problem = format!("the `x-togai-name` of `{name}` is {given}, which is not in snake_case");
                findings.push(Finding::new(file, location, problem, "write it the way the Rust field is named"));
            }
        }
    });
}

fn is_identifier(name: &str) -> bool {
    names::snake_case(name) == name && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// Variants become untagged enums that cannot hold exact amounts and hide why a body cannot be read.
pub(super) fn variants(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        // What is written by hand is not generated, so the document may say of it what is true.
        if document.service().is_hand_written(location.split('/').next().unwrap_or_default()) {
            return;
        }
        for keyword in ["oneOf", "anyOf", "allOf", "not", "discriminator"] {
            if object.contains_key(keyword) {
                let problem = format!("there is `{keyword}`");
                findings.push(Finding::new(file, location, problem, "write one object whose properties are optional"));
            }
        }
    });
}

/// An object inside of another gets a name that nobody chose.
pub(super) fn nesting(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        // `components.schemas.Name` is the only place without a slash behind it.
        if object.contains_key("properties") && location.contains('/') {
            let remedy = "move it to `components.schemas` and refer to it";
            findings.push(Finding::new(file, location, "an object has no name", remedy));
        }
    });
}

/// Names that generated code uses for something else, and names that are read for two properties.
pub(super) fn reserved(document: &Document, findings: &mut Vec<Finding>) {
    const OF_RUST: [&str; 10] = ["Box", "Default", "Err", "None", "Ok", "Option", "Result", "Some", "String", "Vec"];
    for (name, schema) in entries(&document.json()["components"]["schemas"]) {
        let file = document.file_of_component("schemas", name);
        if OF_RUST.contains(&name) {
            let problem = "the schema has the name of something of Rust's";
            findings.push(Finding::new(
                file,
                name,
                problem,
                "give it another name, with a row in the table of deviations",
            ));
        }
        let properties = &schema["properties"];
        for (property, part) in entries(properties) {
            if names::field(property, part) == "new" {
                let problem = format!("the property `{property}` has the name of the constructor, `new`");
                findings.push(Finding::new(file, name, problem, "give it another name in `x-togai-name`"));
            }
            for alias in items(&part["x-togai-alias"]).filter_map(Value::as_str) {
                if !properties[alias].is_null() {
                    let problem = format!("the alias `{alias}` of `{property}` is a property itself");
                    findings.push(Finding::new(file, name, problem, "keep one of the two"));
                }
            }
        }
    }
}

/// How an answer is read leniently is one of a few ways, each for a type.
pub(super) fn leniency(document: &Document, findings: &mut Vec<Finding>) {
    each_object(document, &mut |file, location, object| {
        let Some(reader) = object.get("x-togai-lenient") else { return };
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        let fits = match reader.as_str() {
            Some("text" | "json_text") => kind == "string" && !object.contains_key("enum"),
            Some("map_of_text") => kind == "object",
            // It is read into the type of an integer without a format.
            Some("integer") => kind == "integer" && object.get("format").is_none_or(|format| format == "int64"),
            Some("list") => kind == "array",
            _ => false,
        };
        if !fits {
            let problem = format!("`x-togai-lenient: {reader}` is no way to read its type, `{kind}`");
            let remedy = "write text or json_text on a string, map_of_text on a map, integer or list on one";
            findings.push(Finding::new(file, location, problem, remedy));
        }
    });
}

/// Descriptions become rustdoc.
pub(super) fn descriptions(document: &Document, findings: &mut Vec<Finding>) {
    for (name, schema) in entries(&document.json()["components"]["schemas"]) {
        let file = document.file_of_component("schemas", name);
        let remedy = "say in your own words what it means, with unit and limits";
        if is_blank(schema) {
            findings.push(Finding::new(file, name, "the schema has no description", remedy));
        }
        for (property, schema) in entries(&schema["properties"]) {
            // Beside `$ref` nothing counts in OpenAPI 3.0, but the lowered document keeps a description there.
            if is_blank(schema) && !schema["$ref"].is_string() {
                let problem = format!("the property `{property}` has no description");
                findings.push(Finding::new(file, name, problem, remedy));
            }
        }
    }
}

fn is_blank(schema: &Value) -> bool {
    schema["description"].as_str().is_none_or(|text| text.trim().is_empty())
}

/// What is called with a file, a place in it, and the schema there.
type Visitor<'a> = dyn FnMut(&str, &str, &Map<String, Value>) + 'a;

/// Visits every schema object below `components.schemas`, with its file and place. Examples are no schemas.
fn each_object(document: &Document, visitor: &mut Visitor<'_>) {
    for (name, schema) in entries(&document.json()["components"]["schemas"]) {
        let file = document.file_of_component("schemas", name);
        visit(schema, &mut |path, object| {
            let is_map_of_properties = path.ends_with("/properties");
            if !is_map_of_properties && !path.contains("/example") && !path.contains("/default") {
                visitor(file, &format!("{name}{path}"), object);
            }
        });
    }
}
