//! Keys of maps: texts, and whatever else can be written as one.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::Error;

use super::buffer::Buffer;
use super::refuse::refuse;
use super::value::ValueSerializer;

/// Writes a key in quotes.
pub(super) struct MapKeySerializer<'a>(pub(super) &'a mut Buffer);

fn no_key() -> Error {
    Error::custom("key must be a string")
}

impl MapKeySerializer<'_> {
    /// Writes a value that has nothing to be escaped.
    fn quoted<T: Serialize>(self, value: T) -> Result<(), Error> {
        self.0.put_byte(b'"');
        value.serialize(ValueSerializer(self.0))?;
        self.0.put_byte(b'"');
        Ok(())
    }

    fn finite<T: Serialize>(self, is_finite: bool, value: T) -> Result<(), Error> {
        if is_finite { self.quoted(value) } else { Err(Error::custom("float key must be finite (got NaN or +/-inf)")) }
    }
}

macro_rules! quoted {
    ($($method:ident($kind:ty))*) => {
        $(fn $method(self, value: $kind) -> Result<(), Error> {
            self.quoted(value)
        })*
    };
}

impl Serializer for MapKeySerializer<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.put_text(text);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        ValueSerializer(self.0).serialize_char(value)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), Error> {
        ValueSerializer(self.0).collect_str(value)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    quoted! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.finite(value.is_finite(), value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.finite(value.is_finite(), value)
    }

    refuse! { no_key: nulls lists objects }
}
