//! Runs of cargo over a subject, timed or not.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};

use super::subject::Subject;
use crate::command::{cargo, run, text_of};

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuildKind {
    Check,
    Release,
}

/// Builds a subject with what it depends on. Only here anything may be downloaded.
pub(super) fn warm_up(subject: &Subject, target: &Path, kind: BuildKind) -> Result<()> {
    let mut command = build(subject, target, kind);
    run(command.arg("--quiet"))?;
    Ok(())
}

/// How long a subject takes on its own after a change.
pub(super) fn timed(subject: &Subject, target: &Path, kind: BuildKind) -> Result<Duration> {
    touch(&subject.source())?;
    let mut command = build(subject, target, kind);
    command.arg("--offline");
    let start = Instant::now();
    let output = run(&mut command)?;
    let time = start.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    let built = built(&said);
    // A time of nothing, or of dependencies as well, would look like any other.
    ensure!(built == [subject.package], "{} alone was to be built, and it was {built:?}", subject.package);
    Ok(time)
}

/// How many crates are built for a subject on this machine, without itself.
pub(super) fn crates(subject: &Subject) -> Result<usize> {
    let mut command = cargo();
    command.current_dir(&subject.folder).args(["tree", "--offline", "--edges", "normal,build"]);
    command.args(["--prefix", "none", "--format", "{p}", "--package", subject.package]).args(subject.features);
    Ok(distinct(&text_of(&mut command)?) - 1)
}

fn build(subject: &Subject, target: &Path, kind: BuildKind) -> Command {
    let mut command = cargo();
    command.current_dir(&subject.folder);
    match kind {
        BuildKind::Check => command.arg("check"),
        BuildKind::Release => command.args(["build", "--release"]),
    };
    command.args(["--lib", "--package", subject.package]).args(subject.features);
    command.arg("--target-dir").arg(target);
    if subject.locked {
        command.arg("--locked");
    }
    command
}

fn touch(source: &Path) -> Result<()> {
    let file = File::options().append(true).open(source);
    file.and_then(|file| file.set_modified(SystemTime::now()))
        .with_context(|| format!("cannot touch {}", source.display()))
}

/// The packages that cargo says it built.
fn built(said: &str) -> Vec<&str> {
    said.lines()
        .filter_map(|line| {
            let line = line.trim_start();
            let rest = line.strip_prefix("Checking ").or_else(|| line.strip_prefix("Compiling "))?;
            rest.split(' ').next()
        })
        .collect()
}

/// How many packages a tree without its branches has; what stands in it again may carry a mark.
fn distinct(tree: &str) -> usize {
    let packages = tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty());
    packages.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_packages_are_separated_from_other_output() {
        let said = "    Blocking waiting for file lock on build directory\n   \
                    Compiling libc v0.2.1\n    Checking togai-api v0.1.0 (/a b/togai-api)\n    \
                    Finished `dev` profile [unoptimized] target(s) in 1.00s\n";
        assert_eq!(built(said), ["libc", "togai-api"]);
        assert_eq!(built("    Finished `dev` profile\n"), [""; 0]);
    }

    #[test]
    fn a_crate_counts_once_per_version() {
        let tree = "togai-api v0.1.0 (/a)\nbytes v1.10.0\nhttp v1.3.0\nbytes v1.10.0\nhttp v1.3.0 (*)\nhttp v0.2.0\n";
        assert_eq!(distinct(tree), 4);
    }
}
