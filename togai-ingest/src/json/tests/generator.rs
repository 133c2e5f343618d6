//! Values of all kinds that serde knows, by chance.

use std::fmt;

use fastrand::Rng;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::value::RawValue;

/// A value of serde's data model.
#[derive(Debug)]
pub(super) enum Value {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(String),
    /// A text that is written piece by piece.
    Displayed(Vec<String>),
    Bytes(Vec<u8>),
    None,
    Some(Box<Self>),
    Unit,
    UnitStruct,
    UnitVariant(Name),
    NewtypeStruct(Box<Self>),
    NewtypeVariant(Name, Box<Self>),
    Seq(Vec<Self>),
    Tuple(Vec<Self>),
    TupleStruct(Vec<Self>),
    TupleVariant(Name, Vec<Self>),
    Map(Vec<(Self, Self)>),
    Struct(Vec<(Name, Self)>),
    StructVariant(Name, Vec<(Name, Self)>),
    Raw(Box<RawValue>),
    Number(serde_json::Number),
}

/// A name that the compiler could know.
pub(super) type Name = &'static str;

const NAMES: [Name; 12] = [
    "id",
    "account",
    "a",
    "",
    "schemaName",
    "with \"quotes\"",
    "back\\slash",
    "line\nend",
    "größe",
    "a name that is far longer than sixty-four bytes, so that it is copied by the loop for long texts",
    "just as many bytes as are copied without a loop: sixty-four of b",
    "idd",
];

