//! The list of mutants.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::LIST;

/// A bug that the model has to find.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    pub(super) name: String,
    /// The file, from the root of the workspace.
    pub(super) file: String,
    find: String,
    replace: String,
    #[serde(default)]
    pub(super) over: Over,
}

/// What the model plays over to find it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Over {
    /// The backend of the model's own.
    #[default]
    Bare,
    /// The clients.
    Client,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// Reads the list of a workspace. Names are unique.
pub(super) fn read(root: &Path) -> Result<Vec<Mutant>> {
    let text = std::fs::read_to_string(root.join(LIST)).with_context(|| format!("cannot read {LIST}"))?;
    let List { mutant: mutants } = toml::from_str(&text).with_context(|| format!("cannot read {LIST}"))?;
    let mut names = BTreeSet::new();
    match mutants.iter().find(|mutant| !names.insert(&mutant.name)) {
        Some(twice) => bail!("{LIST} has two mutants `{}`", twice.name),
        None => Ok(mutants),
    }
}

impl Mutant {
    /// The text of the file with the bug.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replace(&self.find, &self.replace)),
            count => bail!(
                "the mutant `{}` finds its text {count} times in {}, and it has to be once: change `find` in {LIST}",
                self.name,
                self.file
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    #[test]
    fn every_mutant_finds_its_text_once_and_changes_it() {
        let mutants = read(&root()).unwrap();
        assert!(mutants.len() >= 80, "{}", mutants.len());
        for mutant in mutants {
            let text = std::fs::read_to_string(root().join(&mutant.file)).unwrap();
            assert_ne!(mutant.apply(&text).unwrap(), text, "{}", mutant.name);
        }
    }

    #[test]
    fn a_mutant_whose_text_is_missing_or_not_unique_is_an_error() {
        let mutant = |find: &str| Mutant {
            name: "swaps".into(),
            file: "a.rs".into(),
            find: find.into(),
            replace: "y".into(),
            over: Over::Bare,
        };
        assert_eq!(mutant("x").apply("a x b").unwrap(), "a y b");
        insta::assert_snapshot!(mutant("z").apply("x x").unwrap_err(), @"the mutant `swaps` finds its text 0 times in a.rs, and it has to be once: change `find` in tests/model/mutants.toml");
        insta::assert_snapshot!(mutant("x").apply("x x").unwrap_err(), @"the mutant `swaps` finds its text 2 times in a.rs, and it has to be once: change `find` in tests/model/mutants.toml");
    }
}
