//! Moments that servers also write as a day or as no end at all.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::visit_number;
use crate::Timestamp;

/// A moment as servers write it:
///
/// - whatever a [`Timestamp`] reads, and what the common libraries print for a time;
/// - a day, which is its first moment;
/// - `-infinity` and `infinity`, which the vendor names as the defaults of spans: the earliest and the latest moment;
/// - a number of seconds or milliseconds after the Unix epoch, with or without a fraction, also as a text. The API writes
///   milliseconds in other places, and Java's libraries write seconds;
/// - an empty text, which is no moment.
pub(crate) struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;

        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = Moment;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a date and time such as 2024-04-18T16:00:17Z")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                let moment = match text.trim() {
                    "" => Some(Timestamp::default()),
                    "-infinity" => Some(Timestamp::from_unix_seconds(i64::MIN)),
                    "infinity" | "+infinity" => Some(Timestamp::from_unix_seconds(i64::MAX)),
                    day if day.len() == 10 => Timestamp::parse_printed(&format!("{day}T00:00Z")),
                    time => Timestamp::parse_printed(time),
                };
                let number = || text.trim().parse().ok().and_then(Timestamp::from_epoch_number);
                // The error is about the text that was read.
                let moment = moment.or_else(number).map_or_else(|| text.parse(), Ok);
                moment.map(Moment).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Moment, E> {
                #[expect(clippy::cast_precision_loss, reason = "it is exact up to the year 287396")]
                self.visit_f64(number as f64)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Moment, E> {
                #[expect(clippy::cast_precision_loss, reason = "it is exact up to the year 287396")]
                self.visit_f64(number as f64)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Moment, E> {
                let moment = Timestamp::from_epoch_number(number);
                moment.map(Moment).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                visit_number(self, map)
            }
        }

        deserializer.deserialize_any(MomentVisitor)
    }
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        moment.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_an_open_end_are_read() {
        for (text, moment) in [
            ("2024-04-18T16:00:17", "2024-04-18T16:00:17Z"),
            ("9999-01-01", "9999-01-01T00:00:00Z"),
            ("-infinity", "0000-01-01T00:00:00Z"),
            ("infinity", "9999-12-31T23:59:59.999999999Z"),
            ("+infinity", "9999-12-31T23:59:59.999999999Z"),
        ] {
            let Moment(read) = serde_json::from_str(&format!("{text:?}")).unwrap();
            assert_eq!(read.to_string(), moment);
        }
        let Moment(read) = serde_json::from_str("1713456017123").unwrap();
        assert_eq!(read.to_string(), "2024-04-18T16:00:17.123Z");
        let Moment(read) = serde_json::from_str(r#""""#).unwrap();
        assert_eq!(read, Timestamp::default());
    }

    #[test]
    fn a_time_is_read_as_libraries_print_it() {
        for (json, moment) in [
            (r#""2024-01-01T00:00""#, "2024-01-01T00:00:00Z"),
            (r#""2024-01-01T00:00Z[UTC]""#, "2024-01-01T00:00:00Z"),
            (r#""2024-01-01T05:30+05:30[Asia/Kolkata]""#, "2024-01-01T00:00:00Z"),
            (r#"" 2024-01-01 00:00:00.5 +0000 UTC ""#, "2024-01-01T00:00:00.500Z"),
            ("1704067200", "2024-01-01T00:00:00Z"),
            ("1704067200.125", "2024-01-01T00:00:00.125Z"),
            ("1704067200000", "2024-01-01T00:00:00Z"),
            ("1704067200000.25", "2024-01-01T00:00:00.000250Z"),
            ("1.7040672e9", "2024-01-01T00:00:00Z"),
            (r#""1704067200.125""#, "2024-01-01T00:00:00.125Z"),
            (r#""1704067200125""#, "2024-01-01T00:00:00.125Z"),
            ("-1.5", "1969-12-31T23:59:58.500Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("1e300", "9999-12-31T23:59:59.999999999Z"),
        ] {
            let Moment(read) = serde_json::from_str(json).unwrap();
            assert_eq!(read.to_string(), moment, "{json}");
        }
        for json in ["true", "{}", "[]", r#""NaN""#, r#""inf""#, r#""yesterday""#, r#"{"a": 1.5}"#] {
            assert!(serde_json::from_str::<Moment>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_error_shows_the_input() {
        let error = serde_json::from_str::<Moment>(r#""04-03-2022""#).map(Timestamp::from).unwrap_err();
        assert!(error.to_string().starts_with("`04-03-2022` is not"), "{error}");
    }
}
