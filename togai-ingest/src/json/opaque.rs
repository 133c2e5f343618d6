//! Events whose members are seen only afterwards, by reading what was written: JSON that somebody else has written, and enums.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Error;
use serde_json::value::RawValue;

use super::buffer::Buffer;
use super::event::{NULL, no_object};
use super::fields::{FieldNames, Fields};

/// Looks where the fields of an event are that was written from `start` on. An id that is null is taken out.
pub(super) fn look<N: FieldNames>(fields: &mut Fields, start: usize, buffer: &mut Buffer) -> Result<(), Error> {
    let id = N::NAMES[0];
    let members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_slice(buffer.since(start)).map_err(|_| no_object())?;
    if members.get(id).is_some_and(|id| id.get().as_bytes() == NULL) {
        let others: BTreeMap<_, _> = members.iter().filter(|(name, _)| *name != id).collect();
        let others = serde_json::to_vec(&others)?;
        buffer.truncate(start);
        buffer.put(&others);
    }
    note::<N>(fields, buffer.since(start))
}

/// Writes the id anew where it is not written as we write texts: JSON of others can have escapes where none are needed, and ids
/// are compared as they are written.
pub(super) fn rewrite_id<N: FieldNames>(fields: &mut Fields, start: usize, buffer: &mut Buffer) -> Result<(), Error> {
    let Some(place) = fields.id() else { return Ok(()) };
    let event = buffer.since(start);
    let id = &event[place.clone()];
    if !id.starts_with(b"\"") || !id.contains(&b'\\') {
        return Ok(());
    }
    let rewritten = serde_json::to_vec(&serde_json::from_slice::<String>(id)?)?;
    if rewritten == id {
        return Ok(());
    }
    let rest = event[place.end..].to_vec();
    buffer.truncate(start + place.start);
    buffer.put(&rewritten);
    buffer.put(&rest);
    note::<N>(fields, buffer.since(start))
}

/// Notes where the fields of an event are.
fn note<N: FieldNames>(fields: &mut Fields, event: &[u8]) -> Result<(), Error> {
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(event)?;
    for (place, name) in N::NAMES.iter().enumerate() {
        if let Some(value) = members.get(*name) {
            let offset = value.get().as_ptr().addr() - event.as_ptr().addr();
            fields.note(place, offset..offset + value.get().len());
        }
    }
    Ok(())
}
