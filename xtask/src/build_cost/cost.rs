//! What one way to a client costs, measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::cargo::{self, Kind};
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
    /// Builds the subject in each way, once to warm up and then in rounds.
    pub(super) fn measure(subject: &Subject, target: &Path, rounds: usize) -> Result<Self> {
        eprintln!("building what {} depends on", subject.name);
        cargo::warm_up(subject, target, Kind::Check)?;
        cargo::warm_up(subject, target, Kind::Release)?;
        eprintln!("measuring {}", subject.name);
        let check = Series::take(rounds, || cargo::timed(subject, target, Kind::Check))?;
        let release = Series::take(rounds, || cargo::timed(subject, target, Kind::Release))?;
        let library = subject.library(target);
        let bytes = fs::metadata(&library).with_context(|| format!("cannot look at {}", library.display()))?.len();
        Ok(Self {
            name: subject.name,
            lines: source::lines(&library.with_extension("d"))?,
            crates: cargo::crates(subject)?,
            check,
            release,
            bytes,
        })
    }
}
