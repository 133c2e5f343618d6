//! Short texts, of which an event has many.

mod displayed;

use std::borrow::{Borrow, Cow};
use std::convert::Infallible;
use std::fmt::{self, Debug, Display};
use std::ops::Deref;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A text of an [`Event`](crate::Event): a name, an id, a value.
///
/// ```
/// use togai_api::Text;
///
/// let city = Text::from("Chennai");
/// assert_eq!(city, "Chennai");
/// assert!(city.starts_with("Ch"));
/// assert_eq!(String::from(city), "Chennai");
/// ```
///
/// It is a `str` in all it can do, and is made of whatever is a text. Up to 24 bytes it takes no memory but its own, so
/// that an event costs a few allocations instead of twenty.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(CompactString);

impl Text {
    /// What a value is displayed as.
    ///
    /// ```
    /// assert_eq!(togai_api::Text::displayed(12.5), "12.5");
    /// ```
    ///
    /// It is the text that `to_string` makes, also of a float: never an exponent. Integers and floats are written faster than
    /// that.
    pub fn displayed(value: impl Display) -> Self {
        Self(displayed::displayed(value))
    }

    /// The text itself.
    ///
    /// ```
    /// assert_eq!(togai_api::Text::from("km").as_str(), "km");
    /// ```
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    #[inline]
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    #[inline]
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Text {
    #[inline]
    fn from(text: &String) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    #[inline]
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Box<str>> for Text {
    #[inline]
    fn from(text: Box<str>) -> Self {
        Self(text.into())
    }
}

impl From<Cow<'_, str>> for Text {
    #[inline]
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

impl From<&Self> for Text {
    #[inline]
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

impl From<Text> for String {
    #[inline]
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

impl FromStr for Text {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self.as_str(), formatter)
    }
}

impl Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_equals_its_source() {
        for text in ["", "km", "exactly twenty-four byte", "8f14e45f-ceea-467a-9b5c-0f0d6a1c2b3d", "Zürich"] {
            let made = [
                Text::from(text),
                Text::from(text.to_owned()),
                Text::from(&text.to_owned()),
                Text::from(Box::<str>::from(text)),
                Text::from(Cow::Borrowed(text)),
                Text::displayed(text),
                text.parse().unwrap(),
            ];
            for made in made {
                assert_eq!(
                    (&*made, made.to_string(), format!("{made:?}")),
                    (text, text.to_owned(), format!("{text:?}"))
                );
                let owned = text.to_owned();
                assert!(made == text && made == *text && made == owned);
                assert!(text == made && *text == made && owned == made);
                assert_eq!(String::from(&*made), String::from(made));
            }
        }
    }

    #[test]
    fn numbers_are_displayed_without_an_exponent() {
        for value in [0.1, 1e21, 1e-7, f64::MAX] {
            assert_eq!(Text::displayed(value), value.to_string());
        }
        assert_eq!(Text::displayed(u128::MAX), u128::MAX.to_string());
    }

    #[test]
    fn it_is_a_string_in_json() {
        let text: Text = serde_json::from_str(r#""a\nb""#).unwrap();
        assert_eq!((text.as_str(), serde_json::to_string(&text).unwrap().as_str()), ("a\nb", r#""a\nb""#));
        assert!(serde_json::from_str::<Text>("7").is_err());
    }
}
