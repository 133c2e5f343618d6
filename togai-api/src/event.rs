//! A usage event, the thing that is metered and billed.

mod attribute;
mod dimensions;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use serde::{Deserialize, Serialize};

pub use self::attribute::Attribute;
pub use self::dimensions::{Dimensions, DimensionsIntoIter, DimensionsIter};
use crate::{Text, Timestamp, lenient};

/// Something that an account used: what, when, and how much.
///
/// ```
/// use togai_api::Event;
///
/// let event = Event::new("api_calls", "acme-prod")
///     .id("req-8f14e45f")
///     .attribute("count", 1)
///     .attribute_with_unit("duration", 12.5, "ms")
///     .dimension("region", "eu");
/// assert_eq!(event.attributes[1].value, "12.5");
/// assert_eq!(event.dimensions["region"], "eu");
/// ```
///
/// The API's limits (vendor's Python client 1.0.3): schema name 1 to 50 characters, id at most 512, account id at most
/// 512, at most 10 attributes, dimension values 1 to 200 characters. An id is metered once in 45 days, so an event that
/// is sent twice with the same id is billed once.
///
/// It is sent in the current shape. It also reads the names of 2022 (`eventName`, `eventTimestamp`, `eventAttributes`),
/// which archived events are in, and numbers where the API promises strings. A number has the precision of a binary float
/// then, about 16 digits: have longer quantities written as strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Name of the event schema that says how the event is metered.
    #[serde(alias = "eventName")]
    pub schema_name: Text,
    /// Identifies the event; the same id is metered once in 45 days. `None` for an event without an id, never an empty text.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_text")]
    pub id: Option<Text>,
    /// When the usage happened.
    #[serde(alias = "eventTimestamp")]
    pub timestamp: Timestamp,
    /// The account that used it, by its id or by an alias.
    #[serde(deserialize_with = "lenient::text")]
    pub account_id: Text,
    /// How much was used.
    #[serde(default, alias = "eventAttributes", deserialize_with = "lenient::null_as_default")]
    pub attributes: Vec<Attribute>,
    /// Labels that usage is filtered and grouped by.
    #[serde(default, deserialize_with = "lenient::null_as_default")]
    pub dimensions: Dimensions,
}

#[expect(clippy::inline_always, reason = "a setter that is called copies the event in and out, two times 136 bytes")]
impl Event {
    /// An event of a schema for an account, that happened now.
    ///
    /// ```
    /// let event = togai_api::Event::new("api_calls", "acme-prod");
    /// assert_eq!((event.schema_name.as_str(), event.account_id.as_str()), ("api_calls", "acme-prod"));
    /// assert_eq!(event.id, None);
    /// ```
    ///
    /// For usage that has a time of its own there is [`at`](Self::at), which does not ask the clock.
    #[inline(always)]
    pub fn new(schema_name: impl Into<Text>, account_id: impl Into<Text>) -> Self {
        Self::at(Timestamp::now(), schema_name, account_id)
    }

    /// An event of a schema for an account, that happened at a time.
    ///
    /// ```
    /// use togai_api::{Event, Timestamp};
    ///
    /// let event = Event::at(Timestamp::from_unix_seconds(1_713_456_017), "rides", "acme-prod").attribute("distance", 12.5);
    /// assert_eq!(event.timestamp.to_string(), "2024-04-18T16:00:17Z");
    /// ```
    ///
    /// Use it for usage that is sent later than it happened: rows of a database, lines of a log, messages of a queue. The time
    /// may be a [`Timestamp`], a [`SystemTime`](std::time::SystemTime) or a [`DateTime<Utc>`](chrono::DateTime).
    #[inline(always)]
    pub fn at(timestamp: impl Into<Timestamp>, schema_name: impl Into<Text>, account_id: impl Into<Text>) -> Self {
        Self {
            schema_name: schema_name.into(),
            id: None,
            timestamp: timestamp.into(),
            account_id: account_id.into(),
            attributes: Vec::new(),
            dimensions: Dimensions::new(),
        }
    }

