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
