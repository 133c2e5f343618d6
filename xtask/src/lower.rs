//! Lowers the truth to what the generator can take: one function a rule.

use serde_json::{Map, Value, json};

use crate::document::entries;
use crate::names::GIVEN_NAME;

/// A rule: it changes the document.
type Rule = fn(&mut Value);

const RULES: &[Rule] = &[
    failures_become_ranges,
    successes_without_a_body_become_one,
    parameters_are_named_after_their_setters,
    properties_are_named_after_their_fields,
    strings_lose_their_limits,
    lists_and_objects_lose_their_limits,
    response_integers_lose_their_minimum,
    integers_get_a_width,
    numbers_are_exact,
    objects_stay_open,
    defaults_are_left_to_the_server,
    examples_are_left_out,
];

/// Where the lowered document keeps the name on the wire of a property that it calls something else.
pub(crate) const WIRE_NAME: &str = "x-togai-wire-name";

/// The document as the generator can take it.
pub(crate) fn run(document: &Value) -> Value {
    let mut lowered = document.clone();
    for rule in RULES {
        rule(&mut lowered);
    }
    lowered
}

/// `default` counts as success and as failure, and codes beside ranges are never reached: all failures of an operation
/// become `4XX` and `5XX`.
fn failures_become_ranges(document: &mut Value) {
    each_operation(document, &mut |operation| {
        let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
        let failure =
            responses.iter().find(|(status, _)| !status.starts_with(['2', '3'])).map(|(_, failure)| failure.clone());
        responses.retain(|status, _| status.starts_with(['2', '3']));
        if let Some(failure) = failure {
            responses.insert("4XX".to_owned(), failure.clone());
            responses.insert("5XX".to_owned(), failure);
        }
    });
}

/// A 204 beside a success with a body is left to the decoder, which knows from the table that there may be none; a
/// redirection is a success without a body.
fn successes_without_a_body_become_one(document: &mut Value) {
    each_operation(document, &mut |operation| {
        let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
        let leads_elsewhere = responses.keys().any(|status| status.starts_with('3'));
        responses.retain(|status, _| status != "204" && !status.starts_with('3'));
        if leads_elsewhere {
            responses.insert("204".to_owned(), json!({"description": "Elsewhere."}));
        }
    });
}

/// The generator tells parameters apart by the names of their setters; [`crate::adapt`] brings back the name on the wire.
fn parameters_are_named_after_their_setters(document: &mut Value) {
    each_operation(document, &mut |operation| {
        let Some(Value::Array(parameters)) = operation.get_mut("parameters") else { return };
        for parameter in parameters.iter_mut().filter_map(Value::as_object_mut) {
            if let Some(name) = parameter.remove(GIVEN_NAME) {
                parameter.insert("name".to_owned(), name);
            }
        }
    });
}

/// The generator tells properties apart by the names of their fields; [`crate::adapt`] brings back the name on the wire,
/// which is kept beside.
fn properties_are_named_after_their_fields(document: &mut Value) {
    each_schema(document, &mut |schema| {
        let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
        let mut names = Map::new();
        // All at once, since one may get the name that another has on the wire.
        for (wire_name, mut property) in std::mem::take(properties) {
            if let Some(Value::String(name)) = property.get(GIVEN_NAME).cloned() {
                property[WIRE_NAME] = json!(wire_name);
                properties.insert(name.clone(), property);
                names.insert(wire_name, Value::String(name));
            } else {
                properties.insert(wire_name, property);
            }
        }
        for required in schema.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(name) = required.as_str().and_then(|required| names.get(required)) {
                *required = name.clone();
            }
        }
    });
}

/// A limited string becomes a type of its own that costs an allocation and refuses the server's own answers.
fn strings_lose_their_limits(document: &mut Value) {
    each_schema(document, &mut |schema| {
        if schema.get("type") == Some(&json!("string")) {
            for keyword in ["minLength", "maxLength", "pattern"] {
                schema.remove(keyword);
            }
        }
    });
}

/// The generator does not enforce these, and a later version may: servers break them.
fn lists_and_objects_lose_their_limits(document: &mut Value) {
    each_schema(document, &mut |schema| {
        for keyword in ["minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"] {
            schema.remove(keyword);
        }
    });
}

/// A response may break the minimum of an integer, so it does not make the type of one unsigned.
fn response_integers_lose_their_minimum(document: &mut Value) {
    let response_schemas = reachable(document, Side::Responses);
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| response_schemas.contains(*name)) {
        each_schema_within(schema, &mut |schema| {
            if schema.get("type") == Some(&json!("integer")) {
                schema.remove("minimum");
            }
        });
    }
}

/// A minimum of 1 becomes a type that cannot be zero, and a maximum is not enforced. An unsigned type says what the minimum
/// was for; the other limits are the server's to check.
fn integers_get_a_width(document: &mut Value) {
    each_schema(document, &mut |schema| {
        if schema.get("type") != Some(&json!("integer")) {
            return;
        }
        let unsigned = schema.get("minimum").is_some_and(Value::is_u64);
        let wide = schema.get("format") == Some(&json!("int64"));
        if unsigned {
            schema.insert("format".to_owned(), json!(if wide { "uint64" } else { "uint32" }));
        }
        for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
            schema.remove(keyword);
        }
    });
}

