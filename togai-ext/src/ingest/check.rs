//! The documented limits of an event, kept before it is sent.
//!
//! They are those of the vendor's Python client 1.0.3. An event beyond them would be refused by the server, at the price
//! of a request, and perhaps together with the whole batch.

use togai_api::{Attribute, Event};

use togai_ingest::Fields;

/// The fields at the top of an event, by their names: the id, what has a limited length, and what has to be there.
pub(super) const FIELDS: &[&str] = &["id", "schemaName", "accountId", "timestamp", "attributes", "dimensions"];

/// The names of ids, of all services. An event may have none, but not an empty one: all events with it would be one event.
const IDS: &[&str] = &["id", "eventId"];

const MAX_ATTRIBUTES: usize = 10;

/// What is wrong with the fields at the top of an encoded event.
pub(super) fn check_fields(event: &[u8], fields: &Fields) -> Result<(), String> {
    check_set(FIELDS, fields)?;
    for (field, most) in [(0, 512), (1, 50), (2, 512)] {
        match fields.get(field, event) {
            // Most texts are far below the limit.
            Some([b'"', text @ .., b'"']) if !text.is_empty() && text.len() <= most => {}
            Some(value) => check_encoded(FIELDS[field], value, most)?,
            None => {}
        }
    }
    Ok(())
}

/// Says which field is missing. The first one is the id, which may be.
pub(super) fn check_set(names: &[&str], fields: &Fields) -> Result<(), String> {
    match (1..names.len()).find(|field| !fields.is_set(*field)) {
        Some(missing) => Err(format!("`{}` is not set, and every event has one", names[missing])),
        None => Ok(()),
    }
}

/// What is wrong with a text as it stands in JSON.
pub(super) fn check_encoded(name: &str, value: &[u8], most: usize) -> Result<(), String> {
    let Some(text) = value.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) else {
        return Err(format!("`{name}` is no text: write it in quotes"));
    };
    if text.is_empty() && IDS.contains(&name) {
        return Err(format!("`{name}` is empty: set it, or leave it out to have one made"));
    }
    // What is not escaped is as long as it looks, or shorter.
    if !text.is_empty() && text.len() <= most {
        return Ok(());
    }
    let text: String = serde_json::from_slice(value).map_err(|error| format!("`{name}` cannot be read: {error}"))?;
    check_length(name, &text, most)
}

/// What is wrong inside of an event.
pub(super) fn check_event(event: &Event) -> Result<(), String> {
    if event.attributes.len() > MAX_ATTRIBUTES {
        return Err(format!(
            "`attributes` has {} items, and an event may have {MAX_ATTRIBUTES}: send several events",
            event.attributes.len()
        ));
    }
    for (index, attribute) in event.attributes.iter().enumerate() {
        let Attribute { name, value, unit, .. } = attribute;
        if !(is_within(name, 50) && unit.as_ref().is_none_or(|unit| is_within(unit, 50)) && is_plain_number(value)) {
            check_attribute(attribute).map_err(|problem| format!("attributes[{index}]: {problem}"))?;
        }
    }
    for (name, value) in &event.dimensions {
        if !is_within(value, 200) {
            check_length(&format!("dimensions.{name}"), value, 200)?;
        }
    }
    Ok(())
}

/// Whether a text is there and within a limit. Characters are never more than bytes, which are there without counting.
#[inline]
fn is_within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) || (text.len() > most && text.chars().count() <= most)
}

fn check_attribute(attribute: &Attribute) -> Result<(), String> {
    check_length("name", &attribute.name, 50)?;
    if let Some(unit) = &attribute.unit {
        check_length("unit", unit, 50)?;
    }
    if !is_plain_number(&attribute.value) {
        return Err(format!(
            "`value` is \"{}\", and has to be a plain decimal number such as -12.5",
            attribute.value.chars().take(50).collect::<String>()
        ));
    }
    Ok(())
}

fn check_length(name: &str, text: &str, most: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("`{name}` is empty"));
    }
    match text.chars().count() {
        length if length > most => Err(format!("`{name}` has {length} characters, and may have {most}")),
        _ => Ok(()),
    }
}

/// Whether a text is what the document asks of a value: `^-?\d{1,512}(\.\d+)?$`.
fn is_plain_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let is_fraction = match &bytes[whole..] {
        [] => true,
        [b'.', fraction @ ..] => !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_fraction && (1..=512).contains(&whole)
}

#[cfg(test)]
mod tests {
    use togai_ingest::test_util::encode;

