//! Values in the shape of a schema: cut down to what it declares, or made from nothing.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Number, Value, json};

use crate::moment;
use crate::schema::Schemas;

/// How deep a schema is followed when a value is made from it; recursive ones have no end of their own.
const DEEPEST: usize = 12;

impl Schemas {
    /// A value without the properties that the schema does not declare, with date-times as RFC 3339 writes them.
    pub(crate) fn shaped(&self, value: &Value, openapi_schema: &Value) -> Value {
        let schema = self.resolve(openapi_schema);
        match value {
            Value::Object(fields) => {
                let Some(properties) = schema["properties"].as_object() else {
                    let values = &schema["additionalProperties"];
                    let shape = |(name, value): (&String, &Value)| (name.clone(), self.shaped(value, values));
                    return fields.iter().map(shape).collect();
                };
                let declared = fields.iter().filter_map(|(name, value)| {
                    let property = properties.get(name)?;
                    Some((name.clone(), self.shaped(value, property)))
                });
                declared.collect()
            }
            Value::Array(items) => items.iter().map(|item| self.shaped(item, &schema["items"])).collect(),
            Value::String(text) if schema["format"] == "date-time" => json!(with_zone(text)),
            Value::Number(number) if schema["type"] == "integer" && number.is_f64() => json!(as_integer(number)),
            other => other.clone(),
        }
    }

    /// An example of a schema: the one that it gives, or the smallest value that it allows.
    pub(crate) fn sample(&self, openapi_schema: &Value) -> Value {
        self.sample_to(openapi_schema, DEEPEST)
    }

    fn sample_to(&self, openapi_schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(openapi_schema);
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
        if let Some(first) = schema.pointer("/enum/0") {
            return first.clone();
        }
        if depth == 0 {
            return Value::Null;
        }
        match schema["type"].as_str() {
            Some("boolean") => json!(true),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            Some("array") => {
                let fewest = schema["minItems"].as_u64().unwrap_or(0);
                (0..fewest).map(|_| self.sample_to(&schema["items"], depth - 1)).collect()
            }
            Some("string") => json!(text_of(schema)),
            _ => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let sample = |name: &str| self.sample_to(&schema["properties"][name], depth - 1);
                required.map(|name| (name.to_owned(), sample(name))).collect::<Map<_, _>>().into()
            }
        }
    }
}

/// A whole number that was written as another, or is too large, as an integer that every reader can take; those with a
/// fraction stay as they are, and are no integers.
fn as_integer(number: &Number) -> Value {
    match number.as_f64() {
        // The conversion ends at the limits of the type.
        #[expect(clippy::cast_possible_truncation, reason = "there is no fraction, and the limits are meant")]
        Some(float) if float.fract() == 0.0 => json!(float as i64),
        _ => Value::Number(number.clone()),
    }
}

/// A date-time may come in without its zone, and goes out with it.
fn with_zone(text: &str) -> String {
    match moment::from_text(text) {
        Some(moment) if DateTime::parse_from_rfc3339(text).is_err() => {
            moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        }
        _ => text.to_owned(),
    }
}

fn text_of(schema: &Value) -> String {
    match schema["format"].as_str() {
        Some("date-time") => return "2024-11-01T00:00:00Z".to_owned(),
        Some("date") => return "2024-11-01".to_owned(),
        _ => {}
    }
    let limit = |name: &str| schema[name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let mut text = "example".to_owned();
    while text.len() < limit("minLength").unwrap_or(0) {
        text.push('x');
    }
    text.truncate(limit("maxLength").unwrap_or(text.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> Schemas {
        Schemas::new(json!({
            "Ride": {
                "type": "object",
                "required": ["id", "at", "kind", "stops"],
                "properties": {
                    "id": { "type": "string", "minLength": 10 },
                    "at": { "type": "string", "format": "date-time" },
                    "kind": { "type": "string", "enum": ["CAB", "BUS"] },
                    "stops": { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/Stop" } },
                    "note": { "type": "string" },
                },
            },
            "Stop": { "type": "object", "example": { "city": "Chennai" }, "properties": { "city": {} } },
        }))
    }

    #[test]
    fn undeclared_fields_are_omitted_at_every_depth() {
        let ride = json!({ "at": "2024-11-05 08:31:12", "secret": 1, "stops": [{ "city": "Pune", "secret": 1 }] });
        let shaped = schemas().shaped(&ride, &json!({ "$ref": "#/components/schemas/Ride" }));
        assert_eq!(shaped, json!({ "at": "2024-11-05T08:31:12Z", "stops": [{ "city": "Pune" }] }));
    }

    #[test]
    fn whole_numbers_are_written_as_integers() {
        let shaped = |number: &str| {
            schemas().shaped(&serde_json::from_str(number).unwrap(), &json!({ "type": "integer" })).to_string()
        };
        assert_eq!([shaped("2.0"), shaped("1e3"), shaped("-1e30")], ["2", "1000", "-9223372036854775808"]);
        assert_eq!(shaped("1.5"), "1.5");
    }

    #[test]
    fn maps_keep_all_their_entries() {
        let map = json!({ "additionalProperties": { "$ref": "#/components/schemas/Stop" } });
        let value = json!({ "a": { "city": "Pune", "secret": 1 } });
        assert_eq!(schemas().shaped(&value, &map), json!({ "a": { "city": "Pune" } }));
    }

    #[test]
    fn a_sample_has_the_required_fields() {
        let sample = schemas().sample(&json!({ "$ref": "#/components/schemas/Ride" }));
        let expected = json!({
            "id": "examplexxx",
            "at": "2024-11-01T00:00:00Z",
            "kind": "CAB",
            "stops": [{ "city": "Chennai" }],
        });
        assert_eq!(sample, expected);
    }
}
