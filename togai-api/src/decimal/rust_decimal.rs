//! Conversions from and to the `Decimal` of the crate `rust_decimal`.

use rust_decimal::{Decimal as RustDecimal, Error};

use super::Decimal;

/// The number, exactly.
///
/// ```
/// let amount: togai_api::Decimal = "12.50".parse()?;
/// let amount = rust_decimal::Decimal::try_from(&amount)?;
/// assert_eq!((amount * rust_decimal::Decimal::TWO).to_string(), "25.00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If it has more digits than that type holds, some 28: it is never rounded.
impl TryFrom<&Decimal> for RustDecimal {
    type Error = Error;

    fn try_from(number: &Decimal) -> Result<Self, Error> {
        let plain = number.to_plain_string().ok_or(Error::ExceedsMaximumPossibleValue)?;
        Self::from_str_exact(&plain)
    }
}

/// The number, exactly, as from a reference.
impl TryFrom<Decimal> for RustDecimal {
    type Error = Error;

    fn try_from(number: Decimal) -> Result<Self, Error> {
        Self::try_from(&number)
    }
}

/// The number with its digits, zeros at the end included.
impl From<RustDecimal> for Decimal {
    fn from(number: RustDecimal) -> Self {
        Self::from_number(&number.to_string()).expect("a decimal is written as a JSON number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_both_conversions() {
        for text in ["0", "1.10", "-12.50", "79228162514264337593543950335", "0.0000000000000000000000000001"] {
            let number = RustDecimal::try_from(text.parse::<Decimal>().unwrap()).unwrap();
            assert_eq!(Decimal::from(number).as_str(), text);
        }
        let number = RustDecimal::try_from("1.5e3".parse::<Decimal>().unwrap()).unwrap();
        assert_eq!(number.to_string(), "1500");
    }

    #[test]
    fn a_number_with_too_many_digits_is_refused_and_not_rounded() {
        for text in ["79228162514264337593543950336", "0.12345678901234567890123456789", "1e30", "1e999999999", "1e-40"]
        {
            assert!(RustDecimal::try_from(text.parse::<Decimal>().unwrap()).is_err(), "{text}");
        }
    }
}
