//! The document against the facts, in both directions, and the table of what is meant to differ.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::aspects::Places;
use super::deviations::{Deviation, matches, rows};
use super::{document, entries, our_document, readme, vendor};

/// One place at which the document does not say what the vendor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) vendor: String,
    pub(super) here: String,
}

pub(super) fn differences(vendor: &Places, here: &Places) -> Vec<Difference> {
    let places: BTreeSet<&String> = vendor.keys().chain(here.keys()).collect();
    let difference = |place: &String| {
        let (vendor_says, here_says) = match (vendor.get(place), here.get(place)) {
            (Some(vendor), Some(here)) if vendor == here => return None,
            (Some(vendor), Some(here)) => (vendor.words_beyond(here), here.words_beyond(vendor)),
            (Some(vendor), None) => (vendor.words(), "absent".to_owned()),
            (None, here) => ("absent".to_owned(), here?.words()),
        };
        // Of an operation or a schema that one side does not have, that alone is told.
        let whole = place.split(['.', ' ']).next()?;
        let is_reported = whole == place.as_str() || vendor.contains_key(whole) && here.contains_key(whole);
        is_reported.then(|| Difference { place: place.clone(), vendor: vendor_says, here: here_says })
    };
    places.into_iter().filter_map(difference).collect()
}

fn all_differences(document: &Value, rows: &[Deviation]) -> Vec<Difference> {
    differences(&vendor::places(document, rows), &our_document::places(document))
}

impl Difference {
    fn is_explained_by(&self, row: &Deviation) -> bool {
        let is_there = row.places.iter().any(|pattern| matches(pattern, &self.place));
        is_there && row.vendor == self.vendor && row.here == self.here
    }
}

#[test]
fn the_document_differs_from_the_vendor_only_where_the_table_says_so() {
    let rows = rows(&readme());
    let mut message = String::new();
    for difference in all_differences(&document(), &rows) {
        if !rows.iter().any(|row| difference.is_explained_by(row)) {
            let Difference { place, vendor, here } = difference;
            let _ = writeln!(message, "| `{place}` | `{vendor}` | `{here}` | |");
        }
    }
    assert!(
        message.is_empty(),
        "the document is not what the vendor says (where, vendor, here):\n{message}\
         change openapi/togai/*.yaml and run `cargo xtask regen`; if the difference is meant, add its row with the \
         reason to the table \"Deviations from the vendor\" of openapi/README.md"
    );
}

#[test]
fn every_row_of_the_table_matches_a_difference() {
    let rows = rows(&readme());
    let differences = all_differences(&document(), &rows);
    let mut message = String::new();
    for row in &rows {
        assert!(!row.reason.is_empty(), "openapi/README.md: the row of {} has no reason", row.places.join(", "));
        for pattern in &row.places {
            let one = Deviation { places: vec![pattern.clone()], ..row.clone() };
            if !differences.iter().any(|difference| difference.is_explained_by(&one)) {
                let there = differences.iter().filter(|difference| matches(pattern, &difference.place));
                let there: Vec<String> = there.map(|it| format!("{} | {}", it.vendor, it.here)).collect();
                let _ = writeln!(message, "{pattern}: {} | {}; there is: {there:?}", row.vendor, row.here);
            }
        }
    }
    assert!(
        message.is_empty(),
        "rows of \"Deviations from the vendor\" in openapi/README.md tell of no difference:\n{message}\
         take the place out of its row, or mend the row"
    );
}

#[test]
fn the_document_has_all_operations_of_both_generations() {
    let [current, customer_scoped] = vendor::generations().map(|generation| generation.operations());
    assert_eq!((current, customer_scoped), (151, 8));
    assert_eq!(our_document::operations(&document()).len(), 159);
}

/// The places at which a document differs from what it was before a change.
fn changed(before: &Value, pointer: &str, value: Value) -> Vec<String> {
    let mut after = before.clone();
    *after.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    differences(&our_document::places(before), &our_document::places(&after)).into_iter().map(|it| it.place).collect()
}

#[test]
fn any_kind_of_change_is_detected() {
    let document = document();
    let changed = |place: &str, value| changed(&document, place, value);
    let property = |rest: &str, value| changed(&format!("/components/schemas/Customer/properties/{rest}"), value);
    let operation = |rest: &str, value| changed(&format!("/paths/~1customers~1{{customer_id}}/get/{rest}"), value);

    assert_eq!(property("id/maxLength", json!(51)), ["Customer.id"]);
    assert_eq!(property("createdAt/format", json!("date")), ["Customer.createdAt"]);
    assert_eq!(property("name/type", json!("integer")), ["Customer.name"]);
    assert_eq!(property("status/enum/1", json!("GONE")), ["Customer.status"]);
    assert_eq!(property("address", json!({ "type": "string" })), ["Customer.address"]);
    assert_eq!(
        property("name", json!({ "type": "string", "minLength": 3, "maxLength": 255, "title": "?" })),
        ["Customer.name"]
    );
    assert_eq!(changed("/components/schemas/Customer/required/0", json!("address")), ["Customer.id"]);
    assert_eq!(changed("/components/schemas/AddOnType/enum/0", json!("NONE")), ["AddOnType"]);

    assert_eq!(operation("operationId", json!("get")), ["get", "get_customer"]);
    assert_eq!(operation("tags/0", json!("Others")), ["get_customer"]);
    assert_eq!(operation("parameters/0/required", json!(false)), ["get_customer {customer_id}"]);
    assert_eq!(
        operation("parameters/0/in", json!("query")),
        ["get_customer ?customer_id", "get_customer {customer_id}"]
    );
    assert_eq!(operation("responses/200/content", json!({})), ["get_customer 200"]);
    assert_eq!(operation("responses", json!({ "404": {} })).len(), 7);
    assert_eq!(changed("/paths/~1customers/post/requestBody/required", json!(false)), ["create_customer body"]);

    // A schema or an operation that is gone is told of once, with nothing of what it consists of.
    assert_eq!(changed("/components/schemas", json!({})).len(), entries(&document["components"]["schemas"]).count());
    assert_eq!(changed("/paths", json!({})).len(), 159);
}
