use serde_json::json;

use super::*;

/// A document with everything that is adapted.
fn document() -> Value {
    let failure = json!({"description": "It failed.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}});
    let answer = json!({"description": "The thing.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1.0", "description": "About things."},
        "paths": {"/things/{thing_id}": {"put": {
            "operationId": "put_thing",
            "summary": "Put a thing",
            "description": "Puts it.",
            "parameters": [
                {"name": "thing_id", "in": "path", "required": true, "description": "Its id.", "schema": {"type": "string"}},
                {"name": "dryRun", "in": "query", "description": "Only try.", "schema": {"type": "boolean"}},
            ],
            "requestBody": {"required": true, "description": "What to put.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PutThing"}}}},
            "responses": {"200": answer, "4XX": failure, "5XX": failure},
        }}},
        "components": {"schemas": {
            "ErrorResponse": {"type": "object", "description": "An error.", "required": ["message"], "properties": {"message": {"type": "string", "description": "It."}}},
            "PutThing": {"type": "object", "description": "A request.", "required": ["name"], "properties": {
                "name": {"type": "string", "description": "The name."},
                "labels": {"type": "array", "description": "The labels.", "items": {"type": "string"}},
            }},
            "Thing": {"type": "object", "description": "An answer.", "required": ["state", "madeAt", "rate"], "properties": {
                "state": {"type": "string", "description": "The state.", "enum": ["ON", "OFF"]},
                "madeAt": {"type": "string", "format": "date-time", "description": "When."},
                "rate": {"type": "number", "description": "The rate."},
                "note": {"type": "string", "description": "A note."},
            }},
        }},
    })
}

/// The generated files of a document, as they are written.
fn files(document: &Value) -> Result<Vec<String>> {
    let raw = crate::generate::run(document)?;
    Ok(run(raw, document, document)?.into_iter().map(|(_, file)| prettyplease::unparse(&file)).collect())
}

#[test]
fn the_client_has_a_method_with_rustdoc_for_each_operation() {
    insta::assert_snapshot!(files(&document()).unwrap()[0]);
}

#[test]
fn answers_are_lenient_and_requests_have_constructors() {
    insta::assert_snapshot!(files(&document()).unwrap()[1]);
}

#[test]
fn builders_own_their_client_and_hand_the_request_over() {
    insta::assert_snapshot!(files(&document()).unwrap()[2]);
}

#[test]
fn a_body_that_is_not_required_is_sent_only_where_it_is_set() {
    let mut document = document();
    document["paths"]["/things/{thing_id}"]["put"]["requestBody"]["required"] = json!(false);
    let builder = &files(&document).unwrap()[2];
    assert!(builder.contains("body: Result<Option<types::PutThing>, String>"), "{builder}");
    assert!(builder.contains(".optional_json(body.as_ref())") && !builder.contains(".json(&body)"), "{builder}");
}

#[test]
fn a_parameter_that_is_a_keyword_in_rust_gets_an_underscore() {
    let mut document = document();
    document["paths"]["/things/{thing_id}"]["put"]["parameters"][1]["name"] = json!("async");
    let builder = &files(&document).unwrap()[2];
    assert!(
        builder.contains("pub fn async_<V>") && builder.contains(r#"QueryParam::new("async", &async_)"#),
        "{builder}"
    );
}

#[test]
fn what_is_deprecated_says_so() {
    let mut document = document();
    document["paths"]["/things/{thing_id}"]["put"]["deprecated"] = json!(true);
    let files = files(&document).unwrap();
    assert!(files[0].contains("#[deprecated]") && files[2].contains("#[deprecated]"));
}

#[test]
fn an_enumeration_with_a_value_other_is_refused() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["properties"]["state"]["enum"] = json!(["ON", "OTHER"]);
    insta::assert_snapshot!(files(&document).unwrap_err(), @"`ThingState` has a value `OTHER`, which is the name of the variant for unknown values");
}

#[test]
fn a_type_that_nobody_named_is_refused() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["properties"]["note"]["maxLength"] = json!(5);
    insta::assert_snapshot!(files(&document).unwrap_err(), @"the generator made a type `ThingNote` for something inside of a schema; lower what makes it one");
}

#[test]
fn code_of_the_generator_that_is_not_known_is_refused() {
    let file = syn::parse_str("pub trait New {}").unwrap();
    let error = Parts::of(file).err().unwrap();
    insta::assert_snapshot!(error, @"the generator printed something unknown: pub trait New { }");
}
