//! Changing a value of a JSON text, with everything else as it was written.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

/// The members of an object in their order, as they are written.
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The value at a path, as it is written.
pub(super) fn value_at<'a>(json: &'a str, path: &[Segment]) -> Option<&'a str> {
    let Some((first, rest)) = path.split_first() else { return Some(json) };
    let value = match first {
        Segment::Map { key } => serde_json::from_str::<Members<'a>>(json).ok()?.get(key)?,
        Segment::Seq { index } => serde_json::from_str::<Vec<&'a RawValue>>(json).ok()?.get(*index).copied()?,
        Segment::Enum { .. } | Segment::Unknown => return None,
    };
    value_at(value.get(), rest)
}

/// The text with another value at a path.
pub(super) fn replace(json: &str, path: &[Segment], value: &str) -> Option<String> {
    let old = value_at(json, path)?;
    // The old value is a part of the text.
    let start = old.as_ptr().addr() - json.as_ptr().addr();
    Some([&json[..start], value, &json[start + old.len()..]].concat())
}

/// The text without the value at a path: without the member of an object, or without the item of a list.
pub(super) fn without(json: &str, path: &[Segment]) -> Option<String> {
    let (last, parent) = path.split_last()?;
    let container = value_at(json, parent)?;
    let rest = match last {
        Segment::Map { key } => {
            let mut members: Members<'_> = serde_json::from_str(container).ok()?;
            members.0.retain(|(name, _)| name != key);
            serde_json::to_string(&members)
        }
        Segment::Seq { index } => {
            let mut items: Vec<&RawValue> = serde_json::from_str(container).ok()?;
            items.remove(*index);
            serde_json::to_string(&items)
        }
        Segment::Enum { .. } | Segment::Unknown => return None,
    };
    replace(json, parent, &rest.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#" {"a" : [1.10, {"b\n": "x", "c": 1e2}], "d": null} "#;

    fn path() -> [Segment; 3] {
        [Segment::Map { key: "a".to_owned() }, Segment::Seq { index: 1 }, Segment::Map { key: "b\n".to_owned() }]
    }

    #[test]
    fn only_the_value_at_the_path_changes() {
        assert_eq!(value_at(JSON, &path()), Some(r#""x""#));
        let expected = r#" {"a" : [1.10, {"b\n": 7, "c": 1e2}], "d": null} "#;
        assert_eq!(replace(JSON, &path(), "7").as_deref(), Some(expected));
    }

    #[test]
    fn a_member_and_an_item_are_left_out() {
        let expected = r#" {"a" : [1.10, {"c":1e2}], "d": null} "#;
        assert_eq!(without(JSON, &path()).as_deref(), Some(expected));
        assert_eq!(without(JSON, &path()[..2]).as_deref(), Some(r#" {"a" : [1.10], "d": null} "#));
    }

    #[test]
    fn there_is_nothing_at_a_path_that_leads_nowhere() {
        for path in [&[Segment::Map { key: "e".to_owned() }][..], &[Segment::Seq { index: 0 }], &[Segment::Unknown]] {
            assert_eq!((value_at(JSON, path), replace(JSON, path, "1")), (None, None));
        }
        assert_eq!(without(JSON, &[]), None);
    }
}
