//! The formats of OpenAPI for integers, as a keyword of its own: JSON Schema knows formats of text alone.

use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use crate::validate::shortened;

/// The keyword, with the format as its value.
pub(crate) const KEYWORD: &str = "integerFormat";

/// Whether a format is one of an integer.
pub(crate) fn is_known(format: &str) -> bool {
    matches!(format, "int32" | "int64")
}

/// The check that the keyword stands for.
#[derive(Debug)]
pub(crate) struct IntegerFormat {
    bits: u8,
}

impl IntegerFormat {
    /// The check of a format.
    pub(crate) fn new(format: &Value) -> Self {
        Self { bits: if *format == "int32" { 32 } else { 64 } }
    }

    fn holds(&self, value: &Value) -> bool {
        let Some(number) = value.as_number() else { return true };
        if let Some(number) = number.as_i64() {
            return self.bits == 64 || i32::try_from(number).is_ok();
        }
        // Whole numbers may be written with a point or an exponent. What is too large for an integer is read as one of
        // these as well, rounded to the limit or beyond.
        let limit = if self.bits == 64 { 2_f64.powi(63) } else { 2_f64.powi(31) };
        number.as_f64().is_some_and(|number| number > -limit && number < limit)
    }
}

impl<'i> Keyword<'i> for IntegerFormat {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.holds(value) {
            return Ok(());
        }
        let message = format!("has to be an integer of {} bits, but is {}", self.bits, shortened(value));
        Err(ValidationError::custom(message))
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.holds(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::Schemas;
    use crate::validate::Rules;

    #[track_caller]
    fn check(format: &str, number: &str, expected: Result<(), &str>) {
        let schema = json!({ "type": "integer", "format": format });
        let rules = Rules::compile(&Schemas::new(json!({})).standalone(&schema)).unwrap();
        let value = serde_json::from_str(number).unwrap();
        assert_eq!(rules.check("field", &value), expected.map_err(str::to_owned), "{number}");
    }

    #[test]
    fn integers_have_to_fit() {
        check("int32", "2147483647", Ok(()));
        check("int32", "-2147483648", Ok(()));
        check("int32", "1.0", Ok(()));
        check("int32", "2147483648", Err("field: has to be an integer of 32 bits, but is 2147483648"));
        check("int64", "9223372036854775807", Ok(()));
        check("int64", "-9223372036854775808", Ok(()));
        let message = "field: has to be an integer of 64 bits, but is 9223372036854775808";
        check("int64", "9223372036854775808", Err(message));
        let message = "field: has to be an integer of 64 bits, but is -9.223372036854776e+18";
        check("int64", "-9223372036854775809", Err(message));
        check("int64", "1.5", Err("field: has to be an integer, but is a number"));
    }
}
