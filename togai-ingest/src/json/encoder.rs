//! An event as JSON behind others, and where its fields stand.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Error;

use super::buffer::Buffer;
use super::event::{EventSerializer, Noted};
use super::fields::{FieldNames, Fields};
use super::opaque;

/// Writes events as JSON, and looks out for the fields `N`.
#[derive(Debug)]
pub(crate) struct Encoder<N> {
    noted: Noted,
    names: PhantomData<fn() -> N>,
}

impl<N: FieldNames> Encoder<N> {
    pub(crate) fn new() -> Self {
        const { N::ARE_USABLE };
        Self { noted: Noted::default(), names: PhantomData }
    }

    /// Where the fields of the event stand that was written last, counted from its beginning.
    pub(crate) fn fields(&self) -> &Fields {
        &self.noted.fields
    }

    /// The same, to be kept.
    #[cfg(feature = "test-util")]
    pub(crate) fn into_fields(self) -> Fields {
        self.noted.fields
    }

    /// Appends an event to a buffer.
    ///
    /// An id that is null is left out: the event has none. If the event cannot be written, the buffer is as it was.
    #[inline]
    pub(crate) fn encode<E: Serialize>(&mut self, event: &E, buffer: &mut Buffer) -> Result<(), Error> {
        let start = buffer.len();
        self.noted = Noted::default();
        buffer.forget_verbatim();
        let serializer = EventSerializer::<N> { buffer, noted: &mut self.noted, start, names: PhantomData };
        let written = event.serialize(serializer);
        if written.is_ok() && !self.noted.is_opaque && !buffer.has_verbatim() {
            return Ok(());
        }
        self.look_again(written, start, buffer)
    }

    /// Looks at an event that was not seen member by member, or of which the id may be written in another way than ours.
    #[cold]
    fn look_again(&mut self, written: Result<(), Error>, start: usize, buffer: &mut Buffer) -> Result<(), Error> {
        let Noted { fields, is_opaque } = &mut self.noted;
        let looked = written
            .and_then(|()| if *is_opaque { opaque::look::<N>(fields, start, buffer) } else { Ok(()) })
            .and_then(|()| opaque::rewrite_id::<N>(fields, start, buffer));
        if looked.is_err() {
            buffer.truncate(start);
        }
        looked
    }

    /// Adds the id to the event that was written last, from `start` on, which has none.
    pub(crate) fn add_id(&mut self, id: &str, start: usize, buffer: &mut Buffer) {
        // The event is an object, so its last byte is the closing brace.
        buffer.truncate(buffer.len() - 1);
        if buffer.since(start + 1).trim_ascii().is_empty() {
            buffer.put_key(*b"", N::NAMES[0]);
        } else {
            buffer.put_key(*b",", N::NAMES[0]);
        }
        let place = buffer.len() - start;
        buffer.put_text(id);
        self.noted.fields.note(0, place..buffer.len() - start);
        buffer.put_byte(b'}');
    }
}
