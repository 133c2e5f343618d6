//! Events of one service as events of the other.

use super::types::EnsoEvent;
use crate::{Attribute, Event, Text};
use serde_json::{Map, Value};

use super::converted::{ConversionError, Converted, Lost};
use super::number::{exact, is_plain};

/// Converts events between Togai and Enso, and states what is lost.
///
/// ```
/// use togai_api::enso::Conversion;
/// use togai_api::{Attribute, Event};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let conversion = Conversion::new("distance").schema("rides").metric("ride_distance");
/// let ride = Event::new("rides", "acme-prod")
///     .id("ride-1")
///     .attribute_with_unit("distance", 12.5, "km")
///     .dimension("city", "Chennai");
///
/// let converted = conversion.to_enso(&ride)?;
/// assert_eq!((converted.event.metric.as_str(), converted.event.value.as_str()), ("ride_distance", "12.5"));
/// assert_eq!(converted.lost[0].to_string(), "attributes[0].unit: km");
///
/// let back = conversion.to_togai(&converted.into_event())?.lossless()?;
/// assert_eq!(back.schema_name, "rides");
/// assert_eq!(back.attributes, [Attribute::new("distance", 12.5)]);
/// # Ok(())
/// # }
/// ```
///
/// | Togai | Enso |
/// |---|---|
/// | `accountId` | `CustomerEntityId` |
/// | `schemaName` | `metric`, under another name where [`schema`](Self::schema) and [`metric`](Self::metric) are set |
/// | the value of the attribute that the conversion names | `value`, digit by digit |
/// | `timestamp` | `timestamp` |
/// | `id` | `eventId` |
/// | `dimensions` | `metadata`, where there are any |
/// | other attributes, units | lost |
/// | lost | `jobId`, `JobId`, and of `metadata` what is no text |
///
/// An event that is converted without loss is the same again when it is converted back, but for a `metadata` without
/// members, which is none.
///
/// # What it does not do
///
/// - The accounts of one service are not known to the other. Where a customer entity is called otherwise than the account,
///   set it after the conversion.
/// - Enso declares a value as a float, so of its digits some 16 may survive there. They are all sent.
/// - A limit of the service that the event is for, such as the length of a dimension, is not checked here. Ingestion checks
///   it, see `local_checks` of ingestion.
/// - An event of several attributes is several events of Enso: convert it once for each, and give each an id of its own,
///   since one id must not stand for two events.
///
/// ```
/// use togai_api::enso::types::EnsoEvent;
/// use togai_api::enso::{Conversion, ConversionError};
/// use togai_api::{Decimal, Event};
///
/// let ride = Event::new("rides", "acme-prod").id("ride-1").attribute("distance", 12.5).attribute("duration", 11);
/// let conversions =
///     ["distance", "duration"].map(|name| Conversion::new(name).schema("rides").metric(format!("ride_{name}")));
///
/// let events = conversions.iter().map(|conversion| {
///     // The other attribute is what is lost each time.
///     let event = conversion.to_enso(&ride)?.into_event();
///     let id = format!("ride-1/{}", event.metric);
///     Ok(event.event_id(id).customer_entity_id("ent_acme"))
/// });
/// let events = events.collect::<Result<Vec<EnsoEvent>, ConversionError>>()?;
/// assert_eq!(events[0].event_id.as_deref(), Some("ride-1/ride_distance"));
/// assert_eq!(events[1].value, Decimal::from(11));
/// # Ok::<(), ConversionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    attribute: Text,
    schema: Option<Text>,
    metric: Option<String>,
}

impl Conversion {
    /// A conversion in which an attribute of this name stands for Enso's `value`, and schema and metric have one name.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::{Decimal, Event};
    ///
    /// let event = Event::new("api_calls", "acme-prod").attribute("count", 3);
    /// let converted = Conversion::new("count").to_enso(&event)?.lossless()?;
    /// assert_eq!((converted.metric.as_str(), converted.value), ("api_calls", Decimal::from(3)));
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    pub fn new(attribute: impl Into<Text>) -> Self {
        Self { attribute: attribute.into(), schema: None, metric: None }
    }

