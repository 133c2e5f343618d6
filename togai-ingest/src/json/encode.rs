//! An event as JSON, and where its fields stand in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeMap, SerializeStruct, Serializer};
use serde_json::Error;
use serde_json::value::RawValue;

use super::text::{give_up_on, write_plain, write_value};

/// The value of a field that an event does not have.
const NULL: &str = "null";

/// How many fields can be looked out for.
pub(crate) const MOST_FIELDS: usize = 8;

/// Where the fields that a [`Protocol`](crate::Protocol) names are in an encoded event, by their place in that list.
///
/// ```
/// use togai_ingest::Fields;
///
/// /// A check of an event whose second field is a meter.
/// fn check(event: &[u8], fields: &Fields) -> Result<(), String> {
///     match fields.get(1, event) {
///         Some(meter) if meter.starts_with(b"\"") => Ok(()),
///         Some(_) => Err("`meter` is no text: write it in quotes".to_owned()),
///         None => Err("`meter` is not set, and every event has one".to_owned()),
///     }
/// }
/// assert!(check(b"{}", &Fields::default()).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Fields([Range<usize>; MOST_FIELDS]);

impl Fields {
    /// The value of a field as JSON, given by the place of its name; nothing where the event does not have it.
    pub fn get<'a>(&self, name: usize, event: &'a [u8]) -> Option<&'a [u8]> {
        event.get(self.0.get(name)?.clone()).filter(|value| !value.is_empty())
    }

    /// Whether the event has a field, given by the place of its name.
    pub fn is_set(&self, name: usize) -> bool {
        self.0.get(name).is_some_and(|field| !field.is_empty())
    }

    /// Where the id stands. It is the first field that was looked out for.
    pub(crate) fn id(&self) -> Option<Range<usize>> {
        self.is_set(0).then(|| self.0[0].clone())
    }
}

/// Writes events as JSON, and looks out for some of their fields.
#[derive(Debug)]
pub struct Encoder {
    /// The fields to look out for. The first one is the id.
    names: &'static [&'static str],
    /// Where they stand in the event that was written last.
    fields: Fields,
    /// The keys of the struct that was written last, in their order. Events are mostly of one type, so what is known of a
    /// key need not be found out again for each of them.
    keys: Vec<Key>,
}

/// A key of a struct.
#[derive(Debug)]
struct Key {
    name: &'static str,
    /// How it is written when it is not the first one.
    text: Box<[u8]>,
    /// Its place among those that are looked out for.
    field: Option<usize>,
}

