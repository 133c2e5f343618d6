//! Turns the schemas of the document, which is OpenAPI 3.0, into JSON Schema.
//!
//! The two differ in a few keywords only: `nullable`, the boolean `exclusiveMinimum` and `exclusiveMaximum`, formats of
//! integers, and annotations such as `example`, which are dropped.

use serde_json::{Map, Value, json};

use crate::integer_format;

/// The `components.schemas` of a document. They are converted one by one as they are needed, which few of them are.
#[derive(Debug)]
pub(crate) struct Schemas {
    openapi: Map<String, Value>,
}

impl Schemas {
    /// Takes the `components.schemas` of a document.
    pub(crate) fn new(schemas: Value) -> Self {
        let openapi = match schemas {
            Value::Object(schemas) => schemas,
            _ => Map::new(),
        };
        Self { openapi }
    }

    /// A schema that stands on its own: with it come the named schemas that it refers to, and no others.
    pub(crate) fn standalone(&self, openapi_schema: &Value) -> Value {
        self.with_definitions(&convert(openapi_schema))
    }

    /// The schema of the document that an OpenAPI schema stands for: itself, or the one that it refers to.
    pub(crate) fn resolve<'a>(&'a self, openapi_schema: &'a Value) -> &'a Value {
        let mut schema = openapi_schema;
        // A reference to a reference is unusual, and one that leads back to itself would not end.
        for _ in 0..8 {
            let Some(target) = schema.get("$ref").and_then(referred_name).and_then(|name| self.openapi.get(name))
            else {
                break;
            };
            schema = target;
        }
        schema
    }

    /// The converted schema of a name.
    pub(crate) fn named(&self, name: &str) -> Option<Value> {
        self.openapi.get(name).map(convert)
    }

    /// Adds the named schemas that an already converted schema refers to.
    pub(crate) fn with_definitions(&self, schema: &Value) -> Value {
        let mut definitions = Map::new();
        self.collect(schema, &mut definitions);
        // JSON Schema ignores what stands beside a `$ref`, so the schema goes one level down.
        json!({ "allOf": [schema], "components": { "schemas": definitions } })
    }

    fn collect(&self, schema: &Value, definitions: &mut Map<String, Value>) {
        match schema {
            Value::Object(entries) => {
                if let Some(name) = entries.get("$ref").and_then(referred_name)
                    && !definitions.contains_key(name)
                    && let Some(definition) = self.named(name)
                {
                    definitions.insert(name.to_owned(), definition.clone());
                    self.collect(&definition, definitions);
                }
                entries.values().for_each(|value| self.collect(value, definitions));
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, definitions)),
            _ => {}
        }
    }
}

/// The name in `#/components/schemas/<name>`.
pub(crate) fn referred_name(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

/// Annotations, and what is converted below.
const NOT_IN_JSON_SCHEMA: [&str; 11] = [
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "externalDocs",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

fn convert(schema: &Value) -> Value {
    let Some(entries) = schema.as_object() else { return schema.clone() };
    let mut converted = Map::new();
    for (keyword, value) in entries {
        let value = match (keyword.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(properties)) => {
                properties.iter().map(|(name, property)| (name.clone(), convert(property))).collect()
            }
            ("items" | "not" | "additionalProperties", schema) => convert(schema),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter().map(convert).collect(),
            ("format", Value::String(format)) if integer_format::is_known(format) => {
                converted.insert(integer_format::KEYWORD.to_owned(), value.clone());
                continue;
            }
            (keyword, _) if keyword.starts_with("x-") || NOT_IN_JSON_SCHEMA.contains(&keyword) => continue,
            (_, value) => value.clone(),
        };
        converted.insert(keyword.clone(), value);
    }
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(&Value::Bool(is_exclusive)) = converted.get(exclusive) else { continue };
        converted.remove(exclusive);
        if is_exclusive && let Some(limit) = converted.remove(limit) {
            converted.insert(exclusive.to_owned(), limit);
        }
    }
    if entries.get("nullable") == Some(&Value::Bool(true)) {
        json!({ "anyOf": [{ "type": "null" }, converted] })
    } else {
        Value::Object(converted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_of_openapi_become_those_of_json_schema() {
        let openapi = json!({
            "type": "object",
            "example": { "a": 1 },
            "x-note": "dropped",
            "properties": {
                "example": { "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false },
                "nullable": { "type": "string", "nullable": true },
            },
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "example": { "exclusiveMinimum": 0, "maximum": 9 },
                "nullable": { "anyOf": [{ "type": "null" }, { "type": "string" }] },
            },
        });
        assert_eq!(convert(&openapi), expected);
    }

    #[test]
    fn only_the_definitions_in_use_are_kept_and_recursion_ends() {
        let schemas = Schemas::new(json!({
            "Node": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/Node" } } },
            "Unused": { "type": "string" },
        }));
        let standalone = schemas.standalone(&json!({ "$ref": "#/components/schemas/Node" }));
        let names: Vec<_> = standalone["components"]["schemas"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["Node"]);
    }
}