    /// Sets the schema that events have with Togai, where it is not called like the metric.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::Event;
    ///
    /// let conversion = Conversion::new("distance").schema("rides");
    /// let problem = conversion.to_enso(&Event::new("trips", "acme-prod").attribute("distance", 3)).unwrap_err();
    /// assert!(problem.to_string().starts_with("`schemaName` is \"trips\""));
    /// ```
    ///
    /// An event of another schema is an error then, since it would be billed as what it is not.
    pub fn schema(mut self, name: impl Into<Text>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Sets the metric that events have with Enso, where it is not called like the schema.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::Event;
    ///
    /// let ride = Event::new("rides", "acme-prod").attribute("distance", 3);
    /// let conversion = Conversion::new("distance").metric("ride_distance");
    /// // Without the schema, the way back would not know it.
    /// assert_eq!(conversion.to_enso(&ride)?.lost[0].to_string(), "schemaName: rides");
    /// assert!(conversion.schema("rides").to_enso(&ride)?.lost.is_empty());
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    ///
    /// An event of another metric is an error on the way to Togai then.
    pub fn metric(mut self, name: impl Into<String>) -> Self {
        self.metric = Some(name.into());
        self
    }

    /// Makes an event for Enso.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::Event;
    ///
    /// let ride = Event::new("rides", "acme-prod").attribute("distance", 3).attribute_with_unit("duration", 11, "min");
    /// let converted = Conversion::new("distance").to_enso(&ride)?;
    /// assert_eq!(converted.lost[0].field, "attributes[1]");
    /// assert_eq!(converted.lost[0].value, r#"{"name":"duration","value":"11","unit":"min"}"#);
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the event does not have the attribute, has it twice, or has a value there that is no plain decimal number,
    /// and where it is of another schema than [`schema`](Self::schema) says.
    pub fn to_enso(&self, event: &Event) -> Result<Converted<EnsoEvent>, ConversionError> {
        let schema = event.schema_name.as_str();
        check_name("schemaName", schema, self.schema.as_deref())?;
        let (index, attribute) = self.find(&event.attributes)?;
        let value = exact(&attribute.value).ok_or_else(|| ConversionError::value(index, attribute))?;

        let metric = self.metric.as_deref().unwrap_or(schema);
        let mut lost = Vec::new();
        if self.schema.is_none() && metric != schema {
            lost.push(Lost::text("schemaName", schema));
        }
        for (other, attribute) in event.attributes.iter().enumerate() {
            let field = format!("attributes[{other}]");
            if other != index {
                lost.push(Lost::json(field, attribute));
                continue;
            }
            if attribute.value != value.as_str() {
                lost.push(Lost::text(format!("{field}.value"), &attribute.value));
            }
            lost.extend(attribute.unit.iter().map(|unit| Lost::text(format!("{field}.unit"), unit)));
        }

        let mut converted = EnsoEvent::new(&*event.account_id, metric, event.timestamp, value);
        converted.event_id = event.id.as_deref().map(Into::into);
        if !event.dimensions.is_empty() {
            let members = event.dimensions.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str())));
            converted.metadata = Some(members.collect());
        }
        Ok(Converted { event: converted, lost })
    }

    /// Makes an event for Togai.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::enso::types::EnsoEvent;
    /// use togai_api::{Attribute, Timestamp};
    ///
    /// let event = EnsoEvent::new("ent_acme", "rides", Timestamp::from_unix_seconds(0), 3).job_id("job_nightly");
    /// let converted = Conversion::new("distance").to_togai(&event)?;
    /// assert_eq!(converted.event.attributes, [Attribute::new("distance", 3)]);
    /// assert_eq!(converted.lost[0].to_string(), "jobId: job_nightly");
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    ///
    /// A number or a boolean in `metadata` becomes a dimension, which is a text. That it was none is lost, and stated by its
    /// field and value. Nulls, lists and objects become nothing.
    ///
    /// # Errors
    ///
    /// Where `value` is written with an exponent, which Togai does not take, and where the event is of another metric than
    /// [`metric`](Self::metric) says.
    pub fn to_togai(&self, event: &EnsoEvent) -> Result<Converted<Event>, ConversionError> {
        let metric = event.metric.as_str();
        check_name("metric", metric, self.metric.as_deref())?;
        let value = event.value.as_str();
        if !is_plain(value) {
            return Err(ConversionError::exponent(value));
        }

        let schema = self.schema.as_deref().unwrap_or(metric);
        let mut lost = Vec::new();
        if self.metric.is_none() && schema != metric {
            lost.push(Lost::text("metric", metric));
        }
        let mut converted =
            Event::at(event.timestamp, schema, &event.customer_entity_id).attribute(self.attribute.clone(), value);
        converted.id = event.event_id.as_deref().map(Into::into);
        for (name, value) in event.metadata.iter().flat_map(Map::iter) {
            if let Some(text) = dimension(value) {
                converted.dimensions.insert(name, text);
            }
            if !value.is_string() {
                lost.push(Lost::json(format!("metadata.{name}"), value));
            }
        }
        let jobs = [("jobId", &event.job_id), ("JobId", &event.job_id_pascal_case)];
        lost.extend(jobs.into_iter().filter_map(|(field, job)| Some(Lost::text(field, job.as_deref()?))));
        Ok(Converted { event: converted, lost })
    }

    /// The attribute that stands for the value, and its place.
    fn find<'a>(&self, attributes: &'a [Attribute]) -> Result<(usize, &'a Attribute), ConversionError> {
        let mut found = attributes.iter().enumerate().filter(|(_, attribute)| attribute.name == self.attribute);
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found),
            (Some((first, _)), Some((second, _))) => {
                Err(ConversionError::duplicate_name(&self.attribute, first, second))
            }
            (None, _) => Err(ConversionError::missing(&self.attribute, attributes)),
        }
    }
}

/// Refuses an event that has another name than the conversion is for.
fn check_name(field: &str, name: &str, expected: Option<&str>) -> Result<(), ConversionError> {
    match expected.filter(|expected| *expected != name) {
        Some(expected) => Err(ConversionError::name(field, name, expected)),
        None => Ok(()),
    }
}

/// What a member of `metadata` is as a dimension.
fn dimension(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(_) | Value::Bool(_) => Some(Text::displayed(value)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
