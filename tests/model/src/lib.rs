//! A model of ingestion: random scenarios in virtual time, and all that must hold at every step of them.
//!
//! A scenario is a list of numbers. The first number makes the settings. Each other number makes one thing happen: an
//! event is handed in, a request gets a response, time passes. In between, the model polls the real
//! [`Run`](togai_ingest::test_util::Run) by hand. The service behind it is in memory and consistent: all that it says
//! is true. The model keeps its own account of all events, requests and responses, and checks each request and each
//! verdict by it.
//!
//! It is plain proptest, and not `proptest-state-machine`: the possible transitions depend on what the engine has in
//! flight, and a reference model that knew this beforehand would be a second engine. So proptest generates numbers,
//! and the model reads a number as a choice among what is possible at that step. Every list of numbers is a scenario.
//! Hence a failure shrinks as a vector does: to fewer numbers, and to smaller ones, which are simpler choices.
//!
//! ```text
//! cargo test -p togai-model -- --nocapture
//! TOGAI_MODEL_STEPS=5000000 cargo test --release -p togai-model -- --nocapture
//! TOGAI_MODEL_SEED=7 cargo test -p togai-model -- --nocapture
//! ```

mod bare;
mod batches;
mod budget;
mod call;
mod chance;
#[cfg(feature = "client")]
mod client;
mod clock;
mod evidence;
mod exchange;
mod expectations;
mod input;
mod isolation;
mod item;
mod ledger;
mod listing;
mod offer;
mod open;
mod other;
mod request;
mod respond;
mod response;
mod rules;
mod scenario;
mod server;
mod sizes;
mod store;
mod table;
mod taker;
mod turn;
mod verdict;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

pub use rules::Over;
use scenario::play;
use table::Table;

/// Each response has to meet each situation this often, and each transition has to run this often.
const LEAST: u64 = 100;

/// Plays this number of steps, prints what ran, and panics where something is wrong.
///
/// `TOGAI_MODEL_STEPS` sets another number of steps, and `TOGAI_MODEL_SEED` another seed than 1.
///
/// # Panics
///
/// If something is wrong, with the scenario that shows it. If a response or a transition ran too rarely.
#[expect(clippy::print_stdout, reason = "the table of what ran")]
pub fn check(over: Over, default_steps: u64) {
    let (seed, steps) = (variable("TOGAI_MODEL_SEED", 1), variable("TOGAI_MODEL_STEPS", default_steps));
    let mut table = Table::default();
    let result = play_many(over, seed, steps, &mut table);
    println!("seed {seed}\n{table}");
    if let Err(problem) = result {
        panic!("{problem}");
    }
    let rare = table.rare(over, LEAST);
    assert!(rare.is_empty() || steps < default_steps, "too rare: {rare:#?}");
}

/// Plays scenarios until one of them fails, or until all steps are played.
fn play_many(over: Over, seed: u64, steps: u64, table: &mut Table) -> Result<(), String> {
    let mut runner = runner(seed);
    let scenarios = scenarios();
    while table.steps() < steps {
        let tree = scenarios.new_tree(&mut runner).map_err(|reason| reason.to_string())?;
        if attempt(&tree.current(), over, table).is_err() {
            let failed =
                |numbers: Vec<u64>| attempt(&numbers, over, &mut Table::default()).map_err(TestCaseError::fail);
            let Err(TestError::Fail(reason, numbers)) = runner.run_one(tree, failed) else {
                return Err("a failure went away when it was repeated".into());
            };
            let trace = catch_unwind(|| play(&numbers, over, true).trace).unwrap_or_default().join("\n");
            return Err(format!("{reason}\nseed {seed}, numbers {numbers:?}\n{trace}"));
        }
    }
    Ok(())
}

/// Plays a scenario. A panic is a failure like any other.
fn attempt(numbers: &[u64], over: Over, table: &mut Table) -> Result<(), String> {
    let played = catch_unwind(AssertUnwindSafe(|| play(numbers, over, false)));
    let played = played.map_err(|_| "it panicked".to_owned())?;
    table.add(&played.table);
    played.problem.map_or(Ok(()), Err)
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

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
