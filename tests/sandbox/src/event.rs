//! Usage events as they come in.

use serde_json::{Map, Value};

/// Names that events had in 2022, and those that took their place.
const EVENT_NAMES: [(&str, &str); 3] =
    [("eventName", "schemaName"), ("eventTimestamp", "timestamp"), ("eventAttributes", "attributes")];
const ATTRIBUTE_NAMES: [(&str, &str); 3] =
    [("attributeName", "name"), ("attributeValue", "value"), ("attributeValueUnit", "unit")];

/// An event of 2022 in the shape of today; none if the value is not one, and can be taken as it is.
pub(crate) fn modernised(event: &Value) -> Option<Value> {
    let is_old = |value: &Value, names: &[(&str, &str)]| names.iter().any(|(old, _)| value.get(old).is_some());
    let mut attributes = event.get("attributes").and_then(Value::as_array).into_iter().flatten();
    if !is_old(event, &EVENT_NAMES) && !attributes.any(|attribute| is_old(attribute, &ATTRIBUTE_NAMES)) {
        return None;
    }
    let mut event = event.clone();
    modernise(&mut event);
    Some(event)
}

fn modernise(event: &mut Value) {
    let Value::Object(fields) = event else { return };
    rename(fields, &EVENT_NAMES);
    let attributes = fields.get_mut("attributes").and_then(Value::as_array_mut);
    for attribute in attributes.into_iter().flatten() {
        if let Value::Object(fields) = attribute {
            rename(fields, &ATTRIBUTE_NAMES);
        }
    }
}

fn rename(fields: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (old, new) in names {
        if !fields.contains_key(*new)
            && let Some(value) = fields.remove(*old)
        {
            fields.insert((*new).to_owned(), value);
        }
    }
}

/// The text of a field of an event.
pub(crate) fn text<'a>(event: &'a Value, field: &str) -> Option<&'a str> {
    event.get(field).and_then(Value::as_str)
}

/// The id of an event; an empty one is none.
pub(crate) fn id(event: &Value) -> Option<&str> {
    text(event, "id").filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(event: &Value, expected: Option<&Value>) {
        assert_eq!(modernised(event).as_ref(), expected);
    }

    #[test]
    fn events_of_2022_get_the_current_names() {
        let old = json!({
            "eventName": "rides",
            "eventTimestamp": "2022-06-15T07:30:35.123",
            "eventAttributes": [{ "attributeName": "distance", "attributeValue": "1", "attributeValueUnit": "km" }],
            "accountId": "a",
        });
        let new = json!({
            "schemaName": "rides",
            "timestamp": "2022-06-15T07:30:35.123",
            "attributes": [{ "name": "distance", "value": "1", "unit": "km" }],
            "accountId": "a",
        });
        check(&old, Some(&new));
        check(&new, None);
        let mixed = json!({ "attributes": [{ "name": "a" }, { "attributeName": "b" }] });
        check(&mixed, Some(&json!({ "attributes": [{ "name": "a" }, { "name": "b" }] })));
    }

    #[test]
    fn other_values_stay_unchanged() {
        check(&json!(null), None);
        check(&json!([{ "eventName": "a" }]), None);
        check(&json!({ "eventAttributes": "none" }), Some(&json!({ "attributes": "none" })));
        let both = json!({ "eventName": "a", "schemaName": "b" });
        check(&both, Some(&both));
    }
}
