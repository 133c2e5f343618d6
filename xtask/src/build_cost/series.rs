//! Times of the same thing.

use std::fmt;
use std::time::Duration;

/// The times of some rounds, at least one, from the least to the most.
#[derive(Clone, Debug)]
pub(super) struct Series(Vec<Duration>);

impl Series {
    /// The same with other times.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.sort_unstable();
        self
    }

    /// The time in the middle, of two the lesser one, in seconds.
    pub(super) fn median(&self) -> f64 {
        self.0[(self.0.len() - 1) / 2].as_secs_f64()
    }
}

impl From<Duration> for Series {
    fn from(time: Duration) -> Self {
        Self(vec![time])
    }
}

impl fmt::Display for Series {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1}", self.median())?;
        match &self.0[..] {
            [least, .., most] => write!(formatter, " ({:.1} to {:.1})", least.as_secs_f64(), most.as_secs_f64()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
impl Series {
    /// A series of times in seconds.
    pub(super) fn of(times: &[f64]) -> Self {
        let times = times.iter().map(|time| Self::from(Duration::from_secs_f64(*time)));
        times.reduce(Self::with).expect("there is a time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_time_in_the_middle_whatever_their_order() {
        assert_eq!(Series::of(&[9.0, 1.0, 4.0]).to_string(), "4.0 (1.0 to 9.0)");
        assert_eq!(Series::of(&[9.0, 1.0]).to_string(), "1.0 (1.0 to 9.0)");
        assert_eq!(Series::of(&[2.5]).to_string(), "2.5");
    }
}
