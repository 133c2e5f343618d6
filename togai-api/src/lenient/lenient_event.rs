//! Events in responses, where anything may be missing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Moment, null_as_default, optional_text};
use crate::{Attribute, Event, Text};

/// An event of which anything may be missing or null. One that is to be sent is read as an [`Event`], which is strict about
/// what it is metered by.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object (Event)")]
pub(crate) struct LenientEvent {
    #[serde(default, alias = "eventName", deserialize_with = "optional_text")]
    schema_name: Option<Text>,
    #[serde(default, deserialize_with = "optional_text")]
    id: Option<Text>,
    #[serde(default, alias = "eventTimestamp")]
    timestamp: Option<Moment>,
    #[serde(default, deserialize_with = "optional_text")]
    account_id: Option<Text>,
    #[serde(default, alias = "eventAttributes", deserialize_with = "null_as_default")]
    attributes: Vec<LenientAttribute>,
    #[serde(default, deserialize_with = "null_as_default")]
    dimensions: BTreeMap<Text, LenientText>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object (Attribute)")]
struct LenientAttribute {
    #[serde(default, alias = "attributeName", deserialize_with = "optional_text")]
    name: Option<Text>,
    #[serde(default, alias = "attributeValue", deserialize_with = "optional_text")]
    value: Option<Text>,
    #[serde(default, alias = "attributeValueUnit", deserialize_with = "optional_text")]
    unit: Option<Text>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct LenientText(#[serde(deserialize_with = "optional_text")] Option<Text>);

impl From<LenientEvent> for Event {
    fn from(event: LenientEvent) -> Self {
        let attributes = event.attributes.into_iter().map(|lenient| {
            let mut attribute = Attribute::new(lenient.name.unwrap_or_default(), lenient.value.unwrap_or_default());
            attribute.unit = lenient.unit;
            attribute
        });
        Self {
            schema_name: event.schema_name.unwrap_or_default(),
            id: event.id,
            timestamp: event.timestamp.map(Into::into).unwrap_or_default(),
            account_id: event.account_id.unwrap_or_default(),
            attributes: attributes.collect(),
            dimensions: event.dimensions.into_iter().filter_map(|(key, value)| Some((key, value.0?))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Event {
        serde_json::from_str::<LenientEvent>(json).unwrap().into()
    }

    #[test]
    fn anything_may_be_missing_or_null() {
        let empty = Event::default();
        assert_eq!(read("{}"), empty);
        let nulls = r#"{"schemaName": null, "id": null, "timestamp": null, "accountId": null, "attributes": null, "dimensions": null}"#;
        assert_eq!(read(nulls), empty);
        let inside = read(r#"{"attributes": [{"name": "a", "value": null}], "dimensions": {"b": null, "c": 1}}"#);
        assert_eq!((inside.attributes[0].value.as_str(), inside.dimensions.len()), ("", 1));
    }

    #[test]
    fn a_complete_event_is_read_like_a_strict_one() {
        for json in [
            r#"{"schemaName": "rides", "id": "r1", "timestamp": "2024-11-05T08:31:12Z", "accountId": "acme",
                "attributes": [{"name": "distance", "value": "12.4", "unit": "km"}], "dimensions": {"city": "Chennai"}}"#,
            r#"{"eventName": "rides", "id": "r1", "eventTimestamp": "2024-11-05T08:31:12Z", "accountId": "acme",
                "eventAttributes": [{"attributeName": "distance", "attributeValue": "12.4", "attributeValueUnit": "km"}],
                "dimensions": {"city": "Chennai"}}"#,
        ] {
            assert_eq!(read(json), serde_json::from_str(json).unwrap());
        }
    }
}
