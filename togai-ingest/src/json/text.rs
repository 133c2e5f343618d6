//! Texts as JSON, fast where nothing in them has to be escaped.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{Impossible, Serializer};
use serde_json::Error;

/// Appends a value to a buffer as `serde_json` writes it.
///
/// A text is looked through at once instead of byte by byte, which halves what texts at the top of an event cost.
pub(crate) fn write_value<T: ?Sized + Serialize>(value: &T, buffer: &mut Vec<u8>) -> Result<(), Error> {
    if write_plain(value, buffer) {
        return Ok(());
    }
    value.serialize(&mut serde_json::Serializer::new(buffer))
}

/// Appends a value that is a text without anything to be escaped, and says whether it is one. Of any other value it
/// writes nothing.
pub(crate) fn write_plain<T: ?Sized + Serialize>(value: &T, buffer: &mut Vec<u8>) -> bool {
    value.serialize(PlainText { buffer }).is_ok()
}

/// Writes a value that is a plain text.
struct PlainText<'a> {
    buffer: &'a mut Vec<u8>,
}

/// The value is no text, or one in which something has to be escaped.
#[derive(Debug)]
struct NotPlain;

/// Whether none of the bytes has to be escaped.
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\');
    };
    // Eight at a time; the last eight may have been looked at in part.
    let (words, _) = text.as_chunks();
    words.iter().chain([last]).all(|word| is_plain_word(u64::from_le_bytes(*word)))
}

/// Whether none of eight bytes has to be escaped.
fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The highest bit of a byte is set where the byte is below the limit, which is at most 0x80; bytes from 0x80 on are
    // never below it. A borrow can set the bit of a byte above one that is below the limit, but not without one.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equals = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equals(b'"') | equals(b'\\')) & (ONES << 7) == 0
}

impl PlainText<'_> {
    #[expect(clippy::unused_self, reason = "called by a macro that others use, too")]
    fn give_up<T>(self) -> Result<T, NotPlain> {
        Err(NotPlain)
    }
}

/// The methods of a serializer for all that it does not write.
macro_rules! give_up_on {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self $(, _: $argument)*) -> Result<$ok, Self::Error> {
            self.give_up()
        })*
    };
    (everything but texts, structs and maps) => {
        type SerializeSeq = Impossible<(), Self::Error>;
        type SerializeTuple = Impossible<(), Self::Error>;
        type SerializeTupleStruct = Impossible<(), Self::Error>;
        type SerializeTupleVariant = Impossible<(), Self::Error>;
        type SerializeStructVariant = Impossible<(), Self::Error>;

        fn serialize_newtype_variant<T: ?Sized + Serialize>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Self::Error> {
            self.give_up()
        }

        fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Self::Error> {
            value.serialize(self)
        }

        fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Self::Error> {
            value.serialize(self)
        }

        $crate::json::text::give_up_on! {
            serialize_bool(bool) -> ();
            serialize_i8(i8) -> ();
            serialize_i16(i16) -> ();
            serialize_i32(i32) -> ();
            serialize_i64(i64) -> ();
            serialize_u8(u8) -> ();
            serialize_u16(u16) -> ();
            serialize_u32(u32) -> ();
            serialize_u64(u64) -> ();
            serialize_i128(i128) -> ();
            serialize_u128(u128) -> ();
            serialize_f32(f32) -> ();
            serialize_f64(f64) -> ();
            serialize_char(char) -> ();
            serialize_bytes(&[u8]) -> ();
            serialize_none() -> ();
            serialize_unit() -> ();
            serialize_unit_struct(&'static str) -> ();
            serialize_unit_variant(&'static str, u32, &'static str) -> ();
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }
    };
}
pub(crate) use give_up_on;

impl Serializer for PlainText<'_> {
    type Ok = ();
    type Error = NotPlain;
    type SerializeStruct = Impossible<(), NotPlain>;
    type SerializeMap = Impossible<(), NotPlain>;

    fn serialize_str(self, text: &str) -> Result<(), NotPlain> {
        if !is_plain(text.as_bytes()) {
            return self.give_up();
        }
        self.buffer.reserve(text.len() + 2);
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.push(b'"');
        Ok(())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, NotPlain> {
        self.give_up()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotPlain> {
        self.give_up()
    }

    give_up_on!(everything but texts, structs and maps);
}

impl Display for NotPlain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a plain text")
    }
}

impl std::error::Error for NotPlain {}

impl serde::ser::Error for NotPlain {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check<T: ?Sized + Serialize>(value: &T) {
        let mut buffer = b"before".to_vec();
        write_value(value, &mut buffer).unwrap();
        assert_eq!(String::from_utf8(buffer).unwrap(), format!("before{}", serde_json::to_string(value).unwrap()));
    }

    #[test]
    fn a_value_is_written_as_serde_json_writes_it() {
        for place in 0..20 {
            for special in ["\"", "\\", "\n", "\u{1f}", "\u{20}", "\u{7f}", "\u{80}", "é"] {
                check(&format!("{}{special}{}", "x".repeat(place), "y".repeat(19 - place)));
            }
        }
        for text in ["", "a", "acme-prod", "ünïcödé \u{7f}\u{2028}", "\"", "a\\b", "line\nend", "\u{0}", "\u{1f}x"]
        {
            check(text);
            check(&Some(text));
        }
        check(&'"');
        check(&json!({ "a": [1, null, true, "\n", 1.5], "b": {} }));
        check(&(1_u8, -1_i128, u128::MAX, f32::MIN, None::<u8>, (), [0_u8; 0]));
        check(&uuid::Uuid::nil().to_string());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in ".*") {
            check(&text);
        }
    }
}
