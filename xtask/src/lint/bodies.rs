//! Rules on bodies of requests and responses.

use std::collections::BTreeSet;

use super::finding::Finding;
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

/// All successes of an operation share one named schema: the generator panics on two. A 204 and a redirection have none.
pub(super) fn successes(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let statuses: Vec<&str> = entries(&operation.json["responses"]).map(|(status, _)| status).collect();
        let bodies = schemas(document, &operation, |status| status.starts_with('2') && status != "204");
        let leads_elsewhere = statuses.iter().any(|status| status.starts_with('3'));
        one_schema(document, findings, &operation, "success", &bodies);
        if bodies.is_empty() && !leads_elsewhere {
            let problem = "there is no response of success with a body".to_owned();
            find(document, findings, &operation, problem, "add one, with a schema of `components.schemas`");
        }
    }
}

/// All failures of an operation share one named schema, too; `default` is one of them.
pub(super) fn failures(document: &Document, findings: &mut Vec<Finding>) {
    for operation in operations(document.json()) {
        let bodies = schemas(document, &operation, |status| !status.starts_with(['2', '3']));
        one_schema(document, findings, &operation, "failure", &bodies);
    }
}

/// The named schemas of the chosen responses.
fn schemas<'a>(document: &'a Document, operation: &Operation<'a>, chosen: fn(&str) -> bool) -> BTreeSet<&'a str> {
    entries(&operation.json["responses"])
        .filter(|(status, _)| chosen(status))
        .map(|(_, response)| {
            let response = resolve(document.json(), response);
            response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or(NO_NAME)
        })
        .collect()
}

const NO_NAME: &str = "no named schema";

fn one_schema(
    document: &Document,
    findings: &mut Vec<Finding>,
    operation: &Operation<'_>,
    what: &str,
    schemas: &BTreeSet<&str>,
) {
    if schemas.len() > 1 {
        let problem = format!("the responses of {what} have several schemas: {schemas:?}");
        find(document, findings, operation, problem, "give all of them one schema whose fields are optional");
    } else if schemas.contains(NO_NAME) {
        let problem = format!("a response of {what} has no named schema");
        find(document, findings, operation, problem, "refer to a schema of `components.schemas`");
    }
}

fn find(
    document: &Document,
    findings: &mut Vec<Finding>,
    operation: &Operation<'_>,
    problem: String,
    remedy: &'static str,
) {
    let location = format!("{} {}", operation.method.to_uppercase(), operation.path);
    findings.push(Finding::new(document.file_of_path(operation.path), location, problem, remedy));
}
