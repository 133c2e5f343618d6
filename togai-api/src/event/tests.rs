use chrono::DateTime;
use proptest::prelude::*;

use super::*;

#[test]
fn it_writes_the_current_shape() {
    let event = Event::new("rides", "acme-prod")
        .id("ride-1")
        .timestamp(Timestamp::from_unix_seconds(0))
        .attribute_with_unit("distance", 12.5, "km")
        .attribute("stops", 2)
        .dimension("city", "Chennai");
    insta::assert_json_snapshot!(event, @r#"
    {
      "schemaName": "rides",
      "id": "ride-1",
      "timestamp": "1970-01-01T00:00:00Z",
      "accountId": "acme-prod",
      "attributes": [
        {
          "name": "distance",
          "value": "12.5",
          "unit": "km"
        },
        {
          "name": "stops",
          "value": "2"
        }
      ],
      "dimensions": {
        "city": "Chennai"
      }
    }
    "#);
}

#[test]
fn it_reads_the_names_of_2022() {
    let old: Event = serde_json::from_str(
        r#"{"eventName": "rides", "id": "ride-1", "eventTimestamp": "2022-06-15T07:30:35.123",
            "accountId": "acme-prod", "dimensions": {"city": "Chennai"},
            "eventAttributes": [{"attributeName": "distance", "attributeValue": "5", "attributeValueUnit": "km"}]}"#,
    )
    .unwrap();
    let new = Event::new("rides", "acme-prod")
        .id("ride-1")
        .timestamp("2022-06-15T07:30:35.123Z".parse::<Timestamp>().unwrap())
        .attribute_with_unit("distance", 5, "km")
        .dimension("city", "Chennai");
    assert_eq!(old, new);
}

#[test]
fn it_reads_numbers_for_strings_and_ignores_unknown_fields() {
    let event: Event = serde_json::from_str(
        r#"{"schemaName": "rides", "id": 7, "timestamp": "2024-04-18T16:00:17", "accountId": 1,
            "attributes": [{"name": "distance", "value": 50.25, "unit": null}],
            "dimensions": {"costCenterCode": 1234}, "referenceId": "a-1"}"#,
    )
    .unwrap();
    assert_eq!(event.id.as_deref(), Some("7"));
    assert_eq!(event.account_id, "1");
    assert_eq!(event.attributes, [Attribute::new("distance", "50.25")]);
    assert_eq!(event.dimensions["costCenterCode"], "1234");
}

#[test]
fn an_event_without_its_schema_is_refused_by_name() {
    let error = serde_json::from_str::<Event>(r#"{"timestamp": "2024-04-18T16:00:17", "accountId": "a"}"#);
    assert_eq!(error.unwrap_err().to_string(), "missing field `schemaName` at line 1 column 54");
}

#[test]
fn the_time_is_the_given_one_or_now() {
    let at = Event::at(Timestamp::from_unix_seconds(7), "rides", "acme-prod");
    assert_eq!(at, Event::new("rides", "acme-prod").timestamp(Timestamp::from_unix_seconds(7)));
    let before = Timestamp::now();
    let now = Event::new("rides", "acme-prod").timestamp;
    assert!((before..=Timestamp::now()).contains(&now));
}

#[test]
fn null_dimensions_are_none() {
    let event: Event = serde_json::from_str(
        r#"{"schemaName": "s", "timestamp": "2024-04-18T16:00:17", "accountId": "a", "dimensions": null}"#,
    )
    .unwrap();
    assert!(event.dimensions.is_empty());
}

/// Any text: empty, of any characters, control characters included, or one that looks like other JSON.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z]{1,40}",
        proptest::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
        proptest::collection::vec(proptest::char::range('\0', '\u{9f}'), 0..40).prop_map(String::from_iter),
        proptest::sample::select(vec![
            "null",
            "1.10",
            "1e400",
            "NaN",
            "-0",
            r#""\u0000"#,
            "{}",
            "\u{feff}",
            "\u{10ffff}"
        ])
        .prop_map(str::to_owned),
    ]
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let seconds = -62_167_219_200_i64..=253_402_300_799;
    let nanoseconds = prop_oneof![Just(0), 0..1_000_000_000_u32, (0..1_000_000_u32).prop_map(|micros| micros * 1_000)];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| {
        DateTime::from_timestamp(seconds, nanoseconds).expect("a year that chrono knows").into()
    })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let value = prop_oneof![
        text(),
        any::<f64>().prop_map(|float| float.to_string()),
        any::<i128>().prop_map(|number| number.to_string())
    ];
    (text(), value, proptest::option::of(text())).prop_map(|(name, value, unit)| {
        let attribute = Attribute::new(name, value);
        unit.into_iter().fold(attribute, Attribute::unit)
    })
}

proptest! {
    /// Delivery relies on it: it drops an event once its JSON is written, and reads it back if it was not accepted.
    #[test]
    fn an_event_is_read_back_from_its_json(
        (schema, account, id) in (text(), text(), proptest::option::of(text())),
        timestamp in timestamp(),
        attributes in proptest::collection::vec(attribute(), 0..12),
        dimensions in proptest::collection::btree_map(text(), text(), 0..40),
    ) {
        let mut event = Event::at(timestamp, schema, account).id_if(id);
        event.attributes = attributes;
        event.dimensions = dimensions.into();
        let json = serde_json::to_vec(&event)?;
        prop_assert_eq!(serde_json::from_slice::<Event>(&json)?, event);
    }
}
