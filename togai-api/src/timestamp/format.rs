//! Writing a timestamp: integer arithmetic into a buffer on the stack, since every event carries one.

use super::Timestamp;

/// The longest text, `9999-12-31T23:59:59.999999999Z`.
const LONGEST: usize = 30;

/// A timestamp as text, without an allocation.
pub(super) struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    pub(super) fn of(timestamp: Timestamp) -> Self {
        let days = timestamp.seconds.div_euclid(86_400);
        let second_of_day = small(timestamp.seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);

        let mut bytes = *b"0000-00-00T00:00:00.000000000Z";
        put_two(&mut bytes, 0, year / 100);
        put_two(&mut bytes, 2, year % 100);
        put_two(&mut bytes, 5, month);
        put_two(&mut bytes, 8, day);
        put_two(&mut bytes, 11, second_of_day / 3600);
        put_two(&mut bytes, 14, second_of_day / 60 % 60);
        put_two(&mut bytes, 17, second_of_day % 60);

        let digits = put_fraction(&mut bytes, timestamp.nanoseconds);
        let length = if digits == 0 { 20 } else { 21 + digits };
        bytes[length - 1] = b'Z';
        Self { bytes, length }
    }

    pub(super) fn as_str(&self) -> &str {
        // Only ASCII is ever written, so the fallback is never taken.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// Writes the fraction of a second and says how many digits of it count: 0, 3, 6 or 9.
fn put_fraction(bytes: &mut [u8; LONGEST], nanoseconds: u32) -> usize {
    if nanoseconds == 0 {
        return 0;
    }
    put_three(bytes, 20, nanoseconds / 1_000_000);
    if nanoseconds.is_multiple_of(1_000_000) {
        return 3;
    }
    put_three(bytes, 23, nanoseconds / 1_000 % 1_000);
    if nanoseconds.is_multiple_of(1_000) {
        return 6;
    }
    put_three(bytes, 26, nanoseconds % 1_000);
    9
}

fn put_two(bytes: &mut [u8; LONGEST], at: usize, value: u32) {
    bytes[at] = digit(value / 10);
    bytes[at + 1] = digit(value % 10);
}

fn put_three(bytes: &mut [u8; LONGEST], at: usize, value: u32) {
    bytes[at] = digit(value / 100);
    put_two(bytes, at + 1, value % 100);
}

fn digit(value: u32) -> u8 {
    b'0' + value.to_le_bytes()[0]
}

/// Year, month and day of a day counted from the Unix epoch, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year and months have a regular length.
fn civil_from_days(days: i64) -> (u32, u32, u32) {
    // 0000-03-01 is day -719,468; an era is 400 years, which always have 146,097 days.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = small(shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    (small(year), month, day)
}

/// A number known to be small and not negative.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
