//! The bytes that JSON is written to.

use std::io;

/// Bytes that are written from front to back.
///
/// There are initialised bytes behind what is written, so that short texts are copied in pieces whose size the compiler
/// knows, without a call to copy them and without `unsafe`.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// What is written, and room.
    bytes: Vec<u8>,
    length: usize,
    has_verbatim: bool,
}

/// How many bytes of room are initialised at a time, beyond what is needed.
const STEP: usize = 1024;

impl Buffer {
    /// An empty buffer in memory that was used before.
    pub(crate) fn reuse(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Makes sure that there is memory for so many bytes in all.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes.saturating_sub(self.bytes.len()));
    }

    /// How many bytes are written.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Takes back what was written behind so many bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = length;
    }

    /// What is written, and nothing else.
    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }

    /// What is written from a place on.
    pub(super) fn since(&self, start: usize) -> &[u8] {
        &self.bytes[start..self.length]
    }

    /// Whether JSON that somebody else has written was taken in since [`forget_verbatim`](Self::forget_verbatim). It need not
    /// be written as we write it.
    pub(super) fn has_verbatim(&self) -> bool {
        self.has_verbatim
    }

    pub(super) fn forget_verbatim(&mut self) {
        self.has_verbatim = false;
    }

    /// Writes JSON that somebody else has written.
    #[inline(never)]
    pub(super) fn put_verbatim(&mut self, json: &str) {
        self.has_verbatim = true;
        self.put(json.as_bytes());
    }

    /// Writes a byte.
    #[inline]
    pub(super) fn put_byte(&mut self, byte: u8) {
        *self.room() = [byte];
        self.length += 1;
    }

    /// Writes bytes whose number the compiler knows.
    #[inline]
    pub(super) fn put_array<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.room() = bytes;
        self.length += N;
    }

    /// Writes any number of bytes.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.room_for(bytes.len()).copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// The room behind what is written. It counts as written after [`advance`](Self::advance).
    #[inline(always)]
    pub(super) fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        if self.bytes.len() - self.length < N {
            self.grow(N);
        }
        self.bytes[self.length..].first_chunk_mut().expect("the buffer has grown")
    }

    /// The same where the buffer need not grow.
    #[inline(always)]
    pub(super) fn room_at_hand<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(self.length..)?.first_chunk_mut()
    }

    /// The same for a number of bytes that the compiler does not know.
    #[inline]
    pub(super) fn room_for(&mut self, bytes: usize) -> &mut [u8] {
        if self.bytes.len() - self.length < bytes {
            self.grow(bytes);
        }
        &mut self.bytes[self.length..self.length + bytes]
    }

    /// Counts bytes of the room as written.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.length += bytes;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let needed = self.length + more;
        self.bytes.reserve(needed - self.bytes.len());
        // Bytes of memory that is used again are initialised up to where it was used, which is about enough.
        let step = (needed + STEP).min(self.bytes.capacity());
        self.bytes.resize(step, 0);
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_while_the_buffer_grows() {
        let (mut buffer, mut expected) = (Buffer::default(), Vec::new());
        for round in 0..3_000 {
            let text = round.to_string();
            buffer.put(text.as_bytes());
            buffer.put_byte(b',');
            buffer.put_array(*b"ab");
            expected.extend_from_slice(text.as_bytes());
            expected.extend_from_slice(b",ab");
        }
        assert_eq!((buffer.as_ref(), buffer.len()), (&expected[..], expected.len()));
        assert_eq!(buffer.into_vec(), expected);
    }

    #[test]
    fn memory_that_is_used_again_starts_empty_and_is_not_allocated_anew() {
        let mut buffer = Buffer::reuse(vec![b'x'; 1000]);
        let place = buffer.bytes.as_ptr();
        assert_eq!(buffer.as_ref(), b"");
        buffer.put(&[b'y'; 999]);
        assert_eq!((buffer.len(), buffer.bytes.as_ptr()), (999, place));
        buffer.truncate(2);
        buffer.put_byte(b'z');
        assert_eq!(buffer.into_vec(), b"yyz");
    }

    #[test]
    fn little_more_is_initialised_than_is_needed() {
        let mut buffer = Buffer::default();
        buffer.reserve(1 << 20);
        buffer.put_byte(b'x');
        assert!(buffer.bytes.len() <= 1 + STEP, "{}", buffer.bytes.len());
        assert!(buffer.bytes.capacity() >= 1 << 20);
    }
}
