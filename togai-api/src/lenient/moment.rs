//! Moments that servers also write as a day or as no end at all.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

use super::Scalar;
use crate::Timestamp;

/// A moment, or a day (its first moment), or `-infinity` or `infinity`, which the vendor names as the defaults of spans
/// (the earliest and the latest moment). An empty text is no moment, and an integer one in milliseconds, as the API has it in
/// other places.
pub(crate) struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::from(Scalar::deserialize(deserializer)?);
        if text.is_empty() {
            return Ok(Self(Timestamp::default()));
        }
        if let Ok(milliseconds) = text.parse() {
            return Ok(Self(Timestamp::from_unix_milliseconds(milliseconds)));
        }
        let written = match text.as_str() {
            "-infinity" => Cow::Borrowed("0000-01-01T00:00:00Z"),
            "infinity" | "+infinity" => Cow::Borrowed("9999-12-31T23:59:59.999999999Z"),
            day if day.len() == 10 => Cow::Owned(format!("{day}T00:00:00Z")),
            other => Cow::Borrowed(other),
        };
        // The error is about the text that was read.
        written.parse().or_else(|_| text.parse()).map(Self).map_err(de::Error::custom)
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
    fn a_day_and_no_end_are_moments() {
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
    fn an_error_shows_what_was_read() {
        let error = serde_json::from_str::<Moment>(r#""04-03-2022""#).map(Timestamp::from).unwrap_err();
        assert!(error.to_string().starts_with("`04-03-2022` is not"), "{error}");
    }
}
