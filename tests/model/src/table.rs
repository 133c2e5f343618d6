//! How often what ran.

use std::collections::BTreeMap;
use std::fmt;

/// What a request was, when it was answered.
pub(crate) const SITUATIONS: &[&str] = &["first", "whole", "part", "alone", "stopped"];

/// Counts transitions, and answers by the situation that they met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) steps: u64,
    transitions: BTreeMap<&'static str, u64>,
    answers: BTreeMap<(&'static str, &'static str), u64>,
}

impl Table {
    pub(crate) fn transition(&mut self, name: &'static str) {
        *self.transitions.entry(name).or_default() += 1;
    }

    pub(crate) fn answer(&mut self, situation: &'static str, answer: &'static str) {
        *self.answers.entry((answer, situation)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        for (name, count) in &other.transitions {
            *self.transitions.entry(name).or_default() += count;
        }
        for (pair, count) in &other.answers {
            *self.answers.entry(*pair).or_default() += count;
        }
    }

    /// Pairs, and transitions, that ran less often than is wanted.
    pub(crate) fn rare(
        &self,
        pairs: &[(&'static str, &'static str)],
        names: &[&'static str],
        least: u64,
    ) -> Vec<String> {
        let count = |pair| self.answers.get(pair).copied().unwrap_or_default();
        let pairs = pairs.iter().filter(|pair| count(pair) < least).map(|pair| format!("{pair:?}: {}", count(pair)));
        let count = |name| self.transitions.get(name).copied().unwrap_or_default();
        let names = names.iter().filter(|name| count(*name) < least).map(|name| format!("{name}: {}", count(name)));
        pairs.chain(names).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} steps", self.steps)?;
        for (name, count) in &self.transitions {
            writeln!(formatter, "{count:>9}  {name}")?;
        }
        let columns = SITUATIONS;
        write!(formatter, "{:<42}", "answer to a request that is")?;
        for column in columns {
            write!(formatter, "{column:>10}")?;
        }
        writeln!(formatter)?;
        let mut names: Vec<_> = self.answers.keys().map(|(answer, _)| *answer).collect();
        names.dedup();
        for name in names {
            write!(formatter, "{name:<42}")?;
            for column in columns {
                write!(formatter, "{:>10}", self.answers.get(&(name, *column)).copied().unwrap_or_default())?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}
