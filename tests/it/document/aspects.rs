//! The form in which the document and the facts are compared: what is said of each place, in words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::entries;

/// What one side says: of each place, such as `Account.status` or `get_customers ?status`, its aspects.
pub(super) type Places = BTreeMap<String, Aspects>;

/// What is said of one place: the words, by what they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Aspects(BTreeMap<String, String>);

impl Aspects {
    /// The words of a schema, a parameter or whatever else has keywords; `name_of` says what a schema is called here.
    pub(super) fn of(part: &Map<String, Value>, name_of: &dyn Fn(&str) -> String) -> Self {
        let mut aspects = Self::default();
        aspects.add_all("", part, name_of);
        aspects
    }

    pub(super) fn with(mut self, about: &str, words: impl Into<String>) -> Self {
        self.0.insert(about.to_owned(), words.into());
        self
    }

    pub(super) fn with_presence(self, is_required: bool) -> Self {
        self.with("presence", if is_required { "required" } else { "optional" })
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Every keyword that is not known to be mere explanation counts, so that none can slip in unnoticed.
    fn add_all(&mut self, prefix: &str, part: &Map<String, Value>, name_of: &dyn Fn(&str) -> String) {
        for (keyword, value) in part {
            let (about, words) = match (keyword.as_str(), value) {
                ("description" | "summary" | "example", _) => continue,
                (extension, _) if extension.starts_with("x-") => continue,
                ("nullable" | "readOnly" | "deprecated", Value::Bool(false)) => continue,
                ("nullable" | "readOnly" | "deprecated", Value::Bool(true)) => (keyword.clone(), keyword.clone()),
                ("$ref", Value::String(reference)) => {
                    ("type".to_owned(), name_of(reference.rsplit('/').next().unwrap_or(reference)))
                }
                ("type", Value::String(name)) => ("type".to_owned(), name.clone()),
                ("enum", Value::Array(values)) => {
                    for value in values {
                        let words = format!("{prefix}enum {}", plain(value));
                        self.0.insert(words.clone(), words);
                    }
                    continue;
                }
                ("items", Value::Object(items)) => {
                    self.add_all(&format!("{prefix}items "), items, name_of);
                    continue;
                }
                ("additionalProperties", Value::Object(values)) => {
                    self.add_all(&format!("{prefix}values "), values, name_of);
                    continue;
                }
                ("additionalProperties", Value::Bool(true)) => (keyword.clone(), "free-form".to_owned()),
                _ => (keyword.clone(), format!("{keyword} {}", plain(value))),
            };
            self.0.insert(format!("{prefix}{about}"), format!("{prefix}{words}"));
        }
    }

    /// All words, those that say most first.
    pub(super) fn words(&self) -> String {
        self.words_where(|_, _| true)
    }

    /// The words that another side does not say as well, or `none`.
    pub(super) fn words_beyond(&self, other: &Self) -> String {
        self.words_where(|about, words| other.0.get(about) != Some(words))
    }

    fn words_where(&self, is_included: impl Fn(&String, &String) -> bool) -> String {
        let mut included: Vec<_> = self.0.iter().filter(|(about, words)| is_included(about, words)).collect();
        included.sort_by_key(|(about, _)| match about.as_str() {
            "presence" => 0,
            "type" => 1,
            _ => 2,
        });
        let included: Vec<&str> = included.into_iter().map(|(_, words)| words.as_str()).collect();
        if included.is_empty() { "none".to_owned() } else { included.join(", ") }
    }
}

/// Adds a schema and its properties, each as a place of its own.
pub(super) fn add_schema(places: &mut Places, name: &str, schema: &Value, name_of: &dyn Fn(&str) -> String) {
    let mut whole = schema.as_object().expect("a schema is an object").clone();
    let required = whole.remove("required").unwrap_or_default();
    let properties = whole.remove("properties").unwrap_or_default();
    // The facts leave out what goes without saying.
    whole.entry("type").or_insert_with(|| "object".into());
    places.insert(name.to_owned(), Aspects::of(&whole, name_of));
    for (property, schema) in entries(&properties) {
        let is_required = required.as_array().is_some_and(|names| names.iter().any(|name| name == property));
        let schema = schema.as_object().expect("a schema is an object");
        let aspects = Aspects::of(schema, name_of).with_presence(is_required);
        places.insert(format!("{name}.{property}"), aspects);
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
