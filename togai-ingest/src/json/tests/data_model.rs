//! Whatever serde can say is written byte for byte as `serde_json` writes it.
//!
//! ```sh
//! TOGAI_JSON_CASES=100000000 cargo test --release -p togai-ingest --lib data_model
//! ```

use std::borrow::Cow;

use fastrand::Rng;
use serde::{Serialize, Serializer};

use super::super::value::ValueSerializer;
use super::super::{Buffer, Encoder, FieldNames};
use super::Names;
use super::generator::{self, Value};

/// Calls a check with a generator of its own for each case, so that a case can be had again by its number.
fn for_each_case(check: impl Fn(&mut Rng) -> Result<(), String>) {
    let cases: u64 = std::env::var("TOGAI_JSON_CASES").map_or(10_000, |cases| cases.parse().expect("a number"));
    for case in 0..cases {
        if let Err(difference) = check(&mut Rng::with_seed(case)) {
            panic!("case {case}: {difference}");
        }
    }
}

fn shown(json: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(json)
}

#[test]
fn any_value_is_written_as_serde_json_writes_it() {
    for_each_case(|rng| {
        let value = generator::value(rng, 4);
        let mut buffer = Buffer::default();
        let ours = value.serialize(ValueSerializer(&mut buffer)).map(|()| buffer.into_vec());
        match (ours, serde_json::to_vec(&value)) {
            (Ok(ours), Ok(theirs)) if ours == theirs => Ok(()),
            (Err(ours), Err(theirs)) if ours.to_string() == theirs.to_string() => Ok(()),
            (ours, theirs) => {
                let of = |result: Result<Vec<u8>, serde_json::Error>| {
                    result.map_or_else(|error| error.to_string(), |json| shown(&json).into_owned())
                };
                Err(format!("{value:?}\n  ours   {}\n  theirs {}", of(ours), of(theirs)))
            }
        }
    });
}

#[test]
fn any_event_is_written_as_serde_json_writes_it_and_its_fields_are_found() {
    for_each_case(|rng| {
        let event = generator::event(rng);
        let shown_event = format!("{event:?}");
        let (mut buffer, mut encoder) = (Buffer::default(), Encoder::<Names>::new());
        buffer.put(b"[");
        let ours = encoder.encode(&event, &mut buffer).map(|()| buffer.since(1));
        let expected = with_plain_ids(event);
        match (ours, serde_json::to_vec(&expected)) {
            (Ok(ours), Ok(theirs)) if ours == theirs => check_fields(ours, &encoder, &expected),
            (Err(_), Err(_)) if buffer.as_ref() == b"[" => Ok(()),
            (ours, theirs) => {
                let theirs = theirs.map(|json| shown(&json).into_owned());
                Err(format!("{shown_event}\n  ours   {:?}\n  theirs {theirs:?}", ours.map(shown)))
            }
        }
    });
}

/// The event as it is to be written: without ids that are null, and where the last id is a text, that written in our way.
fn with_plain_ids(event: Value) -> Value {
    match event {
        Value::Some(event) => Value::Some(Box::new(with_plain_ids(*event))),
        Value::NewtypeStruct(event) => Value::NewtypeStruct(Box::new(with_plain_ids(*event))),
        Value::Map(mut entries) => {
            entries.retain(|(key, value)| written_key(key) != "id" || !is_null(value));
            if let Some((_, id)) = entries.iter_mut().rfind(|(key, _)| written_key(key) == "id") {
                rewrite(id);
            }
            Value::Map(entries)
        }
        Value::Struct(mut fields) => {
            fields.retain(|(name, value)| *name != "id" || !is_null(value));
            if let Some((_, id)) = fields.iter_mut().rfind(|(name, _)| *name == "id") {
                rewrite(id);
            }
            Value::Struct(fields)
        }
        other => other,
    }
}

fn is_null(value: &Value) -> bool {
    serde_json::to_string(value).is_ok_and(|json| json == "null")
}

fn rewrite(id: &mut Value) {
    if let Ok(text) = serde_json::to_value(&*id)
        && let Some(text) = text.as_str()
    {
        *id = Value::Text(text.to_owned());
    }
}

/// Checks that those fields are found which are there, and of one that is there twice the last.
fn check_fields(json: &[u8], encoder: &Encoder<Names>, event: &Value) -> Result<(), String> {
    for (place, name) in Names::NAMES.iter().enumerate() {
        let expected = last_member(event, name).map(|value| serde_json::to_vec(value).expect("it was written before"));
        let found = encoder.fields().get(place, json);
        if found != expected.as_deref() {
            let (found, expected) = (found.map(shown), expected.as_deref().map(shown));
            return Err(format!("{event:?}: `{name}` is {found:?} and not {expected:?}"));
        }
    }
    Ok(())
}

fn last_member<'a>(event: &'a Value, name: &str) -> Option<&'a Value> {
    match event {
        Value::Some(event) | Value::NewtypeStruct(event) => last_member(event, name),
        Value::Map(entries) => entries.iter().rfind(|(key, _)| written_key(key) == name).map(|(_, value)| value),
        Value::Struct(fields) => fields.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value),
        _ => None,
    }
}

/// A key as it is written, without its quotes.
fn written_key(key: &Value) -> String {
    struct Entry<'a>(&'a Value);

    impl Serialize for Entry<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, ())])
        }
    }
    let json = serde_json::to_string(&Entry(key)).unwrap_or_default();
    json.strip_prefix("{\"").and_then(|json| json.strip_suffix("\":null}")).unwrap_or_default().to_owned()
}
