//! How long a server asks to be left alone.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The time to wait that an answer asks for: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date.
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
/// Where there are both, the longer time is meant. A date is measured against the `Date` of the same answer, and against
/// `now` where there is none; one in the past is no wait at all. What is neither a number nor a date is read as no answer.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let milliseconds = text(headers, "retry-after-ms").and_then(|text| scaled(text, 1e-3));
    let seconds = text(headers, RETRY_AFTER.as_str()).and_then(|value| {
        scaled(value, 1.0).or_else(|| {
            let until = httpdate::parse_http_date(value).ok()?;
            // By the server's own clock, where it tells it: ours may go wrong.
            let now = text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
            Some(until.duration_since(now).unwrap_or_default())
        })
    });
    milliseconds.max(seconds)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn scaled(number: &str, scale: f64) -> Option<Duration> {
    let seconds = number.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0)? * scale;
    // A number beyond all durations means "never", which is what the longest duration comes to.
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
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
        check("retry-after", "1e300", Some(Duration::MAX));
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
