//! The labels of an event: a small map over one piece of memory.

mod iter;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::iter::{DimensionsIntoIter, DimensionsIter};
use crate::{Text, lenient};

/// The labels of an [`Event`](crate::Event) by name, sorted by name.
///
/// ```
/// use togai_api::Dimensions;
///
/// let mut dimensions = Dimensions::from([("region", "eu"), ("city", "Chennai")]);
/// dimensions.insert("region", "asia");
/// assert_eq!(dimensions["region"], "asia");
/// assert_eq!(dimensions.get("floor"), None);
///
/// let mut query = String::new();
/// for (name, value) in &dimensions {
///     query += &format!("{name}={value};");
/// }
/// assert_eq!(query, "city=Chennai;region=asia;");
/// ```
///
/// It is used like a `BTreeMap`, and is made for few entries: all of them are in one allocation, and inserting a name moves
/// the entries behind it. Of several entries with the same name the last one counts. To insert many, collect or extend.
///
/// In JSON it is an object. Numbers are read as the text that they are written as.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Dimensions(LiteMap<Text, Text>);

impl Dimensions {
    /// No dimensions.
    ///
    /// ```
    /// assert!(togai_api::Dimensions::new().is_empty());
    /// ```
    pub const fn new() -> Self {
        Self(LiteMap::new())
    }

    /// Sets a dimension and returns the value that it had before.
    ///
    /// ```
    /// let mut dimensions = togai_api::Dimensions::new();
    /// assert_eq!(dimensions.insert("city", "Chennai"), None);
    /// assert_eq!(dimensions.insert("city", "Lisbon").as_deref(), Some("Chennai"));
    /// assert_eq!(dimensions["city"], "Lisbon");
    /// ```
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Text>) -> Option<Text> {
        // Names often come sorted, and then one comparison is enough.
        let (name, value) = self.0.try_append(name.into(), value.into())?;
        self.0.insert(name, value)
    }

    /// The value of a dimension.
    ///
    /// ```
    /// let dimensions = togai_api::Dimensions::from([("city", "Chennai")]);
    /// assert_eq!(dimensions.get("city").map(|city| city.as_str()), Some("Chennai"));
    /// ```
    pub fn get(&self, name: &str) -> Option<&Text> {
        self.0.get(name)
    }

    /// Removes a dimension and returns its value.
    ///
    /// ```
    /// let mut dimensions = togai_api::Dimensions::from([("city", "Chennai")]);
    /// assert_eq!(dimensions.remove("city").as_deref(), Some("Chennai"));
    /// assert!(dimensions.is_empty());
    /// ```
    pub fn remove(&mut self, name: &str) -> Option<Text> {
        self.0.remove(name)
    }

    /// Whether there is a dimension of this name.
    ///
    /// ```
    /// assert!(togai_api::Dimensions::from([("city", "Chennai")]).contains_key("city"));
    /// ```
    pub fn contains_key(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The number of dimensions.
    ///
    /// ```
    /// assert_eq!(togai_api::Dimensions::from([("city", "Chennai"), ("city", "Lisbon")]).len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no dimensions.
    ///
    /// ```
    /// assert!(togai_api::Event::new("rides", "acme-prod").dimensions.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values, sorted by name.
    ///
    /// ```
    /// let dimensions = togai_api::Dimensions::from([("region", "asia"), ("city", "Chennai")]);
    /// let pairs: Vec<_> = dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    /// assert_eq!(pairs, ["city=Chennai", "region=asia"]);
    /// ```
    pub fn iter(&self) -> DimensionsIter<'_> {
        DimensionsIter::new(self.0.as_slice())
    }

    /// The names, sorted.
    ///
    /// ```
    /// let dimensions = togai_api::Dimensions::from([("region", "asia"), ("city", "Chennai")]);
    /// assert!(dimensions.keys().eq(["city", "region"]));
    /// ```
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.iter().map(|(name, _)| name)
    }

    /// The values, in the order of their names.
    ///
    /// ```
    /// let dimensions = togai_api::Dimensions::from([("region", "asia"), ("city", "Chennai")]);
    /// assert!(dimensions.values().eq(["Chennai", "asia"]));
    /// ```
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values, to be changed in place.
    ///
    /// ```
    /// let mut dimensions = togai_api::Dimensions::from([("city", "Chennai")]);
    /// for value in dimensions.values_mut() {
    ///     *value = value.to_lowercase().into();
    /// }
    /// assert_eq!(dimensions["city"], "chennai");
    /// ```
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Text> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl Index<&str> for Dimensions {
    type Output = Text;

    /// # Panics
    ///
    /// If there is no dimension of this name; see [`get`](Dimensions::get).
    #[track_caller]
    fn index(&self, name: &str) -> &Text {
        self.get(name).unwrap_or_else(|| panic!("there is no dimension `{name}`"))
    }
}

impl<N: Into<Text>, V: Into<Text>> FromIterator<(N, V)> for Dimensions {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<Text>, V: Into<Text>> Extend<(N, V)> for Dimensions {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, entries: I) {
        self.0.extend(entries.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<Text>, V: Into<Text>, const COUNT: usize> From<[(N, V); COUNT]> for Dimensions {
    fn from(entries: [(N, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

impl<N: Into<Text>, V: Into<Text>> From<BTreeMap<N, V>> for Dimensions {
    fn from(entries: BTreeMap<N, V>) -> Self {
        entries.into_iter().collect()
    }
}

impl From<Dimensions> for BTreeMap<Text, Text> {
    fn from(dimensions: Dimensions) -> Self {
        dimensions.into_iter().collect()
    }
}

impl IntoIterator for Dimensions {
    type Item = (Text, Text);
    type IntoIter = DimensionsIntoIter;

    fn into_iter(self) -> DimensionsIntoIter {
        DimensionsIntoIter::new(self.0.into_tuple_vec())
    }
}

impl<'a> IntoIterator for &'a Dimensions {
    type Item = (&'a Text, &'a Text);
    type IntoIter = DimensionsIter<'a>;

    fn into_iter(self) -> DimensionsIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Dimensions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}

impl Serialize for Dimensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(lenient::entries_of_text(deserializer)?.into_iter().collect())
    }
}