    /// Sets the id. Take one that is the same whenever the event is sent again, such as the id of a request.
    ///
    /// ```
    /// let event = togai_api::Event::new("api_calls", "acme-prod").id("req-8f14e45f");
    /// assert_eq!(event.id.as_deref(), Some("req-8f14e45f"));
    /// ```
    ///
    /// An empty id is not "no id": ingestion rejects the event. Use [`id_if`](Self::id_if) for an id that may be missing.
    #[inline(always)]
    pub fn id(mut self, id: impl Into<Text>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the id if there is one, and leaves the event as it is otherwise.
    ///
    /// ```
    /// use togai_api::Event;
    ///
    /// // A column of a file, which is empty for some rows.
    /// let event = |column: &str| Event::new("rides", "acme-prod").id_if(Some(column).filter(|id| !id.is_empty()));
    /// assert_eq!(event("ride-1").id.as_deref(), Some("ride-1"));
    /// assert_eq!(event("").id, None);
    /// ```
    ///
    /// Ingestion makes an id for an event that has none, as its `IdPolicy` says.
    #[inline(always)]
    pub fn id_if(self, id: Option<impl Into<Text>>) -> Self {
        match id {
            Some(id) => self.id(id),
            None => self,
        }
    }

    /// Sets the time at which the usage happened.
    ///
    /// ```
    /// use togai_api::{Event, Timestamp};
    ///
    /// let event = Event::new("api_calls", "acme-prod").timestamp(Timestamp::from_unix_seconds(1_713_456_017));
    /// assert_eq!(event.timestamp.to_string(), "2024-04-18T16:00:17Z");
    /// ```
    ///
    /// Where the time is known from the start, [`at`](Self::at) takes it at once.
    #[inline(always)]
    pub fn timestamp(mut self, timestamp: impl Into<Timestamp>) -> Self {
        self.timestamp = timestamp.into();
        self
    }

    /// Adds a quantity in the default unit of the schema.
    ///
    /// ```
    /// let event = togai_api::Event::new("rides", "acme-prod").attribute("distance", 12.5).attribute("stops", 2);
    /// assert_eq!(event.attributes[0].value, "12.5");
    /// ```
    ///
    /// The value is anything that is written as a plain decimal number: integers, floats, strings, and the decimal types
    /// of other crates. The API refuses exponents, `+` signs, leading dots and NaN.
    #[inline(always)]
    pub fn attribute(self, name: impl Into<Text>, value: impl Display) -> Self {
        // Taken apart, as in the setters below: the compiler then leaves the other fields where they are, and would otherwise
        // copy the whole event, since `push` sees its address.
        let Self { schema_name, id, timestamp, account_id, mut attributes, dimensions } = self;
        attributes.push(Attribute::new(name, value));
        Self { schema_name, id, timestamp, account_id, attributes, dimensions }
    }

    /// Adds a quantity in a unit of its own.
    ///
    /// ```
    /// let event = togai_api::Event::new("rides", "acme-prod").attribute_with_unit("distance", 12.5, "km");
    /// assert_eq!(event.attributes[0].unit.as_deref(), Some("km"));
    /// ```
    #[inline(always)]
    pub fn attribute_with_unit(self, name: impl Into<Text>, value: impl Display, unit: impl Into<Text>) -> Self {
        let Self { schema_name, id, timestamp, account_id, mut attributes, dimensions } = self;
        attributes.push(Attribute { name: name.into(), value: Text::displayed(value), unit: Some(unit.into()) });
        Self { schema_name, id, timestamp, account_id, attributes, dimensions }
    }

    /// Sets a label. A label of the same name is replaced.
    ///
    /// ```
    /// let event = togai_api::Event::new("rides", "acme-prod").dimension("city", "Chennai");
    /// assert_eq!(event.dimensions["city"], "Chennai");
    /// ```
    #[inline(always)]
    pub fn dimension(self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        let Self { schema_name, id, timestamp, account_id, attributes, mut dimensions } = self;
        dimensions.insert(name, value);
        Self { schema_name, id, timestamp, account_id, attributes, dimensions }
    }
}
