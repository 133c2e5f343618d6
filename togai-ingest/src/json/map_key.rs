//! Keys of maps: texts, and whatever else can be written as one.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::Error;

use super::buffer::Buffer;
use super::refuse::refuse;

/// Writes a key in quotes.
pub(super) struct MapKeySerializer<'a>(pub(super) &'a mut Buffer);

fn no_key() -> Error {
    Error::custom("key must be a string")
}

impl MapKeySerializer<'_> {
    /// Writes a value that has nothing to be escaped.
    fn quoted(self, put: impl FnOnce(&mut Buffer) -> Result<(), Error>) -> Result<(), Error> {
        self.0.put_byte(b'"');
        put(self.0)?;
        self.0.put_byte(b'"');
        Ok(())
    }

    fn integer(self, value: impl itoa::Integer) -> Result<(), Error> {
        self.quoted(|buffer| {
            buffer.put_integer(value);
            Ok(())
        })
    }
}

fn not_finite() -> Error {
    Error::custom("float key must be finite (got NaN or +/-inf)")
}

macro_rules! integers {
    ($($method:ident($integer:ty))*) => {
        $(fn $method(self, value: $integer) -> Result<(), Error> {
            self.integer(value)
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
        self.0.put_char(value);
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), Error> {
        self.0.put_displayed(value)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    integers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.quoted(|buffer| {
            buffer.put_bool(value);
            Ok(())
        })
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        if value.is_finite() { self.quoted(|buffer| buffer.put_f32(value)) } else { Err(not_finite()) }
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        if value.is_finite() { self.quoted(|buffer| buffer.put_f64(value)) } else { Err(not_finite()) }
    }

    refuse! { no_key: nulls lists objects }
}
