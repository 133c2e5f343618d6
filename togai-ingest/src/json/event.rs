//! The top of an event: an object, of which it is noted where some members stand.

use std::marker::PhantomData;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, SerializeStruct, Serializer};
use serde_json::Error;

use super::buffer::Buffer;
use super::fields::{FieldNames, Fields};
use super::map_key::MapKeySerializer;
use super::members::State;
use super::refuse::refuse;
use super::value::{ValueSerializer, Variant};
use super::verbatim::{self, VerbatimSerializer};

/// The value of a field that an event does not have.
pub(super) const NULL: &[u8] = b"null";

/// Writes an event, and notes where the fields `N` stand. An id that is null is left out: the event has none.
pub(super) struct EventSerializer<'a, N> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) noted: &'a mut Noted,
    /// Where the event begins in the buffer.
    pub(super) start: usize,
    pub(super) names: PhantomData<N>,
}

/// What is noted of an event.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) fields: Fields,
    /// Whether its members were not seen one by one, so that they have to be looked for.
    pub(super) is_opaque: bool,
}

/// The error for whatever cannot be an event.
pub(super) fn no_object() -> Error {
    Error::custom("an event has to be a JSON object")
}

impl<'a, N: FieldNames> EventSerializer<'a, N> {
    #[inline(always)]
    fn members(self) -> EventMembers<'a, N> {
        self.buffer.put_byte(b'{');
        EventMembers { event: self, state: State::Empty, key: MapKey::default() }
    }

    /// What writes an event that is looked at afterwards.
    fn opaque(self) -> ValueSerializer<'a> {
        self.noted.is_opaque = true;
        ValueSerializer(self.buffer)
    }
}

impl<'a, N: FieldNames> Serializer for EventSerializer<'a, N> {
    type Ok = ();
    type Error = Error;
    type SerializeTupleVariant = Variant<'a>;
    type SerializeMap = EventMembers<'a, N>;
    type SerializeStruct = EventMembers<'a, N>;
    type SerializeStructVariant = Variant<'a>;

    #[inline(always)]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<EventMembers<'a, N>, Error> {
        Ok(self.members())
    }

    #[inline(always)]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<EventMembers<'a, N>, Error> {
        if verbatim::is_name(name) {
            self.noted.is_opaque = true;
            return Ok(EventMembers { event: self, state: State::Verbatim, key: MapKey::default() });
        }
        Ok(self.members())
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.opaque().serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<'a>, Error> {
        self.opaque().serialize_tuple_variant(name, index, variant, length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<'a>, Error> {
        self.opaque().serialize_struct_variant(name, index, variant, length)
    }

    refuse! { no_object: numbers texts nulls lists }
}

/// The members of an event.
pub(super) struct EventMembers<'a, N> {
    event: EventSerializer<'a, N>,
    state: State,
    /// The key of a map that was written last.
    key: MapKey,
}

/// A key of a map: what was written before it, and its place among those that are looked out for.
#[derive(Clone, Copy, Default)]
struct MapKey {
    before: usize,
    was: State,
    field: Option<usize>,
}

impl<N: FieldNames> EventMembers<'_, N> {
    /// Writes the value of a key, and notes where it stands.
    #[inline(always)]
    fn put_value<T: ?Sized + Serialize>(&mut self, key: MapKey, value: &T) -> Result<(), Error> {
        let EventSerializer { buffer, noted, start, .. } = &mut self.event;
        let place = buffer.len();
        value.serialize(ValueSerializer(buffer))?;
        match key.field {
            Some(0) if buffer.since(place) == NULL => {
                buffer.truncate(key.before);
                self.state = key.was;
            }
            Some(field) => noted.fields.note(field, place - *start..buffer.len() - *start),
            None => {}
        }
        Ok(())
    }

    #[inline(always)]
    fn close(self) {
        if self.state != State::Verbatim {
            self.event.buffer.put_byte(b'}');
        }
    }
}

impl<N: FieldNames> SerializeStruct for EventMembers<'_, N> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        let before = MapKey { before: self.event.buffer.len(), was: self.state, field: N::place(key.as_bytes()) };
        self.state = self.state.next_field(key, self.event.buffer);
        if self.state == State::Verbatim {
            return value.serialize(VerbatimSerializer(self.event.buffer));
        }
        self.put_value(before, value)
    }

    #[inline(always)]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl<N: FieldNames> SerializeMap for EventMembers<'_, N> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        let buffer = &mut *self.event.buffer;
        let (before, was) = (buffer.len(), self.state);
        if was == State::Filled {
            buffer.put_byte(b',');
        }
        let place = buffer.len();
        key.serialize(MapKeySerializer(buffer))?;
        let quoted = buffer.since(place);
        let field = N::place(&quoted[1..quoted.len() - 1]);
        self.key = MapKey { before, was, field };
        self.state = State::Filled;
        Ok(())
    }

    #[inline]
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.event.buffer.put_byte(b':');
        self.put_value(self.key, value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}
