//! JSON that is written already: a `RawValue`, and a `Number` where the application turns on `arbitrary_precision`.

use serde::ser::{Error as _, Serializer};
use serde_json::Error;

use super::buffer::Buffer;
use super::refuse::refuse;

/// Whether a struct of this name is how `serde_json` hands over such JSON: as its one field, a text.
#[inline(always)]
pub(super) fn is_name(name: &str) -> bool {
    matches!(name, "$serde_json::private::RawValue" | "$serde_json::private::Number")
}

/// Writes the one field.
pub(super) struct VerbatimSerializer<'a>(pub(super) &'a mut Buffer);

fn no_text() -> Error {
    Error::custom("JSON that is written already has to be a text")
}

impl Serializer for VerbatimSerializer<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_str(self, json: &str) -> Result<(), Error> {
        self.0.put_verbatim(json);
        Ok(())
    }

    fn serialize_char(self, _: char) -> Result<(), Error> {
        Err(no_text())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Err(no_text())
    }

    refuse! { no_text: numbers nulls wrappers lists objects }
}