    use super::super::togai::Togai;
    use super::*;

    /// What is wrong with an event.
    fn problem(event: &Event) -> String {
        let (json, fields) = encode::<Togai>(event).unwrap();
        check_fields(&json, &fields).and_then(|()| check_event(event)).err().unwrap_or_default()
    }

    fn event() -> Event {
        Event::new("rides", "acme-prod").id("ride-1").attribute_with_unit("distance", 12.5, "km").dimension("a", "b")
    }

    #[test]
    fn an_event_at_every_limit_is_in_order() {
        assert_eq!(problem(&event()), "");
        let mut largest = Event::new("s".repeat(50), "a".repeat(512)).id("é".repeat(512));
        for _ in 0..10 {
            largest = largest.attribute_with_unit("n".repeat(50), "9".repeat(512) + ".0", "u".repeat(50));
        }
        assert_eq!(problem(&largest.dimension("any", "ü".repeat(200))), "");
        assert_eq!(problem(&Event::new("rides", "acme-prod")), "");
    }

    #[test]
    fn what_is_beyond_a_limit_is_named_with_the_limit() {
        let attribute = |name: &str, value: &str| problem(&event().attribute(name, value));
        insta::assert_snapshot!(problem(&Event::new("", "a")), @"`schemaName` is empty");
        insta::assert_snapshot!(problem(&Event::new("ö".repeat(51), "a")), @"`schemaName` has 51 characters, and may have 50");
        insta::assert_snapshot!(problem(&Event::new("s", "a".repeat(513))), @"`accountId` has 513 characters, and may have 512");
        insta::assert_snapshot!(problem(&event().id("i".repeat(513))), @"`id` has 513 characters, and may have 512");
        insta::assert_snapshot!(problem(&event().id("")), @"`id` is empty: set it, or leave it out to have one made");
        insta::assert_snapshot!(problem(&event().dimension("city", "")), @"`dimensions.city` is empty");
        insta::assert_snapshot!(problem(&event().dimension("city", "c".repeat(201))), @"`dimensions.city` has 201 characters, and may have 200");
        insta::assert_snapshot!(attribute("", "1"), @"attributes[1]: `name` is empty");
        insta::assert_snapshot!(attribute("n", "far"), @r#"attributes[1]: `value` is "far", and has to be a plain decimal number such as -12.5"#);
        insta::assert_snapshot!(problem(&event().attribute_with_unit("n", 1, "")), @"attributes[1]: `unit` is empty");
        let many = (0..11).fold(event(), |event, value| event.attribute("n", value));
        insta::assert_snapshot!(problem(&many), @"`attributes` has 12 items, and an event may have 10: send several events");
    }

    #[test]
    fn numbers_are_plain() {
        for value in ["0", "-0", "007", "12.50", "-1.0"] {
            assert!(is_plain_number(value), "{value}");
        }
        for value in ["", "-", ".5", "5.", "+1", "1e3", "NaN", "1,5", "1.2.3", "--1", "１", &"9".repeat(513)] {
            assert!(!is_plain_number(value), "{value}");
        }
    }

    #[test]
    fn an_event_of_another_type_needs_the_same_fields() {
        let problem = |event: serde_json::Value| {
            let (json, fields) = encode::<Togai>(&event).unwrap();
            check_fields(&json, &fields).err().unwrap_or_default()
        };
        let whole = serde_json::json!({
            "schemaName": "rides", "accountId": "acme", "timestamp": "2024-04-18T16:00:17Z", "attributes": [],
            "dimensions": {}
        });
        assert_eq!(problem(whole.clone()), "");
        let without = |name: &str| {
            let mut event = whole.clone();
            event.as_object_mut().unwrap().remove(name);
            problem(event)
        };
        insta::assert_snapshot!(without("accountId"), @"`accountId` is not set, and every event has one");
        insta::assert_snapshot!(without("dimensions"), @"`dimensions` is not set, and every event has one");
        let mut numbered = whole.clone();
        numbered["accountId"] = serde_json::json!(7);
        insta::assert_snapshot!(problem(numbered), @"`accountId` is no text: write it in quotes");
        let with_id = |id: serde_json::Value| {
            let mut event = whole.clone();
            event["id"] = id;
            problem(event)
        };
        assert_eq!(with_id(serde_json::json!(null)), "");
        insta::assert_snapshot!(with_id(serde_json::json!("")), @"`id` is empty: set it, or leave it out to have one made");
    }
}
