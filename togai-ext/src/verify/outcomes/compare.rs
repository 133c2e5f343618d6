//! Whether two events say the same, however they are written: pure functions.

use std::borrow::Cow;

use togai_api::{Attribute, Event, Timestamp};

/// What comes of comparing two events with one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// They say the same.
    Same,
    /// They say something different.
    Different,
    /// They say the same but for the account, which one of them may name by an alias.
    OtherAccount,
}

/// Compares an event with the one that the server has under its id.
///
/// The order of attributes does not matter, values are compared as numbers, and times as moments.
pub(super) fn compare(ours: &Event, theirs: &Event) -> Comparison {
    let is_same = ours.schema_name == theirs.schema_name
        && is_same_time(ours.timestamp, theirs.timestamp)
        && sorted(&ours.attributes) == sorted(&theirs.attributes)
        && ours.dimensions == theirs.dimensions;
    match is_same {
        false => Comparison::Different,
        true if ours.account_id == theirs.account_id => Comparison::Same,
        true => Comparison::OtherAccount,
    }
}

/// Whether the server's time is ours, or what is left of ours where the server keeps milliseconds or microseconds.
fn is_same_time(ours: Timestamp, theirs: Timestamp) -> bool {
    let kept = theirs.subsecond_nanoseconds();
    let unit = [1_000_000, 1_000].into_iter().find(|unit| kept.is_multiple_of(*unit)).unwrap_or(1);
    ours.unix_seconds() == theirs.unix_seconds() && ours.subsecond_nanoseconds() / unit == kept / unit
}

/// Name, value and unit of each attribute, in an order that does not depend on how they were sent.
fn sorted(attributes: &[Attribute]) -> Vec<(&str, Cow<'_, str>, Option<&str>)> {
    let mut sorted = Vec::with_capacity(attributes.len());
    for Attribute { name, value, unit, .. } in attributes {
        sorted.push((&**name, canonical_number(value), unit.as_deref()));
    }
    sorted.sort_unstable();
    sorted
}

/// A decimal number in the one way of writing it without a sign, zeros or an exponent that say nothing, such as `-125e-1` for
/// `-012.50`. What is no such number is left as it is.
fn canonical_number(text: &str) -> Cow<'_, str> {
    canonical(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn canonical(text: &str) -> Option<String> {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (number, exponent) = match number.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = [whole, fraction].concat();
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    match significant.trim_start_matches('0') {
        "" => Some("0".to_owned()),
        significant => Some(format!("{sign}{significant}e{exponent}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::new("rides", "acme-prod")
            .timestamp("2024-04-18T16:00:17.123456789Z".parse::<Timestamp>().unwrap())
            .attribute_with_unit("distance", "12.50", "km")
            .attribute("stops", 3)
            .dimension("city", "Chennai")
            .dimension("vehicle", "sedan")
    }

    #[test]
    fn an_event_that_is_written_differently_is_the_same() {
        let rewritten: Event = serde_json::from_str(
            r#"{"dimensions": {"vehicle": "sedan", "city": "Chennai"}, "accountId": "acme-prod", "schemaName": "rides",
                "attributes": [{"name": "stops", "value": 3.0}, {"unit": "km", "name": "distance", "value": "012.5"}],
                "timestamp": "2024-04-18T18:00:17.123456789+02:00", "id": "ride-1"}"#,
        )
        .unwrap();
        assert_eq!(compare(&event(), &rewritten), Comparison::Same);
    }

    #[test]
    fn another_content_is_different() {
        let with_attribute = |value: &str, unit: Option<&str>| {
            let mut event = event();
            (event.attributes[0].value, event.attributes[0].unit) = (value.into(), unit.map(Into::into));
            event
        };
        let mut other_schema = event();
        other_schema.schema_name = "trips".into();
        for other in [
            other_schema,
            event().timestamp(Timestamp::from_unix_seconds(0)),
            event().attribute("stops", 3),
            event().dimension("city", "Madurai"),
            event().dimension("driver", "7"),
            with_attribute("12.51", Some("km")),
            with_attribute("-12.5", Some("km")),
            with_attribute("far", Some("km")),
            with_attribute("12.5", Some("mi")),
            with_attribute("12.5", None),
        ] {
            assert_eq!(compare(&event(), &other), Comparison::Different, "{other:?}");
            assert_eq!(compare(&other, &event()), Comparison::Different, "{other:?}");
        }
    }

    #[test]
    fn an_account_may_be_named_by_an_alias() {
        let mut renamed = event();
        renamed.account_id = "ACC00001".into();
        assert_eq!(compare(&event(), &renamed), Comparison::OtherAccount);
        assert_eq!(compare(&event(), &renamed.dimension("city", "Madurai")), Comparison::Different);
    }

    #[test]
    fn a_server_may_keep_less_of_a_time() {
        let is_same = |theirs: &str| is_same_time(event().timestamp, theirs.parse().unwrap());
        for same in ["17.123456789Z", "17.123456Z", "17.123Z", "17.123000Z"] {
            assert!(is_same(&format!("2024-04-18T16:00:{same}")), "{same}");
        }
        for other in ["17.123456788Z", "17.123457Z", "17.124Z", "17.12Z", "17Z", "18.123456789Z"] {
            assert!(!is_same(&format!("2024-04-18T16:00:{other}")), "{other}");
        }
        // Ours is never taken to have lost something.
        let whole = Timestamp::from_unix_seconds(1_713_456_017);
        assert!(!is_same_time(whole, "2024-04-18T16:00:17.5Z".parse().unwrap()));
    }

    #[test]
    fn numbers_are_equal_by_value_with_all_their_digits() {
        for [one, other] in [
            ["12.5", "12.50"],
            ["12.5", "0012.5"],
            ["0", "-0.000"],
            ["100", "1e2"],
            ["1250", "12.5E+2"],
            ["0.001", "1e-3"],
            ["-7", "-7.0"],
            ["10000000000000000000000001", "10000000000000000000000001.0"],
        ] {
            assert_eq!(canonical_number(one), canonical_number(other), "{one} {other}");
        }
        let all =
            ["0", "1", "-1", "10", "0.1", "12.5", "125", "1.25", "far", "", "-", ".5", "1e", "1e99999999999999999999"];
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                assert_ne!(canonical_number(one), canonical_number(other), "{one} {other}");
            }
        }
        // Beyond what a float distinguishes.
        assert_ne!(canonical_number("10000000000000000000000001"), canonical_number("10000000000000000000000002"));
    }
}
