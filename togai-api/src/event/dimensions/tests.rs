use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn entries() -> impl Strategy<Value = Vec<(String, String)>> {
    // Few names, so that they repeat.
    proptest::collection::vec(("[a-d]{0,2}", "[x-z]{0,30}"), 0..20)
}

proptest! {
    #[test]
    fn it_holds_what_a_btree_map_holds(entries in entries(), more in entries(), removed in "[a-d]{0,2}") {
        let mut expected = BTreeMap::new();
        let mut inserted = Dimensions::new();
        for (name, value) in &entries {
            let before = inserted.insert(name, value).map(String::from);
            prop_assert_eq!(before, expected.insert(name.clone(), value.clone()));
        }
        prop_assert_eq!(&entries.into_iter().collect::<Dimensions>(), &inserted);

        inserted.extend(more.clone());
        expected.extend(more);
        prop_assert_eq!(inserted.contains_key(&removed), expected.contains_key(&removed));
        prop_assert_eq!(inserted.remove(&removed).map(String::from), expected.remove(&removed));
        prop_assert_eq!(inserted.get(&removed), None);

        prop_assert_eq!((inserted.len(), inserted.is_empty()), (expected.len(), expected.is_empty()));
        prop_assert!(inserted.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected.iter().map(|(name, value)| (name.as_str(), value.as_str()))));
        prop_assert!(inserted.iter().rev().map(|(name, _)| name).eq(expected.keys().rev()));
        prop_assert!(inserted.keys().eq(expected.keys()) && inserted.values().eq(expected.values()));
        prop_assert_eq!(format!("{inserted:?}"), format!("{expected:?}"));
        prop_assert_eq!(serde_json::to_string(&inserted)?, serde_json::to_string(&expected)?);
        prop_assert_eq!(&serde_json::from_str::<Dimensions>(&serde_json::to_string(&expected)?)?, &inserted);
        prop_assert_eq!(&Dimensions::from(expected.clone()), &inserted);
        let back = BTreeMap::<Text, Text>::from(inserted);
        prop_assert!(back.into_iter().map(|(name, value)| (String::from(name), String::from(value))).eq(expected));
    }
}

#[test]
fn values_may_be_numbers_and_the_last_of_a_name_counts() {
    let dimensions: Dimensions = serde_json::from_str(r#"{"b": "x", "a": 1, "b": 2.5}"#).unwrap();
    assert_eq!(dimensions, Dimensions::from([("a", "1"), ("b", "2.5")]));
    for json in ["null", "[]", r#""a""#, r#"{"a": null}"#, r#"{"a": true}"#, r#"{"a": {}}"#] {
        assert!(serde_json::from_str::<Dimensions>(json).is_err(), "{json}");
    }
}

#[test]
#[should_panic(expected = "there is no dimension `floor`")]
fn indexing_with_a_name_that_is_missing_panics_with_the_name() {
    let _ = Dimensions::from([("city", "Chennai")])["floor"];
}
