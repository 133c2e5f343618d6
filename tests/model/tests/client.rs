//! The model over the clients of togai-ext.

use togai_model::{Over, check};

#[test]
fn every_event_gets_one_true_verdict_whatever_happens() {
    check(Over::Clients, 520_000);
}
