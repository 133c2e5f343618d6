//! What the vendor's clients say: the facts under `tests/facts/`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::aspects::{Aspects, Places, add_schema};
use super::deviations::Deviation;
use super::our_document::{id, operations};
use super::{entries, items, json};

/// The API of one generation of the vendor's clients.
pub(super) struct Generation {
    facts: Value,
    /// What the table adds to the name of a schema of this generation that is called otherwise here.
    suffix: &'static str,
}

/// The clients of December 2024, and the customer-scoped accounts of that of December 2022.
pub(super) fn generations() -> [Generation; 2] {
    [
        Generation { facts: json("tests/facts/current.json"), suffix: "" },
        Generation { facts: json("tests/facts/2022.json"), suffix: " of 2022" },
    ]
}

/// All that the vendor says, with the places named as in the document; the rows say which schemas are renamed here.
pub(super) fn places(document: &Value, rows: &[Deviation]) -> Places {
    let mut places = Places::new();
    for generation in generations() {
        for (place, aspects) in generation.places(document, rows) {
            // What both generations have, such as the error body, is the same in both.
            let before = places.insert(place.clone(), aspects.clone());
            assert!(
                before.is_none_or(|before| before == aspects),
                "tests/facts: the generations disagree about {place}"
            );
        }
    }
    places
}

impl Generation {
    pub(super) fn operations(&self) -> usize {
        entries(&self.facts["operations"]).count()
    }

    fn places(&self, document: &Value, rows: &[Deviation]) -> Places {
        let names = self.names(rows);
        let name_of = |name: &str| names.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let ids: BTreeMap<String, &str> =
            operations(document).into_iter().map(|(at, operation)| (at, id(operation))).collect();
        let mut places = Places::new();
        for (vendor_id, operation) in entries(&self.facts["operations"]) {
            let by_rule = snake_case(vendor_id);
            let id = ids.get(operation["at"].as_str().unwrap()).copied().unwrap_or(&by_rule);
            add_operation(&mut places, id, &by_rule, operation, &name_of);
        }
        for (vendor_name, schema) in entries(&self.facts["schemas"]) {
            let name = name_of(vendor_name);
            add_schema(&mut places, &name, schema, &name_of);
            let schema = places.remove(&name).unwrap();
            let said = if name == vendor_name { name.clone() } else { format!("{vendor_name}{}", self.suffix) };
            places.insert(name, schema.with("name", said));
        }
        places
    }

    /// The schemas of this generation that are called otherwise here: from the vendor's name to ours.
    fn names(&self, rows: &[Deviation]) -> BTreeMap<String, String> {
        let names = rows.iter().filter(|row| row.is_rename()).filter_map(|row| {
            let name = row.vendor.strip_suffix(self.suffix)?;
            self.facts["schemas"].get(name).map(|_| (name.to_owned(), row.here.clone()))
        });
        names.collect()
    }
}

pub(super) fn add_operation(
    places: &mut Places,
    id: &str,
    name: &str,
    operation: &Value,
    name_of: &dyn Fn(&str) -> String,
) {
    let text = |key: &str| operation[key].as_str().unwrap();
    let mut aspects = Aspects::default().with("name", name).with("at", text("at"));
    if let Some(tag) = operation["tag"].as_str() {
        aspects = aspects.with("tag", format!("tag {tag}"));
    }
    if operation["deprecated"] == true {
        aspects = aspects.with("deprecated", "deprecated");
    }
    places.insert(id.to_owned(), aspects);

    let parameters = entries(&operation["parameters"]).map(|(name, parameter)| (name, parameter.clone()));
    let body = operation.get("body").map(|body| ("body", body.clone()));
    for (name, mut part) in parameters.chain(body) {
        let part = part.as_object_mut().unwrap();
        let is_required = part.remove("required").is_some_and(|required| required == true);
        places.insert(format!("{id} {name}"), Aspects::of(part, name_of).with_presence(is_required));
    }
    for (status, schema) in entries(&operation["responses"]) {
        let body = schema.as_str().map_or_else(|| "no body".to_owned(), name_of);
        let mut aspects = Aspects::default().with("type", body);
        for header in items(&operation["headers"][status]).filter_map(Value::as_str) {
            aspects = aspects.with(&format!("header {header}"), format!("header {header}"));
        }
        places.insert(format!("{id} {status}"), aspects);
    }
}

/// The rule by which operations are named here: the vendor's `getEvents` and `VoidFeatureCreditEntry` in snake case.
pub(super) fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[test]
fn operation_names_follow_a_rule() {
    assert_eq!(snake_case("getSingleEvent"), "get_single_event");
    assert_eq!(snake_case("VoidFeatureCreditEntry"), "void_feature_credit_entry");
    assert_eq!(snake_case("createPricePlanV2"), "create_price_plan_v2");
    assert_eq!(snake_case("add_aliases"), "add_aliases");
}
