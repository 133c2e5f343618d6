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
    /// Whether it is a time, but one without a zone where a zone is needed.
    has_no_zone: bool,
}

impl ParseTimestampError {
    fn of(text: &str, has_no_zone: bool) -> Self {
        // The text may come from a server, so only the start of it is repeated.
        Self { text: text.chars().take(40).collect(), has_no_zone }
    }
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_no_zone {
            write!(formatter, "`{}` has no time zone: add `Z` for UTC, or an offset such as `+05:30`", self.text)
        } else {
            write!(formatter, "`{}` is not a date and time such as 2024-04-18T16:00:17Z", self.text)
        }
    }
}

impl Error for ParseTimestampError {}

/// A time as it is documented for [`Timestamp`]; without a zone it is UTC.
pub(super) fn parse(text: &str) -> Result<Timestamp, ParseTimestampError> {
    read(text, Forms::Documented).map(|(time, _)| time).ok_or_else(|| ParseTimestampError::of(text, false))
}

/// The same, but a time without a zone is refused.
pub(super) fn parse_with_zone(text: &str) -> Result<Timestamp, ParseTimestampError> {
    match read(text, Forms::Documented) {
        Some((time, true)) => Ok(time),
        unzoned => Err(ParseTimestampError::of(text, unzoned.is_some())),
    }
}

/// A time as the common libraries print it.
pub(super) fn parse_printed(text: &str) -> Option<Timestamp> {
    read(text, Forms::Printed).map(|(time, _)| time)
}

/// Which forms of a time are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forms {
    /// Those that are documented for [`Timestamp`].
    Documented,
    /// Also those that libraries print: no seconds, more than nine digits of a second (cut off), a comma before them, a
    /// space before the zone, the name of the zone in brackets or behind a space, and offsets with seconds.
    Printed,
}

/// The time, and whether it says its zone.
fn read(text: &str, forms: Forms) -> Option<(Timestamp, bool)> {
    let mut rest = Reader { rest: text.as_bytes(), printed: forms == Forms::Printed };
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    let has_seconds = rest.skip(b":");
    if !has_seconds && !rest.printed {
        return None;
    }
    let second = if has_seconds { rest.number(2)? } else { 0 };
    let nanoseconds = if has_seconds { rest.fraction()? } else { 0 };
    let has_zone = !rest.rest.is_empty();
    let offset = if has_zone { rest.offset()? } else { 0 };
    rest.zone_name()?;
    if !rest.rest.is_empty() {
        return None;
    }

    // A leap second is the moment after 23:59:59, as in Unix time.
    let leap = u32::from(second == 60);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let time = NaiveTime::from_hms_opt(hour, minute, second - leap)?;
    let local = NaiveDateTime::new(date, time).checked_add_signed(TimeDelta::seconds(i64::from(leap)))?;
    let moment = local.and_utc().timestamp() - i64::from(offset);
    let is_in_range = (super::EARLIEST..=super::LATEST).contains(&moment);
    is_in_range.then_some((Timestamp { seconds: moment, nanoseconds }, has_zone))
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Whether what libraries print is read, too.
    printed: bool,
}

