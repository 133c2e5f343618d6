//! Parameters in the path and in the query of an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::lazy_rules::LazyRules;
use crate::schema::Schemas;

/// One declared parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    location: Location,
    required: bool,
    value_type: ParameterType,
    is_date_time: bool,
    default: Option<Value>,
    /// What the document gives as an example.
    pub(crate) example: Value,
    pub(crate) rules: LazyRules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Location {
    Path,
    Query,
    /// A header or a cookie: the API has none, and the sandbox looks at none.
    Elsewhere,
}

/// What the text of a parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParameterType {
    Boolean,
    Number,
    Text,
}

impl Parameter {
    /// Reads a parameter of the document, `$ref` already followed.
    pub(crate) fn read(parameter: &Value, schemas: &Arc<Schemas>) -> Result<Self, String> {
        let name = parameter["name"].as_str().ok_or("a parameter has no name")?.to_owned();
        let schema = &parameter["schema"];
        let location = match parameter["in"].as_str() {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            _ => Location::Elsewhere,
        };
        let value_type = match schema["type"].as_str() {
            Some("boolean") => ParameterType::Boolean,
            Some("integer" | "number") => ParameterType::Number,
            _ => ParameterType::Text,
        };
        Ok(Self {
            name,
            location,
            required: parameter["required"].as_bool().unwrap_or(false),
            value_type,
            is_date_time: schema["format"] == "date-time",
            default: schema.get("default").cloned(),
            example: parameter["example"].clone(),
            rules: LazyRules::new(schema, schemas),
        })
    }

    /// The value of the parameter in a request, or its default, or nothing.
    ///
    /// # Errors
    ///
    /// The first rule that the value breaks, or that it is missing.
    pub(crate) fn value(
        &self,
        path: &BTreeMap<String, String>,
        query: &[(String, String)],
    ) -> Result<Option<Value>, String> {
        let text = match self.location {
            Location::Path => path.get(&self.name),
            Location::Query => query.iter().rev().find(|(name, _)| *name == self.name).map(|(_, text)| text),
            Location::Elsewhere => return Ok(None),
        };
        let Some(text) = text else {
            return match &self.default {
                None if self.required => Err(format!("{}: is required", self.name)),
                default => Ok(default.clone()),
            };
        };
        let value = self.typed(text);
        self.rules.compiled()?.check(&self.name, &value)?;
        Ok(Some(value))
    }

    /// Whether the parameter stands in the path.
    pub(crate) fn is_in_path(&self) -> bool {
        self.location == Location::Path
    }

    /// Whether the value differs from run to run: an id, a page token or a moment.
    pub(crate) fn varies(name: &str, parameters: &[Self]) -> bool {
        let is_date_time = parameters.iter().any(|parameter| parameter.name == name && parameter.is_date_time);
        is_date_time || name == "id" || name == "nextToken" || name.ends_with("_id") || name.ends_with("Id")
    }

    /// Text that does not read as the declared type stays text, and the rules then say so.
    fn typed(&self, text: &str) -> Value {
        let typed = match self.value_type {
            ParameterType::Boolean => text.parse().ok().map(Value::Bool),
            ParameterType::Number => text.parse().ok().map(Value::Number),
            ParameterType::Text => None,
        };
        typed.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, text: Option<&str>, expected: Result<Option<Value>, &str>) {
        let declared = json!({ "name": "size", "in": "query", "schema": schema });
        let parameter = Parameter::read(&declared, &Arc::new(Schemas::new(json!({})))).unwrap();
        let query: Vec<_> = text.map(|text| ("size".to_owned(), text.to_owned())).into_iter().collect();
        assert_eq!(parameter.value(&BTreeMap::new(), &query), expected.map_err(str::to_owned));
    }

    #[test]
    fn values_take_the_declared_type() {
        check(&json!({ "type": "integer" }), Some("10"), Ok(Some(json!(10))));
        check(&json!({ "type": "boolean" }), Some("true"), Ok(Some(json!(true))));
        check(&json!({ "type": "string" }), Some("10"), Ok(Some(json!("10"))));
        check(&json!({ "type": "integer", "default": 50 }), None, Ok(Some(json!(50))));
        check(&json!({ "type": "integer" }), None, Ok(None));
    }

    #[test]
    fn values_of_another_type_are_refused() {
        check(&json!({ "type": "integer" }), Some("ten"), Err("size: has to be an integer, but is a string"));
        check(&json!({ "type": "integer" }), Some("1.5"), Err("size: has to be an integer, but is a number"));
        check(&json!({ "type": "boolean" }), Some("1"), Err("size: has to be a boolean, but is a string"));
        let limited = json!({ "type": "integer", "maximum": 50 });
        check(&limited, Some("51"), Err("size: has to be at most 50, but is 51"));
    }
}
