//! Whether the model would notice: bugs that are put in on purpose, one at a time, and how long it takes to find each.

use std::collections::BTreeSet;

use super::table::Table;
use super::{attempt, number, runner, scenarios};
use crate::mutant;
use proptest::strategy::{Strategy, ValueTree};

/// All of them. A site with a name that is not here, or a name here without a site, is a failure.
const MUTANTS: &[&str] = &[
    // run.rs
    "goes on after a failure",
    "forgets that the source failed",
    "does not note an id",
    "forgets the id of what must not be sent again",
    "does not wait for the first success",
    "does not count what is not sent",
    "forgets that it has lingered",
    "forgets what is in flight on a stop",
    "forgets what was not sealed on a stop",
    // flight.rs
    "sends one more than the budget",
    "ignores the cancellation",
    "loses the event in the middle",
    "forgets an attempt before a refusal",
    "puts verdicts in the wrong place",
    "forgets that a 207 took some",
    "sends again what it left open",
    "sends again what an earlier attempt may have delivered",
    // verdict.rs
    "takes no answer for not sent",
    "takes a short list for a whole one",
    "passes over a failure without a name",
    "counts places from the end",
    "takes an echo for a duplicate",
    // Togai gives a reason for every event that it names.
    #[cfg(feature = "enso")]
    "believes a vague refusal of an echo",
    // seen.rs
    "takes other content for the same",
    "forgets the ids of what was accepted",
    "keeps the ids of what was refused",
    // batch.rs
    "leaves the bytes of a carried event behind",
    "sends the whole batch in place of a part",
    // limits.rs
    "does not learn from a refusal of size",
    // id.rs
    "gives an id twice",
];

/// Steps within which each mutant has to be found.
const STEPS: u64 = 100_000;

/// Plays until something is wrong, and says what, and after how many steps.
fn find(seed: u64) -> Option<(u64, String)> {
    let (mut runner, scenarios, mut table) = (runner(seed), scenarios(), Table::default());
    while table.steps < STEPS {
        let numbers = scenarios.new_tree(&mut runner).expect("there is always a scenario").current();
        if let Err(problem) = attempt(&numbers, &mut table) {
            return Some((table.steps, problem));
        }
    }
    None
}

#[test]
#[expect(clippy::print_stdout, reason = "how long it took")]
fn every_mutant_is_found() {
    let seed = number("TOGAI_MODEL_SEED", 1);
    let mut survivors = Vec::new();
    for name in MUTANTS {
        match mutant::with(name, || find(seed)) {
            Some((steps, problem)) => {
                let problem: String = problem.chars().take(90).collect();
                println!("{steps:>7} steps  {name:<50}  {problem}");
            }
            None => survivors.push(name),
        }
    }
    assert!(survivors.is_empty(), "not found within {STEPS} steps: {survivors:#?}");
}

#[test]
fn every_mutant_has_a_site_and_every_site_is_of_a_mutant() {
    let passed = mutant::sites_of(|| {
        let (mut runner, scenarios, mut table) = (runner(1), scenarios(), Table::default());
        while table.steps < 5_000 {
            let numbers = scenarios.new_tree(&mut runner).expect("there is always a scenario").current();
            attempt(&numbers, &mut table).expect("nothing is wrong");
        }
    });
    let named: BTreeSet<&str> = MUTANTS.iter().copied().collect();
    assert_eq!(passed, named);
    assert_eq!(named.len(), MUTANTS.len());
}