/// A number with a format or limits would not be recognised as one that our decimal type stands for.
fn numbers_are_exact(document: &mut Value) {
    each_schema(document, &mut |schema| {
        if schema.get("type") == Some(&json!("number")) {
            for keyword in ["format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
                schema.remove(keyword);
            }
        }
    });
}

/// `additionalProperties: false` would refuse an answer to which the server has added a field.
fn objects_stay_open(document: &mut Value) {
    each_schema(document, &mut |schema| {
        if schema.get("additionalProperties") == Some(&json!(false)) {
            schema.remove("additionalProperties");
        }
    });
}

/// What the client leaves out, the server fills in.
fn defaults_are_left_to_the_server(document: &mut Value) {
    each_schema(document, &mut |schema| {
        schema.remove("default");
    });
}

/// Examples are for people and for the sandbox.
fn examples_are_left_out(document: &mut Value) {
    fn walk(value: &mut Value, is_map_of_names: bool) {
        match value {
            Value::Object(object) => {
                if !is_map_of_names {
                    object.remove("example");
                    object.remove("examples");
                }
                for (key, value) in object {
                    walk(value, key == "properties");
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| walk(value, false)),
            _ => {}
        }
    }
    walk(document, false);
}

fn each_operation(document: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        for operation in item.values_mut().filter_map(Value::as_object_mut) {
            if operation.contains_key("responses") {
                change(operation);
            }
        }
    }
}

/// Visits a schema and whatever is inside of it.
fn each_schema_within(schema: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    fn walk(value: &mut Value, is_map_of_names: bool, change: &mut dyn FnMut(&mut Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                if !is_map_of_names {
                    change(object);
                }
                for (key, value) in object {
                    if key != "example" && key != "enum" {
                        walk(value, key == "properties", change);
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| walk(value, false, change)),
            _ => {}
        }
    }
    walk(schema, false, change);
}

/// Visits every schema: below `components`, of parameters, and whatever is inside of them.
fn each_schema(document: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    for place in ["/components/schemas", "/components/parameters", "/components/responses"] {
        if let Some(Value::Object(parts)) = document.pointer_mut(place) {
            parts.values_mut().for_each(|part| each_schema_within(part, change));
        }
    }
    each_operation(document, &mut |operation| {
        for part in ["parameters", "requestBody"] {
            if let Some(part) = operation.get_mut(part) {
                each_schema_within(part, change);
            }
        }
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            responses.values_mut().for_each(|response| each_schema_within(response, change));
        }
    });
}

/// Names of all schemas that are reached from the bodies of requests, or from those of responses.
pub(crate) fn reachable(document: &Value, from: Side) -> std::collections::BTreeSet<String> {
    let mut names = std::collections::BTreeSet::new();
    for operation in crate::document::operations(document) {
        match from {
            Side::Requests => collect(document, &operation.json["requestBody"], &mut names),
            Side::Responses => {
                for (status, response) in entries(&operation.json["responses"]) {
                    // Failures are read without their schema.
                    if status.starts_with('2') {
                        collect(document, response, &mut names);
                    }
                }
            }
        }
    }
    names
}

/// One side of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Requests,
    Responses,
}

