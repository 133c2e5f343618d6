//! Rules on operations.

use std::collections::BTreeMap;

use serde_json::Value;

use super::finding::Finding;
use crate::document::{Document, entries, items, operations};
use crate::names::{feature, snake_case};
use crate::service::{self, Service};

/// The generator takes OpenAPI 3.0 alone.
pub(super) fn version(document: &Document, findings: &mut Vec<Finding>) {
    let version = document.json()["openapi"].as_str().unwrap_or_default();
    if version != "3.0.3" {
        let problem = format!("the version is `{version}`");
        let file = document.file_of_key("openapi");
        let remedy = "write `openapi: 3.0.3`; the generator takes no other";
        findings.push(Finding::new(file, "openapi", problem, remedy));
    }
}

/// Ids become names of methods.
pub(super) fn ids(document: &Document, findings: &mut Vec<Finding>) {
    let mut seen = BTreeMap::new();
    for operation in operations(document.json()) {
        let location = format!("{} {}", operation.method.to_uppercase(), operation.path);
        let file = document.file_of_path(operation.path);
        let Some(id) = operation.json["operationId"].as_str() else {
            findings.push(Finding::new(file, location, "there is no operationId", "add a unique one in snake_case"));
            continue;
        };
        if snake_case(id) != id {
            let problem = format!("the operationId `{id}` is not in snake_case");
            findings.push(Finding::new(file, &location, problem, "write it the way the Rust method is named"));
        }
        if let Some(other) = seen.insert(id, location.clone()) {
            let problem = format!("the operationId `{id}` is also that of {other}");
            findings.push(Finding::new(file, location, problem, "rename one of them"));
        }
    }
}

/// An area is a file, a tag and a feature of one name.
pub(super) fn areas(document: &Document, findings: &mut Vec<Finding>) {
    for tag in items(&document.json()["tags"]) {
        let name = tag["name"].as_str().unwrap_or_default();
        let (file, expected) = (document.file_of_tag(name), format!("{}.yaml", feature(name)));
        if is_reserved(document.service(), &feature(name)) {
            let problem = "the tag makes a feature that stands for something else".to_owned();
            findings.push(Finding::new(file, format!("tag {name}"), problem, "give the area another name"));
        }
        if file != expected {
            let problem = format!("the tag belongs into {expected}");
            findings.push(Finding::new(file, format!("tag {name}"), problem, "name the file after its tag"));
        }
    }
    for operation in operations(document.json()) {
        let file = document.file_of_path(operation.path);
        let tags: Vec<&str> = items(&operation.json["tags"]).filter_map(Value::as_str).collect();
        if !matches!(tags[..], [tag] if document.file_of_tag(tag) == file) {
            let location = format!("{} {}", operation.method.to_uppercase(), operation.path);
            let problem = format!("its tags are {tags:?}, which is not the one tag of the file");
            let remedy = "give it the tag that its file defines, and each file with paths one tag";
            findings.push(Finding::new(file, location, problem, remedy));
        }
    }
}

/// Whether a feature stands for something else than an area of a service: for a choice of TLS, or another service.
fn is_reserved(service: &Service, feature: &str) -> bool {
    ["default", "full", "native-tls", "rustls-aws-lc", "rustls-ring"].contains(&feature)
        || service.feature != Some(feature) && service::ALL.iter().any(|other| other.feature == Some(feature))
}

/// Retry and pacing need to know what the paths and methods do not say.
pub(super) fn extensions(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        for (name, allowed) in [
            ("x-togai-quota-class", &["ingest", "ingest_batch", "other"][..]),
            ("x-togai-repeat", &["always", "with_event_ids", "with_idempotency_key", "never"][..]),
        ] {
            let value = operation.json[name].as_str();
            if !value.is_some_and(|value| allowed.contains(&value)) {
                findings.push(Finding::new(
                    document.file_of_path(operation.path),
                    format!("{} {}", operation.method.to_uppercase(), operation.path),
                    format!("`{name}` is {}, not one of {}", value.unwrap_or("missing"), allowed.join(", ")),
                    "say which quota the operation counts against, and whether repeating it is harmless",
                ));
            }
        }
    }
}

/// Descriptions become rustdoc.
pub(super) fn descriptions(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let location = format!("{} {}", operation.method.to_uppercase(), operation.path);
        let file = document.file_of_path(operation.path);
        for field in ["summary", "description"] {
            if operation.json[field].as_str().is_none_or(|text| text.trim().is_empty()) {
                let problem = format!("there is no {field}");
                findings.push(Finding::new(file, &location, problem, "say in your own words what the operation does"));
            }
        }
        for (status, response) in entries(&operation.json["responses"]) {
            let described = crate::document::resolve(document.json(), response);
            if described["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                let problem = format!("the response {status} has no description");
                findings.push(Finding::new(file, &location, problem, "say what the status means"));
            }
        }
    }
}
