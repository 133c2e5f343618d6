//! Whether JSON is still what it was after it went through a type of the client.

use serde_json::Value;

/// Where the second value is not what the first one was; nothing if it is. What was null may be missing.
pub(crate) fn difference(before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let changed = before.iter().filter(|(_, value)| !value.is_null()).find_map(|(name, value)| {
                let problem = match after.get(name) {
                    Some(after) => difference(value, after)?,
                    None => format!(": {value} is lost"),
                };
                Some(format!(".{name}{problem}"))
            });
            let added = || after.iter().find(|(name, _)| !before.contains_key(*name));
            changed.or_else(|| added().map(|(name, value)| format!(".{name}: {value} was not there")))
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            let mut pairs = before.iter().zip(after).enumerate();
            pairs.find_map(|(index, (before, after))| Some(format!("[{index}]{}", difference(before, after)?)))
        }
        _ => (before != after).then(|| format!(": {before} became {after}")),
    }
}

#[test]
fn differences_are_named_with_their_place() {
    let check = |before: &str, after: &str, expected: Option<&str>| {
        let [before, after] = [before, after].map(|json| serde_json::from_str(json).unwrap());
        assert_eq!(difference(&before, &after).as_deref(), expected);
    };
    check(r#"{"a": null, "b": [1.50, "x"]}"#, r#"{"b": [1.5, "x"]}"#, None);
    check(r#"{"a": 1}"#, "{}", Some(".a: 1 is lost"));
    check(r#"{"a": [{}, {}]}"#, r#"{"a": [{}, {"b": 0}]}"#, Some(".a[1].b: 0 was not there"));
    check("[1]", "[]", Some(": [1] became []"));
    check("1", r#""1""#, Some(r#": 1 became "1""#));
}
