//! Texts as JSON: copied a few bytes at a time, and looked through on the way for what has to be escaped.

use super::buffer::Buffer;

/// The longest text that is copied without a loop.
const SHORT: usize = 64;

impl Buffer {
    /// Writes a text in quotes.
    #[inline]
    pub(super) fn put_text(&mut self, text: &str) {
        if !self.put_short::<0, 1>(*b"", text, *b"\"") {
            self.put_any_text(text);
        }
    }

    /// Writes the key of a member, with what stands before it. The compiler does most of it where it knows the key.
    #[inline(always)]
    pub(super) fn put_key<const N: usize>(&mut self, before: [u8; N], key: &str) {
        if !self.put_short::<N, 2>(before, key, *b"\":") {
            self.put_array(before);
            self.put_any_text(key);
            self.put_byte(b':');
        }
    }

    /// Writes a short text with what stands around it, but for its first quote. Where the text is long or has something to
    /// be escaped, or where there is little room, it writes nothing and says so.
    #[inline(always)]
    fn put_short<const N: usize, const M: usize>(&mut self, before: [u8; N], text: &str, after: [u8; M]) -> bool {
        let text = text.as_bytes();
        if text.len() > SHORT {
            return false;
        }
        // The longest has 1 before, the quote, the text, and 2 after.
        let Some(room) = self.room_at_hand::<{ SHORT + 4 }>() else { return false };
        room[..N].copy_from_slice(&before);
        room[N] = b'"';
        let is_plain = copy_short(text, &mut room[N + 1..]);
        let end = N + 1 + text.len();
        room[end..end + M].copy_from_slice(&after);
        if is_plain {
            self.advance(end + M);
        }
        is_plain
    }

    /// Writes any text in quotes.
    #[inline(never)]
    fn put_any_text(&mut self, text: &str) {
        self.room::<{ SHORT + 4 }>();
        self.put_byte(b'"');
        self.put_escaped(text);
        self.put_byte(b'"');
    }

    /// Writes a text without quotes, such as a part of one.
    pub(super) fn put_escaped(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let plain = copy_plain(rest, self.room_for(rest.len()));
            self.advance(plain);
            let Some(special) = rest.get(plain) else { return };
            self.put_escape(*special);
            rest = &rest[plain + 1..];
        }
    }

    #[inline]
    fn put_escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        /// The letters behind the backslash, of control characters.
        const LETTERS: &[u8; 32] = b"uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
        let letter = *LETTERS.get(usize::from(byte)).unwrap_or(&byte);
        let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
        *self.room() = [b'\\', letter, b'0', b'0', high, low];
        self.advance(if letter == b'u' { 6 } else { 2 });
    }
}

/// Copies a text of at most [`SHORT`] bytes, and says whether nothing in it has to be escaped.
///
/// The first and the last bytes are copied as numbers of a fixed size. They overlap, unless the text is just as long.
#[inline(always)]
fn copy_short(text: &[u8], target: &mut [u8]) -> bool {
    macro_rules! both_ends {
        ($size:literal) => {{
            let (Some(first), Some(last)) = (text.first_chunk::<$size>(), text.last_chunk::<$size>()) else {
                return false;
            };
            let (first, last) = (*first, *last);
            target[..$size].copy_from_slice(&first);
            target[text.len() - $size..text.len()].copy_from_slice(&last);
            (first, last)
        }};
    }
    if text.len() >= 8 {
        if text.len() >= 32 {
            let (first, last) = both_ends!(32);
            !(has_special(&first) | has_special(&last))
        } else if text.len() >= 16 {
            let (first, last) = both_ends!(16);
            !(has_special(&first) | has_special(&last))
        } else {
            let (first, last) = both_ends!(8);
            marks(u64::from_le_bytes(first)) | marks(u64::from_le_bytes(last)) == 0
        }
    } else if text.len() >= 4 {
        let (first, last) = both_ends!(4);
        let word = u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << 32;
        marks(word) == 0
    } else if let (Some(first), Some(last)) = (text.first(), text.last()) {
        let middle = text[text.len() / 2];
        target[0] = *first;
        target[text.len() / 2] = middle;
        target[text.len() - 1] = *last;
        !(is_special(*first) | is_special(middle) | is_special(*last))
    } else {
        true
    }
}

