//! Rules that are compiled when they are first needed.
//!
//! Most sandboxes see a few operations of the API only, and compiling the schemas of all of them takes longer than a
//! test.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::schema::Schemas;
use crate::validate::Rules;

/// A schema of the document, compiled at its first use.
#[derive(Debug)]
pub(crate) struct LazyRules {
    openapi_schema: Value,
    schemas: Arc<Schemas>,
    compiled: OnceLock<Result<Rules, String>>,
}

impl LazyRules {
    pub(crate) fn new(openapi_schema: &Value, schemas: &Arc<Schemas>) -> Self {
        Self { openapi_schema: openapi_schema.clone(), schemas: Arc::clone(schemas), compiled: OnceLock::new() }
    }

    /// The compiled rules.
    ///
    /// # Errors
    ///
    /// What is wrong with the schema; the tests of the document let none of that through.
    pub(crate) fn compiled(&self) -> Result<&Rules, String> {
        let compile = || Rules::compile(&self.schemas.standalone(&self.openapi_schema));
        self.compiled.get_or_init(compile).as_ref().map_err(Clone::clone)
    }

    /// Whether a value breaks none of the rules.
    pub(crate) fn allow(&self, value: &Value) -> bool {
        self.compiled().is_ok_and(|rules| rules.allow(value))
    }
}
