//! Lists and objects: what stands between their members and around them.

use super::buffer::Buffer;

/// A list or an object that is being written.
pub(super) struct Members<'a> {
    pub(super) buffer: &'a mut Buffer,
    state: State,
    end: u8,
}

/// How far an object or a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Empty,
    Filled,
    /// It is no object but JSON that is written already.
    Verbatim,
}

impl<'a> Members<'a> {
    #[inline]
    pub(super) fn list(buffer: &'a mut Buffer) -> Self {
        buffer.put_byte(b'[');
        Self { buffer, state: State::Empty, end: b']' }
    }

    #[inline(always)]
    pub(super) fn object(buffer: &'a mut Buffer) -> Self {
        buffer.put_byte(b'{');
        Self { buffer, state: State::Empty, end: b'}' }
    }

    #[inline(always)]
    pub(super) fn verbatim(buffer: &'a mut Buffer) -> Self {
        Self { buffer, state: State::Verbatim, end: b'}' }
    }

    pub(super) fn is_verbatim(&self) -> bool {
        self.state == State::Verbatim
    }

    /// Goes on to the next item, or to the key of the next entry.
    #[inline]
    pub(super) fn next(&mut self) {
        if self.state == State::Filled {
            self.buffer.put_byte(b',');
        }
        self.state = State::Filled;
    }

    /// Goes on to the value of the next field.
    #[inline(always)]
    pub(super) fn next_field(&mut self, key: &'static str) {
        self.state = self.state.next_field(key, self.buffer);
    }

    #[inline(always)]
    pub(super) fn close(self) {
        if self.state != State::Verbatim {
            self.buffer.put_byte(self.end);
        }
    }

    /// The same inside of an object with one key.
    pub(super) fn close_variant(self) {
        self.buffer.put_array([self.end, b'}']);
    }
}

impl State {
    /// Writes the key of a field, and says how far the object is then.
    #[inline(always)]
    pub(super) fn next_field(self, key: &'static str, buffer: &mut Buffer) -> Self {
        match self {
            Self::Empty => buffer.put_key(*b"", key),
            Self::Filled => buffer.put_key(*b",", key),
            // The key is only a sign that the value is JSON.
            Self::Verbatim => return self,
        }
        Self::Filled
    }
}
