use super::*;
use crate::service::TOGAI;

/// A document that breaks no rule.
const GOOD: &str = "
openapi: 3.0.3
tags: [{name: Things, description: Things.}]
paths:
  /things/{thing_id}:
    get:
      operationId: list_things
      tags: [Things]
      summary: List things
      description: Lists things.
      x-togai-quota-class: other
      x-togai-repeat: always
      x-togai-paged: {items: data, token: nextToken}
      parameters:
        - {name: thing_id, in: path, required: true, description: The id., schema: {type: string}}
        - {name: nextToken, in: query, description: The token., schema: {type: string}}
        - {name: pageSize, in: query, description: The size., schema: {type: integer, minimum: 1, maximum: 50}}
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}
      responses:
        '200':
          description: A page.
          content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}
        default: {$ref: '#/components/responses/Failure'}
components:
  responses:
    Failure:
      description: It failed.
      content: {application/json: {schema: {$ref: '#/components/schemas/ErrorResponse'}}}
  schemas:
    Request: {type: object, description: A request., properties: {name: {type: string, description: The name.}}}
    ErrorResponse: {type: object, description: An error.}
    Page:
      type: object
      description: A page.
      required: [data]
      properties:
        data: {type: array, description: The things., items: {type: string}}
        nextToken: {type: string, description: The token.}
";

