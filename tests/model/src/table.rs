//! The table counts what ran, and knows what has to run.

use std::collections::BTreeMap;
use std::fmt;

use crate::response::{KINDS, ResponseKind};
use crate::rules::Over;

/// Counts steps, transitions, and responses by the situation of their requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    steps: u64,
    transitions: BTreeMap<&'static str, u64>,
    responses: BTreeMap<(&'static str, &'static str), u64>,
}

impl Table {
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts a step, and its transition.
    pub(crate) fn step(&mut self, name: &'static str) {
        self.steps += 1;
        self.transition(name);
    }

    /// Counts a transition that is a part of a step.
    pub(crate) fn transition(&mut self, name: &'static str) {
        *self.transitions.entry(name).or_default() += 1;
    }

    pub(crate) fn response(&mut self, situation: &'static str, response: &'static str) {
        *self.responses.entry((response, situation)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        for (name, count) in &other.transitions {
            *self.transitions.entry(name).or_default() += count;
        }
        for (pair, count) in &other.responses {
            *self.responses.entry(*pair).or_default() += count;
        }
    }

    /// The responses and transitions that ran less often than this. Requests that isolate an event are rarer than others.
    pub(crate) fn rare(&self, over: Over, least: u64) -> Vec<String> {
        let count = |pair: &(&'static str, &'static str)| self.responses.get(pair).copied().unwrap_or_default();
        let pairs = pairs(over);
        let least_of = |situation| match (situation, over) {
            ("isolated", Over::BareTrait) => least / 4,
            // Fewer responses of a client are without a status.
            ("isolated", Over::Clients) => least / 16,
            _ => least,
        };
        let is_rare = |pair: &&(&'static str, &'static str)| count(pair) < least_of(pair.1);
        let pairs = pairs.iter().filter(is_rare).map(|pair| format!("{pair:?}: {}", count(pair)));
        let count = |name| self.transitions.get(name).copied().unwrap_or_default();
        // Over the wire the attempts before a response are requests of their own.
        let is_there = |name: &&&str| over == Over::BareTrait || **name != EARLIER_ATTEMPT;
        let names = TRANSITIONS.iter().filter(is_there).filter(|name| count(**name) < least);
        pairs.chain(names.map(|name| format!("{name}: {}", count(name)))).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} steps", self.steps)?;
        for (name, count) in &self.transitions {
            writeln!(formatter, "{count:>9}  {name}")?;
        }
        write!(formatter, "{:<42}", "response to a request that is")?;
        for column in SITUATIONS {
            write!(formatter, "{column:>10}")?;
        }
        writeln!(formatter)?;
        let mut names: Vec<_> = self.responses.keys().map(|(response, _)| *response).collect();
        names.dedup();
        for name in names {
            write!(formatter, "{name:<42}")?;
            for column in SITUATIONS {
                write!(formatter, "{:>10}", self.responses.get(&(name, *column)).copied().unwrap_or_default())?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// Every response in every situation that it can meet.
fn pairs(over: Over) -> Vec<(&'static str, &'static str)> {
    let can_be = |kind, situation| match kind {
        // A request of one event leaves no doubt which event is meant.
        ResponseKind::Phantom => situation != "alone",
        // A client never sees a request that is not begun.
        ResponseKind::NotBegun => over == Over::BareTrait,
        _ => true,
    };
    let pairs = SITUATIONS.iter().flat_map(|situation| KINDS.iter().map(move |kind| (kind, *situation)));
    let pairs = pairs.filter(|((kind, _), situation)| can_be(*kind, *situation));
    pairs.map(|((_, name), situation)| (*name, situation)).collect()
}

/// What a request is when it gets its response.
const SITUATIONS: &[&str] = &["first", "whole", "part", "alone", "isolated", "stopped"];

/// A transition of the service alone.
pub(crate) const EARLIER_ATTEMPT: &str = "an attempt before the response may have been applied";

const TRANSITIONS: &[&str] = &[
    "a response comes while an event is pulled",
    EARLIER_ATTEMPT,
    "an event at which the service fails",
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
    "another call has success",
    "the call is dropped",
    "the call is polled for nothing",
    "the owner ends the call",
    "the owner stops the call",
    "the schema is created",
    "the service responds",
    "the source ends",
    "the source fails",
    "time passes",
];
