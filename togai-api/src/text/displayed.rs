//! What a value is displayed as, without `core::fmt` where its type allows that: every event has quantities.

use std::fmt::{self, Display, Write};

use castaway::match_type;
use compact_str::{CompactString, ToCompactString};

/// The text that `Display` writes, as an own text.
pub(super) fn displayed(value: impl Display) -> CompactString {
    match_type!(value, {
        u8 as integer => integer.to_compact_string(),
        i8 as integer => integer.to_compact_string(),
        u16 as integer => integer.to_compact_string(),
        i16 as integer => integer.to_compact_string(),
        u32 as integer => integer.to_compact_string(),
        i32 as integer => integer.to_compact_string(),
        u64 as integer => integer.to_compact_string(),
        i64 as integer => integer.to_compact_string(),
        u128 as integer => integer.to_compact_string(),
        i128 as integer => integer.to_compact_string(),
        usize as integer => integer.to_compact_string(),
        isize as integer => integer.to_compact_string(),
        f32 as float => float_text(float, zmij::Buffer::new().format(float), f32::DIGITS),
        f64 as float => float_text(float, zmij::Buffer::new().format(float), f64::DIGITS),
        String as text => text.into(),
        // References to texts are among them: their lifetime hides their type.
        other => formatted(other),
    })
}

/// A float as `Display` writes it, from the text that `zmij` writes.
///
/// Both write the fewest digits that are read back as the same float. Up to `most_digits`, a float tells all decimals apart,
/// so there is only one such text. Beyond that there may be two, and they choose differently. `zmij` also writes `1.0`
/// for `1`, and an exponent, which the API refuses, for what is very large or small.
fn float_text(float: impl Display, text: &str, most_digits: u32) -> CompactString {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > most_digits as usize || text.contains('e') { formatted(float) } else { text.into() }
}

fn formatted(value: impl Display) -> CompactString {
    let mut text = Writer(CompactString::const_new(""));
    text.write_fmt(format_args!("{value}")).expect("a `Display` implementation fails only if the writer does");
    text.0
}

/// Most values are written in one piece, which needs no appending.
struct Writer(CompactString);

impl Write for Writer {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.0.is_empty() {
            self.0 = piece.into();
        } else {
            self.0.push_str(piece);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The types that are told apart, and some that are not.
    #[test]
    fn every_type_is_displayed_as_display_writes_it() {
        macro_rules! check {
            ($($values:expr),+ $(,)?) => {
                $(for value in $values {
                    assert_eq!(displayed(value.clone()), value.to_string());
                    assert_eq!(displayed(&value), value.to_string());
                })+
            };
        }
        check!(
            [0, 7, u8::MAX],
            [i8::MIN, -1, 0, i8::MAX],
            [0, u16::MAX],
            [i16::MIN, i16::MAX],
            [0, u32::MAX],
            [i32::MIN, i32::MAX],
            [0, u64::MAX],
            [i64::MIN, i64::MAX],
            [0, u128::MAX],
            [i128::MIN, i128::MAX],
            [0, usize::MAX],
            [isize::MIN, isize::MAX],
            [true, false],
            ['a', 'é'],
            ["", "12.5", "far more than twenty-four bytes of text"],
            [String::new(), "far more than twenty-four bytes of text".to_owned()],
            [format_args!("{}-{}", 1, "b")],
        );
    }

    #[test]
    fn floats_have_no_exponent_and_no_fraction_that_is_zero() {
        for float in [0.0, -0.0, 1.0, 1e15, 1e16, 1e21, 1e-5, 1e-7, 5e-324, f64::MAX, f64::NAN, f64::INFINITY, -1.5e300]
        {
            assert_eq!(displayed(float), float.to_string());
        }
        for float in
            [0.0, -0.0, 1.0, 1e12, 1e13, 16_777_216.0, 1e-6, 1e-7, 1e-45, f32::MAX, f32::NAN, f32::NEG_INFINITY]
        {
            assert_eq!(displayed(float), float.to_string());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_float_of_any_bits_is_displayed_as_display_writes_it(bits in any::<u64>(), short in any::<u32>()) {
            let (float, short) = (f64::from_bits(bits), f32::from_bits(short));
            prop_assert_eq!(displayed(float), float.to_string());
            prop_assert_eq!(displayed(short), short.to_string());
        }

        #[test]
        fn an_amount_is_displayed_as_display_writes_it(
            (whole, places) in (any::<i64>(), 0..12),
            float in -1e16..1e16_f64,
            short in -1e13_f32..1e13,
        ) {
            #[expect(clippy::cast_precision_loss, reason = "any float will do")]
            let amount = whole as f64 / 10_f64.powi(places);
            prop_assert_eq!(displayed(amount), amount.to_string());
            prop_assert_eq!(displayed(float), float.to_string());
            prop_assert_eq!(displayed(short), short.to_string());
        }
    }
}
