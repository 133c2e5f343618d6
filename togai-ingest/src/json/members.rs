//! Lists and objects: what stands between their members and around them.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};
use serde_json::Error;

use super::buffer::Buffer;
use super::map_key::MapKeySerializer;
use super::value::ValueSerializer;
use super::verbatim::VerbatimSerializer;

/// A list or an object that is being written.
pub(super) struct Members<'a> {
    buffer: &'a mut Buffer,
    state: State,
    end: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Empty,
    Filled,
    /// It is no object but JSON that is written already.
    Verbatim,
}

impl<'a> Members<'a> {
    #[inline]
    pub(super) fn list(buffer: &'a mut Buffer) -> Self {
        buffer.put_byte(b'[');
        Self { buffer, state: State::Empty, end: b']' }
    }

    #[inline(always)]
    pub(super) fn object(buffer: &'a mut Buffer) -> Self {
        buffer.put_byte(b'{');
        Self { buffer, state: State::Empty, end: b'}' }
    }

    pub(super) fn verbatim(buffer: &'a mut Buffer) -> Self {
        Self { buffer, state: State::Verbatim, end: b'}' }
    }

    #[inline]
    fn put_comma(&mut self) {
        if self.state == State::Filled {
            self.buffer.put_byte(b',');
        }
        self.state = State::Filled;
    }

    #[inline]
    fn put_item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.put_comma();
        value.serialize(ValueSerializer(self.buffer))
    }

    #[inline(always)]
    fn put_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        match self.state {
            State::Empty => self.buffer.put_key(*b"", key),
            State::Filled => self.buffer.put_key(*b",", key),
            State::Verbatim => return value.serialize(VerbatimSerializer(self.buffer)),
        }
        self.state = State::Filled;
        value.serialize(ValueSerializer(self.buffer))
    }

    #[inline(always)]
    fn close(self) {
        if self.state != State::Verbatim {
            self.buffer.put_byte(self.end);
        }
    }
}

macro_rules! lists {
    ($($kind:ident::$method:ident)*) => {
        $(impl $kind for Members<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
                self.put_item(value)
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
        self.put_comma();
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
        self.put_field(key, value)
    }

    #[inline(always)]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

/// The members of a variant, inside of an object that has the name of the variant as its one key.
pub(super) struct Variant<'a>(pub(super) Members<'a>);

impl Variant<'_> {
    fn close(self) {
        self.0.buffer.put_array([self.0.end, b'}']);
    }
}

impl SerializeTupleVariant for Variant<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.0.put_item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl SerializeStructVariant for Variant<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.0.put_field(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}
