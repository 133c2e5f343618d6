//! A moment in time, as the API writes and reads it.

mod format;
mod parse;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use parse::ParseTimestampError;

/// A moment in UTC with nanosecond precision, between the years 0000 and 9999.
///
/// ```
/// use togai_api::Timestamp;
///
/// let event_time: Timestamp = "2024-04-18T16:00:17".parse()?;
/// assert_eq!(event_time.to_string(), "2024-04-18T16:00:17Z");
///
/// let with_offset: Timestamp = "2024-04-18T18:00:17.5+02:00".parse()?;
/// assert_eq!(with_offset.to_string(), "2024-04-18T16:00:17.500Z");
/// # Ok::<(), togai_api::ParseTimestampError>(())
/// ```
///
/// It is sent as RFC 3339 with `Z`, with 0, 3, 6 or 9 digits of a second.
///
/// [`FromStr`](#impl-FromStr-for-Timestamp) and JSON read:
///
/// - RFC 3339, such as `2024-04-18T16:00:17Z` or `2024-04-18t21:30:17.5+05:30`, with 1 to 9 digits of a second, or none;
/// - a space in place of the `T`;
/// - an offset without its colon or its minutes: `+0530`, `+05`;
/// - **no zone at all, which is taken as UTC**, since the API writes such times and does not say which zone it means. For
///   times from elsewhere, [`parse_with_zone`](Self::parse_with_zone) refuses them.
///
/// Nothing else: no day alone, no time without seconds, no number. Responses of the API are read with more patience; what
/// libraries print for a time is understood there.
///
/// It converts from and to [`chrono::DateTime<Utc>`] and [`SystemTime`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

/// `0000-01-01T00:00:00Z`, the earliest moment that RFC 3339 can write.
const EARLIEST: i64 = -62_167_219_200;
/// `9999-12-31T23:59:59Z`, the second that the latest moment falls into.
const LATEST: i64 = 253_402_300_799;

