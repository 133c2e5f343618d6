//! Events as a server tells them, in answers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Moment, null_as_default, optional_text};
use crate::{Attribute, Event, Text};

/// An event of which anything may be missing or null. One that is to be sent is read as an [`Event`], which is strict about
/// what it is metered by.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToldEvent {
    #[serde(default, alias = "eventName", deserialize_with = "optional_text")]
    schema_name: Option<Text>,
    #[serde(default, deserialize_with = "optional_text")]
    id: Option<Text>,
    #[serde(default, alias = "eventTimestamp")]
    timestamp: Option<Moment>,
    #[serde(default, deserialize_with = "optional_text")]
    account_id: Option<Text>,
    #[serde(default, alias = "eventAttributes", deserialize_with = "null_as_default")]
    attributes: Vec<ToldAttribute>,
    #[serde(default, deserialize_with = "null_as_default")]
    dimensions: BTreeMap<Text, ToldText>,
}

#[derive(Deserialize)]
struct ToldAttribute {
    #[serde(default, alias = "attributeName", deserialize_with = "optional_text")]
    name: Option<Text>,
    #[serde(default, alias = "attributeValue", deserialize_with = "optional_text")]
    value: Option<Text>,
    #[serde(default, alias = "attributeValueUnit", deserialize_with = "optional_text")]
    unit: Option<Text>,
}

#[derive(Deserialize)]
struct ToldText(#[serde(deserialize_with = "optional_text")] Option<Text>);

impl From<ToldEvent> for Event {
    fn from(told: ToldEvent) -> Self {
        let attributes = told.attributes.into_iter().map(|told| {
            let mut attribute = Attribute::new(told.name.unwrap_or_default(), told.value.unwrap_or_default());
            attribute.unit = told.unit;
            attribute
        });
        Self {
            schema_name: told.schema_name.unwrap_or_default(),
            id: told.id,
            timestamp: told.timestamp.map(Into::into).unwrap_or_default(),
            account_id: told.account_id.unwrap_or_default(),
            attributes: attributes.collect(),
            dimensions: told.dimensions.into_iter().filter_map(|(key, value)| Some((key, value.0?))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Event {
        serde_json::from_str::<ToldEvent>(json).unwrap().into()
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
    fn a_whole_event_is_read_as_it_is() {
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
