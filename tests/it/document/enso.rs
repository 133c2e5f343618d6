//! The document of Enso against its facts, in both directions, and what is meant to differ.

use std::fmt::Write as _;

use serde_json::{Value, json};
use togai_ext::enso::FailureCode;

use super::aspects::{Places, add_schema};
use super::comparison::{Difference, differences};
use super::deviations::matches;
use super::{entries, items, json, our_document, vendor};

/// Where, what the vendor says and we do not, what we say and the vendor does not, and why.
const DEVIATIONS: [[&str; 4]; 7] = [
    ["create_events_batch", "none", "tag Enso", "The vendor's documentation has no tags; here each area has one."],
    ["EnsoEvent.value", "format float", "none", "Quantities have no format, so that they keep their digits."],
    ["BatchEventsSummary.*", "none", "format int64", "Nothing says how large a count may be."],
    ["FailedRecord.index", "none", "format int64", "As the counts."],
    ["FailedRecord.statusCode", "none", "format int64", "As the counts."],
    [
        "FailedRecord.code",
        r#"anyOf [{"type":"integer"},{"type":"string"}]"#,
        "FailureCode",
        "A schema of its own, which a type written by hand stands for.",
    ],
    ["FailureCode", "absent", CODE, "What the schema above is."],
];

const CODE: &str = r#"object, anyOf [{"format":"int64","type":"integer"},{"type":"string"}], FailureCode"#;

/// The older form of an answer, which the vendor had in place of the one of today: one schema holds both.
const OLDER_FORM: [&str; 2] = ["BatchEventsResponse.failedRecords", "BatchEventsResponse.summary"];

fn document() -> Value {
    json("openapi/enso.json")
}

fn facts() -> Value {
    json("tests/facts/enso.json")
}

/// What the vendor says, with the places named as in the document.
fn places(facts: &Value) -> Places {
    let mut places = Places::new();
    let own_name = |name: &str| name.to_owned();
    for (id, operation) in entries(&facts["operations"]) {
        let id = vendor::snake_case(id);
        vendor::add_operation(&mut places, &id, &id, operation, &own_name);
    }
    for (name, schema) in entries(&facts["schemas"]) {
        add_schema(&mut places, name, schema, &own_name);
        let schema = places.remove(name).unwrap();
        places.insert(name.to_owned(), schema.with("name", name));
    }
    places
}

/// Whether a row explains a difference.
fn explains_difference(difference: &Difference, row: &[&str; 4]) -> bool {
    let [place, vendor, here, _] = row;
    matches(place, &difference.place) && difference.vendor == *vendor && difference.here == *here
}

#[test]
fn the_document_of_enso_differs_from_the_vendor_only_where_the_table_says_so() {
    let mut message = String::new();
    let differences = differences(&places(&facts()), &our_document::places(&document()));
    let (older, others): (Vec<_>, Vec<_>) =
        differences.iter().partition(|difference| OLDER_FORM.contains(&difference.place.as_str()));
    for difference in &others {
        if !DEVIATIONS.iter().any(|row| explains_difference(difference, row)) {
            let Difference { place, vendor, here } = difference;
            let _ = writeln!(message, "[{place:?}, {vendor:?}, {here:?}, \"\"],");
        }
    }
    assert!(message.is_empty(), "mend openapi/enso.yaml, or add to the deviations, with the reason:\n{message}");
    for row in &DEVIATIONS {
        assert!(others.iter().any(|difference| explains_difference(difference, row)), "no such difference: {row:?}");
    }
    assert!(older.iter().map(|difference| difference.place.as_str()).eq(OLDER_FORM));
}

#[test]
fn the_older_response_form_matches_the_data_of_the_current_one() {
    let schemas = &document()["components"]["schemas"];
    let (whole, within) = (&schemas["BatchEventsResponse"]["properties"], &schemas["BatchEventsResult"]["properties"]);
    assert_eq!(entries(within).count(), OLDER_FORM.len());
    for (name, within) in entries(within) {
        let (mut older, mut within) = (whole[name].clone(), within.clone());
        older["description"] = json!("");
        within["description"] = json!("");
        assert_eq!(older, within, "{name}");
    }
}

#[test]
fn address_and_credentials_match_the_vendor() {
    let (document, facts) = (document(), facts());
    assert_eq!(document["servers"][0]["url"], facts["server"]);
    let scheme = &document["components"]["securitySchemes"]["bearerAuth"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&facts["security"]["type"], &facts["security"]["scheme"]));
    assert_eq!(document["security"], json!([{ "bearerAuth": [] }]));
}

#[test]
fn the_failure_codes_match_the_vendor_documentation() {
    let facts = facts();
    let documented: Vec<i64> = items(&facts["codes"]["documented"]).filter_map(Value::as_i64).collect();
    let known: Vec<i64> = (0..10_000).filter(|code| FailureCode::from(*code).name().is_some()).collect();
    assert_eq!(known, documented);
    let description = document()["components"]["schemas"]["FailureCode"]["description"].take();
    let seen = items(&facts["codes"]["seen"]).filter_map(Value::as_str).map(str::to_owned);
    for code in documented.iter().map(ToString::to_string).chain(seen) {
        assert!(description.as_str().unwrap().contains(&code), "{code}");
    }
}

#[test]
fn a_change_of_the_enso_document_is_detected() {
    let changed = |pointer: &str, value: Value| -> Vec<String> {
        let mut after = document();
        *after.pointer_mut(pointer).unwrap() = value;
        let changes = differences(&our_document::places(&document()), &our_document::places(&after));
        changes.into_iter().map(|difference| difference.place).collect()
    };
    let event = "/components/schemas/EnsoEvent";
    assert_eq!(changed(&format!("{event}/properties/value/type"), json!("string")), ["EnsoEvent.value"]);
    assert_eq!(
        changed(&format!("{event}/required/0"), json!("eventId")),
        ["EnsoEvent.CustomerEntityId", "EnsoEvent.eventId"]
    );
    assert_eq!(changed("/paths/~1events~1batch/post/operationId", json!("send")), ["create_events_batch", "send"]);
}
