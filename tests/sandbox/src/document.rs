//! The operations of an API, read from the document that describes it.
//!
//! The documents are what the client is generated from, but the two have no code in common: a mistake in the generator
//! cannot hide itself here.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, LazyLock};

use axum::routing::MethodFilter;
use http::Method;
use serde_json::Value;

use crate::api::Api;
use crate::operation::Operation;
use crate::schema::{Schemas, referred_name};
use crate::validate::Rules;

const TOGAI: &str = include_str!("../../../openapi/togai.json");
const ENSO: &str = include_str!("../../../openapi/enso.json");

/// Everything the sandbox takes from the document of an API.
#[derive(Debug)]
pub(crate) struct Document {
    operations: Vec<Arc<Operation>>,
    /// The operations that a path takes: its own, and those of the paths that cover it.
    pub(crate) paths: BTreeMap<String, Vec<Arc<Operation>>>,
    /// The rules of one event.
    pub(crate) event: Rules,
    /// The rules of a batch, apart from those of its events and from its greatest size.
    pub(crate) batch_envelope: Rules,
    /// The most events that a batch may hold, if the document says so.
    pub(crate) batch_limit: Option<usize>,
}

impl Document {
    /// A document that is built into the crate. It is read once, since a suite of tests starts hundreds of sandboxes.
    ///
    /// # Errors
    ///
    /// What is wrong with the document; its own tests let none of that through.
    pub(crate) fn load(api: Api) -> Result<&'static Self, String> {
        type Read = LazyLock<Result<Document, String>>;
        static READ_OF_TOGAI: Read = LazyLock::new(|| Document::read(Api::Togai));
        static READ_OF_ENSO: Read = LazyLock::new(|| Document::read(Api::Enso));
        let read = match api {
            Api::Togai => &READ_OF_TOGAI,
            Api::Enso => &READ_OF_ENSO,
        };
        read.as_ref().map_err(Clone::clone)
    }

    /// A document as it is.
    pub(crate) fn as_value(api: Api) -> Result<Value, String> {
        let text = match api {
            Api::Togai => TOGAI,
            Api::Enso => ENSO,
        };
        serde_json::from_str(text).map_err(|error| format!("the OpenAPI document is not JSON: {error}"))
    }

    /// Every operation, in the order of the document.
    pub(crate) fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// The operation with an id.
    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().map(AsRef::as_ref).find(|operation: &&Operation| operation.id == id)
    }

    fn read(api: Api) -> Result<Self, String> {
        let mut document = Self::as_value(api)?;
        let schemas = document.pointer_mut("/components/schemas").map(Value::take).unwrap_or_default();
        let schemas = Arc::new(Schemas::new(schemas));
        let document = &document;
        let mut operations = Vec::new();
        for (template, methods) in document["paths"].as_object().into_iter().flatten() {
            let shared_parameters = methods["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else { continue };
                // Beside its methods a path may hold `parameters`, `summary` and the like, which also read as methods.
                let Ok(filter) = MethodFilter::try_from(method.clone()) else { continue };
                let operation =
                    Operation::read(document, &schemas, method, filter, template, operation, shared_parameters)
                        .map_err(|error| format!("{template}: {error}"))?;
                operations.push(Arc::new(operation));
            }
        }

        let path_of_batches = match api {
            Api::Togai => "/ingestBatch",
            Api::Enso => "/events/batch",
        };
        let (batch_envelope, batch_limit, event) = batch_rules(document, &schemas, path_of_batches)?;
        let paths = paths_of(&operations);
        Ok(Self { operations, paths, event, batch_envelope, batch_limit })
    }
}

/// The operations of each path: its own first, then those of the paths that cover it, one for each method.
fn paths_of(operations: &[Arc<Operation>]) -> BTreeMap<String, Vec<Arc<Operation>>> {
    let mut paths = BTreeMap::new();
    for Operation { template: path, .. } in operations.iter().map(AsRef::as_ref) {
        paths.entry(path.clone()).or_insert_with(|| {
            let covering = operations.iter().filter(|operation| covers(&operation.template, path));
            let mut covering: Vec<_> = covering.cloned().collect();
            covering.sort_by_key(|operation| operation.template.matches('{').count());
            let mut seen = HashSet::new();
            covering.retain(|operation| seen.insert(operation.method.clone()));
            covering
        });
    }
    paths
}

