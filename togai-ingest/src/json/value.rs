//! Any value of serde's data model as JSON, byte for byte as `serde_json` writes it.

use std::fmt::{self, Display, Write};

use serde::Serialize;
use serde::ser::{Error as _, SerializeSeq, Serializer};
use serde_json::Error;

use super::buffer::Buffer;
use super::members::{Members, Variant};
use super::verbatim;

/// Writes a value.
pub(super) struct ValueSerializer<'a>(pub(super) &'a mut Buffer);

macro_rules! integers {
    ($($method:ident($integer:ty))*) => {
        $(#[inline]
        fn $method(self, value: $integer) -> Result<(), Error> {
            self.0.put(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        })*
    };
}

impl<'a> Serializer for ValueSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Variant<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Variant<'a>;

    integers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    /// How a float is written best is a matter of its own, and `serde_json` knows it.
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        serde_json::Serializer::new(self.0).serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        serde_json::Serializer::new(self.0).serialize_f64(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.put_text(text);
        Ok(())
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), Error> {
        self.0.put_byte(b'"');
        if write!(Escaped(self.0), "{value}").is_err() {
            return Err(Error::custom("a value cannot be displayed"));
        }
        self.0.put_byte(b'"');
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        let mut items = self.serialize_seq(Some(bytes.len()))?;
        bytes.iter().try_for_each(|byte| items.serialize_element(byte))?;
        SerializeSeq::end(items)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.0.put_array(*b"null");
        Ok(())
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_none()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.0.put_key(*b"{", variant);
        value.serialize(ValueSerializer(self.0))?;
        self.0.put_byte(b'}');
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, Error> {
        Ok(Members::list(self.0))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, Error> {
        Ok(Members::list(self.0))
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Error> {
        Ok(Members::list(self.0))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<'a>, Error> {
        self.0.put_key(*b"{", variant);
        Ok(Variant(Members::list(self.0)))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, Error> {
        Ok(Members::object(self.0))
    }

    #[inline(always)]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, Error> {
        Ok(if verbatim::is_name(name) { Members::verbatim(self.0) } else { Members::object(self.0) })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<'a>, Error> {
        self.0.put_key(*b"{", variant);
        Ok(Variant(Members::object(self.0)))
    }
}

/// Writes a text as it is displayed, piece by piece.
pub(super) struct Escaped<'a>(pub(super) &'a mut Buffer);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put_escaped(text);
        Ok(())
    }
}
