//! One operation of the API: what it takes, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::routing::MethodFilter;
use http::Method;
use serde_json::Value;

use crate::lazy_rules::LazyRules;
use crate::parameter::Parameter;
use crate::response::SuccessResponse;
use crate::schema::Schemas;

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// The method as the router takes it.
    pub(crate) filter: MethodFilter,
    pub(crate) template: String,
    pub(crate) quota_class: QuotaClass,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<BodyRules>,
    pub(crate) success: SuccessResponse,
}

/// What an operation expects of its request body.
#[derive(Debug)]
pub(crate) struct BodyRules {
    required: bool,
    pub(crate) rules: LazyRules,
}

/// The quota that an operation counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotaClass {
    Ingest,
    IngestBatch,
    Other,
}

impl Operation {
    pub(crate) fn read(
        document: &Value,
        schemas: &Arc<Schemas>,
        method: Method,
        filter: MethodFilter,
        template: &str,
        operation: &Value,
        shared_parameters: &[Value],
    ) -> Result<Self, String> {
        let id = operation["operationId"].as_str().ok_or_else(|| format!("{method} has no operationId"))?;
        let quota_class = match operation["x-togai-quota-class"].as_str() {
            Some("ingest") => QuotaClass::Ingest,
            Some("ingest_batch") => QuotaClass::IngestBatch,
            Some("other") | None => QuotaClass::Other,
            Some(unknown) => return Err(format!("{id} has an unknown quota class: {unknown}")),
        };
        let own_parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let parameters = shared_parameters
            .iter()
            .chain(own_parameters)
            .map(|parameter| Parameter::read(resolve(document, parameter)?, schemas))
            .collect::<Result<_, _>>()?;
        let body = match operation.get("requestBody") {
            Some(body) => Some(BodyRules::read(resolve(document, body)?, schemas)?),
            None => None,
        };
        let success = SuccessResponse::read(operation, schemas).map_err(|error| format!("{id}: {error}"))?;
        let (id, template) = (id.to_owned(), template.to_owned());
        Ok(Self { id, method, filter, template, quota_class, parameters, body, success })
    }

    /// Checks a request body.
    ///
    /// # Errors
    ///
    /// The first rule that the body breaks.
    pub(crate) fn check_body(&self, body: Option<&Value>) -> Result<(), String> {
        match (&self.body, body) {
            (Some(expected), Some(body)) => expected.rules.compiled()?.check_fields("body", body),
            (Some(expected), None) if expected.required => Err("body: is required".to_owned()),
            // An operation that takes no body ignores one, as HTTP asks for.
            _ => Ok(()),
        }
    }

    /// Turns the path segments and the query of a request into values of the declared types.
    ///
    /// # Errors
    ///
    /// The first rule that a parameter breaks.
    pub(crate) fn read_parameters(
        &self,
        path: &BTreeMap<String, String>,
        query: &[(String, String)],
    ) -> Result<BTreeMap<String, Value>, String> {
        let mut values = BTreeMap::new();
        for parameter in &self.parameters {
            if let Some(value) = parameter.value(path, query)? {
                values.insert(parameter.name.clone(), value);
            }
        }
        Ok(values)
    }
}

impl BodyRules {
    fn read(body: &Value, schemas: &Arc<Schemas>) -> Result<Self, String> {
        let schema = body.pointer("/content/application~1json/schema").ok_or("a request body has no JSON schema")?;
        let required = body["required"].as_bool().unwrap_or(false);
        Ok(Self { required, rules: LazyRules::new(schema, schemas) })
    }
}

/// Follows `#/components/..` once.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, String> {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer))
            .ok_or_else(|| format!("{reference} leads nowhere")),
        None => Ok(value),
    }
}
