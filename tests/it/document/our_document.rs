//! What our document says.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::aspects::{Aspects, Places, add_schema};
use super::{entries, items, resolved};

/// All that the document says of operations and schemas.
pub(super) fn places(document: &Value) -> Places {
    let mut places = Places::new();
    for (at, operation) in operations(document) {
        add_operation(&mut places, document, &at, operation);
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        add_schema(&mut places, name, schema, &own_name);
        let schema = places.remove(name).unwrap();
        places.insert(name.to_owned(), schema.with("name", name));
    }
    places
}

/// The operations of the document by method and path, such as `GET /events`.
pub(super) fn operations(document: &Value) -> BTreeMap<String, &Value> {
    let mut operations = BTreeMap::new();
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            operations.insert(format!("{} {path}", method.to_uppercase()), operation);
        }
    }
    operations
}

pub(super) fn id(operation: &Value) -> &str {
    operation["operationId"].as_str().expect("an operation has an id")
}

fn own_name(name: &str) -> String {
    name.to_owned()
}

fn add_operation(places: &mut Places, document: &Value, at: &str, operation: &Value) {
    let id = id(operation);
    let tags: Vec<&str> = items(&operation["tags"]).filter_map(Value::as_str).collect();
    let rest = without(operation, &["operationId", "tags", "parameters", "requestBody", "responses"]);
    let aspects = Aspects::of(&rest, &own_name);
    places
        .insert(id.to_owned(), aspects.with("name", id).with("at", at).with("tag", format!("tag {}", tags.join(" "))));

    for parameter in items(&operation["parameters"]).map(|parameter| resolved(document, parameter)) {
        let name = parameter["name"].as_str().expect("a parameter has a name");
        let place = match parameter["in"].as_str() {
            Some("path") => format!("{id} {{{name}}}"),
            Some("query") => format!("{id} ?{name}"),
            other => format!("{id} {} {name}", other.expect("a parameter has a place")),
        };
        let mut all = without(parameter, &["name", "in", "required", "schema"]);
        all.extend(parameter["schema"].as_object().cloned().unwrap_or_default());
        places.insert(place, Aspects::of(&all, &own_name).with_presence(parameter["required"] == true));
    }
    if let Some(body) = operation.get("requestBody") {
        let body = resolved(document, body);
        places.insert(format!("{id} body"), of_content(body).with_presence(body["required"] == true));
    }
    for (status, response) in entries(&operation["responses"]) {
        places.insert(format!("{id} {status}"), of_content(resolved(document, response)));
    }
}

/// What a body is: its schema, and its media type where that is not JSON.
fn of_content(body: &Value) -> Aspects {
    let mut all = without(body, &["content", "headers", "required"]);
    let mut aspects = Aspects::default();
    for (media_type, content) in entries(&body["content"]) {
        all.extend(content["schema"].as_object().cloned().unwrap_or_default());
        if media_type != "application/json" {
            aspects = aspects.with(media_type, media_type);
        }
    }
    if !all.contains_key("$ref") && !all.contains_key("type") {
        all.insert("type".to_owned(), "no body".into());
    }
    for (header, _) in entries(&body["headers"]) {
        aspects = aspects.with(&format!("header {header}"), format!("header {header}"));
    }
    aspects.and(Aspects::of(&all, &own_name))
}

fn without(part: &Value, keywords: &[&str]) -> Map<String, Value> {
    let mut rest = part.as_object().cloned().unwrap_or_default();
    rest.retain(|keyword, _| !keywords.contains(&keyword.as_str()));
    rest
}
