//! Writing a timestamp: integer arithmetic into a buffer on the stack, since every event carries one.

use super::{EARLIEST, Timestamp};

/// The longest text, `9999-12-31T23:59:59.999999999Z`, and two bytes, so that it is whole blocks for `from_utf8`.
const SIZE: usize = 32;

/// A timestamp as text, without an allocation.
///
/// Aligned as `from_utf8` wants it: it then compares sixteen bytes at a time, and does not go through them one by one.
#[repr(align(8))]
pub(super) struct Text {
    bytes: [u8; SIZE],
    length: usize,
}

impl Text {
    pub(super) fn of(timestamp: Timestamp) -> Self {
        // No timestamp is earlier, so all that follows is unsigned.
        let seconds = (timestamp.seconds - EARLIEST).unsigned_abs();
        let (days, second) = (small(seconds / 86_400), small(seconds % 86_400));
        let (minute, hour) = (second / 60, second / 3600);
        let date = Date::of(days);

        let mut bytes = *b"0000-00-00T00:00:00.000000000Z00";
        put_two(&mut bytes, 0, date.century);
        put_two(&mut bytes, 2, date.year);
        put_two(&mut bytes, 5, date.month);
        put_two(&mut bytes, 8, date.day);
        put_two(&mut bytes, 11, hour);
        put_two(&mut bytes, 14, minute - hour * 60);
        put_two(&mut bytes, 17, second - minute * 60);

        let digits = put_fraction(&mut bytes, timestamp.nanoseconds);
        let length = if digits == 0 { 20 } else { 21 + digits };
        bytes[length - 1] = b'Z';
        Self { bytes, length }
    }

    pub(super) fn as_str(&self) -> &str {
        // Only ASCII is ever written, so the fallback is never taken. All of the buffer is checked, since that is faster than
        // checking a part of it.
        std::str::from_utf8(&self.bytes).ok().and_then(|text| text.get(..self.length)).unwrap_or_default()
    }
}

/// Writes the fraction of a second and says how many digits of it count: 0, 3, 6 or 9.
fn put_fraction(bytes: &mut [u8; SIZE], nanoseconds: u32) -> usize {
    if nanoseconds == 0 {
        return 0;
    }
    let (milliseconds, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    put_three(bytes, 20, milliseconds);
    if rest == 0 {
        return 3;
    }
    put_three(bytes, 23, rest / 1_000);
    if rest % 1_000 == 0 {
        return 6;
    }
    put_three(bytes, 26, rest % 1_000);
    9
}

/// The numbers from 00 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [*b"00"; 100];
    let mut value = 0;
    while value < 100 {
        #[expect(clippy::cast_possible_truncation, reason = "a digit")]
        let digits = [(value / 10) as u8, (value % 10) as u8];
        pairs[value] = [b'0' + digits[0], b'0' + digits[1]];
        value += 1;
    }
    pairs
};

fn put_two(bytes: &mut [u8; SIZE], at: usize, value: u32) {
    [bytes[at], bytes[at + 1]] = PAIRS[value as usize];
}

fn put_three(bytes: &mut [u8; SIZE], at: usize, value: u32) {
    let hundreds = value / 100;
    bytes[at] = PAIRS[hundreds as usize][1];
    put_two(bytes, at + 1, value - hundreds * 100);
}

/// A day in the proleptic Gregorian calendar.
struct Date {
    century: u32,
    /// The year of the century.
    year: u32,
    month: u32,
    day: u32,
}

impl Date {
    /// The day a number of days after 0000-01-01, by the algorithm of Neri and Schneider (Euclidean affine functions and their
    /// application to calendar algorithms, 2022), which has multiplications in place of most divisions.
    ///
    /// Years are counted from March, so that the leap day is the last of its year and months have a regular length.
    fn of(days: u32) -> Self {
        // An era of 400 years, which always have 146,097 days, is added, so that January and February of the year 0 are days
        // of a year that is not negative: those 60 days are before 0000-03-01.
        let shifted = 4 * (days + 146_097 - 60) + 3;
        let (century, quarters) = (shifted / 146_097, shifted % 146_097);
        // Whole days again, four times their number and 3.
        let product = 2_939_745 * u64::from(quarters | 3);
        let year = small(product >> 32);
        let day_of_year = small(product & 0xffff_ffff) / 2_939_745 / 4;
        let product = 2_141 * day_of_year + 197_913;
        let (month, day) = (product >> 16, (product & 0xffff) / 2_141 + 1);
        // January and February are of the next year of the calendar.
        let (year, month) = if month > 12 { (year + 1, month - 12) } else { (year, month) };
        let (century, year) = if year == 100 { (century + 1, 0) } else { (century, year) };
        Self { century: century - 4, year, month, day }
    }
}

/// A number known to be small.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_day_before() {
        let mut days = 0;
        for year in 0..10_000 {
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for day in 1..=length {
                    let date = Date::of(days);
                    assert_eq!((date.century * 100 + date.year, date.month, date.day), (year, month, day));
                    days += 1;
                }
            }
        }
        assert_eq!(i64::from(days) * 86_400 + EARLIEST, crate::timestamp::LATEST + 1);
    }

    #[test]
    fn every_second_of_a_day_and_every_precision_are_written() {
        for second in 0..86_400 {
            let text = Text::of(Timestamp::from_unix_seconds(second));
            let expected = format!("1970-01-01T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
            assert_eq!(text.as_str(), expected);
        }
        for (nanoseconds, expected) in [
            (0, "17Z"),
            (1, "17.000000001Z"),
            (1_000, "17.000001Z"),
            (1_000_000, "17.001Z"),
            (987_654_321, "17.987654321Z"),
            (987_654_000, "17.987654Z"),
            (987_000_000, "17.987Z"),
            (999_999_999, "17.999999999Z"),
        ] {
            let text = Text::of(Timestamp { seconds: 17, nanoseconds });
            assert_eq!(text.as_str(), format!("1970-01-01T00:00:{expected}"));
        }
    }
}
