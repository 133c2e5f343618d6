//! A number without its exponent.

/// The most digits that are written; more than any amount has.
const MOST_DIGITS: usize = 1000;

/// A JSON number without its exponent; nothing where that would be too long.
pub(super) fn plain(number: &str) -> Option<String> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Some(number.to_owned()) };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.bytes().all(|digit| digit == b'0') {
        // Zero is zero with any exponent.
        return Some([sign, mantissa].concat());
    }
    // How many digits are before the point.
    let before = isize::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let (missing, before) = if before > 0 { (0, before.unsigned_abs()) } else { (before.unsigned_abs(), 0) };
    if missing + digits.len().max(before) > MOST_DIGITS {
        return None;
    }
    // A number below one has a zero before the point.
    let padded = format!("{}{digits:0<before$}", "0".repeat(missing));
    let (whole, fraction) = padded.split_at(before);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some([sign, whole, point, fraction].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decimal;

    #[test]
    fn the_digits_are_those_of_the_number() {
        for (number, expected) in [
            ("0", "0"),
            ("-12.50", "-12.50"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("1.5e2", "150"),
            ("1.50e1", "15.0"),
            ("1.50e2", "150"),
            ("12e-1", "1.2"),
            ("12e-2", "0.12"),
            ("12e-4", "0.0012"),
            ("-0.5e1", "-5"),
            ("0.05e1", "0.5"),
            ("-1e0", "-1"),
            ("0e5", "0"),
            ("0.00e99999999999", "0.00"),
            ("-0e-7", "-0"),
        ] {
            let number: Decimal = number.parse().unwrap();
            assert_eq!(number.to_plain_string().as_deref(), Some(expected), "{number}");
            assert!(expected.parse::<Decimal>().is_ok());
        }
    }

    #[test]
    fn no_exponent_makes_a_text_without_bounds() {
        for number in
            ["1e1001", "1e-1001", "1e999999999", "1e-999999999", "1e99999999999999999999", "-1e-99999999999999999999"]
        {
            assert_eq!(number.parse::<Decimal>().unwrap().to_plain_string(), None, "{number}");
        }
        assert_eq!(plain("1e999").map(|plain| plain.len()), Some(1000));
        // What is written without an exponent stays as it is.
        let long = "7".repeat(5000);
        assert_eq!(plain(&long), Some(long));
    }
}