fn collect(document: &Value, part: &Value, names: &mut std::collections::BTreeSet<String>) {
    let mut references = Vec::new();
    crate::document::visit(part, &mut |_, object| {
        references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
    });
    for reference in references {
        let Some(part) = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)) else { continue };
        if let Some(name) = reference.strip_prefix("#/components/schemas/")
            && !names.insert(name.to_owned())
        {
            continue;
        }
        collect(document, part, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with one operation and one schema, both given.
    fn document(operation: &Value, schema: &Value) -> Value {
        json!({
            "paths": {"/a": {"get": operation}},
            "components": {"schemas": {"A": schema}},
        })
    }

    #[track_caller]
    fn check_schema(rule: Rule, schema: &Value, expected: &Value) {
        let operation = json!({"parameters": [{"schema": schema}], "responses": {}});
        let mut lowered = document(&operation, schema);
        rule(&mut lowered);
        assert_eq!(&lowered["components"]["schemas"]["A"], expected);
        assert_eq!(&lowered["paths"]["/a"]["get"]["parameters"][0]["schema"], expected);
    }

    #[test]
    fn failures_become_two_ranges() {
        let failure = json!({"$ref": "#/components/responses/F"});
        for (responses, expected) in [
            (
                json!({"202": {}, "207": {}, "400": failure, "503": failure, "default": failure}),
                json!({"202": {}, "207": {}, "4XX": failure, "5XX": failure}),
            ),
            // A range of successes stays what it is, and no failure is made up.
            (json!({"2XX": {}}), json!({"2XX": {}})),
        ] {
            let mut lowered = document(&json!({"responses": responses}), &json!({}));
            failures_become_ranges(&mut lowered);
            assert_eq!(lowered["paths"]["/a"]["get"]["responses"], expected);
        }
    }

    #[test]
    fn properties_take_the_names_of_their_fields() {
        let schema = json!({"type": "object", "required": ["JobId", "jobId"], "properties": {
            "JobId": {"type": "string", "x-togai-name": "job"},
            "job": {"type": "integer", "x-togai-name": "job_number"},
            "jobId": {"type": "string"},
        }});
        let expected = json!({"type": "object", "required": ["job", "jobId"], "properties": {
            "job": {"type": "string", "x-togai-name": "job", WIRE_NAME: "JobId"},
            "job_number": {"type": "integer", "x-togai-name": "job_number", WIRE_NAME: "job"},
            "jobId": {"type": "string"},
        }});
        check_schema(properties_are_named_after_their_fields, &schema, &expected);
    }

    #[test]
    fn strings_keep_only_their_format() {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^a$", "format": "date"});
        check_schema(strings_lose_their_limits, &schema, &json!({"type": "string", "format": "date"}));
    }

    #[test]
    fn a_property_that_is_named_like_a_keyword_stays() {
        let schema =
            json!({"type": "object", "properties": {"pattern": {"type": "string"}, "default": {"type": "string"}}});
        for rule in RULES {
            check_schema(*rule, &schema, &schema);
        }
    }

    #[test]
    fn lists_have_any_length() {
        let schema = json!({"type": "array", "minItems": 1, "maxItems": 1000, "items": {"type": "string"}});
        let expected = json!({"type": "array", "items": {"type": "string"}});
        check_schema(lists_and_objects_lose_their_limits, &schema, &expected);
    }

    #[test]
    fn integers_that_cannot_be_negative_are_unsigned() {
        let rule = integers_get_a_width;
        let unsigned = json!({"type": "integer", "format": "uint32"});
        check_schema(rule, &json!({"type": "integer", "minimum": 1, "maximum": 50}), &unsigned);
        let wide = json!({"type": "integer", "format": "uint64"});
        check_schema(rule, &json!({"type": "integer", "format": "int64", "minimum": 0}), &wide);
        check_schema(rule, &json!({"type": "integer", "maximum": 9}), &json!({"type": "integer"}));
        check_schema(rule, &json!({"type": "integer", "minimum": -1}), &json!({"type": "integer"}));
    }

    #[test]
    fn response_integers_may_be_negative() {
        let integer = json!({"type": "integer", "minimum": 1, "maximum": 9});
        let response = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}});
        let operation = json!({"parameters": [{"schema": integer}], "responses": {"200": response}});
        let mut lowered = document(&operation, &integer);
        response_integers_lose_their_minimum(&mut lowered);
        assert_eq!(lowered["components"]["schemas"]["A"], json!({"type": "integer", "maximum": 9}));
        assert_eq!(lowered["paths"]["/a"]["get"]["parameters"][0]["schema"], integer);
    }

    #[test]
    fn numbers_have_neither_format_nor_limits() {
        let number = json!({"type": "number", "format": "double", "minimum": 0});
        check_schema(numbers_are_exact, &number, &json!({"type": "number"}));
    }

    #[test]
    fn objects_accept_unknown_fields() {
        check_schema(objects_stay_open, &json!({"additionalProperties": false}), &json!({}));
        let map = json!({"additionalProperties": {"type": "string"}});
        check_schema(objects_stay_open, &map, &map);
    }

    #[test]
    fn defaults_and_examples_are_removed() {
        check_schema(defaults_are_left_to_the_server, &json!({"default": 50}), &json!({}));
        check_schema(examples_are_left_out, &json!({"example": {"default": 1}}), &json!({}));
    }

    #[test]
    fn a_property_that_is_named_example_stays() {
        let schema = json!({"type": "object", "properties": {"example": {"type": "string"}}});
        check_schema(examples_are_left_out, &schema, &schema);
    }

    #[test]
    fn schemas_are_reached_through_others_and_through_shared_responses() {
        let document = json!({
            "paths": {"/a": {"post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}},
                "responses": {
                    "200": {"$ref": "#/components/responses/Good"},
                    "400": {"$ref": "#/components/responses/Bad"},
                },
            }}},
            "components": {
                "responses": {
                    "Good": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}},
                    "Bad": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fail"}}}},
                },
                "schemas": {
                    "In": {"properties": {"shared": {"$ref": "#/components/schemas/Shared"}}},
                    "Out": {"properties": {"all": {"items": {"$ref": "#/components/schemas/Shared"}}}},
                    "Shared": {"properties": {"again": {"$ref": "#/components/schemas/Shared"}}},
                    "Fail": {},
                },
            },
        });
        let names = |side| reachable(&document, side).into_iter().collect::<Vec<_>>();
        assert_eq!(names(Side::Requests), ["In", "Shared"]);
        assert_eq!(names(Side::Responses), ["Out", "Shared"]);
    }
}
