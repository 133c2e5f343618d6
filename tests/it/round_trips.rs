//! Every example of the API document, and values made of its schemas, through the types of the client and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::json_comparison::{difference, is_null_or_empty};

/// A value of a schema.
struct Sample {
    place: &'static str,
    /// Whether it is only sent, and never answered.
    is_sent: bool,
    json: &'static str,
    round_trip: RoundTrip,
}

/// A schema of an object.
struct Schema {
    name: &'static str,
    /// The fields that its type does not do without; none where it is read in answers.
    required: &'static [&'static str],
    round_trip: RoundTrip,
}

/// Decodes and encodes again.
type RoundTrip = fn(&str) -> Result<String, serde_json::Error>;

fn round_trip<T: DeserializeOwned + Serialize>(json: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&serde_json::from_str::<T>(json)?)
}

include!(concat!(env!("OUT_DIR"), "/values.rs"));

/// What does not come back as it was, in words.
fn problem_of(sample: &Sample) -> Option<String> {
    let problem = match (sample.round_trip)(sample.json) {
        Ok(json) => {
            let [before, after] = [sample.json, &json].map(|json| serde_json::from_str::<Value>(json).unwrap());
            // An answer that leaves a list out says the same as one with an empty list; a change may mean another thing.
            difference(&before, &after, if sample.is_sent { Value::is_null } else { is_null_or_empty })?
        }
        Err(error) => format!(" cannot be read: {error}"),
    };
    Some(format!("{}{problem}", sample.place))
}

#[track_caller]
fn check(samples: &[Sample], least: usize, expected: &[&str]) {
    assert!(samples.len() >= least, "{}", samples.len());
    let problems: Vec<String> = samples.iter().filter_map(problem_of).collect();
    assert!(problems == expected, "{} of {}:\n{}", problems.len(), samples.len(), problems.join("\n"));
}

#[test]
fn every_example_of_the_document_survives_a_round_trip() {
    check(EXAMPLES, 350, &[]);
}

#[test]
fn the_smallest_and_largest_value_of_every_schema_survive_a_round_trip() {
    check(MADE, 670, &[]);
}

#[test]
fn a_response_may_lack_any_field_and_a_request_error_names_the_missing_one() {
    assert_eq!(SCHEMAS.len(), 309);
    let mut strict = 0;
    for schema in SCHEMAS {
        match (schema.round_trip)("{}") {
            Ok(_) => assert!(schema.required.is_empty(), "{} can do without {:?}", schema.name, schema.required),
            Err(error) => {
                let text = error.to_string();
                let is_named = schema.required.iter().any(|name| text.starts_with(&format!("missing field `{name}`")));
                assert!(is_named, "{}: {text}", schema.name);
                strict += 1;
            }
        }
    }
    assert!(strict > 30, "{strict}");
}
