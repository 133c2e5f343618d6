//! Ingestion against a model: scenarios by chance, in virtual time, and all that must hold at every step of them.
//!
//! A scenario is a list of numbers. The first one makes the settings, each one after it makes one thing happen: an event is
//! handed in, a request is answered, time passes. The real [`Run`](super::run::Run) is polled by hand in between. The
//! service behind it is in memory and consistent: what it says is true, where it says anything. The model keeps its own
//! account of what was handed in, sent and answered, and holds each request and each verdict against it.
//!
//! It is plain proptest, and not `proptest-state-machine`: which transitions there are depends on what the engine has in
//! flight, which no reference model can know beforehand without being the engine once more. So numbers are generated, and
//! a number is read as a choice among what is possible when its turn comes. Every list of numbers is a scenario, hence
//! shrinking is that of a vector: fewer numbers, and smaller ones, which are simpler choices.
//!
//! ```text
//! cargo test -p togai-ext --lib ingest::model -- --nocapture
//! TOGAI_MODEL_STEPS=5000000 cargo test --release -p togai-ext --lib ingest::model -- --nocapture
//! TOGAI_MODEL_SEED=7 cargo test -p togai-ext --lib ingest::model -- --nocapture
//! ```

mod backend;
mod chance;
mod clock;
mod item;
mod kind;
mod mutants;
mod offer;
mod poll;
mod reply;
mod requests;
mod rules;
mod say;
mod scenario;
mod service;
mod source;
mod table;
mod verdicts;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

pub(in crate::ingest) use item::Item;

use kind::{KINDS, Kind};
use scenario::play;
use table::{SITUATIONS, Table};

/// Steps of the normal run.
const STEPS: u64 = 200_000;
/// How often every answer has to have met every situation, and each transition to have run.
const LEAST: u64 = 100;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn scenarios() -> impl Strategy<Value = Vec<u64>> {
    vec(any::<u64>(), 1..160)
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = *b"togai-ingestion.";
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::XorShift, &bytes))
}

/// Plays a scenario. A panic is a failure like any other.
fn attempt(numbers: &[u64], table: &mut Table) -> Result<(), String> {
    let played = catch_unwind(AssertUnwindSafe(|| play(numbers, false)));
    let played = played.map_err(|_| "it panicked".to_owned())?;
    table.add(&played.table);
    played.wrong.map_or(Ok(()), Err)
}

/// Plays scenarios until one of them fails or there were so many steps.
fn play_many(seed: u64, steps: u64, table: &mut Table) -> Result<(), String> {
    let mut runner = runner(seed);
    let scenarios = scenarios();
    while table.steps < steps {
        let tree = scenarios.new_tree(&mut runner).map_err(|reason| reason.to_string())?;
        if attempt(&tree.current(), table).is_err() {
            let failed = |numbers: Vec<u64>| attempt(&numbers, &mut Table::default()).map_err(TestCaseError::fail);
            let Err(TestError::Fail(reason, numbers)) = runner.run_one(tree, failed) else {
                return Err("a failure went away when it was repeated".into());
            };
            let told = catch_unwind(|| play(&numbers, true).told).unwrap_or_default().join("\n");
            return Err(format!("{reason}\nseed {seed}, numbers {numbers:?}\n{told}"));
        }
    }
    Ok(())
}

/// What is there to be met: every answer in every situation.
fn pairs() -> Vec<(&'static str, &'static str)> {
    let of = |situation: &'static str| KINDS.iter().map(move |(kind, name)| (*kind, (*name, situation)));
    let all = SITUATIONS.iter().flat_map(|situation| of(situation));
    // A request of one event leaves no doubt which one is meant.
    all.filter(|(kind, (_, situation))| (*kind, *situation) != (Kind::Phantom, "alone")).map(|(_, pair)| pair).collect()
}

const TRANSITIONS: &[&str] = &[
    "an answer comes while an event is pulled",
    "an attempt before the answer may have been applied",
    "an event that cannot be written",
    "an event that the service has",
    "an event that was there before",
    "an event with a fresh id",
    "an event with an id of another one",
    "an event without an id",
    "an event without an id, like one before",
    "a bad event",
    "a huge event",
    "a poisonous event",
    "another call proves the token",
    "the call is dropped",
    "the call is polled for nothing",
    "the owner stops the call",
    "the service answers",
    "the source ends",
    "the source fails",
    "time passes",
];

#[test]
#[expect(clippy::print_stdout, reason = "the table of what ran")]
fn every_event_gets_one_true_verdict_whatever_happens() {
    let (seed, steps) = (number("TOGAI_MODEL_SEED", 1), number("TOGAI_MODEL_STEPS", STEPS));
    let mut table = Table::default();
    let result = play_many(seed, steps, &mut table);
    println!("seed {seed}\n{table}");
    if let Err(problem) = result {
        panic!("{problem}");
    }
    let rare = table.rare(&pairs(), TRANSITIONS, LEAST);
    assert!(rare.is_empty() || steps < STEPS, "too rare: {rare:#?}");
}
