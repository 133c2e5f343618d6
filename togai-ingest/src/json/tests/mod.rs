//! What is written of an event, and where its fields are found.

mod data_model;
mod generator;

use serde::Serialize;
use serde::ser::{Error as _, SerializeStruct, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use super::{Buffer, Encoder, FieldNames};

struct Names;

impl FieldNames for Names {
    const NAMES: &'static [&'static str] = &["id", "account"];
}

#[derive(Serialize)]
struct Plain {
    schema: &'static str,
    id: Option<&'static str>,
    account: &'static str,
}

const PLAIN_TEXT: &str = r#"{"schema":"rides","id":"r-1","account":"acme"}"#;
const PLAIN: Plain = Plain { schema: "rides", id: Some("r-1"), account: "acme" };

fn before() -> Buffer {
    let mut buffer = Buffer::default();
    buffer.put(b"before");
    buffer
}

/// What is written after something else, and id and account as they were found.
#[track_caller]
fn check<E: Serialize>(event: &E, text: &str, id: Option<&str>, account: Option<&str>) {
    let (mut buffer, mut encoder) = (before(), Encoder::<Names>::new());
    encoder.encode(event, &mut buffer).unwrap();
    let written = buffer.since(6);
    assert_eq!(std::str::from_utf8(written).unwrap(), text);
    let found = |name| encoder.fields().get(name, written).map(|value| std::str::from_utf8(value).unwrap());
    assert_eq!((found(0), found(1)), (id, account));
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

#[test]
fn the_fields_of_a_struct_are_found() {
    check(&PLAIN, PLAIN_TEXT, Some(r#""r-1""#), Some(r#""acme""#));
    check(&Some(&PLAIN), PLAIN_TEXT, Some(r#""r-1""#), Some(r#""acme""#));
}

#[test]
fn a_null_id_is_left_out() {
    #[derive(Serialize)]
    struct First {
        id: Option<u8>,
        last: u8,
    }
    #[derive(Serialize)]
    struct Twice {
        id: &'static str,
        #[serde(flatten)]
        rest: serde_json::Value,
    }
    let event = Plain { id: None, ..PLAIN };
    check(&event, r#"{"schema":"rides","account":"acme"}"#, None, Some(r#""acme""#));
    check(&First { id: None, last: 1 }, r#"{"last":1}"#, None, None);
    check(&json!({ "id": null, "account": "b", "x": 1 }), r#"{"account":"b","x":1}"#, None, Some(r#""b""#));
    check(&raw(r#"{ "x": 1, "id": null, "account": "b" }"#), r#"{"account":"b","x":1}"#, None, Some(r#""b""#));
    // The one that is left counts.
    let twice = Twice { id: "r-1", rest: json!({ "id": null, "a\nb": "x" }) };
    check(&twice, r#"{"id":"r-1","a\nb":"x"}"#, Some(r#""r-1""#), None);
}

#[test]
fn an_empty_id_is_written_as_it_is() {
    let text = r#"{"schema":"rides","id":"","account":"acme"}"#;
    check(&Plain { id: Some(""), ..PLAIN }, text, Some(r#""""#), Some(r#""acme""#));
    check(&json!({ "id": "", "x": 1 }), r#"{"id":"","x":1}"#, Some(r#""""#), None);
    check(&raw(r#"{ "id" : "" }"#), r#"{ "id" : "" }"#, Some(r#""""#), None);
}

#[test]
fn one_encoder_writes_events_of_several_types() {
    #[derive(Serialize)]
    struct Other {
        account: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        more: Option<u8>,
        id: u8,
    }
    let (mut encoder, mut buffer) = (Encoder::<Names>::new(), Buffer::default());
    for (more, text) in [(None, r#"{"account":"b","id":7}"#), (Some(1), r#"{"account":"b","more":1,"id":7}"#)] {
        let start = buffer.len();
        encoder.encode(&PLAIN, &mut buffer).unwrap();
        assert_eq!(encoder.fields().get(0, buffer.since(start)), Some(&br#""r-1""#[..]));
        let start = buffer.len();
        encoder.encode(&Other { account: "b", more, id: 7 }, &mut buffer).unwrap();
        let written = buffer.since(start);
        assert_eq!(std::str::from_utf8(written).unwrap(), text);
        assert_eq!(
            (encoder.fields().get(0, written), encoder.fields().get(1, written)),
            (Some(&b"7"[..]), Some(&br#""b""#[..]))
        );
    }
}

#[test]
fn the_fields_of_maps_enums_and_raw_json_are_found() {
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        rest: serde_json::Value,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        Account(u8),
        Id { is: u8 },
        Other(u8, u8),
    }
    let value = json!({ "account": "acme", "id": "r-1" });
    let text = r#"{"account":"acme","id":"r-1"}"#;
    check(&value, text, Some(r#""r-1""#), Some(r#""acme""#));
    check(&Flat { rest: value }, text, Some(r#""r-1""#), Some(r#""acme""#));
    let odd = std::collections::BTreeMap::from([(1, "a"), (2, "b")]);
    check(&odd, r#"{"1":"a","2":"b"}"#, None, None);
    check(&json!({ "a\"b": 1, "id": "r-1" }), r#"{"a\"b":1,"id":"r-1"}"#, Some(r#""r-1""#), None);
    check(&json!({}), "{}", None, None);
    let text = r#"{ "id" : "r-1" , "n" : 1.10 }"#;
    check(&raw(text), text, Some(r#""r-1""#), None);
    check(&Kind::Account(7), r#"{"account":7}"#, None, Some("7"));
    check(&Kind::Id { is: 7 }, r#"{"id":{"is":7}}"#, Some(r#"{"is":7}"#), None);
    check(&Kind::Other(1, 2), r#"{"other":[1,2]}"#, None, None);
}

#[test]
fn equal_ids_are_written_alike() {
    #[derive(Serialize)]
    struct Row {
        id: Box<RawValue>,
        account: Box<RawValue>,
    }
    let event = raw(r#"{"id":"\u0061\/\"","account":"b"}"#);
    check(&event, r#"{"id":"a/\"","account":"b"}"#, Some(r#""a/\"""#), Some(r#""b""#));
    let event = Row { id: raw(r#""\u0061\/\"""#), account: raw(r#""\u0061""#) };
    check(&event, r#"{"id":"a/\"","account":"\u0061"}"#, Some(r#""a/\"""#), Some(r#""\u0061""#));
    let event = Plain { id: Some("a/\""), ..PLAIN };
    check(&event, r#"{"schema":"rides","id":"a/\"","account":"acme"}"#, Some(r#""a/\"""#), Some(r#""acme""#));
}

#[test]
fn only_objects_are_events_and_a_failure_leaves_the_buffer_as_it_was() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Broken", 2)?;
            fields.serialize_field("half", &1)?;
            Err(S::Error::custom("no more of it"))
        }
    }
    struct Undisplayed;
    impl std::fmt::Display for Undisplayed {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    #[derive(Serialize)]
    struct Displayed {
        #[serde(serialize_with = "display")]
        account: Undisplayed,
    }
    fn display<S: Serializer>(value: &Undisplayed, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
    let refused = |result: Result<(), serde_json::Error>| result.unwrap_err().to_string();
    let (mut encoder, mut buffer) = (Encoder::<Names>::new(), before());
    for result in [
        encoder.encode(&7, &mut buffer),
        encoder.encode(&"{}", &mut buffer),
        encoder.encode(&None::<Plain>, &mut buffer),
        encoder.encode(&[PLAIN], &mut buffer),
        encoder.encode(&raw("[1]"), &mut buffer),
        encoder.encode(&raw("7"), &mut buffer),
    ] {
        assert_eq!(refused(result), "an event has to be a JSON object");
    }
    assert_eq!(refused(encoder.encode(&Broken, &mut buffer)), "no more of it");
    assert_eq!(
        refused(encoder.encode(&Displayed { account: Undisplayed }, &mut buffer)),
        "a value cannot be displayed"
    );
    assert_eq!(buffer.as_ref(), b"before");
}

#[test]
fn an_id_is_added_to_any_object() {
    let check = |event: &str, expected: &str| {
        let (mut buffer, mut encoder) = (before(), Encoder::<Names>::new());
        encoder.encode(&raw(event), &mut buffer).unwrap();
        encoder.add_id("a\"b", 6, &mut buffer);
        let written = buffer.since(6);
        assert_eq!(std::str::from_utf8(written).unwrap(), expected);
        assert_eq!(encoder.fields().get(0, written), Some(&br#""a\"b""#[..]));
    };
    check("{}", r#"{"id":"a\"b"}"#);
    check("{ }", r#"{ "id":"a\"b"}"#);
    check(r#"{"n":1}"#, r#"{"n":1,"id":"a\"b"}"#);
    check(r#"{"n":1 }"#, r#"{"n":1 ,"id":"a\"b"}"#);
}