/// Copies bytes up to the first that has to be escaped, and says how many. The target is as long as the text.
fn copy_plain(text: &[u8], target: &mut [u8]) -> usize {
    let mut copied = 0;
    while let (Some(from), Some(to)) = (text[copied..].first_chunk(), target[copied..].first_chunk_mut()) {
        *to = *from;
        let marks = marks(u64::from_le_bytes(*from));
        if marks != 0 {
            return copied + first_of(marks);
        }
        copied += 8;
        // Where there is nothing for a while there is mostly nothing for longer.
        if copied.is_multiple_of(32) {
            copied += copy_plain_chunks(&text[copied..], &mut target[copied..]);
        }
    }
    if let (Some(from), Some(to)) = (text.last_chunk::<8>(), target.last_chunk_mut::<8>()) {
        // Some of them are copied already, and are plain.
        *to = *from;
        let marks = marks(u64::from_le_bytes(*from));
        return if marks == 0 { text.len() } else { text.len() - 8 + first_of(marks) };
    }
    for (place, (from, to)) in text.iter().zip(target).enumerate() {
        if is_special(*from) {
            return place;
        }
        *to = *from;
    }
    text.len()
}

/// Copies pieces of 32 bytes up to the first in which something has to be escaped, and says how many bytes.
fn copy_plain_chunks(text: &[u8], target: &mut [u8]) -> usize {
    let (pieces, targets) = (text.as_chunks::<32>().0, target.as_chunks_mut::<32>().0);
    for (place, (from, to)) in pieces.iter().zip(targets).enumerate() {
        if has_special(from) {
            return 32 * place;
        }
        *to = *from;
    }
    32 * pieces.len()
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Marks each byte of eight that has to be escaped, by its highest bit. A byte above one that is marked may be marked
/// wrongly, never one below: the lowest mark is right, and so is that there is none.
#[inline(always)]
fn marks(word: u64) -> u64 {
    // What is below a limit borrows when that is taken away, and then its highest bit is set, unless it was before. With the
    // second bit turned, the quote is 0x20, next to the control characters, and nothing else comes below 0x21.
    let turned = word ^ (ONES * 2);
    let backslash = word ^ (ONES * 0x5c);
    (turned.wrapping_sub(ONES * 0x21) | backslash.wrapping_sub(ONES)) & !word & (ONES << 7)
}

/// The place of the first byte that is marked.
fn first_of(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Whether one of many bytes has to be escaped. The compiler looks at sixteen with an instruction.
#[inline(always)]
fn has_special<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(false, |any, byte| any | is_special(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "`||` would branch, and keep the compiler from looking at 16 at once")]
#[inline(always)]
fn is_special(byte: u8) -> bool {
    ((byte ^ 2) < 0x21) | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let mut buffer = Buffer::default();
        buffer.put_text(text);
        buffer.put_key(*b",", text);
        buffer.put_key(*b"", text);
        let json = serde_json::to_string(text).unwrap();
        assert_eq!(String::from_utf8(buffer.into_vec()).unwrap(), format!("{json},{json}:{json}:"));
    }

    #[test]
    fn every_character_is_written_as_serde_json_writes_it_wherever_it_stands() {
        for length in 0..80 {
            check(&"x".repeat(length));
            for place in 0..length {
                for special in (0_u8..=0x7f).map(char::from).filter(|byte| place < 9 || is_special(*byte as u8)) {
                    check(&format!("{}{special}{}", "x".repeat(place), "y".repeat(length - 1 - place)));
                }
            }
        }
    }

    #[test]
    fn a_mark_is_right_up_to_the_first() {
        for low in 0..=u8::MAX {
            for high in 0..=u8::MAX {
                let marks = marks(u64::from_le_bytes([b'x', b'y', low, high, 0x80, 0xff, b'!', b'#']));
                let expected = match (is_special(low), is_special(high)) {
                    (true, _) => 2,
                    (false, true) => 3,
                    (false, false) => 8,
                };
                assert_eq!(marks.trailing_zeros() / 8, expected, "{low:x} {high:x}");
            }
        }
    }

    #[test]
    fn characters_of_several_bytes_are_left_as_they_are() {
        for text in ["é", "ünïcödé \u{7f}\u{2028}", "日本語のテキストは三バイト", "🚗\"🚕\\🚙\n"]
        {
            for count in 1..6 {
                check(&text.repeat(count));
            }
        }
    }
}