/// Whether every request to a path also fits a template.
fn covers(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(general, special)| general.starts_with('{') || general == special)
}

/// The rules of a batch that is posted to this path, taken apart.
///
/// One bad event does not refuse a batch, so the envelope is checked first and then each event by itself.
fn batch_rules(document: &Value, schemas: &Arc<Schemas>, path: &str) -> Result<(Rules, Option<usize>, Rules), String> {
    let missing = || "the document does not say what a batch of events looks like".to_owned();
    let schema = document["paths"][path].pointer("/post/requestBody/content/application~1json/schema/$ref");
    let name = schema.and_then(referred_name).ok_or_else(missing)?;
    let mut envelope = schemas.named(name).ok_or_else(missing)?;

    let events = envelope.pointer_mut("/properties/events").and_then(Value::as_object_mut).ok_or_else(missing)?;
    let event = events.remove("items").ok_or_else(missing)?;
    let limit = events.remove("maxItems").and_then(|limit| limit.as_u64());
    let limit = limit.map(usize::try_from).transpose().map_err(|error| error.to_string())?;

    let event = Rules::compile(&schemas.with_definitions(&event))?;
    let envelope = Rules::compile(&schemas.with_definitions(&envelope))?;
    Ok((envelope, limit, event))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::QuotaClass;

    #[test]
    fn the_document_can_be_read_and_every_schema_compiles() {
        for (api, count) in [(Api::Togai, 159), (Api::Enso, 1)] {
            let document = Document::load(api).unwrap();
            assert_eq!(document.operations().len(), count);
            for operation in document.operations() {
                let parameters = operation.parameters.iter().map(|parameter| &parameter.rules);
                for rules in parameters.chain(operation.body.iter().map(|body| &body.rules)) {
                    assert_eq!(rules.compiled().map(|_| ()), Ok(()), "{}", operation.id);
                }
            }
        }
        assert_eq!(Document::load(Api::Enso).unwrap().batch_limit, None);
        let document = Document::load(Api::Togai).unwrap();
        assert_eq!(document.batch_limit, Some(1000));
        let ingest = document.operations().iter().find(|operation| operation.id == "ingest").unwrap();
        assert_eq!(ingest.quota_class, QuotaClass::Ingest);
        assert_eq!(ingest.check_body(None).unwrap_err(), "body: is required");
        assert_eq!(ingest.check_body(Some(&json!({}))).unwrap_err(), "event: is required");
    }

    #[test]
    fn an_operation_is_known_by_its_id_alone() {
        let ids = Api::ALL.iter().flat_map(|api| Document::load(*api).unwrap().operations());
        let ids: Vec<_> = ids.map(|operation| operation.id.as_str()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    }

    #[test]
    fn a_path_is_covered_by_those_with_more_parameters() {
        assert!(covers("/a/{b}/{c}", "/a/{d}/e"));
        assert!(!covers("/a/{b}/c", "/a/{b}/{c}"));
        assert!(!covers("/a/{b}", "/a/b/c"));
    }

    #[test]
    fn every_example_of_a_request_body_satisfies_its_schema() {
        for api in Api::ALL {
            let value = Document::as_value(api).unwrap();
            let schemas = Schemas::new(value["components"]["schemas"].clone());
            for operation in Document::load(api).unwrap().operations() {
                let method = operation.method.as_str().to_ascii_lowercase();
                let body = &value["paths"][&operation.template][method]["requestBody"];
                let Some(content) = body.pointer("/content/application~1json") else { continue };
                let schema = schemas.resolve(&content["schema"]);
                let example = content.get("example").unwrap_or(&schema["example"]);
                assert_eq!(operation.check_body(Some(example)), Ok(()), "{}", operation.id);
            }
        }
    }
}
