//! From the bytes of a body to a value.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use serde::de::{DeserializeOwned, Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Deserializer, Error};
use serde_path_to_error::Track;

use super::{UnreadableRecord, repair};
use crate::Operation;

type PathError = serde_path_to_error::Error<Error>;

/// Reads the body of a success.
///
/// An empty one is nothing where that can be, and like `{}` with a 202, since the API has accepted events without a body.
/// With any other status it is an error, not a record that says nothing.
///
/// A body that cannot be read as it is goes through [`repair`], which costs a body that can be read nothing.
pub(crate) fn read_body<T: DeserializeOwned>(
    body: &[u8],
    status: StatusCode,
    operation: &Operation,
) -> Result<(T, Vec<UnreadableRecord>), PathError> {
    // Some servers put a byte order mark first, which RFC 8259 lets a reader ignore.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let is_empty = body.trim_ascii().is_empty();
    if is_empty && let Ok(nothing) = serde_json::from_slice(b"null") {
        return Ok((nothing, Vec::new()));
    }
    let body = if is_empty && status == StatusCode::ACCEPTED { b"{}" } else { body };
    if let Some(paging) = &operation.paging
        && lacks(body, paging.items)
    {
        let problem = format!("no property `{}`, which holds the records of the page", paging.items);
        return Err(PathError::new(Track::new().path(), Error::custom(problem)));
    }
    // Keeping track of the place costs as much again as reading, so it is done only where something is wrong.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok((value, Vec::new()));
    }
    read_with_path(body).map(|value| (value, Vec::new())).or_else(|error| {
        // A response that may hold a credential is not kept, not even in part.
        let items = operation.paging.filter(|_| !operation.answers_secret).map(|paging| paging.items);
        repair::repair(&text_of(body), items).ok_or(error)
    })
}

/// Reads a value, and says where it went wrong.
pub(super) fn read_with_path<T: DeserializeOwned>(json: &[u8]) -> Result<T, PathError> {
    let mut deserializer = Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)?;
    deserializer.end().map_err(|error| PathError::new(Track::new().path(), error))?;
    Ok(value)
}

/// Whether an object has other members than this one, and not this one.
///
/// An empty object has none at all: that is how servers write an empty page that leave out empty lists. With anything in
/// it, a body without the member may have its records under another name, and would look like the end of the list.
fn lacks(json: &[u8], member: &str) -> bool {
    struct Member<'a>(&'a str);

    impl<'de> Visitor<'de> for Member<'_> {
        type Value = bool;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut is_empty = true;
            while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                if name == self.0 {
                    // What follows is not read, so the deserializer ends with an error.
                    return Ok(false);
                }
                is_empty = false;
                map.next_value::<IgnoredAny>()?;
            }
            Ok(!is_empty)
        }
    }

    Deserializer::from_slice(json).deserialize_map(Member(member)).unwrap_or(false)
}

/// The body as text. Where it is no UTF-8, half of a character takes the place of what is wrong, in the one way in which
/// JSON can write it, so that it is found where it stands.
fn text_of(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(r"\ud800");
        }
    }
    text
}

#[cfg(test)]
mod tests;
