//! Ingestion against a model: scenarios by chance, in virtual time, and all that must hold at every step of them.
//!
//! A scenario is a list of numbers. The first one makes the settings, each one after it makes one thing happen: an event is
//! handed in, a request is answered, time passes. The real [`Run`](togai_ingest::test_util::Run) is polled by hand in between. The
//! service behind it is in memory and consistent: what it says is true, where it says anything. The model keeps its own
//! account of what was handed in, sent and answered, and holds each request and each verdict against it.
//!
//! It is plain proptest, and not `proptest-state-machine`: which transitions there are depends on what the engine has in
//! flight, which no reference model can know beforehand without being the engine once more. So numbers are generated, and
//! a number is read as a choice among what is possible when its turn comes. Every list of numbers is a scenario, hence
//! shrinking is that of a vector: fewer numbers, and smaller ones, which are simpler choices.
//!
//! ```text
//! cargo test -p togai-model -- --nocapture
//! TOGAI_MODEL_STEPS=5000000 cargo test --release -p togai-model -- --nocapture
//! TOGAI_MODEL_SEED=7 cargo test -p togai-model -- --nocapture
//! ```

mod bare;
mod chance;
#[cfg(feature = "client")]
mod client;
mod clock;
mod item;
mod kind;
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

use kind::{KINDS, Kind};
use scenario::play;
use table::{SITUATIONS, Table};

/// What the engine talks to the service by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// A backend of the model's own.
    BareTrait,
    /// The clients of Togai and Enso, with their retries.
    Clients,
}

/// How often every response has to have met every situation, and each transition to have run.
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
fn attempt(numbers: &[u64], over: Over, table: &mut Table) -> Result<(), String> {
    let played = catch_unwind(AssertUnwindSafe(|| play(numbers, over, false)));
    let played = played.map_err(|_| "it panicked".to_owned())?;
    table.add(&played.table);
    played.wrong.map_or(Ok(()), Err)
}

/// Plays scenarios until one of them fails or there were so many steps.
fn play_many(over: Over, seed: u64, steps: u64, table: &mut Table) -> Result<(), String> {
    let mut runner = runner(seed);
    let scenarios = scenarios();
    while table.steps < steps {
        let tree = scenarios.new_tree(&mut runner).map_err(|reason| reason.to_string())?;
        if attempt(&tree.current(), over, table).is_err() {
            let failed =
                |numbers: Vec<u64>| attempt(&numbers, over, &mut Table::default()).map_err(TestCaseError::fail);
            let Err(TestError::Fail(reason, numbers)) = runner.run_one(tree, failed) else {
                return Err("a failure went away when it was repeated".into());
            };
            let told = catch_unwind(|| play(&numbers, over, true).told).unwrap_or_default().join("\n");
            return Err(format!("{reason}\nseed {seed}, numbers {numbers:?}\n{told}"));
        }
    }
    Ok(())
}

/// Every response in every situation that it can meet.
fn pairs(over: Over) -> Vec<(&'static str, &'static str)> {
    let of = |situation: &'static str| KINDS.iter().map(move |(kind, name)| (*kind, situation, (*name, situation)));
    let all = SITUATIONS.iter().flat_map(|situation| of(situation));
    let can_be = |kind: Kind, situation| match kind {
        // A request of one event leaves no doubt which one is meant.
        Kind::Phantom => situation != "alone",
        // Over the wire a list is short only from a hundred on, and what keeps a request from being sent is above the wire.
        Kind::Capped | Kind::NotBegun => over == Over::BareTrait,
        _ => true,
    };
    all.filter(|(kind, situation, _)| can_be(*kind, *situation)).map(|(_, _, pair)| pair).collect()
}

const EARLIER_ATTEMPT: &str = "an attempt before the response may have been applied";
const TRANSITIONS: &[&str] = &[
    "an answer comes while an event is pulled",
    EARLIER_ATTEMPT,
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

/// Plays so many steps, prints what ran, and panics where something was wrong.
///
/// `TOGAI_MODEL_STEPS` sets another number of steps, and `TOGAI_MODEL_SEED` another seed than 1.
///
/// # Panics
///
/// If something is wrong, with the scenario that shows it. If a response or a transition ran too rarely.
#[expect(clippy::print_stdout, reason = "the table of what ran")]
pub fn check(over: Over, default_steps: u64) {
    let (seed, steps) = (number("TOGAI_MODEL_SEED", 1), number("TOGAI_MODEL_STEPS", default_steps));
    let mut table = Table::default();
    let result = play_many(over, seed, steps, &mut table);
    println!("seed {seed}\n{table}");
    if let Err(problem) = result {
        panic!("{problem}");
    }
    // Over the wire attempts before a response are responses of their own.
    let is_there = |name: &&str| over == Over::BareTrait || *name != EARLIER_ATTEMPT;
    let transitions: Vec<_> = TRANSITIONS.iter().copied().filter(is_there).collect();
    let rare = table.rare(&pairs(over), &transitions, LEAST);
    assert!(rare.is_empty() || steps < default_steps, "too rare: {rare:#?}");
}
