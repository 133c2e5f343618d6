//! Rules on bodies of requests and responses.

use std::collections::BTreeSet;

use super::Finding;
use crate::document::{Document, Operation, entries, operations, resolve};

/// One media type, JSON, with a named schema: the generator panics on two, and an unnamed type has no good name.
pub(super) fn requests(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let body = resolve(document.json(), &operation.json["requestBody"]);
        if body.is_null() {
            continue;
        }
        let media: Vec<&str> = entries(&body["content"]).map(|(media, _)| media).collect();
        if media != ["application/json"] {
            let problem = format!("the request has the media types {media:?}");
            find(document, findings, &operation, problem, "keep `application/json` alone");
        } else if !body["content"]["application/json"]["schema"]["$ref"].is_string() {
            let problem = "the schema of the request has no name".to_owned();
            find(document, findings, &operation, problem, "move it to `components.schemas` and refer to it");
        }
    }
}

/// All successes of an operation share one named schema: the generator panics on two.
pub(super) fn successes(document: &Document, findings: &mut Vec<Finding>) {
    one_schema(document, findings, "success", |status| status.starts_with('2'));
}

/// All failures of an operation share one named schema, too; `default` is one of them.
pub(super) fn failures(document: &Document, findings: &mut Vec<Finding>) {
    one_schema(document, findings, "failure", |status| !status.starts_with('2'));
}

fn one_schema(document: &Document, findings: &mut Vec<Finding>, what: &str, chosen: fn(&str) -> bool) {
    for operation in operations(document.json()) {
        let schemas: BTreeSet<&str> = entries(&operation.json["responses"])
            .filter(|(status, _)| chosen(status))
            .map(|(_, response)| {
                let response = resolve(document.json(), response);
                response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or("no named schema")
            })
            .collect();
        if schemas.len() > 1 {
            let problem = format!("the responses of {what} have several schemas: {schemas:?}");
            find(document, findings, &operation, problem, "give all of them one schema whose fields are optional");
        } else if schemas.first().is_none_or(|name| *name == "no named schema") {
            let problem = format!("there is no response of {what} with a named schema");
            find(document, findings, &operation, problem, "refer to a schema of `components.schemas`");
        }
    }
}

fn find(
    document: &Document,
    findings: &mut Vec<Finding>,
    operation: &Operation<'_>,
    problem: String,
    remedy: &'static str,
) {
    let place = format!("{} {}", operation.method.to_uppercase(), operation.path);
    findings.push(Finding::new(document.file_of_path(operation.path), place, problem, remedy));
}
