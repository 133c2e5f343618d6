//! The answer to making credits, which has had three shapes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use crate::types::Credit;

/// The credits that were made.
///
/// ```
/// use togai_api::CreateCreditResponse;
///
/// let declared: CreateCreditResponse = serde_json::from_str(r#"{"credits": [{"id": "cred.1"}]}"#)?;
/// let list: CreateCreditResponse = serde_json::from_str(r#"[{"id": "cred.1"}]"#)?;
/// let one: CreateCreditResponse = serde_json::from_str(r#"{"id": "cred.1"}"#)?;
/// assert!(declared == list && list == one);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The vendor declares an object with the list, shows the list alone in its samples, and declared one credit in 2023. All
/// three are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CreateCreditResponse {
    /// The credits, in the order in which they were asked for.
    pub credits: Vec<Credit>,
}

impl<'de> Deserialize<'de> for CreateCreditResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Kept as text and not as a tree, so that amounts keep their digits.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let credits = if raw.get().starts_with('[') {
            serde_json::from_str(raw.get())
        } else {
            let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
            match fields.get("credits") {
                Some(list) => serde_json::from_str(list.get()).map(Option::unwrap_or_default),
                None if fields.is_empty() => Ok(Vec::new()),
                None => serde_json::from_str(raw.get()).map(|credit| vec![credit]),
            }
        };
        credits.map(|credits| Self { credits }).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_are_read() {
        for (json, ids) in [
            (r#"{"credits": [{"id": "a"}, {"id": "b"}]}"#, &["a", "b"][..]),
            (r#"{"credits": null, "id": "no credit"}"#, &[]),
            (r#"[{"id": "a"}, {"id": "b"}]"#, &["a", "b"]),
            (r#"{"id": "a", "creditAmount": 1.10}"#, &["a"]),
            ("{}", &[]),
            ("[]", &[]),
        ] {
            let response: CreateCreditResponse = serde_json::from_str(json).unwrap();
            let read: Vec<&str> = response.credits.iter().map(|credit| credit.id.as_str()).collect();
            assert_eq!(read, ids, "{json}");
        }
        let response: CreateCreditResponse = serde_json::from_str(r#"[{"creditAmount": 1.10}]"#).unwrap();
        assert_eq!(response.credits[0].credit_amount.as_ref().map(crate::Decimal::as_str), Some("1.10"));
    }

    #[test]
    fn other_values_than_credits_are_refused() {
        for json in [r#"{"credits": 1}"#, "[1]", "1", r#"{"id": {}}"#] {
            assert!(serde_json::from_str::<CreateCreditResponse>(json).is_err(), "{json}");
        }
    }
}
