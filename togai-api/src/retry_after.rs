//! How long a server asks to be left alone.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// A longer wait counts as an hour, so that a broken gateway cannot silence a client for good.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A larger number of seconds is no length of time but a moment, counted from 1970. It would be 31 years.
const FIRST_MOMENT: f64 = 1e9;
/// A larger number yet is a moment in milliseconds. In seconds it would be the year 5138.
const FIRST_MOMENT_MS: f64 = 1e11;

/// The time to wait that a response asks for: `retry-after-ms`, or `Retry-After` in seconds or as a time.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use togai_api::retry_after;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("retry-after", "1.5".parse()?);
/// assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_millis(1500)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
///
/// Of several values, in one line or in more, the longest is meant, and more than an hour counts as an hour. A time is an
/// HTTP date, or a number beyond 10^9: the seconds since 1970. It is measured against the `Date` of the same response, and
/// against `now` where there is none; one in the past is no wait at all. What is neither a number nor a date is ignored.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    // By the server's own clock, where it tells it: ours may go wrong.
    let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?.trim()).ok());
    let now = date.unwrap_or(now);
    let milliseconds = values(headers, "retry-after-ms").filter_map(|value| wait(value, 1e-3, now));
    let seconds = values(headers, RETRY_AFTER.as_str()).filter_map(|value| wait(value, 1.0, now));
    milliseconds.chain(seconds).max()
}

/// What may be a value of a header, in all its lines: what stands between commas, and two of these, since a date holds a
/// comma itself.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok()).flat_map(|line| {
        let ends = line.match_indices(',').map(|(at, _)| at).chain([line.len()]);
        ends.scan((0, 0), move |(before, start), end| {
            let pair = [&line[*start..end], &line[*before..end]];
            (*before, *start) = (*start, (end + 1).min(line.len()));
            Some(pair)
        })
        .flatten()
    })
}

/// The wait that a value asks for; `scale` is the length of its unit in seconds.
fn wait(value: &str, scale: f64, now: SystemTime) -> Option<Duration> {
    let until = |moment: SystemTime| moment.duration_since(now).unwrap_or_default();
    let value = value.trim();
    let wait = match value.parse::<f64>() {
        Ok(number) => {
            let seconds = Some(number * scale).filter(|seconds| *seconds >= 0.0)?;
            let moment = match seconds {
                _ if !seconds.is_finite() => None,
                FIRST_MOMENT_MS.. => Some(seconds * 1e-3),
                FIRST_MOMENT.. => Some(seconds),
                _ => None,
            };
            // A number beyond all durations means "never".
            let length = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
            match moment {
                Some(seconds) => SystemTime::UNIX_EPOCH.checked_add(length(seconds)).map_or(Duration::MAX, until),
                None => length(seconds),
            }
        }
        Err(_) => until(httpdate::parse_http_date(value).ok()?),
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &'static str, value: &str, expected: Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 30);
        assert_eq!(retry_after(&headers, now), expected, "{name}: {value}");
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        check("retry-after", "3", Some(Duration::from_secs(3)));
        check("retry-after", " 0 ", Some(Duration::ZERO));
        check("retry-after-ms", "250", Some(Duration::from_millis(250)));
        check("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(Duration::from_secs(30)));
        check("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT", Some(Duration::ZERO));
    }

    #[test]
    fn a_large_number_is_a_moment() {
        // The clock stands at 784,111,747.
        check("retry-after", "1704067200", Some(LONGEST));
        check("retry-after", "1704067200000", Some(LONGEST));
        check("retry-after-ms", "1704067200000", Some(LONGEST));
        let mut headers = HeaderMap::new();
        headers.insert("date", "Mon, 01 Jan 2024 00:00:00 GMT".parse().unwrap());
        for (name, value, expected) in [
            ("retry-after", "1704067230", 30),
            ("retry-after", "1704067230000", 30),
            ("retry-after-ms", "1704067230000", 30),
            ("retry-after", "1704067199", 0),
            ("retry-after", "1000000001", 0),
        ] {
            let mut headers = headers.clone();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(
                retry_after(&headers, SystemTime::now()),
                Some(Duration::from_secs(expected)),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn more_than_an_hour_counts_as_an_hour() {
        for value in ["3601", "86400", "999999999", "1e300", "inf", "Sat, 06 Nov 2094 08:49:37 GMT"] {
            check("retry-after", value, Some(LONGEST));
        }
        check("retry-after", "3599", Some(Duration::from_secs(3599)));
    }

    #[test]
    fn the_longest_of_several_values_counts() {
        check("retry-after", "1, 2", Some(Duration::from_secs(2)));
        check("retry-after", "3,2,", Some(Duration::from_secs(3)));
        check("retry-after", "soon, 4", Some(Duration::from_secs(4)));
        check("retry-after", "1, Sun, 06 Nov 1994 08:49:37 GMT", Some(Duration::from_secs(30)));
        check("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT, 40", Some(Duration::from_secs(40)));
        let mut headers = HeaderMap::new();
        headers.append("retry-after", "1".parse().unwrap());
        headers.append("retry-after", "2".parse().unwrap());
        assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(2)));
    }

    #[test]
    fn invalid_retry_after_values_are_ignored() {
        for value in ["", "-1", "soon", "NaN"] {
            check("retry-after", value, None);
        }
        assert_eq!(retry_after(&HeaderMap::new(), SystemTime::now()), None);
    }

    #[test]
    fn the_longer_of_two_times_wins() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "1".parse().unwrap());
        headers.insert("retry-after-ms", "1200".parse().unwrap());
        assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_millis(1200)));
        headers.insert("retry-after", "30".parse().unwrap());
        assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_date_is_relative_to_the_server_clock() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        headers.insert("date", "Sun, 06 Nov 1994 08:49:07 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(30)));
    }
}
