//! The extensions: all of them are explained, and those of operations follow rules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::our_document::{id, operations};
use super::{document, entries, items, readme, resolved};

const COLUMNS: &str = "| extension | where | values | meaning |";

/// Those of which it is not documented whether they add what is there already.
const ADDING: [&str; 2] = ["manage_miscellaneous_charges_in_account", "manage_miscellaneous_charges_in_invoice"];

/// POSTs that only read.
const READING: [&str; 3] = ["get_metrics", "calculate_revenue", "calculate_revenue_v2"];
/// POSTs of events, which the service tells apart by their ids.
const OF_EVENTS: [&str; 3] = ["ingest", "ingest_batch", "ingest_entitled_event"];

/// Whether a schema, or what it refers to, has a property of a name.
fn has_property(document: &Value, schema: &Value, name: &str, seen: &mut BTreeSet<String>) -> bool {
    if schema["$ref"].as_str().is_some_and(|reference| !seen.insert(reference.to_owned())) {
        return false;
    }
    let schema = resolved(document, schema);
    let has_it = schema["properties"].get(name).is_some();
    let parts = entries(&schema["properties"]).map(|(_, part)| part).chain(schema.get("items"));
    has_it || parts.into_iter().any(|part| has_property(document, part, name, seen))
}

/// When an operation may be repeated, by the rules of openapi/README.md.
fn repeat(document: &Value, method: &str, operation: &Value) -> &'static str {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    match method {
        "PUT" if ADDING.contains(&id(operation)) => "never",
        "GET" | "PUT" | "DELETE" => "always",
        "POST" if READING.contains(&id(operation)) => "always",
        "POST" if OF_EVENTS.contains(&id(operation)) => "with_event_ids",
        "POST" if has_property(document, body, "idempotencyKey", &mut BTreeSet::new()) => "with_idempotency_key",
        _ => "never",
    }
}

/// The extensions that a part of the document has anywhere.
fn collect(part: &Value, extensions: &mut BTreeSet<String>) {
    for (name, member) in entries(part) {
        if name.starts_with("x-") {
            extensions.insert(name.to_owned());
        }
        collect(member, extensions);
    }
    for item in items(part) {
        collect(item, extensions);
    }
}

#[test]
fn the_readme_explains_every_extension() {
    let mut used = BTreeSet::new();
    collect(&document(), &mut used);
    let readme = readme();
    let table = readme.split(COLUMNS).nth(1).unwrap_or_else(|| panic!("openapi/README.md has no table {COLUMNS}"));
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let explained: BTreeSet<String> = rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned())).collect();
    assert_eq!(explained, used, "openapi/README.md (left) and the document (right)");
}

#[test]
fn operations_follow_the_retry_and_quota_rules() {
    let document = document();
    for (at, operation) in operations(&document) {
        let (method, _) = at.split_once(' ').unwrap();
        assert_eq!(operation["x-togai-repeat"], repeat(&document, method, operation), "x-togai-repeat of {at}");
        let quota_class = match id(operation) {
            ingesting @ ("ingest" | "ingest_batch") => ingesting,
            _ => "other",
        };
        assert_eq!(operation["x-togai-quota-class"], quota_class, "x-togai-quota-class of {at}");
    }
}

#[test]
fn an_operation_is_paged_when_it_takes_a_token() {
    let document = document();
    for (at, operation) in operations(&document) {
        let parameters = items(&operation["parameters"]).map(|parameter| resolved(&document, parameter));
        let takes_token = parameters.into_iter().any(|parameter| parameter["name"] == "nextToken");
        assert_eq!(operation["x-togai-paged"].is_object(), takes_token, "x-togai-paged of {at}");
    }
}
