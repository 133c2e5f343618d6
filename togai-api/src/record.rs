//! Reading and writing the objects of the API.
//!
//! Generated types use this instead of serde's derive macros, whose code takes the compiler several times as long and would
//! have to be told about every field what is the rule here: null and a missing field are an empty value, and fields that are
//! not known are ignored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An object with named fields.
pub(crate) trait Record: Sized {
    const NAME: &'static str;
    /// Fields without which an object is refused. An answer has none, since servers leave out what they promise.
    const REQUIRED: &'static [&'static str];

    /// One whose fields are empty.
    fn empty() -> Self;

    /// Reads the value of a field, and says whether there is such a field.
    fn read<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Writes the fields.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

pub(crate) fn deserialize<'de, T: Record, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct RecordVisitor<T>(PhantomData<T>);

    impl<'de, T: Record> Visitor<'de> for RecordVisitor<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "an object ({})", T::NAME)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            const { assert!(T::REQUIRED.len() <= 64, "a bit of `seen` for each required field") };
            let mut record = T::empty();
            let mut seen = 0_u64;
            while let Some(field) = map.next_key_seed(Key)? {
                if record.read(&field, &mut map)? {
                    let position = T::REQUIRED.iter().position(|required| *required == field);
                    seen |= position.map_or(0, |position| 1 << position);
                } else if field == "$serde_json::private::Number" {
                    // With `serde_json/arbitrary_precision` a number arrives like this, where any value may stand.
                    return Err(de::Error::invalid_type(Unexpected::Other("number"), &self));
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            match T::REQUIRED.iter().enumerate().find(|(position, _)| seen & (1 << position) == 0) {
                Some((_, missing)) => Err(de::Error::missing_field(missing)),
                None => Ok(record),
            }
        }
    }

    deserializer.deserialize_map(RecordVisitor(PhantomData))
}

pub(crate) fn serialize<T: Record, S: Serializer>(record: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    record.write(&mut map)?;
    map.end()
}

/// The name of a field, borrowed from the text where it stands there as it is.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A value that stands for one that was not read.
///
/// It is not `Default`, which would let users make requests without what is required.
pub(crate) trait Blank {
    fn blank() -> Self;
}

macro_rules! blank {
    ($($kind:ty),*) => {
        $(impl Blank for $kind {
            fn blank() -> Self {
                Self::default()
            }
        })*
    };
}

blank!(bool, i32, i64, u32, u64, f64, String, serde_json::Value, serde_json::Map<String, serde_json::Value>);
blank!(crate::Attribute, crate::Date, crate::Decimal, crate::Event, crate::Text, crate::Timestamp);

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<K, V> Blank for BTreeMap<K, V> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Blank> Blank for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

/// Ways to read the value of a field.
pub(crate) mod read {
    use super::{Deserialize, MapAccess};
    use crate::{Event, Timestamp, lenient};

