//! What one way to a client costs, measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::cargo::{self, BuildKind};
use super::series::Series;
use super::source;
use super::subject::Subject;

/// What one way to a client costs.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    pub(super) name: &'static str,
    pub(super) lines: usize,
    pub(super) crates: usize,
    pub(super) check: Series,
    pub(super) release: Series,
    /// Size of the release rlib.
    pub(super) bytes: u64,
}

impl Cost {
    /// Builds each subject in each way, once to warm up and then in rounds, one subject after the other in each round, so
    /// that whatever else the machine does meets all of them.
    pub(super) fn measure(subjects: &[Subject], target: &Path, rounds: usize) -> Result<Vec<Self>> {
        for subject in subjects {
            eprintln!("building what {} depends on", subject.name);
            cargo::warm_up(subject, target, BuildKind::Check)?;
            cargo::warm_up(subject, target, BuildKind::Release)?;
        }
        let first = Self::measure_round(subjects, target)?;
        (1..rounds).try_fold(first, |costs, _| {
            let round = Self::measure_round(subjects, target)?;
            Ok(costs.into_iter().zip(round).map(|(cost, next)| cost.with(next)).collect())
        })
    }

    fn measure_round(subjects: &[Subject], target: &Path) -> Result<Vec<Self>> {
        subjects.iter().map(|subject| Self::measure_once(subject, target)).collect()
    }

    fn measure_once(subject: &Subject, target: &Path) -> Result<Self> {
        eprintln!("measuring {}", subject.name);
        let check = Series::from(cargo::timed(subject, target, BuildKind::Check)?);
        let release = Series::from(cargo::timed(subject, target, BuildKind::Release)?);
        let library = subject.library(target);
        let bytes = fs::metadata(&library).with_context(|| format!("cannot look at {}", library.display()))?.len();
        let lines = source::lines(&library.with_extension("d"))?;
        Ok(Self { name: subject.name, lines, crates: cargo::crates(subject)?, check, release, bytes })
    }

    /// The same with the times of another round.
    fn with(self, round: Self) -> Self {
        Self { check: self.check.with(round.check), release: self.release.with(round.release), ..self }
    }
}
