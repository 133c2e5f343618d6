//! Times of the same thing.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

/// The times of some rounds, at least one, from the least to the most.
#[derive(Clone, Debug)]
pub(super) struct Series(Vec<Duration>);

impl Series {
    /// Measures as often as there are rounds.
    pub(super) fn take(rounds: usize, measure: impl FnMut() -> Result<Duration>) -> Result<Self> {
        let mut times = std::iter::repeat_with(measure).take(rounds.max(1)).collect::<Result<Vec<_>>>()?;
        times.sort_unstable();
        Ok(Self(times))
    }

    /// The time in the middle, of two the lesser one, in seconds.
    pub(super) fn median(&self) -> f64 {
        self.0[(self.0.len() - 1) / 2].as_secs_f64()
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
        let mut times = times.iter().map(|time| Ok(Duration::from_secs_f64(*time)));
        Self::take(times.len(), || times.next().unwrap()).unwrap()
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

    #[test]
    fn a_measurement_that_fails_is_the_failure_of_the_series() {
        let error = Series::take(3, || anyhow::bail!("no compiler")).unwrap_err();
        assert_eq!(error.to_string(), "no compiler");
    }
}
