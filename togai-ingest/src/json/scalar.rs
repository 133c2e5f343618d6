//! Values that hold no others.

use std::fmt::{self, Display, Write};

use serde::ser::{Error as _, Serializer};
use serde_json::Error;

use super::buffer::Buffer;

impl Buffer {
    pub(super) fn put_bool(&mut self, value: bool) {
        self.put(if value { b"true" } else { b"false" });
    }

    #[inline]
    pub(super) fn put_integer(&mut self, value: impl itoa::Integer) {
        self.put(itoa::Buffer::new().format(value).as_bytes());
    }

    /// How a float is written best is a matter of its own, and `serde_json` knows it.
    pub(super) fn put_f32(&mut self, value: f32) -> Result<(), Error> {
        serde_json::Serializer::new(self).serialize_f32(value)
    }

    pub(super) fn put_f64(&mut self, value: f64) -> Result<(), Error> {
        serde_json::Serializer::new(self).serialize_f64(value)
    }

    pub(super) fn put_char(&mut self, value: char) {
        self.put_text(value.encode_utf8(&mut [0; 4]));
    }

    /// Writes a value as it is displayed, piece by piece, as a text.
    pub(super) fn put_displayed(&mut self, value: &(impl Display + ?Sized)) -> Result<(), Error> {
        self.put_byte(b'"');
        write!(Escaped(self), "{value}").map_err(|fmt::Error| Error::custom("a value cannot be displayed"))?;
        self.put_byte(b'"');
        Ok(())
    }
}

struct Escaped<'a>(&'a mut Buffer);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put_escaped(text);
        Ok(())
    }
}
