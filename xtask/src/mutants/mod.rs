//! Whether the model of ingestion finds bugs: each mutant is put into a copy of the sources, and the model has to fail.

mod copy;
mod list;
mod model;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};

use copy::WorkspaceCopy;
use list::{Mutant, read};
use model::{Played, play};

/// Where the mutants are listed.
const LIST: &str = "tests/model/mutants.toml";

/// Plays the model with each mutant whose name has the text in it, and fails where one is not found.
pub(crate) fn run(root: &Path, part_of_name: &str) -> Result<String> {
    let mutants: Vec<Mutant> = read(root)?.into_iter().filter(|mutant| mutant.name.contains(part_of_name)).collect();
    if mutants.is_empty() {
        bail!("no mutant in {LIST} has `{part_of_name}` in its name");
    }
    let copy = WorkspaceCopy::make(root)?;
    for over in mutants.iter().map(|mutant| mutant.over).collect::<std::collections::BTreeSet<_>>() {
        if let Played::Failed { problem, .. } = play(&copy, over)? {
            bail!("the model fails without a mutant: {problem}");
        }
    }
    let (mut report, mut survivors) = (String::new(), Vec::new());
    for mutant in &mutants {
        copy.write(&mutant.file, &mutant.apply(&copy.read(&mutant.file)?)?)?;
        let played = play(&copy, mutant.over);
        copy.restore(&mutant.file)?;
        match played? {
            Played::Failed { steps, problem } => {
                let problem: String = problem.chars().take(90).collect();
                writeln!(report, "{steps:>7} steps  {:<55}  {problem}", mutant.name)?;
            }
            Played::Passed => survivors.push(mutant.name.as_str()),
        }
    }
    if !survivors.is_empty() {
        bail!("{report}\nThe model does not find: {}", survivors.join("; "));
    }
    write!(report, "{} mutants, all found", mutants.len())?;
    Ok(report)
}