impl Reader<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (head, tail) = self.rest.split_at_checked(digits)?;
        self.rest = tail;
        head.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    }

    fn one_of(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, tail) = self.rest.split_first()?;
        self.rest = tail;
        accepted.contains(first).then_some(*first)
    }

    /// Skips a text if it is next, and says whether it was.
    fn skip(&mut self, text: &[u8]) -> bool {
        let tail = self.rest.strip_prefix(text);
        self.rest = tail.unwrap_or(self.rest);
        tail.is_some()
    }

    /// Nanoseconds from an optional `.` and digits.
    fn fraction(&mut self) -> Option<u32> {
        if !(self.skip(b".") || self.printed && self.skip(b",")) {
            return Some(0);
        }
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 9 && !self.printed {
            return None;
        }
        let kept = digits.min(9);
        let scale = 10_u32.pow(u32::try_from(9 - kept).ok()?);
        let nanoseconds = self.number(kept)? * scale;
        self.rest = &self.rest[digits - kept..];
        Some(nanoseconds)
    }

    /// Seconds east of UTC: `Z`, `+hh:mm`, `+hhmm` and `+hh`.
    fn offset(&mut self) -> Option<i32> {
        if self.printed && self.skip(b" ") && (self.skip(b"UTC") || self.skip(b"GMT")) {
            return Some(0);
        }
        let sign = match self.one_of(b"Zz+-")? {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            _ => -1,
        };
        let hours = self.number(2)?;
        let colon = self.skip(b":");
        let has_minutes = colon || self.rest.first().is_some_and(u8::is_ascii_digit);
        let minutes = if has_minutes { self.number(2)? } else { 0 };
        let seconds = if self.printed && colon && self.skip(b":") { self.number(2)? } else { 0 };
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        i32::try_from(hours * 3600 + minutes * 60 + seconds).ok().map(|seconds| sign * seconds)
    }

    /// The name of a zone behind the offset, which says nothing beside it.
    fn zone_name(&mut self) -> Option<()> {
        if self.printed {
            if self.skip(b"[") {
                let end = self.rest.iter().position(|byte| *byte == b']')?;
                self.rest = &self.rest[end + 1..];
            } else if self.skip(b" ") {
                let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                self.rest = (letters > 0).then(|| &self.rest[letters..])?;
            }
        }
        Some(())
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
    fn a_zone_may_be_demanded() {
        for text in
            ["2024-04-18T16:00:17Z", "2024-04-18t16:00:17z", "2024-04-18 21:30:17+0530", "2024-04-18T18:00:17+02"]
        {
            assert_eq!(parse_with_zone(text), Ok(Timestamp::from_unix_seconds(1_713_456_017)), "{text}");
        }
        let error = parse_with_zone("2024-04-18T16:00:17").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`2024-04-18T16:00:17` has no time zone: add `Z` for UTC, or an offset such as `+05:30`"
        );
        let error = parse_with_zone("18/04/2024").unwrap_err();
        assert_eq!(error.to_string(), "`18/04/2024` is not a date and time such as 2024-04-18T16:00:17Z");
    }

    #[test]
    fn what_libraries_print_is_read_and_not_what_is_documented() {
        for (text, expected) in [
            // Java's `LocalDateTime`, `OffsetDateTime` and `ZonedDateTime`.
            ("2024-01-01T00:00", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00Z", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00+05:30", "2023-12-31T18:30:00Z"),
            ("2024-01-01T00:00Z[UTC]", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00:01.5+05:30[Asia/Kolkata]", "2023-12-31T18:30:01.500Z"),
            ("1900-01-01T00:00+05:53:28[Asia/Kolkata]", "1899-12-31T18:06:32Z"),
            // Go's `Time.String`, Ruby's `Time#to_s`, chrono's `DateTime<Utc>`.
            ("2024-01-01 00:00:00.123456789 +0530 IST", "2023-12-31T18:30:00.123456789Z"),
            ("2024-01-01 00:00:00 +0000", "2024-01-01T00:00:00Z"),
            ("2024-01-01 00:00:00 UTC", "2024-01-01T00:00:00Z"),
            ("2024-01-01 00:00:00+00 UTC", "2024-01-01T00:00:00Z"),
            // .NET, and databases that count in picoseconds.
            ("2024-01-01T00:00:00.1234567890123Z", "2024-01-01T00:00:00.123456789Z"),
            ("2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00.500Z"),
        ] {
            assert_eq!(parse_printed(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
            assert!(parse(text).is_err(), "{text}");
        }
        for text in [
            "2024-01-01T00",
            "2024-01-01T00:00:",
            "2024-01-01T00:00[Asia/Kolkata]",
            "2024-01-01T00:00Z[UTC",
            "2024-01-01T00:00Z ",
            "2024-01-01T00:00 IST",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00.5Z",
        ] {
            assert_eq!(parse_printed(text), None, "{text}");
        }
    }

    #[test]
    fn its_error_repeats_only_the_start_of_a_long_text() {
        let error = parse(&"x".repeat(1_000_000)).unwrap_err();
        assert!(error.to_string().len() < 120);
    }
}