    /// Any value of the type; null leaves the field empty.
    pub(crate) fn value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        field: &mut T,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if let Some(value) = map.next_value()? {
            *field = value;
        }
        Ok(())
    }

    /// A value of the type, not null.
    pub(crate) fn exact<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        field: &mut T,
        map: &mut A,
    ) -> Result<(), A::Error> {
        *field = map.next_value()?;
        Ok(())
    }

    /// A value that servers write in several ways; which ones is up to `L`.
    fn lenient<'de, L: Deserialize<'de> + Into<T>, T, A: MapAccess<'de>>(
        field: &mut impl Slot<T>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if let Some(value) = map.next_value::<Option<L>>()? {
            field.fill(value.into());
        }
        Ok(())
    }

    /// A text that may be written as a number or a boolean.
    pub(crate) fn text<'de, A: MapAccess<'de>>(field: &mut impl Slot<String>, map: &mut A) -> Result<(), A::Error> {
        lenient::<lenient::Scalar, String, A>(field, map)
    }

    /// A text that may be written as the JSON that it holds.
    pub(crate) fn json_text<'de, A: MapAccess<'de>>(
        field: &mut impl Slot<String>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        lenient::<lenient::JsonText, String, A>(field, map)
    }

    /// A map whose texts may be written as numbers or booleans.
    pub(crate) fn map_of_text<'de, A: MapAccess<'de>>(
        field: &mut impl Slot<std::collections::BTreeMap<String, String>>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        lenient::<lenient::ScalarMap, _, A>(field, map)
    }

    /// A moment that may be written as a day or as no end at all.
    pub(crate) fn moment<'de, A: MapAccess<'de>>(
        field: &mut impl Slot<Timestamp>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        lenient::<lenient::Moment, Timestamp, A>(field, map)
    }

    /// A list of such moments.
    pub(crate) fn moments<'de, A: MapAccess<'de>>(
        field: &mut impl Slot<Vec<Timestamp>>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if let Some(moments) = map.next_value::<Option<Vec<lenient::Moment>>>()? {
            field.fill(moments.into_iter().map(Into::into).collect());
        }
        Ok(())
    }

    /// An event as a server tells it.
    pub(crate) fn event<'de, A: MapAccess<'de>>(field: &mut impl Slot<Event>, map: &mut A) -> Result<(), A::Error> {
        lenient::<lenient::LenientEvent, Event, A>(field, map)
    }

    /// An event as a server repeats it because it is none: what cannot be read is left out.
    pub(crate) fn echoed_event<'de, A: MapAccess<'de>>(field: &mut Option<Event>, map: &mut A) -> Result<(), A::Error> {
        let raw: Option<Box<serde_json::value::RawValue>> = map.next_value()?;
        *field = raw.and_then(|raw| serde_json::from_str::<lenient::LenientEvent>(raw.get()).ok()).map(Into::into);
        Ok(())
    }

    /// An integer that may be written as a text, with separators between its digits.
    pub(crate) fn integer<'de, A: MapAccess<'de>>(field: &mut impl Slot<i64>, map: &mut A) -> Result<(), A::Error> {
        lenient::<lenient::Integer, i64, A>(field, map)
    }

    /// A list, of which one item may stand alone.
    pub(crate) fn list<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        field: &mut Vec<T>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        lenient::<lenient::OneOrMany<T>, Vec<T>, A>(field, map)
    }

    /// A field that a value is put into.
    pub(crate) trait Slot<T> {
        fn fill(&mut self, value: T);
    }

    impl<T> Slot<T> for T {
        fn fill(&mut self, value: T) {
            *self = value;
        }
    }

    impl<T> Slot<T> for Option<T> {
        fn fill(&mut self, value: T) {
            *self = Some(value);
        }
    }
}

/// Ways to write a field.
pub(crate) mod write {
    use super::{BTreeMap, Serialize, SerializeMap};

    /// Whatever it holds.
    pub(crate) fn always<T: Serialize, M: SerializeMap>(
        name: &'static str,
        field: &T,
        map: &mut M,
    ) -> Result<(), M::Error> {
        map.serialize_entry(name, field)
    }

    /// Where it holds something.
    pub(crate) fn present<T: Serialize + Absent, M: SerializeMap>(
        name: &'static str,
        field: &T,
        map: &mut M,
    ) -> Result<(), M::Error> {
        if field.is_absent() { Ok(()) } else { map.serialize_entry(name, field) }
    }

    /// A field that can hold nothing.
    pub(crate) trait Absent {
        fn is_absent(&self) -> bool;
    }

    impl<T> Absent for Option<T> {
        fn is_absent(&self) -> bool {
            self.is_none()
        }
    }

    impl<T> Absent for Vec<T> {
        fn is_absent(&self) -> bool {
            self.is_empty()
        }
    }

    impl<K, V> Absent for BTreeMap<K, V> {
        fn is_absent(&self) -> bool {
            self.is_empty()
        }
    }

    impl Absent for serde_json::Map<String, serde_json::Value> {
        fn is_absent(&self) -> bool {
            self.is_empty()
        }
    }
}

/// Makes a structure a record that reads and writes itself. Of each field it says the name on the wire (and others that
/// are read, too), when it is written, and how it is read.
macro_rules! record {
    ($name:ident $(: $default:ident)? requires [$($required:literal),*] {
        $($field:ident: $wire:literal $(or $alias:literal)*, $write:ident, $read:ident;)*
    }) => {
        $(
            impl $default for $name {
                /// One whose fields are empty, as those are that the server leaves out.
                fn default() -> Self {
                    crate::record::Record::empty()
                }
            }
        )?

        impl crate::record::Blank for $name {
            fn blank() -> Self {
                crate::record::Record::empty()
            }
        }

        impl crate::record::Record for $name {
            const NAME: &'static str = stringify!($name);
            const REQUIRED: &'static [&'static str] = &[$($required),*];

            fn empty() -> Self {
                Self { $($field: crate::record::Blank::blank()),* }
            }

            #[allow(unused_variables, reason = "a record may have no fields")]
            fn read<'de, A: serde::de::MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<bool, A::Error> {
                match field {
                    $($wire $(| $alias)* => crate::record::read::$read(&mut self.$field, map)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            #[allow(unused_variables, reason = "a record may have no fields")]
            fn write<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $(crate::record::write::$write($wire, &self.$field, map)?;)*
                Ok(())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::record::deserialize(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::record::serialize(self, serializer)
            }
        }
    };
}

pub(crate) use record;
