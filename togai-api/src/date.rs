//! A day as the API writes it.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, as it was written.
///
/// ```
/// use togai_api::Date;
///
/// let date: Date = "2024-11-05".parse()?;
/// assert_eq!(date.to_naive_date(), chrono::NaiveDate::from_ymd_opt(2024, 11, 5));
/// assert_eq!(serde_json::to_string(&date)?, r#""2024-11-05""#);
///
/// // A server's answer is never refused for a day in a form of its own.
/// let odd: Date = serde_json::from_str(r#""04-03-2022""#)?;
/// assert_eq!((odd.as_str(), odd.to_naive_date()), ("04-03-2022", None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The document promises `2024-11-05`; samples of the vendor also have `04-03-2022`, of which nobody says which number is
/// the month, and `1970-01-01` and `9999-01-01` for spans without a start or an end. What is read is kept and written back
/// as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(String);

impl Date {
    /// The day as it was written; empty where the server left it out.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day, where it is written as year, month and day, with or without a time behind it.
    pub fn to_naive_date(&self) -> Option<NaiveDate> {
        let day = self.0.get(..10)?;
        let has_form = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        let is_date = day.bytes().enumerate().all(has_form);
        let is_whole = self.0.len() == 10 || self.0[10..].starts_with(['T', 't', ' ']);
        NaiveDate::from_str(day).ok().filter(|_| is_date && is_whole)
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(date.to_string())
    }
}

/// Reads a day such as `2024-11-05`, and nothing else: this is for what is sent.
impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        let date = Self(text.to_owned());
        if text.len() == 10 && date.to_naive_date().is_some() {
            Ok(date)
        } else {
            Err(ParseDateError { text: text.chars().take(40).collect() })
        }
    }
}

/// Why a text is not a [`Date`] that can be sent.
///
/// ```
/// let error = "05/11/2024".parse::<togai_api::Date>().unwrap_err();
/// assert_eq!(error.to_string(), "`05/11/2024` is not a day such as 2024-11-05");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDateError {
    text: String,
}

impl fmt::Display for ParseDateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a day such as 2024-11-05", self.text)
    }
}

impl Error for ParseDateError {}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_survives_in_any_form_and_is_parsed_in_one() {
        for (text, is_understood) in [
            ("2024-11-05", true),
            ("9999-01-01", true),
            ("2024-11-05T00:00:00Z", true),
            ("04-03-2022", false),
            ("2024-11-05-01", false),
            ("2024-13-05", false),
            ("", false),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", false),
        ] {
            let json = serde_json::to_string(text).unwrap();
            let date: Date = serde_json::from_str(&json).unwrap();
            assert_eq!(date.to_naive_date().is_some(), is_understood, "{text}");
            assert_eq!(serde_json::to_string(&date).unwrap(), json);
        }
    }

    #[test]
    fn outgoing_dates_are_checked() {
        assert_eq!("2024-02-29".parse::<Date>().unwrap().as_str(), "2024-02-29");
        for text in ["2023-02-29", "04-03-2022", "2024-1-15 ", "2024- 1- 5", "+024-11-05", "2024-11-05T00:00:00Z", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        let date = NaiveDate::from_ymd_opt(2024, 1, 2).unwrap();
        assert_eq!(Date::from(date).to_string(), "2024-01-02");
    }
}
