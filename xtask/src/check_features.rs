//! Checks that the crates build without a warning with each area alone, with none, and with all.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::areas::Areas;
use crate::command::cargo;
use crate::document::Document;
use crate::service::{self, TOGAI};

/// Where all combinations are built, so that what they depend on is built once.
const TARGET: &str = "target/features";
/// The areas that togai-ext is checked with when it has to be quick: those that it has most code of its own for.
const MAIN_AREAS: [&str; 3] = ["event-ingestion", "event-management", "customer-accounts"];

/// Which combinations of features are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every area and every other service alone, in both crates.
    All,
    /// togai-ext alone, with a few areas and every other service.
    Few,
}

/// One crate with one choice of features.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Combination {
    package: &'static str,
    features: Features,
}

/// What stands on the command line for the features.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Features {
    Default,
    None,
    Only(String),
}

/// Checks each combination, tells the time of each, and fails with the names of those that do not build.
pub(crate) fn run(root: &Path, extent: Extent) -> Result<String> {
    let document = Document::load(root, &TOGAI)?;
    let areas = Areas::of(document.json())?;
    let features: Vec<&str> = areas.iter().map(|area| area.feature.as_str()).collect();
    let combinations = combinations(&features, extent);

    let start = Instant::now();
    let mut broken = Vec::new();
    for combination in &combinations {
        let start = Instant::now();
        let output = combination.command(root).output().context("cannot run cargo")?;
        let result = if output.status.success() { "" } else { "  does not build, or warns" };
        println!("{}  {}{result}", seconds(start.elapsed()), combination.name());
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
            broken.push(combination.name());
        }
    }
    if !broken.is_empty() {
        bail!("these do not build without a warning:\n  {}", broken.join("\n  "));
    }
    Ok(format!("{}  {} combinations in all", seconds(start.elapsed()), combinations.len()))
}

/// Every combination, in an order in which togai-ext finds togai-api built where it can.
fn combinations(areas: &[&str], extent: Extent) -> Vec<Combination> {
    let packages: &[&'static str] = match extent {
        Extent::All => &["togai-api", "togai-ext"],
        Extent::Few => &["togai-ext"],
    };
    let mut all = Vec::new();
    let alone = areas.iter().filter(|area| extent == Extent::All || MAIN_AREAS.contains(area));
    let choices = std::iter::once(Features::None)
        .chain(alone.map(|area| Features::Only((*area).to_owned())))
        .chain([Features::Only("full".to_owned())])
        // `full` is all of Togai, so the services beside it are checked by themselves.
        .chain(service::ALL.iter().filter_map(|service| service.feature).map(|name| Features::Only(name.to_owned())));
    for features in choices {
        all.extend(packages.iter().map(|&package| Combination { package, features: features.clone() }));
    }
    all.push(Combination { package: "togai-ext", features: Features::Default });
    all
}

impl Combination {
    fn name(&self) -> String {
        match &self.features {
            Features::Default => format!("{} with its default features", self.package),
            Features::None => format!("{} with no feature", self.package),
            Features::Only(feature) => format!("{} with {feature}", self.package),
        }
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = cargo();
        command.current_dir(root).args(["check", "--locked", "--quiet", "--target-dir", TARGET]);
        // What is not of the workspace may warn: cargo caps the lints of dependencies.
        command.env("RUSTFLAGS", "-D warnings").args(["--package", self.package]);
        match &self.features {
            Features::Default => {}
            Features::None => {
                command.arg("--no-default-features");
            }
            Features::Only(feature) => {
                command.args(["--no-default-features", "--features", feature]);
            }
        }
        command
    }
}

fn seconds(time: Duration) -> String {
    format!("{:7.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(areas: &[&str], extent: Extent) -> Vec<String> {
        combinations(areas, extent).iter().map(Combination::name).collect()
    }

    #[test]
    fn each_area_is_checked_alone_in_both_crates() {
        insta::assert_snapshot!(names(&["event-ingestion", "wallet"], Extent::All).join("\n"), @"
        togai-api with no feature
        togai-ext with no feature
        togai-api with event-ingestion
        togai-ext with event-ingestion
        togai-api with wallet
        togai-ext with wallet
        togai-api with full
        togai-ext with full
        togai-api with enso
        togai-ext with enso
        togai-ext with its default features
        ");
    }

    #[test]
    fn the_short_check_covers_one_crate() {
        insta::assert_snapshot!(names(&["event-ingestion", "wallet"], Extent::Few).join("\n"), @"
        togai-ext with no feature
        togai-ext with event-ingestion
        togai-ext with full
        togai-ext with enso
        togai-ext with its default features
        ");
    }

    #[test]
    fn the_areas_of_the_short_check_exist() {
        let document = Document::load(&crate::root(), &TOGAI).unwrap();
        let areas = Areas::of(document.json()).unwrap();
        for name in MAIN_AREAS {
            assert!(areas.iter().any(|area| area.feature == name), "{name}");
        }
    }

    #[test]
    fn an_area_comes_without_the_default_features_and_warnings_are_errors() {
        let combination = Combination { package: "togai-ext", features: Features::Only("wallet".to_owned()) };
        let command = combination.command(Path::new("."));
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        assert!(words.ends_with(&["--no-default-features".into(), "--features".into(), "wallet".into()]), "{words:?}");
        assert!(command.get_envs().any(|(name, value)| name == "RUSTFLAGS" && value == Some("-D warnings".as_ref())));
    }
}
