//! Reads and writes the date-times of the API.

use std::time::SystemTime;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

/// Writes a moment as the service does: UTC, milliseconds, `Z`.
pub(crate) fn to_text(moment: SystemTime) -> String {
    DateTime::<Utc>::from(moment).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The day of a moment, in UTC.
pub(crate) fn day_of(moment: SystemTime) -> NaiveDate {
    DateTime::<Utc>::from(moment).date_naive()
}

/// Reads an RFC 3339 date-time as leniently as the vendor's samples need.
///
/// The zone may be missing, which is taken as UTC, or lack its colon; the fraction has 0 to 9 digits.
pub(crate) fn from_text(text: &str) -> Option<DateTime<Utc>> {
    // `NaiveDateTime` reads fields of one digit and a sign in front of the year, which RFC 3339 does not know.
    let shape_is_right = text.len() >= 19
        && text.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, pattern)| match pattern {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            separator => byte == *separator,
        });
    if !shape_is_right {
        return None;
    }
    let (date_and_time, rest) = text.split_at(19);
    let local = format!("{}T{}", &date_and_time[..10], &date_and_time[11..]);
    let local = NaiveDateTime::parse_from_str(&local, "%Y-%m-%dT%H:%M:%S").ok()?;

    let (nanoseconds, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let digits = &rest[..length];
            if length == 0 || length > 9 {
                return None;
            }
            (format!("{digits:0<9}").parse::<i64>().ok()?, &rest[length..])
        }
        None => (0, rest),
    };
    let local = local.checked_add_signed(TimeDelta::nanoseconds(nanoseconds))?;
    local.checked_sub_offset(offset_of(zone)?).map(|utc| utc.and_utc())
}

fn offset_of(zone: &str) -> Option<FixedOffset> {
    let (sign, digits) = match zone.as_bytes() {
        [] | [b'Z' | b'z'] => return FixedOffset::east_opt(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] | [sign @ (b'+' | b'-'), a, b, c, d] => (*sign, [*a, *b, *c, *d]),
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [hours_high, hours_low, minutes_high, minutes_low] = digits.map(|digit| i32::from(digit - b'0'));
    let (hours, minutes) = (hours_high * 10 + hours_low, minutes_high * 10 + minutes_low);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    FixedOffset::east_opt(if sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let read = from_text(text).map(|moment| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn the_zone_may_be_missing_or_lack_its_colon() {
        check("2022-06-15T07:30:35", Some("2022-06-15T07:30:35Z"));
        check("2022-06-15T07:30:35Z", Some("2022-06-15T07:30:35Z"));
        check("2022-06-15T07:30:35+05:30", Some("2022-06-15T02:00:35Z"));
        check("2022-06-15T07:30:35-0530", Some("2022-06-15T13:00:35Z"));
        check("2022-06-15T07:30:35+05", None);
        check("2022-06-15T07:30:35+24:00", None);
        check("2022-06-15T07:30:35 UTC", None);
    }

    #[test]
    fn the_fraction_has_up_to_nine_digits() {
        check("2022-06-15T07:30:35.123", Some("2022-06-15T07:30:35.123Z"));
        check("2022-06-15T07:30:35.123456789Z", Some("2022-06-15T07:30:35.123456789Z"));
        check("2022-06-15T07:30:35.1234567890Z", None);
        check("2022-06-15T07:30:35.Z", None);
    }

    #[test]
    fn other_texts_than_a_date_time_are_refused() {
        for text in ["", "soon", "2022-06-15", "2022-13-01T00:00:00Z", "2022-6-15T07:30:35.1", "2022-06-15T07:30:35é"]
        {
            check(text, None);
        }
    }

    #[test]
    fn moments_are_written_with_milliseconds() {
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        assert_eq!(to_text(moment), "1970-01-01T00:00:01.500Z");
    }
}
