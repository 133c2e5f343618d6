//! The API document, as far as tests are made of it.

use serde_json::{Map, Value};

use crate::Result;

/// The merged document, `openapi/togai.json`.
pub(crate) struct Document(Value);

/// An operation of the document.
pub(crate) struct Operation<'a> {
    pub(crate) id: &'a str,
    pub(crate) json: &'a Value,
    document: &'a Document,
}

/// A body of a request or of an answer.
pub(crate) struct Body<'a> {
    /// The name of its schema.
    pub(crate) schema: &'a str,
    pub(crate) example: Option<&'a Value>,
}

impl Document {
    pub(crate) fn parse(json: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(json)?))
    }

    /// All operations, in the order of their names.
    pub(crate) fn operations(&self) -> Result<Vec<Operation<'_>>> {
        let mut operations = Vec::new();
        for json in self.0["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object()).flatten()
        {
            let id = json.1["operationId"].as_str().ok_or("an operation has no id")?;
            operations.push(Operation { id, json: json.1, document: self });
        }
        operations.sort_by_key(|operation| operation.id);
        Ok(operations)
    }

    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["components"]["schemas"].as_object().into_iter().flatten()
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// What a reference refers to; anything else is itself.
    pub(crate) fn resolved<'a>(&'a self, mut part: &'a Value) -> &'a Value {
        while let Some(target) = part["$ref"].as_str().and_then(|reference| self.0.pointer(&reference[1..])) {
            part = target;
        }
        part
    }

    fn body<'a>(&'a self, body: &'a Value) -> Option<Body<'a>> {
        let content = &self.resolved(body)["content"]["application/json"];
        let schema = referred_schema(&content["schema"])?;
        let example = content.get("example").or_else(|| self.schema(schema).get("example"));
        Some(Body { schema, example })
    }
}

impl<'a> Operation<'a> {
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        let document = self.document;
        self.json["parameters"].as_array().into_iter().flatten().map(|parameter| document.resolved(parameter))
    }

    pub(crate) fn request_body(&self) -> Option<Body<'a>> {
        self.document.body(self.json.get("requestBody")?)
    }

    /// The statuses of success and redirection, each with its body.
    pub(crate) fn successes(&self) -> impl Iterator<Item = (&'a str, Option<Body<'a>>)> {
        let document = self.document;
        let responses = self.json["responses"].as_object().into_iter().flatten();
        let successes = responses.filter(|(status, _)| status.starts_with(['2', '3']));
        successes.map(|(status, response)| (status.as_str(), document.body(response)))
    }
}

/// The name of the schema that a reference refers to.
pub(crate) fn referred_schema(part: &Value) -> Option<&str> {
    part["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// The properties of a schema.
pub(crate) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().map(Map::iter).into_iter().flatten()
}

/// The names of the properties that a schema requires.
pub(crate) fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The type that the client has for a schema, if it has one.
pub(crate) fn rust_type(schema: &str) -> Option<String> {
    match schema {
        // An error is read in every form that one has come in, into the one error type of the client.
        "ErrorResponse" => None,
        "Attribute" | "CreateCreditResponse" | "Event" => Some(format!("togai_api::{schema}")),
        _ => Some(format!("togai_api::types::{schema}")),
    }
}

/// The setter of a parameter.
pub(crate) fn setter(parameter: &Value) -> String {
    if let Some(name) = parameter["x-togai-name"].as_str() {
        return name.to_owned();
    }
    let mut setter = String::new();
    for character in parameter["name"].as_str().into_iter().flat_map(str::chars) {
        if character.is_ascii_uppercase() {
            setter.push('_');
        }
        setter.push(character.to_ascii_lowercase());
    }
    if matches!(setter.as_str(), "async" | "type") { setter + "_" } else { setter }
}

/// The example of a parameter as an expression of Rust.
pub(crate) fn argument(parameter: &Value) -> Result<String> {
    let text = match (&parameter["example"], parameter["schema"]["format"].as_str()) {
        (Value::String(text), Some("date-time")) => format!("moment({text:?})"),
        (Value::String(text), _) => format!("{text:?}"),
        (Value::Number(number), _) => format!("{number}_i64"),
        (Value::Bool(value), _) => value.to_string(),
        (other, _) => return Err(format!("{}: no argument is made of {other}", parameter["name"]).into()),
    };
    Ok(text)
}
