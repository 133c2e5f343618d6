//! Durations and statuses as errors write them.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

/// A duration as a person reads it: `412 ms`, `12.3 s`, `1 h 30 min`.
pub(super) struct ShownDuration(pub(super) Duration);

const MINUTE: u128 = 60;
const HOUR: u128 = 60 * MINUTE;
const DAY: u128 = 24 * HOUR;
/// A server that asks for more means "never".
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl fmt::Display for ShownDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.min(LONGEST).as_millis();
        if milliseconds < 1000 {
            return write!(formatter, "{milliseconds} ms");
        }
        // Rounded before it is split, so that 119.96 s is 2 min and not 120.0 s.
        let tenths = (milliseconds + 50) / 100;
        if tenths < 2 * MINUTE * 10 {
            let (seconds, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 {
                write!(formatter, "{seconds} s")
            } else {
                write!(formatter, "{seconds}.{tenth} s")
            };
        }
        let seconds = (milliseconds + 500) / 1000;
        if seconds < HOUR {
            write_units(formatter, (seconds / MINUTE, "min"), (seconds % MINUTE, "s"))
        } else if seconds < 2 * DAY {
            let minutes = (seconds + MINUTE / 2) / MINUTE;
            write_units(formatter, (minutes / 60, "h"), (minutes % 60, "min"))
        } else {
            let hours = (seconds + HOUR / 2) / HOUR;
            write_units(formatter, (hours / 24, "d"), (hours % 24, "h"))
        }
    }
}

fn write_units(formatter: &mut fmt::Formatter<'_>, large: (u128, &str), small: (u128, &str)) -> fmt::Result {
    write!(formatter, "{} {}", large.0, large.1)?;
    if small.0 == 0 { Ok(()) } else { write!(formatter, " {} {}", small.0, small.1) }
}

/// A status with its name where it has one: `404 Not Found`, `520`.
pub(super) struct ShownStatus(pub(super) StatusCode);

impl fmt::Display for ShownStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())?;
        self.0.canonical_reason().map_or(Ok(()), |reason| write!(formatter, " {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_the_unit_that_a_person_uses() {
        for (milliseconds, expected) in [
            (0, "0 ms"),
            (412, "412 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1234, "1.2 s"),
            (7000, "7 s"),
            (12_340, "12.3 s"),
            (59_960, "60 s"),
            (90_000, "90 s"),
            (119_949, "119.9 s"),
            (119_960, "2 min"),
            (125_000, "2 min 5 s"),
            (600_000, "10 min"),
            (3_599_960, "1 h"),
            (3_600_000, "1 h"),
            (5_400_000, "1 h 30 min"),
            (86_400_000, "24 h"),
            (180_000_000, "2 d 2 h"),
            (u64::MAX, "365 d"),
        ] {
            assert_eq!(ShownDuration(Duration::from_millis(milliseconds)).to_string(), expected, "{milliseconds}");
        }
        assert_eq!(ShownDuration(Duration::MAX).to_string(), "365 d");
        assert_eq!(ShownDuration(Duration::from_nanos(999_999_999)).to_string(), "999 ms");
    }

    #[test]
    fn a_status_without_a_name_is_a_number() {
        for (status, expected) in [(404, "404 Not Found"), (520, "520"), (299, "299"), (999, "999")] {
            assert_eq!(ShownStatus(StatusCode::from_u16(status).unwrap()).to_string(), expected);
        }
    }
}
