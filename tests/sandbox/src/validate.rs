//! Checks values against schemas, and says in one sentence which field is wrong and what it has to be.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::integer_format::{self, IntegerFormat};
use crate::moment;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Rules(Validator);

impl Rules {
    /// Compiles a schema that carries the definitions it refers to.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        jsonschema::options()
            // Of all drafts this one is closest to OpenAPI 3.0: what stands beside a `$ref` is ignored.
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| moment::from_text(text).is_some())
            .with_keyword(integer_format::KEYWORD, |_, format, _| Ok(Box::new(IntegerFormat::new(format))))
            // Runs in linear time, whatever the pattern and the text.
            .with_pattern_options(PatternOptions::regex())
            .build(schema)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Checks a value that is called `name`.
    ///
    /// # Errors
    ///
    /// The first rule that the value breaks, with the JSON path of the field, which begins with the name.
    pub(crate) fn check(&self, name: &str, value: &Value) -> Result<(), String> {
        self.first_error(value).map_or(Ok(()), |error| Err(describe(name, name, &error)))
    }

    /// Checks a value whose fields are named by themselves; `whole` is what the value is called.
    ///
    /// # Errors
    ///
    /// The first rule that the value breaks, with the JSON path of the field within the value.
    pub(crate) fn check_fields(&self, whole: &str, value: &Value) -> Result<(), String> {
        self.first_error(value).map_or(Ok(()), |error| Err(describe("", whole, &error)))
    }

    /// Whether a value breaks no rule.
    pub(crate) fn allow(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    fn first_error<'a>(&'a self, value: &'a Value) -> Option<ValidationError<'a>> {
        // The first error has to be looked for only when there is one; telling that there is none is much faster.
        if self.0.is_valid(value) { None } else { self.0.validate(value).err() }
    }
}

/// What is wrong: paths begin with `prefix`, and the value as a whole is called `whole`.
fn describe(prefix: &str, whole: &str, error: &ValidationError<'_>) -> String {
    // A request has alternatives only where a value may be null; the last one says what else it may be.
    if let ValidationErrorKind::AnyOf { context } = error.kind()
        && let Some(otherwise) = context.last().and_then(|errors| errors.first())
    {
        return describe(prefix, whole, otherwise);
    }
    let mut path = prefix.to_owned();
    for segment in error.instance_path() {
        match segment {
            LocationSegment::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            LocationSegment::Property(property) => push_property(&mut path, &property),
        }
    }
    let found = shortened(error.instance());
    let rule = match error.kind() {
        ValidationErrorKind::Required { property } => {
            push_property(&mut path, property.as_str().unwrap_or_default());
            "is required".to_owned()
        }
        ValidationErrorKind::Type { kind } => {
            format!("has to be {}, but is {}", expected_types(kind), found_type(error.instance()))
        }
        ValidationErrorKind::Enum { options } => format!("has to be one of {}, but is {found}", listed(options)),
        ValidationErrorKind::Format { format } => {
            format!("has to be a {format}{}, but is {found}", example_of(format))
        }
        ValidationErrorKind::Pattern { pattern } => format!("has to match {pattern}, but is {found}"),
        ValidationErrorKind::MinLength { limit } => {
            format!("has to have at least {}", counted(*limit, "character"))
        }
        ValidationErrorKind::MaxLength { limit } => format!("has to have at most {}", counted(*limit, "character")),
        ValidationErrorKind::MinItems { limit } => format!("has to have at least {}", counted(*limit, "item")),
        ValidationErrorKind::MaxItems { limit } => format!("has to have at most {}", counted(*limit, "item")),
        ValidationErrorKind::Minimum { limit } => format!("has to be at least {limit}, but is {found}"),
        ValidationErrorKind::Maximum { limit } => format!("has to be at most {limit}, but is {found}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("has to be more than {limit}, but is {found}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("has to be less than {limit}, but is {found}"),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("has unknown properties: {}", unexpected.join(", "))
        }
        ValidationErrorKind::Custom { message, .. } => message.clone(),
        _ => error.to_string(),
    };
    let path = if path.is_empty() { whole } else { &path };
    format!("{path}: {rule}")
}

