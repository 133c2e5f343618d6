//! Why an event was not taken, as Enso writes it.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why an event was not taken: an integer or a text, as it was written.
///
/// ```
/// use togai_api::enso::FailureCode;
///
/// let code: FailureCode = serde_json::from_str("2002")?;
/// assert_eq!(code, FailureCode::CUSTOMER_ENTITY_UNKNOWN);
/// assert_eq!(code.to_string(), "2002 (customer entity unknown)");
///
/// // The vendor's own sample has a text where the declaration has an integer.
/// let text: FailureCode = serde_json::from_str(r#""2002""#)?;
/// assert_eq!(text, code);
/// assert_eq!(serde_json::to_string(&text)?, r#""2002""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Three codes are documented, and are constants here; others are seen. Two codes are equal when they stand for the same
/// number, or, where one stands for no number, when they are the same text. What is read is written back as it was.
///
/// A code is not to be matched in a pattern: compare it with `==`, or match its [`number`](Self::number).
#[derive(Clone)]
pub struct FailureCode(Written);

/// How the code was written.
#[derive(Clone)]
enum Written {
    Integer(i64),
    Text(String),
}

/// What two equal codes have in common.
#[derive(PartialEq, Eq, Hash)]
enum Meaning<'a> {
    Number(i64),
    Text(&'a str),
}

impl FailureCode {
    /// 2001: the event has no customer entity id.
    ///
    /// ```
    /// assert_eq!(togai_api::enso::FailureCode::CUSTOMER_ENTITY_ID_MISSING, 2001);
    /// ```
    pub const CUSTOMER_ENTITY_ID_MISSING: Self = Self(Written::Integer(2001));

    /// 2002: the customer entity of the event is not known.
    ///
    /// ```
    /// assert_eq!(togai_api::enso::FailureCode::CUSTOMER_ENTITY_UNKNOWN, 2002);
    /// ```
    pub const CUSTOMER_ENTITY_UNKNOWN: Self = Self(Written::Integer(2002));

    /// 2003: the request has no list of events.
    ///
    /// ```
    /// assert_eq!(togai_api::enso::FailureCode::EVENTS_MISSING, 2003);
    /// ```
    pub const EVENTS_MISSING: Self = Self(Written::Integer(2003));

    /// The number that the code stands for, also where it was written as a text of digits.
    ///
    /// ```
    /// use togai_api::enso::FailureCode;
    ///
    /// assert_eq!(FailureCode::from(27).number(), Some(27));
    /// assert_eq!(FailureCode::from("27").number(), Some(27));
    /// assert_eq!(FailureCode::from("TIMEOUT").number(), None);
    /// ```
    pub fn number(&self) -> Option<i64> {
        match &self.0 {
            Written::Integer(number) => Some(*number),
            // The standard library also takes a sign, with which no code is written.
            Written::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Written::Text(_) => None,
        }
    }

    /// What the code means in words, where that is documented.
    ///
    /// ```
    /// use togai_api::enso::FailureCode;
    ///
    /// assert_eq!(FailureCode::from(2001).name(), Some("customer entity id missing"));
    /// assert_eq!(FailureCode::from("2003").name(), Some("events array missing"));
    /// assert_eq!(FailureCode::from("27").name(), None);
    /// ```
    pub fn name(&self) -> Option<&'static str> {
        match self.number()? {
            2001 => Some("customer entity id missing"),
            2002 => Some("customer entity unknown"),
            2003 => Some("events array missing"),
            _ => None,
        }
    }

    fn meaning(&self) -> Meaning<'_> {
        match &self.0 {
            Written::Integer(number) => Meaning::Number(*number),
            Written::Text(text) => self.number().map_or(Meaning::Text(text), Meaning::Number),
        }
    }
}

impl PartialEq for FailureCode {
    fn eq(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }
}

impl Eq for FailureCode {}

impl PartialEq<i64> for FailureCode {
    fn eq(&self, other: &i64) -> bool {
        self.number() == Some(*other)
    }
}

impl Hash for FailureCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.meaning().hash(state);
    }
}

impl From<i64> for FailureCode {
    fn from(number: i64) -> Self {
        Self(Written::Integer(number))
    }
}

