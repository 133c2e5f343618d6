//! What is measured: a package with a choice of features.

use std::path::{Path, PathBuf};

/// One way to a client.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// What it is called in the tables.
    pub(super) name: &'static str,
    pub(super) package: &'static str,
    /// The folder of the package.
    pub(super) folder: PathBuf,
    /// What the command line says of features.
    pub(super) features: &'static [&'static str],
    /// Whether its lock file is checked in, so that nothing may change it.
    pub(super) locked: bool,
}

/// The names of ours, which the targets are set for.
pub(super) const WITHOUT_AREAS: &str = "togai-api, no areas";
pub(super) const BY_DEFAULT: &str = "togai-api, default features";
pub(super) const FULL: &str = "togai-api, `full`";

impl Subject {
    /// Ours: without areas, with the areas that are on by default, and with all.
    pub(super) fn ours(root: &Path) -> Vec<Self> {
        Self::of(root, [WITHOUT_AREAS, BY_DEFAULT, FULL])
    }

    /// The same of another commit, which is checked out in a folder.
    pub(super) fn before(root: &Path) -> Vec<Self> {
        Self::of(root, ["before: no areas", "before: default features", "before: `full`"])
    }

    fn of(root: &Path, names: [&'static str; 3]) -> Vec<Self> {
        let features: [&'static [&'static str]; 3] = [&["--no-default-features"], &[], &["--features", "full"]];
        let with = |(name, features)| Self {
            name,
            package: "togai-api",
            folder: root.join("togai-api"),
            features,
            locked: true,
        };
        names.into_iter().zip(features).map(with).collect()
    }

    /// A package of its own that was made in the scratch folder.
    pub(super) fn made(name: &'static str, package: &'static str, folder: PathBuf) -> Self {
        Self { name, package, folder, features: &[], locked: false }
    }

    /// The file that a change is feigned in.
    pub(super) fn source(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// Where the release build leaves the library.
    pub(super) fn library(&self, target: &Path) -> PathBuf {
        target.join("release").join(format!("lib{}.rlib", self.package.replace('-', "_")))
    }
}