impl Timestamp {
    /// The current time of the system clock.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert!(Timestamp::now() > Timestamp::from_unix_seconds(1_700_000_000));
    /// ```
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The moment a number of whole seconds after the Unix epoch.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_seconds(0).to_string(), "1970-01-01T00:00:00Z");
    /// ```
    ///
    /// A value outside the years 0000 to 9999 becomes the nearest moment inside.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self::clamped(seconds, 0)
    }

    /// The moment a number of milliseconds after the Unix epoch.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_milliseconds(-1).to_string(), "1969-12-31T23:59:59.999Z");
    /// ```
    ///
    /// A value outside the years 0000 to 9999 becomes the nearest moment inside.
    pub fn from_unix_milliseconds(milliseconds: i64) -> Self {
        let rest = u32::try_from(milliseconds.rem_euclid(1000)).unwrap_or_default();
        Self::clamped(milliseconds.div_euclid(1000), rest * 1_000_000)
    }

    /// Reads a time that says its zone; one that does not is refused.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert_eq!(Timestamp::parse_with_zone("2024-04-18T21:30:17+05:30")?.to_string(), "2024-04-18T16:00:17Z");
    ///
    /// let error = Timestamp::parse_with_zone("2024-04-18T21:30:17").unwrap_err();
    /// assert!(error.to_string().contains("has no time zone"));
    /// # Ok::<(), togai_api::ParseTimestampError>(())
    /// ```
    ///
    /// It reads the same forms as `parse`, which takes a time without a zone as UTC: for a local time of a file or a
    /// database, that would meter usage hours away from when it happened.
    ///
    /// # Errors
    ///
    /// If the text is no time, or says no zone.
    pub fn parse_with_zone(text: &str) -> Result<Self, ParseTimestampError> {
        parse::parse_with_zone(text)
    }

    /// A time as the common libraries print it, for responses.
    pub(crate) fn parse_printed(text: &str) -> Option<Self> {
        parse::parse_printed(text)
    }

    /// The moment a number of seconds or milliseconds after the Unix epoch: it is milliseconds where it would be a moment
    /// after the year 5138 otherwise.
    pub(crate) fn from_epoch_number(number: f64) -> Option<Self> {
        const LARGEST_SECONDS: f64 = 1e11;
        if !number.is_finite() {
            return None;
        }
        let milliseconds = if number.abs() < LARGEST_SECONDS { number * 1e3 } else { number };
        // A float holds the nanoseconds of no moment of today; microseconds it does.
        let microseconds = (milliseconds * 1e3).round();
        #[expect(clippy::cast_possible_truncation, reason = "beyond the range it is the nearest moment")]
        let microseconds = microseconds as i64;
        let rest = u32::try_from(microseconds.rem_euclid(1_000_000)).unwrap_or_default();
        Some(Self::clamped(microseconds.div_euclid(1_000_000), rest * 1_000))
    }

    /// Whole seconds since the Unix epoch, negative before it.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_milliseconds(1_999).unix_seconds(), 1);
    /// ```
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds past [`unix_seconds`](Self::unix_seconds), below 1,000,000,000.
    ///
    /// ```
    /// use togai_api::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_milliseconds(1_999).subsecond_nanoseconds(), 999_000_000);
    /// ```
    pub fn subsecond_nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    fn clamped(seconds: i64, nanoseconds: u32) -> Self {
        if seconds < EARLIEST {
            Self { seconds: EARLIEST, nanoseconds: 0 }
        } else if seconds > LATEST {
            Self { seconds: LATEST, nanoseconds: 999_999_999 }
        } else {
            Self { seconds, nanoseconds }
        }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::clamped(i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
            Err(error) => {
                let before = error.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Self::clamped(-seconds, 0),
                    nanoseconds => Self::clamped(-seconds - 1, 1_000_000_000 - nanoseconds),
                }
            }
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        let whole = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let rest = Duration::from_nanos(u64::from(timestamp.nanoseconds));
        if timestamp.seconds < 0 { UNIX_EPOCH - whole + rest } else { UNIX_EPOCH + whole + rest }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        // chrono writes a leap second as more than 999,999,999 nanoseconds; it is the start of the next second here.
        let nanoseconds = moment.timestamp_subsec_nanos();
        let leap = i64::from(nanoseconds / 1_000_000_000);
        Self::clamped(moment.timestamp() + leap, nanoseconds % 1_000_000_000)
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        // Every year from 0000 to 9999 is in chrono's range, so the fallback is never taken.
        DateTime::from_timestamp(timestamp.seconds, timestamp.nanoseconds).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(format::Text::of(*self).as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Reads the forms that are listed at [`Timestamp`]. Without a zone it is UTC; [`Timestamp::parse_with_zone`] refuses that.
impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(format::Text::of(*self).as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimestampVisitor;

        impl Visitor<'_> for TimestampVisitor {
            type Value = Timestamp;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a date and time such as 2024-04-18T16:00:17Z")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                // The text is not repeated: it comes from a server, which may have put anything there.
                text.parse().map_err(|_| E::custom("not a date and time such as 2024-04-18T16:00:17Z"))
            }
        }

        deserializer.deserialize_str(TimestampVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_converts_from_and_to_chrono_and_the_system_clock_without_loss() {
        for seconds in [EARLIEST, -86_401, -1, 0, 1, 951_782_400, 1_713_456_017, LATEST] {
            for nanoseconds in [0, 1, 999_999_999] {
                let timestamp = Timestamp { seconds, nanoseconds };
                assert_eq!(Timestamp::from(DateTime::<Utc>::from(timestamp)), timestamp);
            }
            // The clock of Windows goes in steps of 100 nanoseconds.
            for nanoseconds in [0, 100, 999_999_900] {
                let timestamp = Timestamp { seconds, nanoseconds };
                assert_eq!(Timestamp::from(SystemTime::from(timestamp)), timestamp);
            }
        }
    }

    #[test]
    fn chrono_reads_what_it_writes_and_vice_versa() {
        // A prime step walks over every month, leap years and centuries included.
        let mut seconds = EARLIEST;
        while seconds <= LATEST {
            let timestamp = Timestamp { seconds, nanoseconds: 120_000_000 };
            let moment = DateTime::<Utc>::from(timestamp);
            assert_eq!(timestamp.to_string(), moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            assert_eq!(moment.to_rfc3339().parse::<Timestamp>(), Ok(timestamp));
            seconds += 86_400 * 13 + 7_919;
        }
    }

    #[test]
    fn timestamps_out_of_range_are_clamped() {
        assert_eq!(Timestamp::from_unix_seconds(i64::MIN).to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX).to_string(), "9999-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn json_holds_it_as_a_string() {
        let timestamp: Timestamp = serde_json::from_str(r#""2022-06-15T07:30:35.123""#).unwrap();
        assert_eq!(serde_json::to_string(&timestamp).unwrap(), r#""2022-06-15T07:30:35.123Z""#);
        assert_eq!(
            serde_json::from_str::<Timestamp>(r#""yesterday""#).unwrap_err().to_string(),
            "not a date and time such as 2024-04-18T16:00:17Z at line 1 column 11"
        );
    }
}
