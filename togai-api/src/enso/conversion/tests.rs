use std::collections::BTreeMap;

use crate::{Decimal, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const _: () = {
    const fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    const fn error<T: std::error::Error + Send + Sync + 'static>() {}
    shared::<Conversion>();
    shared::<Converted<Event>>();
    shared::<Converted<EnsoEvent>>();
    error::<ConversionError>();
};

fn ride() -> Event {
    Event::new("rides", "acme-prod").id("ride-1").timestamp(Timestamp::from_unix_seconds(1_713_456_017))
}

fn problem<E: std::fmt::Debug>(result: Result<E, ConversionError>) -> String {
    result.unwrap_err().to_string()
}

fn lost_fields<E>(converted: &Converted<E>) -> Vec<String> {
    converted.lost.iter().map(ToString::to_string).collect()
}

#[test]
fn every_field_is_converted() {
    let event =
        ride().attribute_with_unit("distance", "12.50", "km").attribute("stops", 2).dimension("city", "Chennai");
    let converted = Conversion::new("distance").to_enso(&event).unwrap();
    // Whether it keeps the zero is up to a feature of serde_json, which an application may turn on.
    let value: serde_json::Value = serde_json::from_str("12.50").unwrap();
    assert_eq!(
        serde_json::to_value(&converted.event).unwrap(),
        json!({
            "CustomerEntityId": "acme-prod", "metric": "rides", "value": value, "timestamp": "2024-04-18T16:00:17Z",
            "eventId": "ride-1", "metadata": { "city": "Chennai" }
        })
    );
    assert_eq!(converted.event.value.as_str(), "12.50");
    assert_eq!(lost_fields(&converted), ["attributes[0].unit: km", r#"attributes[1]: {"name":"stops","value":"2"}"#]);

    let back = Conversion::new("distance").to_togai(&converted.event).unwrap();
    assert_eq!(back.lossless().unwrap(), ride().attribute("distance", "12.50").dimension("city", "Chennai"));
}

#[test]
fn metadata_that_is_not_text_is_reported_as_lost() {
    let metadata =
        json!({ "city": "Chennai", "empty": "", "floor": 7, "new": true, "none": null, "seats": [1], "a": {} });
    let mut event = EnsoEvent::new("ent_acme", "rides", Timestamp::from_unix_seconds(0), 3);
    event.metadata = metadata.as_object().cloned();
    event.job_id = Some("job_a".to_owned());
    event.job_id_pascal_case = Some("job_b".to_owned());
    let converted = Conversion::new("distance").to_togai(&event).unwrap();
    assert_eq!(
        lost_fields(&converted),
        [
            "metadata.a: {}",
            "metadata.floor: 7",
            "metadata.new: true",
            "metadata.none: null",
            "metadata.seats: [1]",
            "jobId: job_a",
            "JobId: job_b"
        ]
    );
    let dimensions = [("city", "Chennai"), ("empty", ""), ("floor", "7"), ("new", "true")];
    assert_eq!(converted.event.dimensions, dimensions.into());
    insta::assert_snapshot!(problem(converted.lossless()), @"the event would lose metadata.a: {}, metadata.floor: 7, metadata.new: true, metadata.none: null, metadata.seats: [1], jobId: job_a, JobId: job_b; where that is no harm, take `into_event`");
}

#[test]
fn empty_metadata_becomes_none() {
    let event = EnsoEvent::new("ent_acme", "rides", Timestamp::from_unix_seconds(0), 3);
    let conversion = Conversion::new("distance");
    let converted = conversion.to_togai(&event.clone().metadata(Map::new())).unwrap().lossless().unwrap();
    assert_eq!(conversion.to_enso(&converted).unwrap().lossless().unwrap(), event);
}

#[test]
fn names_are_kept_or_reported_as_lost() {
    let (event, both) = (ride().attribute("distance", 3), Conversion::new("distance").schema("rides").metric("km"));
    let converted = both.to_enso(&event).unwrap().lossless().unwrap();
    assert_eq!(converted.metric, "km");
    assert_eq!(both.to_togai(&converted).unwrap().lossless().unwrap(), event);
    insta::assert_snapshot!(problem(both.to_enso(&Event::new("km", "acme"))), @r#"`schemaName` is "km", and the conversion is for "rides": make another conversion for it"#);
    insta::assert_snapshot!(problem(both.to_togai(&converted.clone().metric("rides"))), @r#"`metric` is "rides", and the conversion is for "km": make another conversion for it"#);

    let converted_back = Conversion::new("distance").schema("rides").to_togai(&converted).unwrap();
    assert_eq!(
        (converted_back.event.schema_name.as_str(), lost_fields(&converted_back)),
        ("rides", vec!["metric: km".into()])
    );
}

#[test]
fn a_conversion_error_says_what_to_do() {
    let to_enso = |event: Event| problem(Conversion::new("distance").to_enso(&event));
    let to_togai = |value: &str| {
        let event = EnsoEvent::new("a", "rides", Timestamp::from_unix_seconds(0), value.parse::<Decimal>().unwrap());
        problem(Conversion::new("distance").to_togai(&event))
    };
    insta::assert_snapshot!(to_enso(ride()), @"`attributes` is empty, without `distance`: make the conversion with the attribute that stands for Enso's `value`");
    insta::assert_snapshot!(to_enso(ride().attribute("duration", 1).attribute("stops", 2)), @"`attributes` has no `distance` but `duration`, `stops`: make the conversion with the attribute that stands for Enso's `value`");
    insta::assert_snapshot!(to_enso(ride().attribute("a", 1).attribute("distance", 2).attribute("distance", 2)), @"attributes[1] and attributes[2] are both `distance`, and Enso has one `value`: make them one, or two events");
    insta::assert_snapshot!(to_enso(ride().attribute("a", 1).attribute("distance", "1e3")), @r#"attributes[1]: `value` of `distance` is "1e3", and has to be a plain decimal number such as -12.5"#);
    insta::assert_snapshot!(to_togai("1e3"), @"`value` is 1e3, and Togai takes no exponent: write it as a plain number such as -12.5");
    insta::assert_snapshot!(problem(Conversion::new("a").to_enso(&ride().attribute_with_unit("a", 1, "k".repeat(99))).unwrap().lossless()), @"the event would lose attributes[0].unit: kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk; where that is no harm, take `into_event`");
}

#[test]
fn a_value_keeps_its_digits() {
    let check = |text: &str, expected: &str, lost: &str| {
        let converted = Conversion::new("a").to_enso(&ride().attribute("a", text)).unwrap();
        assert_eq!(
            (converted.event.value.as_str(), lost_fields(&converted).join(", ").as_str()),
            (expected, lost),
            "{text}"
        );
    };
    let long = "1234567890123456789012345678901234567890.10";
    for text in ["0", "-0", "12.50", "-0.10", "10", long, &"9".repeat(600)] {
        check(text, text, "");
    }
    check("007", "7", "attributes[0].value: 007");
    check("-00.50", "-0.50", "attributes[0].value: -00.50");
    check("00", "0", "attributes[0].value: 00");
    for text in ["", "-", ".5", "5.", "+1", "1e3", "NaN", "1,5", "1.2.3", "--1", "1-1", "１", " 1", "1 ", "0x1"] {
        assert!(Conversion::new("a").to_enso(&ride().attribute("a", text)).is_err(), "{text}");
    }
}

/// A name of few, so that events share them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[abc]", "[abc]", ".{0,3}"]
}

fn conversion() -> impl Strategy<Value = Conversion> {
    let names = (proptest::option::of(name()), proptest::option::of(name()));
    names.prop_map(|(schema, metric)| Conversion { attribute: "a".into(), schema: schema.map(Into::into), metric })
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (-62_167_219_200_000..253_402_300_799_000_i64).prop_map(Timestamp::from_unix_milliseconds)
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let value = prop_oneof!["-?[0-9]{1,30}(\\.[0-9]{1,5})?", "-?[0-9]{1,3}", ".{0,3}"];
    (name(), value, proptest::option::weighted(0.2, name())).prop_map(|(name, value, unit)| {
        let attribute = Attribute::new(name, value);
        unit.into_iter().fold(attribute, Attribute::unit)
    })
}

prop_compose! {
    fn event()(
        (schema, account, id) in (name(), name(), proptest::option::of(name())),
        timestamp in timestamp(),
        attributes in proptest::collection::vec(attribute(), 0..4),
        dimensions in proptest::collection::btree_map(name(), name(), 0..3),
    ) -> Event {
        let mut event = Event::new(schema, account).timestamp(timestamp);
        event.id = id.map(Into::into);
        event.attributes = attributes;
        event.dimensions = dimensions.into();
        event
    }
}

fn member() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => name().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(["a"])),
        1 => Just(json!({ "a": 1 })),
    ]
}

prop_compose! {
    fn enso_event()(
        (customer, metric, event_id) in (name(), name(), proptest::option::of(name())),
        timestamp in timestamp(),
        value in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?(e[0-9])?",
        metadata in proptest::option::of(proptest::collection::btree_map(name(), member(), 0..3)),
        jobs in (proptest::option::weighted(0.2, name()), proptest::option::weighted(0.2, name())),
    ) -> EnsoEvent {
        let mut event = EnsoEvent::new(customer, metric, timestamp, value.parse::<Decimal>().unwrap());
        event.event_id = event_id;
        event.metadata = metadata.map(|members| members.into_iter().collect());
        (event.job_id, event.job_id_pascal_case) = jobs;
        event
    }
}

/// What an event holds, by place, in the words of `Lost`. A list or object in metadata is one thing.
fn contents(event: &Event) -> BTreeMap<String, String> {
    let mut contents = BTreeMap::from([
        ("schemaName".to_owned(), event.schema_name.to_string()),
        ("accountId".to_owned(), event.account_id.to_string()),
        ("timestamp".to_owned(), event.timestamp.to_string()),
    ]);
    contents.extend(event.id.iter().map(|id| ("id".to_owned(), id.to_string())));
    contents.extend(event.dimensions.iter().map(|(name, value)| (format!("dimensions.{name}"), value.to_string())));
    for (index, attribute) in event.attributes.iter().enumerate() {
        contents.insert(format!("attributes[{index}]"), serde_json::to_string(attribute).unwrap());
    }
    contents
}

fn enso_contents(event: &EnsoEvent) -> BTreeMap<String, Value> {
    let Value::Object(mut fields) = serde_json::to_value(event).unwrap() else { unreachable!() };
    let metadata = fields.remove("metadata").unwrap_or_default();
    let members = metadata.as_object().cloned().unwrap_or_default();
    // A float does not keep all digits.
    fields.insert("value".to_owned(), event.value.to_string().into());
    fields.into_iter().chain(members.into_iter().map(|(name, value)| (format!("metadata.{name}"), value))).collect()
}

/// A value in the words of `Lost`.
fn lost_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

proptest! {
    #[test]
    fn togai_event_content_comes_back_or_is_reported_as_lost(conversion in conversion(), event in event()) {
        let Ok(converted) = conversion.to_enso(&event) else { return Ok(()) };
        let back = conversion.to_togai(&converted.event).unwrap();
        prop_assert_eq!(&back.lost, &[]);
        if converted.lost.is_empty() {
            prop_assert_eq!(&back.event, &event);
        }
        let index = event.attributes.iter().position(|attribute| attribute.name == "a").unwrap();
        let (mut before, mut after) = (contents(&event), contents(&back.event));
        // The attribute of the conversion comes back as the only one, and may lose parts.
        before.remove(&format!("attributes[{index}]"));
        after.remove("attributes[0]");
        let attribute = &event.attributes[index];
        before.insert(format!("attributes[{index}].value"), attribute.value.to_string());
        after.insert(format!("attributes[{index}].value"), back.event.attributes[0].value.to_string());
        before.extend(attribute.unit.iter().map(|unit| (format!("attributes[{index}].unit"), unit.to_string())));
        let missing: BTreeMap<_, _> = before.into_iter().filter(|(field, value)| after.get(field) != Some(value)).collect();
        let count = converted.lost.len();
        let lost: BTreeMap<_, _> = converted.lost.into_iter().map(|lost| (lost.field, lost.value)).collect();
        prop_assert_eq!(count, lost.len());
        prop_assert_eq!(missing, lost);
    }

    #[test]
    fn enso_event_content_comes_back_or_is_reported_as_lost(conversion in conversion(), event in enso_event()) {
        let Ok(converted) = conversion.to_togai(&event) else { return Ok(()) };
        let back = conversion.to_enso(&converted.event).unwrap();
        prop_assert_eq!(&back.lost, &[]);
        if converted.lost.is_empty() {
            let mut expected = event.clone();
            expected.metadata = expected.metadata.filter(|metadata| !metadata.is_empty());
            prop_assert_eq!(&back.event, &expected);
        }
        let after = enso_contents(&back.event);
        let missing = enso_contents(&event).into_iter().filter(|(field, value)| after.get(field) != Some(value));
        let missing: BTreeMap<_, _> = missing.map(|(field, value)| (field, lost_text(&value))).collect();
        let count = converted.lost.len();
        let lost: BTreeMap<_, _> = converted.lost.into_iter().map(|lost| (lost.field, lost.value)).collect();
        prop_assert_eq!(count, lost.len());
        prop_assert_eq!(missing, lost);
    }
}