impl From<&str> for FailureCode {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for FailureCode {
    fn from(text: String) -> Self {
        Self(Written::Text(text))
    }
}

/// The code as it was written, with what it means where that is documented.
impl fmt::Display for FailureCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = match &self.0 {
            Written::Integer(number) => number.to_string(),
            Written::Text(text) => text.clone(),
        };
        match self.name() {
            Some(name) => formatter.pad(&format!("{written} ({name})")),
            None => formatter.pad(&written),
        }
    }
}

/// The code as it was written, a text between quotes.
impl fmt::Debug for FailureCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Written::Integer(number) => fmt::Debug::fmt(number, formatter),
            Written::Text(text) => fmt::Debug::fmt(text, formatter),
        }
    }
}

impl Serialize for FailureCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Written::Integer(number) => serializer.serialize_i64(*number),
            Written::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for FailureCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = FailureCode;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the code of a failure, an integer or a text such as 2002 or \"27\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<FailureCode, E> {
                Ok(number.into())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<FailureCode, E> {
                let signed = i64::try_from(number);
                signed.map(Into::into).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FailureCode, E> {
                Ok(text.into())
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<FailureCode, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::enso::types::FailedRecord;

    #[test]
    fn a_code_survives_a_round_trip() {
        for (json, number) in [
            ("2002", Some(2002)),
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("9223372036854775807", Some(i64::MAX)),
            (r#""27""#, Some(27)),
            (r#""0027""#, Some(27)),
            (r#""9223372036854775808""#, None),
            (r#""+27""#, None),
            (r#""-27""#, None),
            (r#""2002 ""#, None),
            (r#""TIMEOUT""#, None),
            (r#""""#, None),
        ] {
            let code: FailureCode = serde_json::from_str(json).unwrap();
            assert_eq!(code.number(), number, "{json}");
            assert_eq!(serde_json::to_string(&code).unwrap(), json);
            assert_eq!(format!("{code:?}"), json);
        }
    }

    #[test]
    fn the_error_for_another_type_names_the_expected_one() {
        for json in ["true", "[2002]", r#"{"code": 2002}"#, "20.02", "9223372036854775808"] {
            let error = serde_json::from_str::<FailureCode>(json).unwrap_err().to_string();
            assert!(error.contains("expected the code of a failure, an integer or a text"), "{json}: {error}");
        }
    }

    #[test]
    fn null_and_a_missing_field_mean_no_code() {
        for json in ["{}", r#"{"code": null}"#] {
            assert_eq!(serde_json::from_str::<FailedRecord>(json).unwrap().code, None, "{json}");
        }
    }

    #[test]
    fn codes_are_compared_by_number_then_by_text() {
        let known = FailureCode::CUSTOMER_ENTITY_UNKNOWN;
        assert_eq!(known, FailureCode::from("2002"));
        assert_eq!(known, FailureCode::from("02002"));
        assert_eq!(FailureCode::from("2002"), 2002);
        assert_ne!(known, FailureCode::CUSTOMER_ENTITY_ID_MISSING);
        assert_eq!(FailureCode::from("TIMEOUT"), FailureCode::from(String::from("TIMEOUT")));
        assert_ne!(FailureCode::from("TIMEOUT"), FailureCode::from("timeout"));
        assert_ne!(FailureCode::from("TIMEOUT"), 0);

        let codes = HashSet::from([known, "2002".into(), 2002.into(), "27".into(), 27.into(), "TIMEOUT".into()]);
        assert_eq!(codes.len(), 3);
    }

    #[test]
    fn a_code_is_displayed_with_its_meaning() {
        for (code, shown) in [
            (FailureCode::CUSTOMER_ENTITY_ID_MISSING, "2001 (customer entity id missing)"),
            (FailureCode::from("2002"), "2002 (customer entity unknown)"),
            (FailureCode::EVENTS_MISSING, "2003 (events array missing)"),
            (FailureCode::from("27"), "27"),
            (FailureCode::from("TIMEOUT"), "TIMEOUT"),
        ] {
            assert_eq!(code.to_string(), shown);
        }
    }
}
