//! An amount of money or usage with the digits that were written.

mod plain;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

/// A decimal number that keeps its digits: `1.10` stays `1.10`, and 40 digits stay 40 digits.
///
/// ```
/// use togai_api::Decimal;
///
/// let rate: Decimal = serde_json::from_str("0.10000000000000000001")?;
/// assert_eq!(rate.as_str(), "0.10000000000000000001");
/// assert_eq!(serde_json::to_string(&rate)?, "0.10000000000000000001");
/// assert_eq!(Decimal::from(3).to_string(), "3");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The API sends money and usage as JSON numbers. A binary float cannot hold most of them, so no arithmetic is offered
/// here: hand [`to_plain_string`](Self::to_plain_string) to the decimal type of your choice. With the feature
/// `rust_decimal` it converts from and to that crate's `Decimal`.
///
/// [`FromStr`](#impl-FromStr-for-Decimal) reads what JSON calls a number, and nothing else: `12`, `-12.50`, `1e3`, but not
/// `+1`, `.5`, `1.`, `01`, `1,000`, `NaN`, nor anything with a space.
///
/// It also reads a JSON string that holds a number. Two values are equal when they are written alike: `1.10` is not
/// `1.1`. It reads and writes JSON through `serde_json`'s raw values, so it works in plain structs, lists and maps, and
/// not below `#[serde(flatten)]`, `#[serde(untagged)]` or `#[serde(tag)]`.
#[derive(Clone)]
pub struct Decimal(Box<RawValue>);

impl Decimal {
    /// The digits as they were written, such as `-12.50` or `1e3`.
    ///
    /// ```
    /// let amount: togai_api::Decimal = "-12.50".parse()?;
    /// assert_eq!(amount.as_str(), "-12.50");
    /// # Ok::<(), togai_api::ParseDecimalError>(())
    /// ```
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The number without an exponent, such as `100` for `1e2`; nothing where that would be more than 1,000 digits.
    ///
    /// ```
    /// use togai_api::Decimal;
    ///
    /// let plain = |number: &str| number.parse::<Decimal>().unwrap().to_plain_string();
    /// assert_eq!(plain("1e2").as_deref(), Some("100"));
    /// assert_eq!(plain("-1.250E-3").as_deref(), Some("-0.001250"));
    /// assert_eq!(plain("12.50").as_deref(), Some("12.50"));
    /// assert_eq!(plain("1e1000000"), None);
    /// ```
    ///
    /// Servers write very large and very small numbers with an exponent, which many parsers and the API itself refuse. No
    /// digit is lost.
    pub fn to_plain_string(&self) -> Option<String> {
        plain::plain(self.as_str())
    }

    /// The nearest binary float, for charts and estimates rather than for money.
    ///
    /// ```
    /// let amount: togai_api::Decimal = "12.50".parse()?;
    /// assert_eq!(amount.to_f64(), 12.5);
    /// # Ok::<(), togai_api::ParseDecimalError>(())
    /// ```
    pub fn to_f64(&self) -> f64 {
        // Every JSON number is a Rust float literal, so the fallback is never taken.
        self.as_str().parse().unwrap_or(f64::NAN)
    }

    /// `text` has to be a JSON number.
    fn from_number(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().filter(|raw| is_number(raw.get())).map(Self)
    }
}

/// Whether the text of a JSON value is a number.
fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

impl Default for Decimal {
    /// Zero.
    fn default() -> Self {
        Self::from(0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A whole number, from a macro since the standard library has no trait for all of them.
macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Decimal {
            fn from(number: $integer) -> Self {
                Self(RawValue::from_string(number.to_string()).expect("the text of an integer is a JSON number"))
            }
        }
    )*};
}

from_integer!(i32 i64 u32 u64);

/// Why a text is not a [`Decimal`].
///
/// ```
/// let error = "12,50".parse::<togai_api::Decimal>().unwrap_err();
/// assert_eq!(error.to_string(), "`12,50` is not a decimal number such as -12.50");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDecimalError {
    text: String,
}

impl ParseDecimalError {
    fn of(text: &str) -> Self {
        Self { text: text.chars().take(40).collect() }
    }
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a decimal number such as -12.50", self.text)
    }
}

impl Error for ParseDecimalError {}

/// Reads a JSON number such as `-12.50` or `1e3`, as it is written.
impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_number(text).ok_or_else(|| ParseDecimalError::of(text))
    }
}

impl TryFrom<&str> for Decimal {
    type Error = ParseDecimalError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<f64> for Decimal {
    type Error = ParseDecimalError;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        number.to_string().parse()
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if is_number(raw.get()) {
            return Ok(Self(raw));
        }
        // The text is not repeated: it comes from a server, which may have put anything there.
        let text: Option<String> = serde_json::from_str(raw.get()).ok();
        text.and_then(|text| text.parse().ok()).ok_or_else(|| de::Error::custom("not a decimal number such as -12.50"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_a_round_trip() {
        for json in ["0", "1.10", "1e3", "-0.00", "1234567890123456789012345678901234567890.5"] {
            let decimal: Decimal = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&decimal).unwrap(), json);
        }
    }

    #[test]
    fn only_numbers_and_numeric_strings_are_read() {
        assert_eq!(serde_json::from_str::<Decimal>(r#""12.50""#).unwrap().as_str(), "12.50");
        for json in ["true", "null", r#""""#, r#""12,50""#, r#""NaN""#, "[1]"] {
            let error = serde_json::from_str::<Decimal>(json).unwrap_err();
            assert!(error.to_string().contains("not a decimal number"), "{error}");
        }
    }

    #[test]
    fn text_that_is_not_a_json_number_is_refused() {
        for text in ["", " ", "1.", ".5", "+1", "1 2", "0x10", "NaN", "inf", "01", "1\n2"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert!(Decimal::try_from(f64::NAN).is_err());
        assert_eq!(Decimal::try_from(1e-7).unwrap().as_str(), "0.0000001");
    }
}
