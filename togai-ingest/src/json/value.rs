//! Any value of serde's data model as JSON, byte for byte as `serde_json` writes it.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::Error;

use super::buffer::Buffer;
use super::map_key::MapKeySerializer;
use super::members::Members;
use super::verbatim::{self, VerbatimSerializer};

/// Writes a value.
pub(super) struct ValueSerializer<'a>(pub(super) &'a mut Buffer);

macro_rules! integers {
    ($($method:ident($integer:ty))*) => {
        $(#[inline]
        fn $method(self, value: $integer) -> Result<(), Error> {
            self.0.put_integer(value);
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
        self.0.put_bool(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.0.put_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.0.put_f64(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.0.put_char(value);
        Ok(())
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.put_text(text);
        Ok(())
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), Error> {
        self.0.put_displayed(value)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
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

macro_rules! lists {
    ($($kind:ident::$method:ident)*) => {
        $(impl $kind for Members<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
                self.next();
                value.serialize(ValueSerializer(self.buffer))
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
}

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        key.serialize(MapKeySerializer(self.buffer))
    }

    #[inline]
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.buffer.put_byte(b':');
        value.serialize(ValueSerializer(self.buffer))
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.next_field(key);
        if self.is_verbatim() {
            return value.serialize(VerbatimSerializer(self.buffer));
        }
        value.serialize(ValueSerializer(self.buffer))
    }

    #[inline(always)]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

/// The members of a variant, inside of an object that has the name of the variant as its one key.
pub(super) struct Variant<'a>(Members<'a>);

macro_rules! variants {
    ($($kind:ident::serialize_field($($key:ident)?) as $of:ident::$method:ident;)*) => {
        $(impl $kind for Variant<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), Error> {
                $of::$method(&mut self.0, $($key,)? value)
            }

            fn end(self) -> Result<(), Error> {
                self.0.close_variant();
                Ok(())
            }
        })*
    };
}

variants! {
    SerializeTupleVariant::serialize_field() as SerializeSeq::serialize_element;
    SerializeStructVariant::serialize_field(key) as SerializeStruct::serialize_field;
}
