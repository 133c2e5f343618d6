//! How many events a response says were accepted, and how many were not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::signs::{is_of_failures, number, objects, plain};

/// The numbers of events that a response gives, by the names of its fields: none is documented.
#[derive(Debug, Default)]
pub(super) struct Counts {
    events: usize,
    /// How many failed. There is more than one number where fields disagree.
    failed: BTreeSet<usize>,
    accepted: BTreeSet<usize>,
}

impl Counts {
    /// The counts in the response to a request of so many events.
    pub(super) fn of(body: &Value, events: usize) -> Self {
        let mut counts = Self { events, ..Self::default() };
        for (name, value) in objects(body).into_iter().flatten() {
            let Some(count) = number(value).and_then(|count| usize::try_from(count).ok()) else { continue };
            let name = plain(name);
            let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
            if has(&["code", "status", "time", "limit", "max", "retry", "index", "version", "id"]) && !has(&["invalid"])
            {
                continue;
            }
            let is_of_success = has(&["succe", "accept", "ingested"]);
            if is_of_failures(&name) || (is_of_success && (name.starts_with("not") || name.starts_with("un"))) {
                counts.failed.insert(count);
            } else if is_of_success {
                counts.accepted.insert(count);
            }
        }
        counts
    }

    /// Whether a count says that an event was not accepted.
    pub(super) fn says_failure(&self) -> bool {
        self.failed.iter().any(|failed| *failed > 0) || self.accepted.iter().any(|accepted| *accepted < self.events)
    }

    /// Whether the counts say that every event was accepted.
    pub(super) fn says_success(&self) -> bool {
        self.numbers_failed().next().is_some() && !self.says_failure()
    }

    /// Whether a list of so many failures, with so many duplicates among them, is all that the counts speak of. A duplicate
    /// may be counted as accepted.
    pub(super) fn confirms(&self, listed: usize, duplicates: usize) -> bool {
        self.numbers_failed().next().is_some()
            && self.numbers_failed().all(|failed| failed == listed || failed + duplicates == listed)
    }

    /// Whether there are more failures than so many that are listed.
    pub(super) fn exceeds(&self, listed: usize) -> bool {
        self.numbers_failed().any(|failed| failed > listed)
    }

    /// Whether a list of so many failures cannot be a part of what the counts speak of.
    pub(super) fn contradicts(&self, listed: usize, duplicates: usize) -> bool {
        let is_too_large = self.failed.iter().chain(&self.accepted).any(|count| *count > self.events);
        is_too_large || self.numbers_failed().any(|failed| failed + duplicates < listed)
    }

    /// How many events failed, by each of the counts.
    fn numbers_failed(&self) -> impl Iterator<Item = usize> {
        let rest = |accepted: &usize| self.events.saturating_sub(*accepted);
        self.failed.iter().copied().chain(self.accepted.iter().map(rest))
    }
}
