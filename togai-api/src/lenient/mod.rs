//! Reading what servers really answer: numbers where text was promised, null where a value was, missing fields.

mod body;
mod edit;
mod lenient_event;
mod list;
mod moment;
mod number;
mod repair;
mod scalar;
mod unreadable;

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub(crate) use self::body::read_body;
pub(crate) use self::lenient_event::LenientEvent;
pub(crate) use self::list::OneOrMany;
pub(crate) use self::moment::Moment;
pub(crate) use self::number::visit_number;
pub(crate) use self::scalar::{Integer, JsonText, Scalar, ScalarMap};
pub use self::unreadable::UnreadableRecord;
use crate::Text;

/// Reads null as the default value; together with `#[serde(default)]` a missing field is read like one, too.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a string, or a number as the text that it would have been.
pub(crate) fn text<'de, D: Deserializer<'de>, T: From<Text>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Lenient::deserialize(deserializer)?.0.into())
}

/// The same for a field that may be absent or null.
pub(crate) fn optional_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<Text>,
{
    Ok(Option::<Lenient>::deserialize(deserializer)?.map(|text| text.0.into()))
}

/// The entries of a map of texts, each value read like that, in the order that they are written in.
pub(crate) fn entries_of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Text, Text)>, D::Error> {
    struct EntriesVisitor;

    impl<'de> Visitor<'de> for EntriesVisitor {
        type Value = Vec<(Text, Text)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((name, Lenient(value))) = map.next_entry()? {
                entries.push((name, value));
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(EntriesVisitor)
}

/// A text that may be written as a number.
struct Lenient(Text);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LenientVisitor;

        impl<'de> Visitor<'de> for LenientVisitor {
            type Value = Lenient;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lenient, E> {
                Ok(Lenient(text.into()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Lenient, E> {
                Ok(Lenient(text.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Lenient, E> {
                Ok(Lenient(Text::displayed(number)))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Lenient, E> {
                Ok(Lenient(Text::displayed(number)))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Lenient, E> {
                // Beyond this a float stands for many integers: two ids would become one, and an amount another.
                if number.abs() >= 9_007_199_254_740_992.0 {
                    return Err(E::custom("a number too large to be read exactly: write it as a string"));
                }
                // Rust writes the shortest digits that read back as the same number, and never an exponent.
                Ok(Lenient(Text::displayed(number)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lenient, A::Error> {
                visit_number(self, map)
            }
        }

        deserializer.deserialize_any(LenientVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dimensions;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        assert_eq!(serde_json::from_str::<Lenient>(json).unwrap().0, expected);
    }

    #[test]
    fn numbers_are_read_as_their_plain_decimal_text() {
        check("50", "50");
        check("-3", "-3");
        check("12.5", "12.5");
        check("0.0000001", "0.0000001");
        check("1e3", "1000");
        check("18446744073709551615", "18446744073709551615");
        check(r#""1.10""#, "1.10");
    }

    #[test]
    fn a_float_is_the_one_that_serde_json_reads() {
        for json in ["7.754928069887328e-8", "0.30000000000000004", "-1.7976931348623157e-308", "123456.789012345678"] {
            let float: f64 = serde_json::from_str(json).unwrap();
            check(json, &float.to_string());
        }
    }

    #[test]
    fn other_values_are_refused() {
        for json in ["true", "[]", "{}", "null", "123456789012345678901", "-1e21"] {
            assert!(serde_json::from_str::<Lenient>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn null_is_read_as_the_default() {
        #[derive(Deserialize)]
        struct Labelled {
            #[serde(default, deserialize_with = "null_as_default")]
            count: u32,
            #[serde(default, deserialize_with = "null_as_default")]
            labels: Dimensions,
        }

        for json in ["{}", r#"{"count": null, "labels": null}"#] {
            let labelled: Labelled = serde_json::from_str(json).unwrap();
            assert_eq!((labelled.count, labelled.labels.len()), (0, 0));
        }
    }
}
