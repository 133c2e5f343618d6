//! What comes of a conversion: an event and what it lost on the way, or why there is none.

use std::error::Error;
use std::fmt;

use crate::Attribute;
use serde::Serialize;

/// An event that was converted, and what was lost.
///
/// ```
/// use togai_api::enso::Conversion;
/// use togai_api::Event;
///
/// let ride = Event::new("rides", "acme-prod").attribute_with_unit("distance", 12.5, "km");
/// let converted = Conversion::new("distance").to_enso(&ride)?;
/// // It is metered in km on both sides, so the unit is no loss.
/// assert!(converted.lost.iter().all(|lost| lost.field.ends_with(".unit")));
/// assert_eq!(converted.into_event().value.as_str(), "12.5");
/// # Ok::<(), togai_api::enso::ConversionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what was lost is stated here"]
#[non_exhaustive]
pub struct Converted<E> {
    /// The event for the other service.
    pub event: E,
    /// What of the event a conversion back would not bring back as it was.
    pub lost: Vec<Lost>,
}

impl<E> Converted<E> {
    /// The event, whatever was lost.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::Event;
    ///
    /// let ride = Event::new("rides", "acme-prod").attribute("distance", 12.5).attribute("duration", 11);
    /// let event = Conversion::new("distance").to_enso(&ride)?.into_event();
    /// assert_eq!(event.value.as_str(), "12.5");
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    pub fn into_event(self) -> E {
        self.event
    }

    /// The event, where nothing was lost.
    ///
    /// ```
    /// use togai_api::enso::Conversion;
    /// use togai_api::Event;
    ///
    /// let ride = Event::new("rides", "acme-prod").attribute("distance", 12.5).attribute("duration", 11);
    /// let error = Conversion::new("distance").to_enso(&ride)?.lossless().unwrap_err();
    /// assert!(error.to_string().contains("attributes[1]"));
    /// # Ok::<(), togai_api::enso::ConversionError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where something was lost; the error names it.
    pub fn lossless(self) -> Result<E, ConversionError> {
        if self.lost.is_empty() { Ok(self.event) } else { Err(ConversionError::lossy(&self.lost)) }
    }
}

/// Something of an event that a conversion does not keep, or not as it was.
///
/// ```
/// use togai_api::enso::Conversion;
/// use togai_api::enso::types::EnsoEvent;
/// use togai_api::Timestamp;
///
/// let event = EnsoEvent::new("ent_acme", "rides", Timestamp::from_unix_seconds(0), 3).job_id("job_nightly");
/// let lost = Conversion::new("distance").to_togai(&event)?.lost;
/// assert_eq!((lost[0].field.as_str(), lost[0].value.as_str()), ("jobId", "job_nightly"));
/// assert_eq!(lost[0].to_string(), "jobId: job_nightly");
/// # Ok::<(), togai_api::enso::ConversionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// Where it is in the event, as that is written in JSON: `attributes[0].unit`, `metadata.city`.
    pub field: String,
    /// A text as it is, anything else as it is written in JSON.
    pub value: String,
}

impl Lost {
    pub(super) fn text(field: impl Into<String>, value: &str) -> Self {
        Self { field: field.into(), value: value.to_owned() }
    }

    pub(super) fn json(field: String, value: &impl Serialize) -> Self {
        // What an event holds has texts for names, so it can always be written.
        Self { field, value: serde_json::to_string(value).unwrap_or_default() }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.value)
    }
}

/// Why an event cannot be converted, or not without loss. It names the field and what to do.
///
/// ```
/// use togai_api::enso::Conversion;
/// use togai_api::Event;
///
/// let ride = Event::new("rides", "acme-prod").attribute("distance", "far");
/// assert_eq!(
///     Conversion::new("distance").to_enso(&ride).unwrap_err().to_string(),
///     "attributes[0]: `value` of `distance` is \"far\", and has to be a plain decimal number such as -12.5",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionError {
    problem: String,
}

impl ConversionError {
    pub(super) fn missing(name: &str, attributes: &[Attribute]) -> Self {
        let names: Vec<String> =
            attributes.iter().map(|attribute| format!("`{}`", truncated(&attribute.name))).collect();
        let has = match names.as_slice() {
            [] => format!("is empty, without `{name}`"),
            names => format!("has no `{name}` but {}", names.join(", ")),
        };
        Self::new(format!("`attributes` {has}: make the conversion with the attribute that stands for Enso's `value`"))
    }

    pub(super) fn duplicate_name(name: &str, first: usize, second: usize) -> Self {
        Self::new(format!(
            "attributes[{first}] and attributes[{second}] are both `{name}`, and Enso has one `value`: make them one, or \
             two events"
        ))
    }

    pub(super) fn value(index: usize, attribute: &Attribute) -> Self {
        let (name, value) = (&attribute.name, truncated(&attribute.value));
        Self::new(format!(
            "attributes[{index}]: `value` of `{name}` is \"{value}\", and has to be a plain decimal number such as \
             -12.5"
        ))
    }

    pub(super) fn exponent(value: &str) -> Self {
        let value = truncated(value);
        Self::new(format!("`value` is {value}, and Togai takes no exponent: write it as a plain number such as -12.5"))
    }

    pub(super) fn name(field: &str, name: &str, expected: &str) -> Self {
        let name = truncated(name);
        Self::new(format!(
            "`{field}` is \"{name}\", and the conversion is for \"{expected}\": make another conversion for it"
        ))
    }

    fn lossy(lost: &[Lost]) -> Self {
        let all: Vec<String> =
            lost.iter().map(|lost| format!("{}: {}", truncated(&lost.field), truncated(&lost.value))).collect();
        Self::new(format!("the event would lose {}; where that is no harm, take `into_event`", all.join(", ")))
    }

    fn new(problem: String) -> Self {
        Self { problem }
    }
}

/// What is shown of a text, which may be of any length.
fn truncated(text: &str) -> String {
    text.chars().take(50).collect()
}

impl fmt::Display for ConversionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problem)
    }
}

impl Error for ConversionError {}