fn push_property(path: &mut String, property: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(property);
}

fn expected_types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(expected) => with_article(&expected.to_string()),
        TypeKind::Multiple(expected) => {
            expected.iter().map(|expected| with_article(&expected.to_string())).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn found_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn with_article(type_name: &str) -> String {
    let article = match type_name {
        "null" => "",
        "array" | "object" | "integer" => "an ",
        _ => "a ",
    };
    format!("{article}{type_name}")
}

fn example_of(format: &str) -> &'static str {
    match format {
        "date-time" => " such as 2024-11-05T08:31:12.250Z",
        "date" => " such as 2024-11-05",
        _ => "",
    }
}

fn listed(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    options.iter().map(shortened).collect::<Vec<_>>().join(", ")
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A value as text, cut so that a message stays readable.
pub(crate) fn shortened(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, value: &Value, expected: &str) {
        let rules = Rules::compile(&json!({ "properties": { "field": schema } })).unwrap();
        assert_eq!(rules.check_fields("body", &json!({ "field": value })).unwrap_err(), expected);
    }

    #[test]
    fn a_message_names_the_field_and_the_remedy() {
        check(&json!({ "type": "string" }), &json!(1), "field: has to be a string, but is a number");
        check(
            &json!({ "type": ["object", "null"] }),
            &json!([]),
            "field: has to be null or an object, but is an array",
        );
        check(&json!({ "required": ["a"] }), &json!({}), "field.a: is required");
        check(&json!({ "enum": ["A", "B"] }), &json!("C"), r#"field: has to be one of "A", "B", but is "C""#);
        check(&json!({ "pattern": "^a$" }), &json!("b"), r#"field: has to match ^a$, but is "b""#);
        check(&json!({ "maxLength": 1 }), &json!("ab"), "field: has to have at most 1 character");
        check(&json!({ "minItems": 2 }), &json!([]), "field: has to have at least 2 items");
        check(&json!({ "maximum": 50 }), &json!(51), "field: has to be at most 50, but is 51");
        check(
            &json!({ "format": "date-time" }),
            &json!("yesterday"),
            r#"field: has to be a date-time such as 2024-11-05T08:31:12.250Z, but is "yesterday""#,
        );
    }

    #[test]
    fn the_message_for_a_nullable_value_names_the_other_types() {
        let nullable = json!({ "anyOf": [{ "type": "null" }, { "items": { "type": "string", "maxLength": 1 } }] });
        let rules = Rules::compile(&json!({ "properties": { "field": nullable } })).unwrap();
        assert_eq!(rules.check_fields("body", &json!({ "field": null })), Ok(()));
        check(&nullable, &json!(["a", "bc"]), "field[1]: has to have at most 1 character");
        let text = json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] });
        check(&text, &json!(1), "field: has to be a string, but is a number");
    }

    #[test]
    fn array_elements_are_named_by_index() {
        let items = json!({ "items": { "properties": { "value": { "type": "string" } } } });
        let value = json!([{ "value": "1" }, { "value": 1 }]);
        check(&items, &value, "field[1].value: has to be a string, but is a number");
        let rules = Rules::compile(&items).unwrap();
        let message = rules.check("attributes", &value).unwrap_err();
        assert_eq!(message, "attributes[1].value: has to be a string, but is a number");
    }

    #[test]
    fn an_invalid_root_value_is_named() {
        let rules = Rules::compile(&json!({ "type": "object" })).unwrap();
        let message = "event: has to be an object, but is a string";
        assert_eq!(rules.check_fields("event", &json!("no event")).unwrap_err(), message);
        assert_eq!(rules.check("event", &json!("no event")).unwrap_err(), message);
    }

    #[test]
    fn a_long_value_is_truncated_at_a_character_boundary() {
        assert_eq!(shortened(&json!("é".repeat(100))), format!("\"{}...", "é".repeat(59)));
    }
}
