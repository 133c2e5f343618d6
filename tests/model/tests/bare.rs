//! The model over a backend of its own.

use togai_model::{Over, check};

#[test]
fn every_event_gets_one_true_verdict_whatever_happens() {
    check(Over::BareTrait, 350_000);
}
