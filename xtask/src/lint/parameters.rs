//! Rules on parameters.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::document::{Document, operations, parameters, resolve};
use crate::names;

/// Every `{name}` of a path is declared, and no other; the generator panics on one and drops the other.
pub(super) fn templates(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let declared: Vec<&str> = parameters(document.json(), &operation)
            .into_iter()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let named: Vec<&str> = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let missing = named.iter().filter(|name| !declared.contains(name)).map(|name| (name, "is not declared"));
        let idle = declared.iter().filter(|name| !named.contains(name)).map(|name| (name, "is not in the path"));
        for (name, problem) in missing.chain(idle) {
            findings.push(Finding::new(
                document.file_of_path(operation.path),
                location(&operation),
                format!("the path parameter `{name}` {problem}"),
                "declare exactly the parameters that the path names",
            ));
        }
    }
}

/// What the generator cannot send: parameters with `content`, in cookies or headers, in other styles; path parameters
/// that are optional.
pub(super) fn shapes(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        for parameter in parameters(document.json(), &operation) {
            let name = parameter["name"].as_str().unwrap_or("?");
            let mut find = |problem: &str, remedy| {
                let problem = format!("the parameter `{name}` {problem}");
                findings.push(Finding::new(
                    document.file_of_path(operation.path),
                    location(&operation),
                    problem,
                    remedy,
                ));
            };
            if !parameter["content"].is_null() {
                find("has `content`", "move its schema up to `schema`");
            }
            if parameter["in"] != "path" && parameter["in"] != "query" {
                find("is neither in the path nor in the query", "the generator knows no other place");
            }
            let kind = resolve(document.json(), &parameter["schema"])["type"].as_str().unwrap_or_default();
            if !["string", "integer", "number", "boolean"].contains(&kind) {
                find("is neither a text, a number nor a boolean", "no other value has one way to be written");
            }
            if !parameter["style"].is_null() {
                find("has a style", "leave it out; the generator writes the default style alone");
            }
            if parameter["in"] == "path" && parameter["required"] != true {
                find("is in the path and optional", "add `required: true`");
            }
            if parameter["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                find("has no description", "say what it means, with unit, default and limits");
            }
        }
    }
}

/// Parameters whose Rust names fall together do not compile.
pub(super) fn names(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let mut seen = BTreeMap::new();
        for parameter in parameters(document.json(), &operation) {
            let name = names::parameter(parameter);
            if let Some(other) = seen.insert(names::snake_case(name), name) {
                findings.push(Finding::new(
                    document.file_of_path(operation.path),
                    location(&operation),
                    format!("the parameters `{other}` and `{name}` have the same name in Rust"),
                    "give one of them the name of its setter in `x-togai-name`",
                ));
            }
        }
    }
}

/// Names that builders use for something else.
pub(super) fn reserved(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        for parameter in parameters(document.json(), &operation) {
            let name = names::setter(parameter);
            if ["body", "client", "extra_query", "new", "send"].contains(&name.as_str()) {
                findings.push(Finding::new(
                    document.file_of_path(operation.path),
                    location(&operation),
                    format!("the parameter `{name}` has the name of something else of its builder"),
                    "give its setter another name in `x-togai-name`",
                ));
            }
        }
    }
}

/// Operations that page can be paged: they take a token and an integer size with limits, and answer items and a token.
pub(super) fn paging(document: &Document, findings: &mut Vec<Finding>) {
    let json = document.json();
    for operation in operations(json) {
        let paged = &operation.json["x-togai-paged"];
        if paged.is_null() {
            continue;
        }
        let mut find = |problem: String, remedy| {
            findings.push(Finding::new(document.file_of_path(operation.path), location(&operation), problem, remedy));
        };
        let declared = parameters(json, &operation);
        if !declared.iter().any(|parameter| parameter["name"] == "nextToken") {
            find("it pages and has no parameter `nextToken`".to_owned(), "declare the parameter");
        }
        let size = declared.iter().find(|parameter| parameter["name"] == "pageSize").map(|size| &size["schema"]);
        if size.is_some_and(|size| size["type"] != "integer" || !size["minimum"].is_u64() || !size["maximum"].is_u64())
        {
            find(
                "its parameter `pageSize` is no integer with minimum and maximum".to_owned(),
                "make it one; `number` would be sent as 10.0, and the limits are checked before a request",
            );
        }
        let schema = resolve(json, &operation.json["responses"]["200"]["content"]["application/json"]["schema"]);
        for (field, kind) in [("items", "array"), ("token", "string")] {
            let name = paged[field].as_str().unwrap_or_default();
            if schema["properties"][name]["type"] != kind {
                find(
                    format!("its answer has no {kind} `{name}`, which `x-togai-paged` names as its {field}"),
                    "name the properties of the 200 response",
                );
            }
        }
    }
}

fn location(operation: &crate::document::Operation<'_>) -> String {
    format!("{} {}", operation.method.to_uppercase(), operation.path)
}
