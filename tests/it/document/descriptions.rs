//! Everything is described, and the two generations of account operations name each other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::our_document::{id, operations};
use super::{document, entries, items, resolved};

/// Notes a place whose text is missing or a mere promise.
fn check(faults: &mut Vec<String>, place: &str, part: &Value, keyword: &str) {
    let text = part[keyword].as_str().unwrap_or_default().trim();
    if text.is_empty() || text.contains("TODO") {
        faults.push(format!("{place}: `{keyword}` is {text:?}"));
    }
}

fn check_schema(faults: &mut Vec<String>, place: &str, schema: &Value) {
    check(faults, place, schema, "description");
    for (property, schema) in entries(&schema["properties"]) {
        // What is a `$ref` is described by the schema it points to; what stands beside one would be ignored.
        if schema["$ref"].is_null() {
            check_schema(faults, &format!("{place}.{property}"), schema);
        } else if entries(schema).count() > 1 {
            faults.push(format!("{place}.{property}: what stands beside `$ref` is ignored"));
        }
    }
}

fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in operations(document).into_values() {
        let id = id(operation);
        check(&mut faults, id, operation, "summary");
        check(&mut faults, id, operation, "description");
        for parameter in items(&operation["parameters"]).map(|parameter| resolved(document, parameter)) {
            check(&mut faults, &format!("{id} {}", parameter["name"]), parameter, "description");
        }
        if let Some(body) = operation.get("requestBody") {
            check(&mut faults, &format!("{id} body"), resolved(document, body), "description");
        }
        for (status, response) in entries(&operation["responses"]) {
            let response = resolved(document, response);
            check(&mut faults, &format!("{id} {status}"), response, "description");
            for (header, part) in entries(&response["headers"]) {
                check(&mut faults, &format!("{id} {status} {header}"), part, "description");
            }
        }
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        check_schema(&mut faults, name, schema);
    }
    for tag in items(&document["tags"]) {
        check(&mut faults, &format!("tag {}", tag["name"]), tag, "description");
    }
    faults
}

#[test]
fn everything_has_a_description() {
    let faults = faults(&document());
    assert!(faults.is_empty(), "describe these in our own words:\n{}", faults.join("\n"));
}

#[test]
fn summaries_are_short() {
    let document = document();
    for operation in operations(&document).into_values() {
        // What follows in parentheses names the operation of the other generation.
        let summary = operation["summary"].as_str().unwrap().split(" (").next().unwrap();
        assert!(summary.chars().count() <= 60, "say it in 60 characters, and more in the description: {summary}");
    }
}

#[test]
fn missing_and_placeholder_descriptions_are_found() {
    let mut document = document();
    document["components"]["schemas"]["Customer"]["properties"]["id"]["description"] = "TODO".into();
    document["components"]["schemas"]["AddOnType"]["description"] = " ".into();
    document["components"]["schemas"]["Customer"]["properties"]["address"]["description"] = "Where it is.".into();
    document["paths"]["/customers"]["get"]["parameters"][2]["description"].take();
    assert_eq!(
        faults(&document),
        [
            r#"get_customers "id": `description` is """#,
            r#"AddOnType: `description` is """#,
            "Customer.address: what stands beside `$ref` is ignored",
            r#"Customer.id: `description` is "TODO""#,
        ]
    );
}

#[test]
fn operations_of_2022_and_their_successors_name_each_other() {
    let document = document();
    let operations = operations(&document);
    let summaries: BTreeMap<&str, &str> =
        operations.values().map(|operation| (id(operation), operation["summary"].as_str().unwrap())).collect();
    let customer_scoped: Vec<&str> =
        operations.values().filter(|it| it["tags"][0] == "CustomerAccounts").map(|operation| id(operation)).collect();
    assert_eq!(customer_scoped.len(), 8);
    for id in customer_scoped {
        let summary = summaries[id];
        let twin = summary.split_once("(2022; now `").and_then(|(_, rest)| rest.strip_suffix("`)"));
        let twin = twin.unwrap_or_else(|| panic!("the summary of {id} ends in (2022; now `...`), not: {summary}"));
        let ending = format!("(current API; in 2022 `{id}`)");
        assert!(
            summaries.get(twin).is_some_and(|summary| summary.ends_with(&ending)),
            "the summary of {twin}, which {id} names, has to end in {ending}"
        );
    }
}
