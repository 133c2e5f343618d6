//! Values that are made of a schema.

use serde_json::{Map, Value, json};

use crate::document::{Document, properties, referred_schema, required};

/// A value with what the schema requires, and nothing else.
pub(crate) fn smallest(document: &Document, name: &str) -> Value {
    ValueBuilder { document, everything: false, above: Vec::new() }.of_schema(name).unwrap_or_default()
}

/// A value with everything that the schema has, one of each. A schema that holds itself ends where it would come again.
pub(crate) fn largest(document: &Document, name: &str) -> Value {
    ValueBuilder { document, everything: true, above: Vec::new() }.of_schema(name).unwrap_or_default()
}

struct ValueBuilder<'a> {
    document: &'a Document,
    everything: bool,
    /// The schemas that a value is being made of.
    above: Vec<&'a str>,
}

impl<'a> ValueBuilder<'a> {
    fn of_schema(&mut self, name: &'a str) -> Option<Value> {
        if self.above.contains(&name) {
            return None;
        }
        self.above.push(name);
        let value = self.of(self.document.schema(name));
        self.above.pop();
        value
    }

    fn of(&mut self, schema: &'a Value) -> Option<Value> {
        if let Some(name) = referred_schema(schema) {
            return self.of_schema(name);
        }
        if let Some(first) = schema["enum"].get(0) {
            return Some(first.clone());
        }
        let value = match schema["type"].as_str() {
            Some("object") if schema.get("properties").is_some() => self.object(schema),
            Some("object") => self.map(&schema["additionalProperties"]),
            Some("array") if self.everything => self.of(&schema["items"]).into_iter().collect(),
            Some("array") => json!([]),
            Some("boolean") => json!(true),
            Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("number") => json!(1.5),
            Some("string") => match schema["format"].as_str() {
                Some("date-time") => json!("2024-11-05T08:31:12Z"),
                Some("date") => json!("2024-11-05"),
                _ => json!("text"),
            },
            _ => json!({ "any": ["text", 1.5, true] }),
        };
        Some(value)
    }

    fn object(&mut self, schema: &'a Value) -> Value {
        let required = required(schema);
        let mut fields = Map::new();
        for (name, property) in properties(schema) {
            if (self.everything || required.contains(&name.as_str()))
                && let Some(value) = self.of(property)
            {
                fields.insert(name.clone(), value);
            }
        }
        Value::Object(fields)
    }

    fn map(&mut self, values: &'a Value) -> Value {
        let value = if self.everything { self.of(values) } else { None };
        Value::Object(value.map(|value| ("key".to_owned(), value)).into_iter().collect())
    }
}
