//! Compares JSON before and after a round trip through a type of the client.

use serde_json::Value;
use togai_ext::Timestamp;

/// Where the second value is not what the first one was; nothing if it is.
///
/// Members that hold what `may_lack` says may be missing. A moment may be written in another way.
pub(crate) fn difference(before: &Value, after: &Value, may_lack: fn(&Value) -> bool) -> Option<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let changed = before.iter().find_map(|(name, value)| {
                let problem = match after.get(name) {
                    Some(after) => difference(value, after, may_lack)?,
                    None if may_lack(value) => return None,
                    None => format!(": {value} is lost"),
                };
                Some(format!(".{name}{problem}"))
            });
            let added = || after.iter().find(|(name, _)| !before.contains_key(*name));
            changed.or_else(|| added().map(|(name, value)| format!(".{name}: {value} was not there")))
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            let mut pairs = before.iter().zip(after).enumerate();
            pairs
                .find_map(|(index, (before, after))| Some(format!("[{index}]{}", difference(before, after, may_lack)?)))
        }
        (Value::String(before), Value::String(after)) if moment(before).is_some_and(|it| Some(it) == moment(after)) => {
            None
        }
        _ => (before != after).then(|| format!(": {before} became {after}")),
    }
}

/// Whether a response without the value means the same to the client.
pub(crate) fn is_null_or_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[test]
fn differences_are_reported_with_their_path() {
    let check = |before: &str, after: &str, expected: Option<&str>| {
        let [before, after] = [before, after].map(|json| serde_json::from_str(json).unwrap());
        assert_eq!(difference(&before, &after, is_null_or_empty).as_deref(), expected);
    };
    check(r#"{"a": null, "b": [1.50, "x"]}"#, r#"{"b": [1.5, "x"]}"#, None);
    check(r#"{"a": [], "b": {}, "c": "2024-11-05T09:02:40.000Z"}"#, r#"{"c": "2024-11-05T09:02:40Z"}"#, None);
    check(
        r#""2024-11-05T09:02:40Z""#,
        r#""2024-11-05T09:02:41Z""#,
        Some(r#": "2024-11-05T09:02:40Z" became "2024-11-05T09:02:41Z""#),
    );
    check(r#"{"a": 1}"#, "{}", Some(".a: 1 is lost"));
    check(r#"{"a": [{}, {}]}"#, r#"{"a": [{}, {"b": 0}]}"#, Some(".a[1].b: 0 was not there"));
    check("[1]", "[]", Some(": [1] became []"));
    check("1", r#""1""#, Some(r#": 1 became "1""#));
}
