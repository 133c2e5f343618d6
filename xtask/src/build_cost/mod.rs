//! What it costs to build the client, beside what two other generators make of the same document.

mod before;
mod cargo;
mod cost;
mod machine;
mod openapi_generator;
mod page;
mod plain;
mod series;
mod source;
mod subject;
mod targets;
mod workspace;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::document::Document;

use cost::Cost;
use subject::Subject;

/// Where everything that is made to be measured goes, with all that is built.
const SCRATCH: &str = "target/build-cost";
/// The page of the figures.
const PAGE: &str = "docs/build-cost.md";

/// What to do, by the words after `build-cost`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// One round instead of three.
    quick: bool,
    /// To fail where a target is missed.
    assert: bool,
    /// A commit whose client is measured beside ours.
    before: Option<String>,
}

impl Options {
    /// The options of a command line; none where there is something else on it.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        for word in words {
            match *word {
                "--quick" => options.quick = true,
                "--assert" => options.assert = true,
                _ => options.before = Some(word.strip_prefix("--before=").filter(|it| !it.is_empty())?.to_owned()),
            }
        }
        Some(options)
    }

    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }
}

/// Makes the others, measures all, and writes the page; answers with its tables.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String> {
    let document = Document::load(root, &crate::service::TOGAI)?;
    let scratch = root.join(SCRATCH);
    eprintln!("generating the others");
    let mut subjects = Subject::ours(root);
    if let Some(commit) = &options.before {
        subjects.extend(Subject::before(&before::check_out(root, &scratch, commit)?));
    }
    subjects.push(plain::make(root, &scratch, &document)?);
    subjects.push(openapi_generator::make(root, &scratch)?);

    let target = scratch.join("target");
    let machine = machine::describe()?;
    let costs = Cost::measure(&subjects, &target, options.rounds())?;

    let tables = page::tables(&costs, &machine, options.rounds());
    fs::write(root.join(PAGE), page::page(&tables)).with_context(|| format!("cannot write {PAGE}"))?;
    let missed = targets::missed(&costs);
    if options.assert && !missed.is_empty() {
        bail!("{tables}\nthese targets are missed:\n  {}", missed.join("\n  "));
    }
    Ok(format!("{tables}\nwrote {PAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order_and_unknown_ones_are_refused() {
        assert_eq!(Options::of(&[]), Some(Options::default()));
        let both = Options { quick: true, assert: true, before: None };
        assert_eq!(Options::of(&["--assert", "--quick"]), Some(both));
        assert_eq!(Options::of(&["--before=v1.2"]).and_then(|options| options.before).as_deref(), Some("v1.2"));
        assert_eq!((Options::of(&["--slow"]), Options::of(&["--before="])), (None, None));
    }
}
