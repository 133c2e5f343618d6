//! One quantity of an event.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::{Text, lenient};

/// One quantity of an [`Event`](crate::Event).
///
/// ```
/// let attribute = togai_api::Attribute::new("distance", 12.5).unit("km");
/// assert_eq!(attribute.value, "12.5");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// Name of the attribute in the event schema, 1 to 50 characters.
    #[serde(alias = "attributeName")]
    pub name: Text,
    /// The quantity as a plain decimal number.
    #[serde(alias = "attributeValue", deserialize_with = "lenient::text")]
    pub value: Text,
    /// The unit of the quantity, 1 to 50 characters; the default unit of the schema when there is none.
    #[serde(
        default,
        alias = "attributeValueUnit",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_text"
    )]
    pub unit: Option<Text>,
}

impl Attribute {
    /// A quantity in the default unit of the schema.
    ///
    /// ```
    /// assert_eq!(togai_api::Attribute::new("count", 1).value, "1");
    /// ```
    #[inline]
    pub fn new(name: impl Into<Text>, value: impl Display) -> Self {
        Self { name: name.into(), value: Text::displayed(value), unit: None }
    }

    /// Sets the unit.
    ///
    /// ```
    /// assert_eq!(togai_api::Attribute::new("size", 3).unit("GB").unit.as_deref(), Some("GB"));
    /// ```
    #[inline]
    pub fn unit(mut self, unit: impl Into<Text>) -> Self {
        self.unit = Some(unit.into());
        self
    }
}