impl Encoder {
    /// Writes events whose fields of interest have these names. The first one is the id.
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, fields: Fields::default(), keys: Vec::new() }
    }

    /// Where the fields of the event stand that was written last, counted from its beginning.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Appends an event to a buffer.
    ///
    /// An id that is null is left out: the event has none. If the event cannot be written, the buffer is as it was.
    pub fn encode<E: Serialize>(&mut self, event: &E, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let start = buffer.len();
        self.fields = Fields::default();
        let mut writer = Writer {
            encoder: self,
            buffer,
            start,
            written: 0,
            next_key: 0,
            map_key: MapKey::default(),
            is_no_struct: false,
        };
        let mut written = event.serialize(&mut writer);
        if writer.is_no_struct {
            buffer.truncate(start);
            // What was found on the way so far stands elsewhere now, if at all.
            self.fields = Fields::default();
            written = self.encode_and_look(event, buffer);
        }
        let written = written.and_then(|()| self.normalise_id(start, buffer));
        if written.is_err() {
            buffer.truncate(start);
        }
        written
    }

    /// Writes the id anew where it may be written in another way than `serde_json` does: JSON that is a text already can
    /// have escapes where none are needed, and ids are compared as they are written.
    fn normalise_id(&mut self, start: usize, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let Some(place) = self.fields.id() else { return Ok(()) };
        let place = start + place.start..start + place.end;
        if !buffer[place.clone()].contains(&b'\\') {
            return Ok(());
        }
        let id: String = serde_json::from_slice(&buffer[place.clone()])?;
        let text = serde_json::to_vec(&id)?;
        if text != buffer[place.clone()] {
            buffer.splice(place, text);
            self.look(&buffer[start..])?;
        }
        Ok(())
    }

    /// Adds the id to the event that was written last, from `start` on, which has none.
    pub(crate) fn add_id(&mut self, id: &str, start: usize, buffer: &mut Vec<u8>) -> Result<(), Error> {
        // The event is an object, so this is its closing brace.
        buffer.pop();
        if !buffer[start + 1..].trim_ascii().is_empty() {
            buffer.push(b',');
        }
        write_key(self.names[0], buffer)?;
        let place = buffer.len() - start;
        serde_json::to_writer(&mut *buffer, id)?;
        self.fields.0[0] = place..buffer.len() - start;
        buffer.push(b'}');
        Ok(())
    }

    /// What is known of the key that stands at a place of the struct.
    fn key(&mut self, place: usize, key: &'static str) -> Result<&Key, Error> {
        // The same key of the same type is the same text at the same address. If it is not, it is only looked up again.
        let is_known = self.keys.get(place).is_some_and(|known| std::ptr::eq(known.name, key));
        if !is_known {
            let mut text = vec![b','];
            write_key(key, &mut text)?;
            let field = self.names.iter().position(|name| *name == key);
            self.keys.truncate(place);
            self.keys.push(Key { name: key, text: text.into(), field });
        }
        Ok(&self.keys[place])
    }

    /// Writes an event of whatever type, and then looks where its fields are.
    fn encode_and_look<E: Serialize>(&mut self, event: &E, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let start = buffer.len();
        serde_json::to_writer(&mut *buffer, event)?;
        let text = &buffer[start..];
        let members: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_slice(text).map_err(|_| Error::custom("an event has to be a JSON object"))?;
        let id = self.names[0];
        if members.get(id).is_some_and(|id| id.get() == NULL) {
            let others: BTreeMap<_, _> = members.iter().filter(|(name, _)| *name != id).collect();
            let others = serde_json::value::to_raw_value(&others)?;
            buffer.truncate(start);
            return self.encode_and_look(&others, buffer);
        }
        self.look(&buffer[start..])
    }

    /// Looks where the fields of an event are.
    fn look(&mut self, event: &[u8]) -> Result<(), Error> {
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(event)?;
        for (place, name) in self.names.iter().enumerate() {
            if let Some(value) = members.get(*name) {
                let offset = value.get().as_ptr().addr() - event.as_ptr().addr();
                self.fields.0[place] = offset..offset + value.get().len();
            }
        }
        Ok(())
    }
}

fn write_key(key: &str, buffer: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(&mut *buffer, key)?;
    buffer.push(b':');
    Ok(())
}

/// Writes a struct or a map field by field, so that it is seen on the way where each of them stands. Anything else it
/// leaves to [`Encoder::encode_and_look`], which costs a second look.
struct Writer<'a> {
    encoder: &'a mut Encoder,
    buffer: &'a mut Vec<u8>,
    start: usize,
    /// How many fields are in the buffer, and how many were handed in.
    written: usize,
    next_key: usize,
    /// The key of a map that was written last.
    map_key: MapKey,
    is_no_struct: bool,
}

/// A key of a map: where it begins, with what stands before it, and its place among those that are looked out for.
#[derive(Clone, Copy, Default)]
struct MapKey {
    start: usize,
    field: Option<usize>,
}

impl Writer<'_> {
    fn give_up<T>(&mut self) -> Result<T, Error> {
        self.is_no_struct = true;
        Err(Error::custom("neither a struct nor a map"))
    }

    /// Writes the value of a field whose key is written, from `start` on, and notes where it stands.
    fn write_field<T: ?Sized + Serialize>(
        &mut self,
        start: usize,
        field: Option<usize>,
        value: &T,
    ) -> Result<(), Error> {
        let place = self.buffer.len();
        write_value(value, self.buffer)?;
        if field == Some(0) && self.buffer[place..] == *NULL.as_bytes() {
            self.buffer.truncate(start);
            return Ok(());
        }
        if let Some(field) = field {
            self.encoder.fields.0[field] = place - self.start..self.buffer.len() - self.start;
        }
        self.written += 1;
        Ok(())
    }
}