fn findings(text: &str) -> String {
    let document = Document::merge(&TOGAI, [("things.yaml", text)]).unwrap();
    run(&document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is found when a part of the good document is written differently.
#[track_caller]
fn broken(good: &str, bad: &str) -> String {
    assert!(GOOD.contains(good), "{good}");
    findings(&GOOD.replace(good, bad))
}

#[test]
fn a_good_document_breaks_no_rule() {
    assert_eq!(findings(GOOD), "");
}

#[test]
fn another_version_is_found() {
    insta::assert_snapshot!(broken("openapi: 3.0.3", "openapi: 3.1.0"), @r###"
    things.yaml: openapi: the version is `3.1.0`
      write `openapi: 3.0.3`; the generator takes no other
    "###);
}

#[test]
fn an_operation_without_an_id_is_found() {
    insta::assert_snapshot!(broken("      operationId: list_things\n", ""), @r###"
    things.yaml: GET /things/{thing_id}: there is no operationId
      add a unique one in snake_case
    "###);
}

#[test]
fn an_id_in_another_case_is_found() {
    insta::assert_snapshot!(broken("operationId: list_things", "operationId: listThings"), @r###"
    things.yaml: GET /things/{thing_id}: the operationId `listThings` is not in snake_case
      write it the way the Rust method is named
    "###);
}

#[test]
fn a_duplicate_id_is_found() {
    let second = GOOD.replace("/things/{thing_id}:", "/others/{thing_id}:");
    let second = &second[second.find("  /others").unwrap()..second.find("components:").unwrap()];
    insta::assert_snapshot!(broken("components:\n", &format!("{second}components:\n").replace("paths:\n", "")), @r###"
    things.yaml: GET /things/{thing_id}: the operationId `list_things` is also that of GET /others/{thing_id}
      rename one of them
    "###);
}

#[test]
fn extensions_that_are_missing_or_unknown_are_found() {
    insta::assert_snapshot!(broken("      x-togai-quota-class: other\n", ""), @r###"
    things.yaml: GET /things/{thing_id}: `x-togai-quota-class` is missing, not one of ingest, ingest_batch, other
      say which quota the operation counts against, and whether repeating it is harmless
    "###);
    insta::assert_snapshot!(broken("x-togai-repeat: always", "x-togai-repeat: perhaps"), @r###"
    things.yaml: GET /things/{thing_id}: `x-togai-repeat` is perhaps, not one of always, with_event_ids, with_idempotency_key, never
      say which quota the operation counts against, and whether repeating it is harmless
    "###);
}

#[test]
fn missing_texts_are_found() {
    insta::assert_snapshot!(broken("      summary: List things\n", ""), @r###"
    things.yaml: GET /things/{thing_id}: there is no summary
      say in your own words what the operation does
    "###);
    insta::assert_snapshot!(broken("description: Lists things.", "description: ' '"), @r###"
    things.yaml: GET /things/{thing_id}: there is no description
      say in your own words what the operation does
    "###);
    insta::assert_snapshot!(broken("          description: A page.\n", ""), @r###"
    things.yaml: GET /things/{thing_id}: the response 200 has no description
      say what the status means
    "###);
    insta::assert_snapshot!(broken("description: The size., ", ""), @r###"
    things.yaml: GET /things/{thing_id}: the parameter `pageSize` has no description
      say what it means, with unit, default and limits
    "###);
    insta::assert_snapshot!(broken("description: A request., ", ""), @r###"
    things.yaml: Request: the schema has no description
      say in your own words what it means, with unit and limits
    "###);
    insta::assert_snapshot!(broken(", description: The name.", ""), @r###"
    things.yaml: Request: the property `name` has no description
      say in your own words what it means, with unit and limits
    "###);
}

#[test]
fn path_parameters_that_do_not_fit_the_path_are_found() {
    insta::assert_snapshot!(broken("/things/{thing_id}:", "/things/{thing_id}/{part_id}:"), @r###"
    things.yaml: GET /things/{thing_id}/{part_id}: the path parameter `part_id` is not declared
      declare exactly the parameters that the path names
    "###);
    insta::assert_snapshot!(broken("/things/{thing_id}:", "/things:"), @r###"
    things.yaml: GET /things: the path parameter `thing_id` is not in the path
      declare exactly the parameters that the path names
    "###);
}

#[test]
fn parameters_that_cannot_be_sent_are_found() {
    insta::assert_snapshot!(
        broken("description: The token., schema: {type: string}}\n        - {name: pageSize", "description: The token., content: {application/json: {schema: {type: string}}}}\n        - {name: pageSize"),
        @"
    things.yaml: GET /things/{thing_id}: the parameter `nextToken` has `content`
      move its schema up to `schema`
    things.yaml: GET /things/{thing_id}: the parameter `nextToken` is neither a text, a number nor a boolean
      no other value has one way to be written
    "
    );
    insta::assert_snapshot!(broken("nextToken, in: query", "nextToken, in: cookie"), @r###"
    things.yaml: GET /things/{thing_id}: the parameter `nextToken` is neither in the path nor in the query
      the generator knows no other place
    "###);
    insta::assert_snapshot!(broken("nextToken, in: query", "nextToken, in: query, style: spaceDelimited"), @r###"
    things.yaml: GET /things/{thing_id}: the parameter `nextToken` has a style
      leave it out; the generator writes the default style alone
    "###);
    insta::assert_snapshot!(broken("in: path, required: true", "in: path"), @r###"
    things.yaml: GET /things/{thing_id}: the parameter `thing_id` is in the path and optional
      add `required: true`
    "###);
}

#[test]
fn parameters_of_one_name_in_rust_are_found() {
    insta::assert_snapshot!(
        broken("        - {name: nextToken", "        - {name: thingId, in: query, description: It., schema: {type: string}}\n        - {name: nextToken"),
        @"
    things.yaml: GET /things/{thing_id}: the parameters `thing_id` and `thingId` have the same name in Rust
      give one of them the name of its setter in `x-togai-name`
    "
    );
}

#[test]
fn paged_operations_without_page_fields_are_found() {
    insta::assert_snapshot!(broken("name: nextToken, in", "name: token, in"), @r###"
    things.yaml: GET /things/{thing_id}: it pages and has no parameter `nextToken`
      declare the parameter
    "###);
    insta::assert_snapshot!(broken("type: integer, minimum: 1, maximum: 50", "type: number, minimum: 1, maximum: 50"), @"
    things.yaml: GET /things/{thing_id}: its parameter `pageSize` is no integer with minimum and maximum
      make it one; `number` would be sent as 10.0, and the limits are checked before a request
    ");
    insta::assert_snapshot!(broken("minimum: 1, ", ""), @"
    things.yaml: GET /things/{thing_id}: its parameter `pageSize` is no integer with minimum and maximum
      make it one; `number` would be sent as 10.0, and the limits are checked before a request
    ");
    insta::assert_snapshot!(broken("{items: data, token: nextToken}", "{items: events, token: next}"), @r###"
    things.yaml: GET /things/{thing_id}: its answer has no array `events`, which `x-togai-paged` names as its items
      name the properties of the 200 response
    things.yaml: GET /things/{thing_id}: its answer has no string `next`, which `x-togai-paged` names as its token
      name the properties of the 200 response
    "###);
}

#[test]
fn unsupported_request_bodies_are_found() {
    insta::assert_snapshot!(broken("content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}", "content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}, text/plain: {}}"), @r###"
    things.yaml: GET /things/{thing_id}: the request has the media types ["application/json", "text/plain"]
      keep `application/json` alone
    "###);
    insta::assert_snapshot!(broken("content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}", "content: {application/json: {schema: {type: object, items: {$ref: '#/components/schemas/Request'}}}}"), @r###"
    things.yaml: GET /things/{thing_id}: the schema of the request has no name
      move it to `components.schemas` and refer to it
    "###);
}

#[test]
fn several_schemas_of_success_or_failure_are_found() {
    let other = "\n        '207':\n          description: Half a page.\n          content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}\n        default:";
    insta::assert_snapshot!(broken("\n        default:", other), @r###"
    things.yaml: GET /things/{thing_id}: the responses of success have several schemas: {"#/components/schemas/Page", "#/components/schemas/Request"}
      give all of them one schema whose fields are optional
    "###);
    insta::assert_snapshot!(broken("\n        default:", &other.replace("207", "400")), @r###"
    things.yaml: GET /things/{thing_id}: the responses of failure have several schemas: {"#/components/schemas/ErrorResponse", "#/components/schemas/Request"}
      give all of them one schema whose fields are optional
    "###);
    insta::assert_snapshot!(broken("\n        default:", &other.replace("207", "204").replace("          content: {application/json: {schema: {$ref: '#/components/schemas/Request'}}}\n", "")), @"");
    insta::assert_snapshot!(broken("        default: {$ref: '#/components/responses/Failure'}\n", ""), @"
    things.yaml: components.responses.Failure: nothing refers to it
      take it out, use it, or say in `x-togai-unused` why it is kept
    ");
}

#[test]
fn dangling_references_are_found() {
    insta::assert_snapshot!(broken("$ref: '#/components/schemas/Request'", "$ref: 'common.yaml#/components/schemas/Request'"), @"
    openapi/togai/: common.yaml#/components/schemas/Request: the reference leads nowhere
      write `#/components/<section>/<name>`, as if all files were one
    things.yaml: components.schemas.Request: nothing refers to it
      take it out, use it, or say in `x-togai-unused` why it is kept
    ");
}

#[test]
fn unused_schemas_are_found() {
    insta::assert_snapshot!(broken("    ErrorResponse:", "    Idle: {type: object, description: Idle.}\n    ErrorResponse:"), @"
    things.yaml: components.schemas.Idle: nothing refers to it
      take it out, use it, or say in `x-togai-unused` why it is kept
    ");
}

#[test]
fn required_properties_that_do_not_exist_are_found() {
    insta::assert_snapshot!(broken("required: [data]", "required: [Data]"), @r###"
    things.yaml: Page: `required` names `Data`, which is no property
      mind the spelling, or take it out of `required`
    "###);
}

#[test]
fn properties_of_one_name_in_rust_are_found() {
    insta::assert_snapshot!(
        broken("        nextToken: {type", "        next_token: {type: string, description: Again.}\n        nextToken: {type"),
        @r###"
    things.yaml: Page: the properties `nextToken` and `next_token` have the same name in Rust
      give one of them the name of its field in `x-togai-name`
    "###
    );
}

#[test]
fn a_given_name_separates_properties_that_differ_only_in_case() {
    let second = "        NextToken: {type: string, NAMED description: Again.}\n        nextToken: {type";
    let found = broken("        nextToken: {type", &second.replace("NAMED ", ""));
    assert!(found.contains("the properties `NextToken` and `nextToken` have the same name in Rust"), "{found}");
    let named = |name: &str| broken("        nextToken: {type", &second.replace("NAMED", name));
    assert_eq!(named("x-togai-name: next_token_pascal_case,"), "");
    let found = named("x-togai-name: next_token,");
    assert!(found.contains("the properties `NextToken` and `nextToken` have the same name in Rust"), "{found}");
}

#[test]
fn a_given_name_that_is_not_a_field_name_is_found() {
    for bad in ["nextOne", "next-one", "''", "7", "type"] {
        let found = broken("nextToken: {type", &format!("nextToken: {{x-togai-name: {bad}, type"));
        let problem = "things.yaml: Page: the `x-togai-name` of `nextToken` is ";
        assert!(found.contains(problem) && found.contains("which is not in snake_case"), "{found}");
    }
}

#[test]
fn variants_and_objects_without_a_name_are_found() {
    insta::assert_snapshot!(broken("items: {type: string}", "items: {oneOf: [{type: string}]}"), @r###"
    things.yaml: Page/properties/data/items: there is `oneOf`
      write one object whose properties are optional
    "###);
    insta::assert_snapshot!(broken("items: {type: string}", "items: {type: object, properties: {}}"), @r###"
    things.yaml: Page/properties/data/items: an object has no name
      move it to `components.schemas` and refer to it
    "###);
}

#[test]
fn variants_of_a_hand_written_schema_are_ignored() {
    let variants = GOOD.replace("ErrorResponse: {type: object,", "ErrorResponse: {anyOf: [{type: string}],");
    assert!(findings(&variants).contains("ErrorResponse: there is `anyOf`"));
    assert_eq!(findings(&variants.replace("ErrorResponse", "Attribute")), "");
}

#[test]
fn an_area_has_one_name_as_file_tag_and_feature() {
    let found = broken("tags: [{name: Things,", "tags: [{name: OtherThings,");
    assert!(found.contains("tag OtherThings: the tag belongs into other-things.yaml"), "{found}");
    assert!(found.contains(r#"its tags are ["Things"], which is not the one tag of the file"#), "{found}");
    let found = broken("tags: [Things]", "tags: [Things, More]");
    assert!(found.contains(r#"its tags are ["Things", "More"]"#), "{found}");
}

#[test]
fn a_tag_is_defined_once() {
    let error =
        Document::merge(&TOGAI, [("a.yaml", "tags: [{name: A}]"), ("b.yaml", "tags: [{name: A}]")]).unwrap_err();
    assert_eq!(error.to_string(), r#"the tag "A" is defined in a.yaml and again in b.yaml: keep one"#);
}

#[test]
fn a_reader_that_does_not_fit_its_type_is_found() {
    let found = broken("data: {type: array,", "data: {type: array, x-togai-lenient: text,");
    assert!(found.contains(r#"`x-togai-lenient: "text"` is no way to read its type, `array`"#), "{found}");
    assert_eq!(broken("data: {type: array,", "data: {type: array, x-togai-lenient: list,"), "");
}

#[test]
fn a_parameter_that_is_a_list_is_found() {
    let found =
        broken("schema: {type: integer, minimum: 1, maximum: 50}", "schema: {type: array, items: {type: string}}");
    assert!(found.contains("the parameter `pageSize` is neither a text, a number nor a boolean"), "{found}");
}

#[test]
fn reserved_names_are_found() {
    let found = broken("name: nextToken, in: query, description", "name: send, in: query, description");
    assert!(found.contains("the parameter `send` has the name of something else"), "{found}");
    let found = broken(
        "properties: {name: {type: string, description: The name.}}",
        "properties: {new: {type: string, description: It.}}",
    );
    assert!(found.contains("the property `new` has the name of the constructor, `new`"), "{found}");
    let found =
        broken("nextToken: {type: string, description", "nextToken: {type: string, x-togai-alias: [data], description");
    assert!(found.contains("the alias `data` of `nextToken` is a property itself"), "{found}");
    let found = findings(&GOOD.replace("Request", "Option"));
    assert!(found.contains("Option: the schema has the name of something of Rust's"), "{found}");
    for reserved in ["Full", "Enso"] {
        let found = broken("tags: [{name: Things,", &format!("tags: [{{name: {reserved},"));
        assert!(found.contains("the tag makes a feature that stands for something else"), "{found}");
    }
}
