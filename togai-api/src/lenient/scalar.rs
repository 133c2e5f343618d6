//! Texts and integers that servers also write as something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

/// A text that may be written as a number or a boolean; it is the text that was written, so no digit is lost.
pub(crate) struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with(['{', '[']) {
            return Err(de::Error::custom("an object or a list where a text, a number or a boolean was promised"));
        }
        text_of(&raw).map(Self).map_err(de::Error::custom)
    }
}

impl From<Scalar> for String {
    fn from(scalar: Scalar) -> Self {
        scalar.0
    }
}

/// A text as it is; anything else as it is written.
fn text_of(raw: &RawValue) -> serde_json::Result<String> {
    if raw.get().starts_with('"') { serde_json::from_str(raw.get()) } else { Ok(raw.get().to_owned()) }
}

/// A text that may be written as the JSON that it holds.
pub(crate) struct JsonText(String);

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        text_of(&raw).map(Self).map_err(de::Error::custom)
    }
}

impl From<JsonText> for String {
    fn from(text: JsonText) -> Self {
        text.0
    }
}

/// A map of texts that may be written as numbers or booleans; a value that is null is left out.
pub(crate) struct ScalarMap(BTreeMap<String, Option<Scalar>>);

impl<'de> Deserialize<'de> for ScalarMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(Self)
    }
}

impl From<ScalarMap> for BTreeMap<String, String> {
    fn from(map: ScalarMap) -> Self {
        map.0.into_iter().filter_map(|(key, value)| Some((key, value?.0))).collect()
    }
}

/// An integer that may be written as a text, with separators between its digits.
pub(crate) struct Integer(i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonText(text) = JsonText::deserialize(deserializer)?;
        let digits: String = text.chars().filter(|character| !matches!(character, ',' | '_' | ' ')).collect();
        let shown: String = text.chars().take(40).collect();
        digits.parse().map(Self).map_err(|_| de::Error::custom(format_args!("`{shown}` is not an integer")))
    }
}

impl From<Integer> for i64 {
    fn from(integer: Integer) -> Self {
        integer.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a text at each call, rather than a reference to one")]
    fn check<T: Into<U> + de::DeserializeOwned, U: PartialEq + std::fmt::Debug>(json: &str, expected: Option<U>) {
        assert_eq!(serde_json::from_str::<T>(json).ok().map(Into::into), expected, "{json}");
    }

    #[test]
    fn a_scalar_keeps_its_digits() {
        for (json, text) in [
            (r#""50""#, "50"),
            ("50", "50"),
            ("1.10", "1.10"),
            ("123456789012345678901", "123456789012345678901"),
            ("true", "true"),
            (r#""{braces}""#, "{braces}"),
            // A text is a text, also where it holds JSON.
            (r#""{\"var\":\"a\"}""#, r#"{"var":"a"}"#),
            (r#""a\u00e9\n""#, "a\u{e9}\n"),
        ] {
            check::<Scalar, String>(json, Some(text.to_owned()));
        }
        check::<Scalar, String>("{}", None);
        check::<Scalar, String>("[1]", None);
    }

    #[test]
    fn a_json_text_may_be_the_json_itself() {
        check::<JsonText, String>(r#"{"+":[{"var":"a"},1]}"#, Some(r#"{"+":[{"var":"a"},1]}"#.to_owned()));
        check::<JsonText, String>(r#""{\"var\":\"a\"}""#, Some(r#"{"var":"a"}"#.to_owned()));
    }

    #[test]
    fn an_integer_may_be_a_text_with_separators() {
        check::<Integer, i64>(r#""1000,""#, Some(1000));
        check::<Integer, i64>("-7", Some(-7));
        check::<Integer, i64>(r#""ten""#, None);
    }

    #[test]
    fn values_of_a_map_may_be_numbers_or_null() {
        let expected = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x".to_owned())]);
        check::<ScalarMap, BTreeMap<String, String>>(r#"{"a": 1, "b": "x", "c": null}"#, Some(expected));
    }
}
