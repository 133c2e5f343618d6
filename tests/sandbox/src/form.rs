//! What the document says of one kind of object in an answer, and how such an object is filled in.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::lazy_rules::LazyRules;
use crate::schema::Schemas;

/// Fields by name.
pub(crate) type Fields = Map<String, Value>;

/// The schema of an object, with an example of it.
#[derive(Debug)]
pub(crate) struct Form {
    openapi_schema: Value,
    schemas: Arc<Schemas>,
    rules: LazyRules,
    example: Value,
}

impl Form {
    /// The form of a schema; without an example of its own it takes that of the schema.
    pub(crate) fn new(openapi_schema: &Value, example: Option<&Value>, schemas: &Arc<Schemas>) -> Self {
        Self {
            openapi_schema: openapi_schema.clone(),
            schemas: Arc::clone(schemas),
            rules: LazyRules::new(openapi_schema, schemas),
            example: example.cloned().unwrap_or_else(|| schemas.sample(openapi_schema)),
        }
    }

    /// The example of the document.
    pub(crate) fn example(&self) -> &Value {
        &self.example
    }

    /// Whether the schema declares a property.
    pub(crate) fn declares(&self, property: &str) -> bool {
        self.property(property).is_some()
    }

    /// The value of a property as an answer would show it.
    pub(crate) fn shaped(&self, property: &str, value: &Value) -> Value {
        self.property(property).map_or(Value::Null, |schema| self.schemas.shaped(value, schema))
    }

    /// The form of the items of a property that is a list.
    pub(crate) fn items_of(&self, property: &str) -> Option<Self> {
        let items = self.schemas.resolve(self.property(property)?).get("items")?;
        Some(Self::new(items, self.example.pointer(&format!("/{property}/0")), &self.schemas))
    }

    /// An object with these fields, as far as they are declared and valid; what is required and missing is taken from
    /// the example.
    pub(crate) fn present(&self, fields: &Fields) -> Value {
        let schema = self.schemas.resolve(&self.openapi_schema);
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let minimal = required.map(|name| {
            let example = self.example.get(name).cloned();
            (name.to_owned(), example.unwrap_or_else(|| self.schemas.sample(&schema["properties"][name])))
        });
        self.overlay(minimal.collect(), fields)
    }

    /// The example, with these fields laid over it as far as they are declared and valid.
    pub(crate) fn varied(&self, fields: &Fields) -> Value {
        match &self.example {
            Value::Object(example) => self.overlay(example.clone(), fields),
            other => other.clone(),
        }
    }

    /// The same value, made another by a number in one of its texts, so that a list can have several.
    pub(crate) fn numbered(&self, value: &Value, number: usize) -> Value {
        let Value::Object(fields) = value else {
            return value.as_str().map_or_else(|| value.clone(), |text| json!(format!("{text}-{number}")));
        };
        let mut names: Vec<_> = fields.keys().collect();
        // What names the object comes first; text that only describes it is the last resort.
        names.sort_by_key(|name| match name.as_str() {
            "id" => 0,
            name if name.ends_with("Id") => 1,
            name if name.to_ascii_lowercase().contains("name") => 2,
            _ => 3,
        });
        for name in names {
            let Some(text) = fields[name].as_str() else { continue };
            let mut changed = fields.clone();
            changed.insert(name.clone(), json!(format!("{text}-{number}")));
            let changed = Value::Object(changed);
            if self.allows(&changed) {
                return changed;
            }
        }
        value.clone()
    }

    /// Whether a value is one that the document allows here.
    pub(crate) fn allows(&self, value: &Value) -> bool {
        self.rules.allow(value)
    }

    fn property(&self, name: &str) -> Option<&Value> {
        self.schemas.resolve(&self.openapi_schema).get("properties")?.get(name)
    }

    fn overlay(&self, base: Fields, fields: &Fields) -> Value {
        let declared = fields.iter().filter_map(|(name, value)| {
            let property = self.property(name)?;
            Some((name.clone(), self.schemas.shaped(value, property)))
        });
        let declared: Vec<_> = declared.collect();
        let mut whole = base.clone();
        whole.extend(declared.iter().cloned());
        let whole = Value::Object(whole);
        if self.allows(&whole) {
            return whole;
        }

        // A field is at fault: a request may allow what the answer does not. Those that are not are kept.
        let mut kept = base;
        for (name, value) in declared {
            let before = kept.insert(name.clone(), value);
            let candidate = Value::Object(kept);
            let is_allowed = self.allows(&candidate);
            let Value::Object(fields) = candidate else { return candidate };
            kept = fields;
            if !is_allowed {
                match before {
                    Some(before) => kept.insert(name, before),
                    None => kept.remove(&name),
                };
            }
        }
        Value::Object(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let schema = json!({
            "type": "object",
            "required": ["id", "status"],
            "properties": {
                "id": { "type": "string", "maxLength": 8 },
                "status": { "type": "string", "enum": ["ACTIVE", "DRAFT"] },
                "size": { "type": "integer" },
                "parts": { "type": "array", "items": { "type": "string" } },
            },
        });
        let example = json!({ "id": "ride", "status": "ACTIVE", "size": 1, "parts": ["a"] });
        Form::new(&schema, Some(&example), &Arc::new(Schemas::new(json!({}))))
    }

    fn fields(value: &Value) -> Fields {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn required_fields_are_always_present_and_invalid_ones_never() {
        let given = fields(&json!({ "id": "much too long", "size": 2, "status": "GONE", "other": 1 }));
        assert_eq!(form().present(&given), json!({ "id": "ride", "status": "ACTIVE", "size": 2 }));
        let given = fields(&json!({ "status": "DRAFT" }));
        assert_eq!(form().present(&given), json!({ "id": "ride", "status": "DRAFT" }));
    }

    #[test]
    fn given_values_change_the_example() {
        let given = fields(&json!({ "id": "mine", "size": "two" }));
        let expected = json!({ "id": "mine", "status": "ACTIVE", "size": 1, "parts": ["a"] });
        assert_eq!(form().varied(&given), expected);
    }

    #[test]
    fn variations_of_an_item_differ_and_are_valid() {
        let form = form();
        let numbered = form.numbered(form.example(), 2);
        assert_eq!(numbered["id"], "ride-2");
        assert!(form.allows(&numbered));
        let parts = form.items_of("parts").unwrap();
        assert_eq!(parts.numbered(parts.example(), 3), json!("a-3"));
    }
}
