//! Moments that servers also write as a day or as no end at all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Timestamp;

/// A moment, or a day (its first moment), or `-infinity` or `infinity`, which the vendor names as the defaults of spans
/// (the earliest and the latest moment). An empty text is no moment, and an integer one in milliseconds, as the API has it in
/// other places.
pub(crate) struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;

        impl Visitor<'_> for MomentVisitor {
            type Value = Moment;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a date and time such as 2024-04-18T16:00:17Z")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                if text.is_empty() {
                    return Ok(Moment(Timestamp::default()));
                }
                if let Ok(milliseconds) = text.parse() {
                    return self.visit_i64(milliseconds);
                }
                let written = match text {
                    "-infinity" => Cow::Borrowed("0000-01-01T00:00:00Z"),
                    "infinity" | "+infinity" => Cow::Borrowed("9999-12-31T23:59:59.999999999Z"),
                    day if day.len() == 10 => Cow::Owned(format!("{day}T00:00:00Z")),
                    other => Cow::Borrowed(other),
                };
                // The error is about the text that was read.
                written.parse().or_else(|_| text.parse()).map(Moment).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, milliseconds: i64) -> Result<Moment, E> {
                Ok(Moment(Timestamp::from_unix_milliseconds(milliseconds)))
            }

            fn visit_u64<E: de::Error>(self, milliseconds: u64) -> Result<Moment, E> {
                self.visit_i64(i64::try_from(milliseconds).map_err(E::custom)?)
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
    fn an_error_shows_the_input() {
        let error = serde_json::from_str::<Moment>(r#""04-03-2022""#).map(Timestamp::from).unwrap_err();
        assert!(error.to_string().starts_with("`04-03-2022` is not"), "{error}");
    }
}