impl SerializeStruct for &mut Writer<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        let before = self.buffer.len();
        let key = self.encoder.key(self.next_key, key)?;
        self.next_key += 1;
        self.buffer.extend_from_slice(if self.written == 0 { &key.text[1..] } else { &key.text });
        let field = key.field;
        self.write_field(before, field, value)
    }

    fn end(self) -> Result<(), Error> {
        self.buffer.push(b'}');
        Ok(())
    }
}

impl SerializeMap for &mut Writer<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        let start = self.buffer.len();
        if self.written > 0 {
            self.buffer.push(b',');
        }
        let place = self.buffer.len();
        // A number can be a key, too, which is then written as a text.
        if !write_plain(key, self.buffer) {
            return self.give_up();
        }
        let name = &self.buffer[place + 1..self.buffer.len() - 1];
        let field = self.encoder.names.iter().position(|known| known.as_bytes() == name);
        self.map_key = MapKey { start, field };
        self.buffer.push(b':');
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        let MapKey { start, field } = self.map_key;
        self.write_field(start, field, value)
    }

    fn end(self) -> Result<(), Error> {
        self.buffer.push(b'}');
        Ok(())
    }
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeStruct = Self;
    type SerializeMap = Self;

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, Error> {
        // serde_json has its own way with some of its types, such as JSON that is a text already.
        if name.starts_with("$serde_json") {
            return self.give_up();
        }
        self.buffer.push(b'{');
        Ok(self)
    }

    fn serialize_str(self, _: &str) -> Result<(), Error> {
        self.give_up()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        self.buffer.push(b'{');
        Ok(self)
    }

    give_up_on!(everything but texts, structs and maps);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: &[&str] = &["id", "account"];

    #[derive(Serialize)]
    struct Plain {
        schema: &'static str,
        id: Option<&'static str>,
        account: &'static str,
    }

    const PLAIN_TEXT: &str = r#"{"schema":"rides","id":"r-1","account":"acme"}"#;
    const PLAIN: Plain = Plain { schema: "rides", id: Some("r-1"), account: "acme" };

    /// What is written after something else, and id and account as they were found.
    #[track_caller]
    fn check<E: Serialize>(event: &E, text: &str, id: Option<&str>, account: Option<&str>) {
        let mut buffer = b"before".to_vec();
        let mut encoder = Encoder::new(NAMES);
        encoder.encode(event, &mut buffer).unwrap();
        let written = &buffer[6..];
        assert_eq!(std::str::from_utf8(written).unwrap(), text);
        let found = |name| encoder.fields().get(name, written).map(|value| std::str::from_utf8(value).unwrap());
        assert_eq!((found(0), found(1)), (id, account));
    }

    #[test]
    fn the_encoder_notes_where_the_fields_of_a_struct_are() {
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
        let event = Plain { id: None, ..PLAIN };
        check(&event, r#"{"schema":"rides","account":"acme"}"#, None, Some(r#""acme""#));
        check(&First { id: None, last: 1 }, r#"{"last":1}"#, None, None);
        check(&json!({ "id": null, "account": "b", "x": 1 }), r#"{"account":"b","x":1}"#, None, Some(r#""b""#));
    }

    #[test]
    fn an_empty_id_is_written_as_it_is() {
        let text = r#"{"schema":"rides","id":"","account":"acme"}"#;
        check(&Plain { id: Some(""), ..PLAIN }, text, Some(r#""""#), Some(r#""acme""#));
        check(&json!({ "id": "", "x": 1 }), r#"{"id":"","x":1}"#, Some(r#""""#), None);
        let raw = RawValue::from_string(r#"{ "id" : "" }"#.to_owned()).unwrap();
        check(&raw, r#"{ "id" : "" }"#, Some(r#""""#), None);
    }

    #[test]
    fn one_encoder_writes_events_of_several_types() {
        #[derive(Serialize)]
        struct Other {
            account: &'static str,
            schema: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            more: Option<u8>,
            id: u8,
        }
        let mut encoder = Encoder::new(NAMES);
        let mut texts = Vec::new();
        for round in 0..2 {
            let other = Other { account: "b", schema: "s", more: (round == 1).then_some(1), id: 7 };
            let mut buffer = Vec::new();
            let plain = PLAIN_TEXT.len();
            encoder.encode(&PLAIN, &mut buffer).unwrap();
            assert_eq!(encoder.fields().get(0, &buffer), Some(r#""r-1""#.as_bytes()));
            encoder.encode(&other, &mut buffer).unwrap();
            assert_eq!(encoder.fields().get(0, &buffer[plain..]), Some("7".as_bytes()));
            assert_eq!(encoder.fields().get(1, &buffer[plain..]), Some(r#""b""#.as_bytes()));
            texts.push(String::from_utf8(buffer.split_off(plain)).unwrap());
        }
        assert_eq!(
            texts,
            [r#"{"account":"b","schema":"s","id":7}"#, r#"{"account":"b","schema":"s","more":1,"id":7}"#]
        );
    }

    #[test]
    fn the_encoder_notes_the_fields_of_maps_and_of_raw_json() {
        #[derive(Serialize)]
        struct Flat {
            #[serde(flatten)]
            rest: serde_json::Value,
        }
        let value = json!({ "account": "acme", "id": "r-1" });
        let text = r#"{"account":"acme","id":"r-1"}"#;
        check(&value, text, Some(r#""r-1""#), Some(r#""acme""#));
        check(&Flat { rest: value }, text, Some(r#""r-1""#), Some(r#""acme""#));
        let odd = std::collections::BTreeMap::from([(1, "a"), (2, "b")]);
        check(&odd, r#"{"1":"a","2":"b"}"#, None, None);
        check(&json!({ "a\"b": 1, "id": "r-1" }), r#"{"a\"b":1,"id":"r-1"}"#, Some(r#""r-1""#), None);
        check(&json!({}), "{}", None, None);
        let raw = RawValue::from_string(r#"{ "id" : "r-1" , "n" : 1.10 }"#.to_owned()).unwrap();
        check(&raw, r#"{ "id" : "r-1" , "n" : 1.10 }"#, Some(r#""r-1""#), None);
    }

    #[test]
    fn the_encoder_starts_over_after_a_key_that_it_cannot_write() {
        #[derive(Serialize)]
        struct Row {
            id: &'static str,
            #[serde(flatten)]
            rest: serde_json::Value,
        }
        // The id is there twice, and the second one says that there is none.
        let row = Row { id: "r-1", rest: json!({ "id": null, "a\nb": "x" }) };
        check(&row, r#"{"a\nb":"x"}"#, None, None);
        let row = Row { id: "r-1", rest: json!({ "account": "b", "a\nb": "x" }) };
        check(&row, r#"{"id":"r-1","a\nb":"x","account":"b"}"#, Some(r#""r-1""#), Some(r#""b""#));
    }

    #[test]
    fn equal_ids_are_written_alike() {
        let raw = RawValue::from_string(r#"{"id":"\u0061\/\"","account":"b"}"#.to_owned()).unwrap();
        check(&raw, r#"{"id":"a/\"","account":"b"}"#, Some(r#""a/\"""#), Some(r#""b""#));
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
        let refused = |result: Result<(), Error>| result.unwrap_err().to_string();
        let (mut encoder, mut buffer) = (Encoder::new(NAMES), b"before".to_vec());
        assert_eq!(refused(encoder.encode(&7, &mut buffer)), "an event has to be a JSON object");
        assert_eq!(refused(encoder.encode(&[PLAIN], &mut buffer)), "an event has to be a JSON object");
        assert_eq!(refused(encoder.encode(&Broken, &mut buffer)), "no more of it");
        assert_eq!(buffer, b"before");
    }

    #[test]
    fn an_id_is_added_to_any_object() {
        let check = |event: &str, expected: &str| {
            let event = RawValue::from_string(event.to_owned()).unwrap();
            let mut buffer = b"before".to_vec();
            let mut encoder = Encoder::new(NAMES);
            encoder.encode(&event, &mut buffer).unwrap();
            encoder.add_id("a\"b", 6, &mut buffer).unwrap();
            assert_eq!(std::str::from_utf8(&buffer[6..]).unwrap(), expected);
            assert_eq!(encoder.fields().get(0, &buffer[6..]), Some(r#""a\"b""#.as_bytes()));
        };
        check("{}", r#"{"id":"a\"b"}"#);
        check("{ }", r#"{ "id":"a\"b"}"#);
        check(r#"{"n":1}"#, r#"{"n":1,"id":"a\"b"}"#);
        check(r#"{"n":1 }"#, r#"{"n":1 ,"id":"a\"b"}"#);
    }
}
