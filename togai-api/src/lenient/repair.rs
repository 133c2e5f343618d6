//! Reading what can be read of a body that cannot be read as it is.
//!
//! Decoding stops at the first value that does not fit and says where that is. The value is written in another way there
//! if that loses nothing, and is left out otherwise; then decoding starts again. Records of a page are decoded one by
//! one, each as the only one of its page, so the work grows with the size of the page and not with its square.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use super::body::read_with_path;
use super::edit::{replace, value_at, without};
use super::unreadable::UnreadableRecord;

/// How often a record is decoded before it is given up.
const MOST_ATTEMPTS: usize = 64;

/// Reads a body and says which records of the page were not read whole; nothing where the body cannot be read at all.
///
/// `items` is the member that holds the records of a page. Only there something may be left out. What stands beside it
/// decides how the list goes on, and in a response that is no page there is nothing that one odd value takes along.
pub(super) fn repair<T: DeserializeOwned>(json: &str, items: Option<&str>) -> Option<(T, Vec<UnreadableRecord>)> {
    let mut unreadable = Vec::new();
    let mut page = Cow::Borrowed(json);
    if let Some(items) = items {
        let path = [Segment::Map { key: items.to_owned() }];
        let records: Vec<&RawValue> = serde_json::from_str(value_at(json, &path)?).ok()?;
        let mut kept = Vec::with_capacity(records.len());
        for (index, record) in records.into_iter().enumerate() {
            let repaired = repair_value::<T>(record.get(), Some(items))?;
            kept.extend(repaired.json);
            if !repaired.problems.is_empty() {
                let path = format!("{items}[{index}]");
                unreadable.push(UnreadableRecord::new(path, record.get(), repaired.problems));
            }
        }
        page = Cow::Owned(replace(json, &path, &format!("[{}]", kept.join(",")))?);
    }
    let value = repair_value(&page, None)?.value?;
    Some((value, unreadable))
}

/// What came of repairing a value.
struct Repaired<T> {
    /// The value as text; nothing where it is left out.
    json: Option<String>,
    /// The response with the value, or with it alone.
    value: Option<T>,
    /// What was left out, and why.
    problems: Vec<String>,
}

/// Repairs a whole response, or a record of the member `items` of a page. Nothing where something would have to be left out
/// of the whole, or where it is not the record that cannot be read.
fn repair_value<T: DeserializeOwned>(json: &str, items: Option<&str>) -> Option<Repaired<T>> {
    let decode = |json: &str| match items {
        Some(items) => read_with_path::<T>(page_of(items, json).as_bytes()),
        None => read_with_path::<T>(json.as_bytes()),
    };
    let (mut json, mut problems) = (without_halves(json), Vec::new());
    if matches!(json, Cow::Owned(_)) {
        problems.push("a text holds half of a character".to_owned());
    }
    let mut attempt = decode(&json);
    for _ in 0..MOST_ATTEMPTS {
        let error = match attempt {
            Ok(value) => return Some(Repaired { json: Some(json.into_owned()), value: Some(value), problems }),
            Err(error) => error,
        };
        let place = error.path().to_string();
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        // The record is the first item of the member.
        let path = path.get(if items.is_some() { 2 } else { 0 }..)?;
        let rewritten = other_ways(value_at(&json, path)?).into_iter().find_map(|way| {
            let rewritten = replace(&json, path, &way)?;
            let next = decode(&rewritten);
            let goes_on = next.as_ref().err().is_none_or(|next| next.path().to_string() != place);
            goes_on.then_some((rewritten, next))
        });
        if let Some((rewritten, next)) = rewritten {
            (json, attempt) = (Cow::Owned(rewritten), next);
            continue;
        }
        let inside = place.strip_prefix(&format!("{}[0]", items?))?.trim_start_matches('.');
        let problem = error.inner().to_string();
        // The position is that in a text which nobody sees.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        if path.is_empty() {
            problems.push(problem.to_owned());
            return Some(Repaired { json: None, value: None, problems });
        }
        problems.push(format!("{inside}: {problem}"));
        json = Cow::Owned(without(&json, path)?);
        attempt = decode(&json);
    }
    items?;
    problems.push("too much of it cannot be read".to_owned());
    Some(Repaired { json: None, value: None, problems })
}

/// A page of one record.
fn page_of(items: &str, record: &str) -> String {
    format!("{{\"{items}\":[{record}]}}")
}

/// Other ways to write a value that say the same: a number or a boolean as text or from one, and a whole number without its
/// fraction.
fn other_ways(json: &str) -> Vec<String> {
    if json.starts_with('"') {
        let text: String = serde_json::from_str(json).unwrap_or_default();
        let is_scalar = serde_json::from_str::<&RawValue>(&text).is_ok_and(|raw| is_scalar(raw.get()));
        return if is_scalar { [vec![text.clone()], whole(&text)].concat() } else { Vec::new() };
    }
    if is_scalar(json) { [whole(json), vec![format!("\"{json}\"")]].concat() } else { Vec::new() }
}

/// Whether a value is a number or a boolean.
fn is_scalar(json: &str) -> bool {
    json.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | 't' | 'f'))
}

/// A number such as `30.0` without its fraction, where a float holds it exactly.
fn whole(number: &str) -> Vec<String> {
    let number = number.trim().parse::<f64>().ok();
    let number = number.filter(|number| number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0);
    number.map(|number| format!("{number:.0}")).into_iter().collect()
}

/// The text with U+FFFD for each half of a character: an escape such as `\ud83d` without its other half, which JSON can
/// write and no text can hold.
fn without_halves(json: &str) -> Cow<'_, str> {
    let mut repaired = Cow::Borrowed(json);
    let mut position = 0;
    while let Some(found) = json.get(position..).and_then(|rest| rest.find('\\')) {
        let start = position + found;
        position = start + 2;
        match escaped(json, start) {
            Some(0xd800..=0xdbff) if matches!(escaped(json, start + 6), Some(0xdc00..=0xdfff)) => position = start + 12,
            Some(0xd800..=0xdfff) => repaired.to_mut().replace_range(start..start + 6, r"\ufffd"),
            _ => {}
        }
    }
    repaired
}

/// The number of an escape such as `\u00e9` at a position.
fn escaped(json: &str, start: usize) -> Option<u16> {
    u16::from_str_radix(json.get(start..start + 6)?.strip_prefix(r"\u")?, 16).ok()
}
