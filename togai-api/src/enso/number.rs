//! Plain decimal numbers, which both services take.

use crate::Decimal;

/// The number that a text is, with all its digits but the zeros in front, which JSON does not have.
pub(super) fn exact(text: &str) -> Option<Decimal> {
    if !is_plain(text) {
        return None;
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits_at_front = digits.bytes().take_while(u8::is_ascii_digit).count();
    let zeros = digits.bytes().take(digits_at_front.saturating_sub(1)).take_while(|byte| *byte == b'0').count();
    format!("{sign}{}", &digits[zeros..]).parse().ok()
}

/// Whether a text has nothing but what a plain decimal number has, in whichever order.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'))
}
