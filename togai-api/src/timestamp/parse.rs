//! Reading a timestamp: RFC 3339, and what the API writes beside it.

use std::error::Error;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::Timestamp;

/// Why a text is not a [`Timestamp`].
///
/// ```
/// let error = "18/04/2024".parse::<togai_api::Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "`18/04/2024` is not a date and time such as 2024-04-18T16:00:17Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError {
    text: String,
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a date and time such as 2024-04-18T16:00:17Z", self.text)
    }
}

impl Error for ParseTimestampError {}

pub(super) fn parse(text: &str) -> Result<Timestamp, ParseTimestampError> {
    read(text.as_bytes())
        // The text may come from a server, so only the start of it is repeated.
        .ok_or_else(|| ParseTimestampError { text: text.chars().take(40).collect() })
}

fn read(text: &[u8]) -> Option<Timestamp> {
    let mut rest = Reader(text);
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    rest.one_of(b":")?;
    let second = rest.number(2)?;
    let nanoseconds = rest.fraction()?;
    let offset = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }

    // A leap second is the moment after 23:59:59, as in Unix time.
    let leap = u32::from(second == 60);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let time = NaiveTime::from_hms_opt(hour, minute, second - leap)?;
    let local = NaiveDateTime::new(date, time).checked_add_signed(TimeDelta::seconds(i64::from(leap)))?;
    let moment = local.and_utc().timestamp() - i64::from(offset);
    (super::EARLIEST..=super::LATEST).contains(&moment).then_some(Timestamp { seconds: moment, nanoseconds })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (head, tail) = self.0.split_at_checked(digits)?;
        self.0 = tail;
        head.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    }

    fn one_of(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, tail) = self.0.split_first()?;
        self.0 = tail;
        accepted.contains(first).then_some(*first)
    }

    /// Nanoseconds from an optional `.` and up to 9 digits.
    fn fraction(&mut self) -> Option<u32> {
        let Some(tail) = self.0.strip_prefix(b".") else { return Some(0) };
        let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = tail;
        if !(1..=9).contains(&digits) {
            return None;
        }
        let scale = 10_u32.pow(u32::try_from(9 - digits).ok()?);
        self.number(digits).map(|number| number * scale)
    }

    /// Seconds east of UTC: none and `Z` are UTC; `+hh:mm`, `+hhmm` and `+hh` are offsets.
    fn offset(&mut self) -> Option<i32> {
        if self.0.is_empty() {
            return Some(0);
        }
        let sign = match self.one_of(b"Zz+-")? {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            _ => -1,
        };
        let hours = self.number(2)?;
        if let Some(tail) = self.0.strip_prefix(b":") {
            self.0 = tail;
        }
        let minutes = if self.0.is_empty() { 0 } else { self.number(2)? };
        if hours > 23 || minutes > 59 {
            return None;
        }
        i32::try_from(hours * 3600 + minutes * 60).ok().map(|seconds| sign * seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(parse(text).map(|timestamp| timestamp.to_string()).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn it_reads_no_zone_as_utc() {
        check("2022-06-15T07:30:35.123", "2022-06-15T07:30:35.123Z");
        check("2020-03-30T10:41:10.088499", "2020-03-30T10:41:10.088499Z");
        check("2024-04-18 16:00:17", "2024-04-18T16:00:17Z");
    }

    #[test]
    fn it_reads_zero_to_nine_digits_of_a_second() {
        check("2024-04-18T16:00:17Z", "2024-04-18T16:00:17Z");
        check("2024-04-18T16:00:17.5Z", "2024-04-18T16:00:17.500Z");
        check("2024-04-18T16:00:56.58015Z", "2024-04-18T16:00:56.580150Z");
        check("2024-04-18T16:00:17.123456789Z", "2024-04-18T16:00:17.123456789Z");
        check("2024-04-18T16:00:17.000000000Z", "2024-04-18T16:00:17Z");
    }

    #[test]
    fn it_reads_an_offset_with_and_without_a_colon() {
        check("2024-01-01T00:30:00+05:30", "2023-12-31T19:00:00Z");
        check("2024-01-01T00:30:00.000000+0000", "2024-01-01T00:30:00Z");
        check("2023-12-31T23:00:00-0800", "2024-01-01T07:00:00Z");
        check("2023-12-31T23:00:00+01", "2023-12-31T22:00:00Z");
    }

    #[test]
    fn it_reads_open_ends_and_leap_days_and_leap_seconds() {
        check("9999-01-01T00:00:00Z", "9999-01-01T00:00:00Z");
        check("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
        check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
    }

    #[test]
    fn it_refuses_invalid_timestamps() {
        for text in [
            "",
            "2024-04-18",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-04-18T24:00:00Z",
            "2024-04-18T16:60:00Z",
            "2024-04-18T16:00:61Z",
            "2024-04-18T16:00:17.Z",
            "2024-04-18T16:00:17.1234567890Z",
            "2024-04-18T16:00:17Z ",
            "2024-04-18T16:00:17+24:00",
            "2024-04-18T16:00:17+0",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "+024-04-18T16:00:17Z",
            "２024-04-18T16:00:17Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn its_error_repeats_only_the_start_of_a_long_text() {
        let error = parse(&"x".repeat(1_000_000)).unwrap_err();
        assert!(error.to_string().len() < 120);
    }
}
