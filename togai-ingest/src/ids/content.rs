//! What an event says, however it is written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use uuid::Uuid;

/// The namespace of ids that are made of events; drawn once, and never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x0f3a_6c52_71b9_4d0e_9a64_2c8e_51d7_b3f8);

/// The id of an event without one, given by its JSON. `ordinal` says how many like it came before, by the id that the
/// first one has.
///
/// Two events have the same id where they are equal in everything but the order of fields, white space, and the way that
/// characters are escaped. Numbers are taken as they are written.
pub(crate) fn id(event: &[u8], ordinal: impl FnOnce(u128) -> u32) -> Uuid {
    let mut content = canonical(event);
    let first = Uuid::new_v5(&NAMESPACE, &content);
    match ordinal(first.as_u128()) {
        0 => first,
        ordinal => {
            content.extend_from_slice(format!("#{ordinal}").as_bytes());
            Uuid::new_v5(&NAMESPACE, &content)
        }
    }
}

/// Whether two events say the same.
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    one == other || canonical(one) == canonical(other)
}

/// How deep JSON is looked into. `serde_json` reads no deeper either; what lies deeper is taken as it is written.
const MOST_DEPTH: usize = 128;

/// JSON with its fields in the order of their names and without white space.
fn canonical(json: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(json.len());
    match std::str::from_utf8(json) {
        Ok(json) => write(json.trim(), 0, &mut text),
        // What a serializer wrote is UTF-8; anything else is its own canonical form.
        Err(_) => text.extend_from_slice(json),
    }
    text
}

fn write(json: &str, depth: usize, text: &mut Vec<u8>) {
    let done = match json.as_bytes().first() {
        _ if depth >= MOST_DEPTH => None,
        Some(b'{') => write_object(json, depth, text),
        Some(b'[') => write_array(json, depth, text),
        Some(b'"') => write_text(json, text),
        _ => None,
    };
    if done.is_none() {
        text.extend_from_slice(json.as_bytes());
    }
}

fn write_object(json: &str, depth: usize, text: &mut Vec<u8>) -> Option<()> {
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
    text.push(b'{');
    for (place, (name, value)) in members.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut *text, name).ok()?;
        text.push(b':');
        write(value.get(), depth + 1, text);
    }
    text.push(b'}');
    Some(())
}

fn write_array(json: &str, depth: usize, text: &mut Vec<u8>) -> Option<()> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    text.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        write(item.get(), depth + 1, text);
    }
    text.push(b']');
    Some(())
}

fn write_text(json: &str, text: &mut Vec<u8>) -> Option<()> {
    let value: Cow<'_, str> = serde_json::from_str(json).ok()?;
    serde_json::to_writer(text, &value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_same(one: &str, other: &str, expected: bool) {
        assert_eq!(is_same(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
    }

    #[test]
    fn how_an_event_is_written_does_not_matter() {
        check_same(r#"{"a":1,"b":{"c":[1,"x"],"d":null}}"#, r#"{ "b": {"d":null, "c": [1, "\u0078"]}, "a": 1 }"#, true);
        check_same("{}", "{ }", true);
    }

    #[test]
    fn the_content_of_an_event_matters() {
        check_same(r#"{"a":1}"#, r#"{"a":2}"#, false);
        check_same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false);
        check_same(r#"{"a":"1"}"#, r#"{"a":1}"#, false);
        // Beyond what a float distinguishes.
        check_same(r#"{"a":10000000000000000000000001}"#, r#"{"a":10000000000000000000000002}"#, false);
    }

    #[test]
    fn deep_json_costs_a_bounded_time() {
        let deep = |depth: usize, inside: &str| "[".repeat(depth) + inside + &"]".repeat(depth);
        check_same(&deep(100, "{ }"), &deep(100, "{}"), true);
        // Deeper than that, white space counts.
        check_same(&deep(100_000, "{ }"), &deep(100_000, "{ }"), true);
        check_same(&deep(100_000, "{ }"), &deep(100_000, "{}"), false);
    }

    #[test]
    fn an_id_never_changes() {
        // A file that is run again after an upgrade would be billed twice.
        let event = br#"{"schemaName":"rides","timestamp":"2024-04-18T16:00:17Z","accountId":"acme-prod","attributes":[{"name":"distance","value":"12.5","unit":"km"}],"dimensions":{"city":"Chennai"}}"#;
        insta::assert_snapshot!(id(event, |_| 0));
        insta::assert_snapshot!(id(event, |_| 1));
    }

    #[test]
    fn the_ordinal_is_asked_for_by_the_id_of_the_first() {
        let first = id(b"{}", |_| 0);
        let mut asked = None;
        let second = id(b"{}", |hash| {
            asked = Some(hash);
            1
        });
        assert_eq!(asked, Some(first.as_u128()));
        assert_ne!(first, second);
    }
}
