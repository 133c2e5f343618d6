use serde_json::json;

use super::*;
use crate::service::{Service, TOGAI};

/// A document with everything that is adapted.
fn document() -> Value {
    let failure = json!({"description": "It failed.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}});
    let response = json!({"description": "The thing.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}});
    json!({
        "openapi": "3.0.3",
        "tags": [{"name": "Things", "description": "Things."}],
        "info": {"title": "T", "version": "1.0", "description": "About things."},
        "paths": {"/things/{thing_id}": {"put": {
            "operationId": "put_thing",
            "tags": ["Things"],
            "x-togai-quota-class": "other",
            "x-togai-repeat": "always",
            "summary": "Put a thing",
            "description": "Puts it.",
            "parameters": [
                {"name": "thing_id", "in": "path", "required": true, "description": "Its id.", "schema": {"type": "string"}},
                {"name": "dryRun", "in": "query", "description": "Only try.", "schema": {"type": "boolean"}},
            ],
            "requestBody": {"required": true, "description": "What to put.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PutThing"}}}},
            "responses": {"200": response, "400": failure, "default": failure},
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

/// The generated files of a document by name, as they are written.
fn files(document: &Value) -> Result<BTreeMap<String, String>> {
    files_of(&TOGAI, document)
}

fn files_of(service: &'static Service, document: &Value) -> Result<BTreeMap<String, String>> {
    let truth = Document::merge(service, [("things.yaml", document.to_string().as_str())])?;
    let lowered = crate::lower::run(truth.json());
    let raw = crate::generate::run(truth.service(), &lowered)?;
    let files = run(raw, &lowered, &truth, &Areas::of(truth.json())?)?;
    files.into_iter().map(|(name, file)| Ok((name, crate::print::file(file)?))).collect()
}

#[track_caller]
fn check_problem(document: &Value, problem: &str) {
    assert_eq!(files(document).unwrap_err().to_string(), problem);
}

#[test]
fn the_client_has_a_method_with_rustdoc_for_each_operation() {
    insta::assert_snapshot!(files(&document()).unwrap()["client/things.rs"]);
}

#[test]
fn responses_are_lenient_and_requests_have_constructors() {
    insta::assert_snapshot!(files(&document()).unwrap()["types/things.rs"]);
}

#[test]
fn builders_pass_their_values_on() {
    insta::assert_snapshot!(files(&document()).unwrap()["builder/things.rs"]);
}

#[test]
fn the_operation_table_describes_the_request() {
    insta::assert_snapshot!(files(&document()).unwrap()["operations/things.rs"]);
}

#[test]
fn a_disabled_feature_omits_its_module() {
    let files = files(&document()).unwrap();
    for name in ["builder/mod.rs", "client/mod.rs", "operations/mod.rs", "types/mod.rs"] {
        assert!(files[name].contains("#[cfg(feature = \"things\")]"), "{}", files[name]);
    }
}

#[test]
fn a_type_of_two_areas_needs_either_feature() {
    let mut document = document();
    let area = |tag: &str| json!({"name": tag, "description": "An area."});
    document["tags"] = json!([area("Things"), area("Gadgets"), area("Tools")]);
    let thing = document["paths"]["/things/{thing_id}"]["put"].clone();
    for (tag, response) in [("Gadgets", "Thing"), ("Tools", "Tool")] {
        let mut operation = thing.clone();
        operation["operationId"] = json!(format!("put_{}", tag.to_lowercase()));
        operation["tags"] = json!([tag]);
        operation.as_object_mut().unwrap().remove("requestBody");
        let schema = json!({"$ref": format!("#/components/schemas/{response}")});
        operation["responses"]["200"]["content"]["application/json"]["schema"] = schema;
        document["paths"][format!("/{tag}/{{thing_id}}")] = json!({"put": operation});
    }
    document["components"]["schemas"]["Tool"] = json!({"type": "object", "description": "A tool.", "properties": {
        "error": {"$ref": "#/components/schemas/ErrorResponse"},
    }});
    document["components"]["schemas"]["Thing"]["properties"]["error"] =
        json!({"$ref": "#/components/schemas/ErrorResponse"});
    let files = files(&document).unwrap();
    let shared = &files["types/shared.rs"];
    let gated = "#[cfg(any(feature = \"gadgets\", feature = \"things\"))]\n/// The state.\n";
    assert!(shared.contains(gated) && shared.contains("pub enum ThingState"), "{shared}");
    assert!(!shared.contains("feature = \"tools\""), "{shared}");
    assert!(shared.contains("pub struct ErrorResponse") && files["types/tools.rs"].contains("pub struct Tool"));
    assert!(files["types/things.rs"].contains("pub struct PutThing"));
}

#[test]
fn unusual_wire_formats_get_lenient_readers() {
    let mut document = document();
    let note = &mut document["components"]["schemas"]["Thing"]["properties"]["note"];
    note["x-togai-lenient"] = json!("text");
    note["x-togai-alias"] = json!(["remark"]);
    let types = &files(&document).unwrap()["types/things.rs"];
    assert!(types.contains("\n    note: \"note\" or \"remark\", present, text;\n"), "{types}");
}

#[test]
fn an_optional_response_body_is_an_option_and_a_redirect_has_none() {
    let mut document = document();
    let responses = &mut document["paths"]["/things/{thing_id}"]["put"]["responses"];
    responses["204"] = json!({"description": "Nothing."});
    let builder = &files(&document).unwrap()["builder/things.rs"];
    assert!(builder.contains("Call<Option<types::Thing>>"), "{builder}");

    let responses = &mut document["paths"]["/things/{thing_id}"]["put"]["responses"];
    *responses = json!({"302": {"description": "Elsewhere."}});
    let builder = &files(&document).unwrap()["builder/things.rs"];
    assert!(builder.contains("Call<()>"), "{builder}");
}

#[test]
fn a_parameter_is_sent_by_its_name_on_the_wire() {
    let mut document = document();
    document["paths"]["/things/{thing_id}"]["put"]["parameters"][1]["name"] = json!("async");
    let builder = &files(&document).unwrap()["builder/things.rs"];
    assert!(builder.contains("pub fn async_<V>") && builder.contains(r#"set::<bool, V::Error>("async""#), "{builder}");

    let parameter = &mut document["paths"]["/things/{thing_id}"]["put"]["parameters"][1];
    *parameter = json!({"name": "thingId", "x-togai-name": "thing_id_in_query", "in": "query", "description": "Its id again.", "schema": {"type": "string"}});
    let builder = &files(&document).unwrap()["builder/things.rs"];
    assert!(
        builder.contains("pub fn thing_id_in_query<V>") && builder.contains(r#"set::<String, V::Error>("thingId""#)
    );
}

#[test]
fn a_property_is_sent_by_its_name_on_the_wire() {
    let mut document = document();
    let schema = &mut document["components"]["schemas"]["PutThing"];
    schema["required"] = json!(["name", "Name"]);
    schema["properties"]["Name"] =
        json!({"type": "string", "x-togai-name": "name_pascal_case", "description": "It again."});
    let types = &files(&document).unwrap()["types/things.rs"];
    assert!(types.contains(r#"requires ["name", "Name"] {"#), "{types}");
    assert!(types.contains("\n    name_pascal_case: \"Name\", always, exact;\n"), "{types}");
    assert!(types.contains("pub fn name_pascal_case(mut self,"), "{types}");
}

#[test]
fn a_range_of_success_statuses_has_one_response_type() {
    let mut document = document();
    let responses = &mut document["paths"]["/things/{thing_id}"]["put"]["responses"];
    *responses = json!({"2XX": responses["200"]});
    let files = files(&document).unwrap();
    assert!(files["builder/things.rs"].contains("Call<types::Thing>"), "{}", files["builder/things.rs"]);
    assert!(files["operations/things.rs"].contains(r#"statuses: &["2XX"]"#), "{}", files["operations/things.rs"]);
}

#[test]
fn generated_code_names_the_module_of_its_service() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["properties"]["code"] =
        json!({"$ref": "#/components/schemas/FailureCode"});
    document["components"]["schemas"]["FailureCode"] =
        json!({"anyOf": [{"type": "integer"}, {"type": "string"}], "description": "Why it failed."});
    let files = files_of(&crate::service::ENSO, &document).unwrap();
    assert!(!files["mod.rs"].contains("struct Client"), "{}", files["mod.rs"]);
    for (file, part) in [
        ("client/things.rs", "impl crate::enso::Client {"),
        ("client/things.rs", "builder::PutThing::new(self.core())"),
        ("client/things.rs", "[`PutThing`](crate::enso::types::PutThing)"),
        ("builder/things.rs", "pub(in crate::enso::generated) fn new(core: &crate::Core) -> Self"),
        ("builder/things.rs", "[`Client::put_thing`](crate::enso::Client::put_thing)"),
        ("operations/things.rs", "pub static PUT_THING"),
        ("types/things.rs", "pub code: Option<crate::enso::FailureCode>"),
    ] {
        assert!(files[file].contains(part), "{part}: {}", files[file]);
    }
}

#[test]
fn deprecated_items_carry_the_attribute() {
    let mut document = document();
    document["paths"]["/things/{thing_id}"]["put"]["deprecated"] = json!(true);
    let files = files(&document).unwrap();
    assert!(
        files["client/things.rs"].contains("#[deprecated = ") && files["builder/things.rs"].contains("#[deprecated = ")
    );
}

#[test]
fn an_enum_with_a_value_named_other_is_refused() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["properties"]["state"]["enum"] = json!(["ON", "OTHER"]);
    check_problem(&document, "`ThingState` has a value `OTHER`, which is the name of the variant for unknown values");
}

#[test]
fn an_unnamed_type_is_refused() {
    let mut document = document();
    let properties = json!({"a": {"type": "string", "description": "A."}});
    let nested = json!({"type": "object", "description": "A note.", "properties": properties});
    document["components"]["schemas"]["Thing"]["properties"]["note"] = nested;
    check_problem(
        &document,
        "the generator made a type `ThingNote` for something inside of a schema; lower what makes it one",
    );
}

#[test]
fn types_that_would_lose_digits_are_refused() {
    let mut document = document();
    let flattened = json!({"type": "object", "description": "A map beside fields.", "additionalProperties": {"type": "number"},
        "properties": {"state": {"type": "string", "description": "The state."}}});
    document["components"]["schemas"]["Thing"] = flattened;
    let problem = format!("{:#}", files(&document).unwrap_err());
    assert!(problem.contains("would be read through `flatten`, which loses the digits of amounts"), "{problem}");
}

#[test]
fn unknown_generator_output_is_refused() {
    let file = syn::parse_str("pub trait New {}").unwrap();
    let error = Parts::of(file).err().unwrap();
    insta::assert_snapshot!(error, @"the generator printed something unknown: pub trait New { }");
}