const LITERALS: [&str; 8] =
    ["null", "1.10", "-0", "1e400", r#""\u0061""#, r#"{ "id" : [ 1 ] }"#, "123456789012345678901234567890", "[]"];

/// Makes a value that is at most so deep.
pub(super) fn value(rng: &mut Rng, depth: u8) -> Value {
    let kinds = if depth == 0 { 18 } else { 31 };
    match rng.u8(..kinds) {
        0 => Value::Bool(rng.bool()),
        1 => integer(rng),
        2 => Value::F64(float(rng)),
        3 => Value::F32(f32::from_bits(rng.u32(..))),
        4 => Value::Char(character(rng)),
        5..=9 => Value::Text(text(rng)),
        10 => Value::Displayed((0..rng.usize(..4)).map(|_| text(rng)).collect()),
        11 => Value::Bytes((0..rng.usize(..5)).map(|_| rng.u8(..)).collect()),
        12 => Value::None,
        13 => Value::Unit,
        14 => Value::UnitStruct,
        15 => Value::UnitVariant(name(rng)),
        16 => Value::Raw(RawValue::from_string(rng.choice(LITERALS).unwrap_or_default().to_owned()).unwrap()),
        17 => Value::Number(number(rng)),
        18 => Value::Some(Box::new(value(rng, depth - 1))),
        19 => Value::NewtypeStruct(Box::new(value(rng, depth - 1))),
        20 => Value::NewtypeVariant(name(rng), Box::new(value(rng, depth - 1))),
        21 => Value::Seq(items(rng, depth)),
        22 => Value::Tuple(items(rng, depth)),
        23 => Value::TupleStruct(items(rng, depth)),
        24 => Value::TupleVariant(name(rng), items(rng, depth)),
        25 | 26 => Value::Map((0..rng.usize(..5)).map(|_| (key(rng), value(rng, depth - 1))).collect()),
        27..=29 => Value::Struct(fields(rng, depth)),
        _ => Value::StructVariant(name(rng), fields(rng, depth)),
    }
}

/// Makes an event: a struct or a map, perhaps inside of something that adds nothing.
pub(super) fn event(rng: &mut Rng) -> Value {
    match rng.u8(..6) {
        0 => Value::Some(Box::new(event(rng))),
        1 => Value::NewtypeStruct(Box::new(event(rng))),
        2 => Value::Map((0..rng.usize(..8)).map(|_| (plain_key(rng), value(rng, 2))).collect()),
        _ => Value::Struct(fields(rng, 3)),
    }
}

fn items(rng: &mut Rng, depth: u8) -> Vec<Value> {
    (0..rng.usize(..5)).map(|_| value(rng, depth - 1)).collect()
}

fn fields(rng: &mut Rng, depth: u8) -> Vec<(Name, Value)> {
    (0..rng.usize(..6)).map(|_| (name(rng), value(rng, depth - 1))).collect()
}

/// Mostly what can be a key. What cannot is refused by both.
fn key(rng: &mut Rng) -> Value {
    if rng.u8(..32) == 0 { value(rng, 1) } else { plain_key(rng) }
}

fn plain_key(rng: &mut Rng) -> Value {
    match rng.u8(..10) {
        0 => Value::Bool(rng.bool()),
        1 => integer(rng),
        2 => Value::F64(f64::from(rng.i32(..)) / 8.0),
        3 => Value::F32(f32::from(rng.i16(..)) / 8.0),
        4 => Value::Char(character(rng)),
        5 => Value::UnitVariant(name(rng)),
        6 => Value::Displayed(vec![text(rng)]),
        7 => Value::NewtypeStruct(Box::new(Value::Some(Box::new(Value::Text(text(rng)))))),
        8 => Value::Text(name(rng).to_owned()),
        _ => Value::Text(text(rng)),
    }
}

fn name(rng: &mut Rng) -> Name {
    NAMES[rng.usize(..NAMES.len())]
}

/// Integers of every number of digits.
fn integer(rng: &mut Rng) -> Value {
    let (wide, shift) = (rng.u128(..), rng.u32(..128));
    let (unsigned, signed) = (wide >> shift, rng.i128(..) >> shift);
    match rng.u8(..10) {
        0 => Value::I8(rng.i8(..)),
        1 => Value::I16(rng.i16(..)),
        2 => Value::I32(rng.i32(..) >> (shift % 32)),
        3 => Value::I64(rng.i64(..) >> (shift % 64)),
        4 => Value::I128(signed),
        5 => Value::U8(rng.u8(..)),
        6 => Value::U16(rng.u16(..)),
        7 => Value::U32(rng.u32(..) >> (shift % 32)),
        8 => Value::U64(rng.u64(..) >> (shift % 64)),
        _ => Value::U128(unsigned),
    }
}

/// Floats of all bits, and those that people write.
fn float(rng: &mut Rng) -> f64 {
    match rng.u8(..4) {
        0 => f64::from_bits(rng.u64(..)),
        1 => f64::from(rng.i32(..)),
        2 => f64::from(rng.i32(-100_000..100_000)) / 100.0,
        _ => [0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, 1e15, 1e16, 1e17, 1e-5][rng.usize(..10)],
    }
}

fn number(rng: &mut Rng) -> serde_json::Number {
    match rng.u8(..3) {
        0 => rng.i64(..).into(),
        1 => rng.u64(..).into(),
        _ => serde_json::Number::from_f64(float(rng)).unwrap_or(1.into()),
    }
}

fn character(rng: &mut Rng) -> char {
    match rng.u8(..4) {
        0 => char::from(rng.u8(..0x20)),
        1 => char::from(rng.u8(..0x80)),
        2 => ['"', '\\', '/', '\u{7f}', '\u{80}', '\u{2028}', 'é', '🚗'][rng.usize(..8)],
        _ => rng.char(..),
    }
}

/// Texts of up to some hundred bytes, most of them short, with more or less to be escaped.
fn text(rng: &mut Rng) -> String {
    let most = [4, 9, 17, 40, 70, 300][rng.usize(..6)];
    let length = rng.usize(..most);
    match rng.u8(..4) {
        0 => (0..length).map(|_| character(rng)).collect(),
        1 => (0..length).map(|_| if rng.u8(..16) == 0 { character(rng) } else { rng.alphanumeric() }).collect(),
        _ => (0..length).map(|_| rng.alphanumeric()).collect(),
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const OF: Name = "Of";
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I8(value) => serializer.serialize_i8(*value),
            Self::I16(value) => serializer.serialize_i16(*value),
            Self::I32(value) => serializer.serialize_i32(*value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::I128(value) => serializer.serialize_i128(*value),
            Self::U8(value) => serializer.serialize_u8(*value),
            Self::U16(value) => serializer.serialize_u16(*value),
            Self::U32(value) => serializer.serialize_u32(*value),
            Self::U64(value) => serializer.serialize_u64(*value),
            Self::U128(value) => serializer.serialize_u128(*value),
            Self::F32(value) => serializer.serialize_f32(*value),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Char(value) => serializer.serialize_char(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Displayed(pieces) => serializer.collect_str(&Pieces(pieces)),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::None => serializer.serialize_none(),
            Self::Some(value) => serializer.serialize_some(value),
            Self::Unit => serializer.serialize_unit(),
            Self::UnitStruct => serializer.serialize_unit_struct(OF),
            Self::UnitVariant(name) => serializer.serialize_unit_variant(OF, 0, name),
            Self::NewtypeStruct(value) => serializer.serialize_newtype_struct(OF, value),
            Self::NewtypeVariant(name, value) => serializer.serialize_newtype_variant(OF, 0, name, value),
            Self::Seq(items) => {
                let mut seq = serializer.serialize_seq(None)?;
                items.iter().try_for_each(|item| seq.serialize_element(item))?;
                seq.end()
            }
            Self::Tuple(items) => {
                let mut tuple = serializer.serialize_tuple(items.len())?;
                items.iter().try_for_each(|item| tuple.serialize_element(item))?;
                tuple.end()
            }
            Self::TupleStruct(items) => {
                let mut tuple = serializer.serialize_tuple_struct(OF, items.len())?;
                items.iter().try_for_each(|item| tuple.serialize_field(item))?;
                tuple.end()
            }
            Self::TupleVariant(name, items) => {
                let mut tuple = serializer.serialize_tuple_variant(OF, 0, name, items.len())?;
                items.iter().try_for_each(|item| tuple.serialize_field(item))?;
                tuple.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Struct(fields) => {
                let mut structure = serializer.serialize_struct(OF, fields.len())?;
                fields.iter().try_for_each(|(name, value)| structure.serialize_field(name, value))?;
                structure.end()
            }
            Self::StructVariant(name, fields) => {
                let mut structure = serializer.serialize_struct_variant(OF, 0, name, fields.len())?;
                fields.iter().try_for_each(|(name, value)| structure.serialize_field(name, value))?;
                structure.end()
            }
            Self::Raw(json) => json.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
        }
    }
}

struct Pieces<'a>(&'a [String]);

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| formatter.write_str(piece))
    }
}
