//! Time, and numbers made of it.

use std::fmt;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// What an event took, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// CPU time of all threads of the process, which are one.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl Sample {
    pub(crate) fn new(cpu: Duration, wall: Duration, events: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few millions")]
        let of = |time: Duration| time.as_secs_f64() * 1e9 / events as f64;
        Self { cpu: of(cpu), wall: of(wall) }
    }

    /// What a number of events takes.
    pub(crate) fn take(events: usize, run: impl FnOnce()) -> Self {
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        run();
        Self::new(cpu.elapsed(), wall.elapsed(), events)
    }
}

/// A way to ingest events, and what it took in each round.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) label: &'static str,
    pub(crate) role: Role,
    pub(crate) samples: Vec<Sample>,
}

impl Series {
    pub(crate) fn cpu(&self) -> Spread {
        Spread::of(self.samples.iter().map(|sample| sample.cpu))
    }

    pub(crate) fn wall(&self) -> Spread {
        Spread::of(self.samples.iter().map(|sample| sample.wall))
    }

    /// How many times as much CPU time the other one takes: divided round by round, since a machine is not equally fast
    /// in all of them.
    pub(crate) fn ratio_of(&self, other: &Self) -> Spread {
        Spread::of(other.samples.iter().zip(&self.samples).map(|(other, ours)| other.cpu / ours.cpu))
    }
}

/// A contender to measure.
pub(crate) struct Contender<'a> {
    /// The name that selects it.
    pub(crate) name: &'static str,
    /// What it is shown as.
    pub(crate) label: &'static str,
    pub(crate) role: Role,
    /// Does the whole thing once and says what it took.
    pub(crate) run: Box<dyn FnMut() -> Sample + 'a>,
}

/// The role of a contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ours,
    Other,
    /// A repeated contender, to measure the noise.
    Control,
}

/// Measures contenders in alternation: in each round each of them has `turns` turns. Each turn starts with another
/// contender, so that none always runs after the same one.
pub(crate) fn alternate(rounds: usize, turns: usize, mut contenders: Vec<Contender<'_>>) -> Vec<Series> {
    let mut series: Vec<Series> = contenders
        .iter()
        .map(|contender| Series { label: contender.label, role: contender.role, samples: Vec::new() })
        .collect();
    for contender in &mut contenders {
        // Connections, caches and the allocator warm up.
        (contender.run)();
    }
    for round in 0..rounds {
        let mut sums = vec![Sample { cpu: 0.0, wall: 0.0 }; contenders.len()];
        for step in 0..turns * contenders.len() {
            let which = (round + step / contenders.len() + step) % contenders.len();
            let sample = (contenders[which].run)();
            sums[which].cpu += sample.cpu;
            sums[which].wall += sample.wall;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let mean = |sum: Sample| Sample { cpu: sum.cpu / turns as f64, wall: sum.wall / turns as f64 };
        for (series, sum) in series.iter_mut().zip(sums) {
            series.samples.push(mean(sum));
        }
    }
    series
}

/// The middle of some numbers, and how far they lie apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (numbers.first(), numbers.last()) else {
            return Self { median: f64::NAN, least: f64::NAN, most: f64::NAN };
        };
        let middle = numbers.len() / 2;
        let median = if numbers.len().is_multiple_of(2) {
            f64::midpoint(numbers[middle - 1], numbers[middle])
        } else {
            numbers[middle]
        };
        Self { median, least: *least, most: *most }
    }
}

impl fmt::Display for Spread {
    /// With as many digits as are asked for.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = formatter.precision().unwrap_or(2);
        write!(formatter, "{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.least, self.most)
    }
}
