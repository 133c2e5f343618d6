//! The store holds what the service has, and knows what the service can truthfully say of a request.

use std::collections::HashMap;
use std::sync::Arc;

use togai_ingest::Outcome;

use crate::item::Nature;
use crate::ledger::{Admission, Handed, Ledger};
use crate::request::Request;
use crate::response::ResponseKind;
use crate::rules::{Channel, Rules};

/// The events that the service took, by their ids.
pub(crate) struct Store {
    rules: Arc<Rules>,
    has: HashMap<String, Origin>,
    /// Whether a schema is missing, so that it refuses every event that it does not have.
    is_schema_missing: bool,
}

/// Where the service has an event from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    EarlierCall,
    /// The event of this call with that index.
    Event(usize),
}

/// The events of a request, as the service sees them.
pub(crate) struct Contents {
    pub(crate) bad: Vec<usize>,
    duplicates: Vec<usize>,
    good: Vec<usize>,
    /// Whether the request is within the limits of the service.
    fits: bool,
    /// Whether the service fails at it, without a response that says anything of the events.
    fails: bool,
    is_schema_missing: bool,
    channel: Channel,
}

impl Store {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self { is_schema_missing: rules.is_schema_missing, rules, has: HashMap::new() }
    }

    /// Takes an event from an earlier call, of which this one knows nothing.
    pub(crate) fn take_from_earlier_call(&mut self, id: String) {
        self.has.insert(id, Origin::EarlierCall);
    }

    /// Makes what was missing, and says whether it was.
    pub(crate) fn create_schema(&mut self) -> bool {
        std::mem::take(&mut self.is_schema_missing)
    }

    /// Whether a verdict agrees with what the service really did, known to the engine or not.
    pub(crate) fn agrees(&self, index: usize, handed: &Handed, outcome: &Outcome) -> bool {
        let origin = handed.id.as_ref().and_then(|id| self.has.get(id));
        match outcome {
            Outcome::Accepted => origin.is_some(),
            Outcome::Duplicate { .. } => origin.is_some() || handed.admission == Admission::Duplicate,
            Outcome::Rejected { .. } | Outcome::NotSent { .. } => origin != Some(&Origin::Event(index)),
            Outcome::Unknown { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn contents(&self, request: &Request, ledger: &Ledger) -> Contents {
        let Rules { limits, most_bytes_answered, channel, .. } = *self.rules;
        let fits = request.indexes.len() <= limits.events && request.bytes <= limits.bytes;
        let mut fails = request.bytes > most_bytes_answered;
        let is_schema_missing = self.is_schema_missing;
        let (mut bad, mut duplicates, mut good) = (Vec::new(), Vec::new(), Vec::new());
        for index in &request.indexes {
            let handed = &ledger.events()[*index];
            let is_there = handed.id.as_ref().is_some_and(|id| self.has.contains_key(id));
            fails |= handed.item.nature == Nature::Deadly;
            match handed.item.nature {
                _ if is_there => duplicates.push(*index),
                Nature::Good if !is_schema_missing => good.push(*index),
                _ => bad.push(*index),
            }
        }
        Contents { bad, duplicates, good, fits, fails, is_schema_missing, channel }
    }

    /// Takes what is good and new in a request.
    pub(crate) fn apply(&mut self, request: &Request, ledger: &Ledger) {
        for index in self.contents(request, ledger).good {
            if let Some(id) = ledger.events()[index].id.clone() {
                self.has.entry(id).or_insert(Origin::Event(index));
            }
        }
    }
}

impl Contents {
    /// Whether the service looks at the events, and can take them.
    pub(crate) fn responds(&self) -> bool {
        self.fits && !self.fails
    }

    /// Whether the service fails at the request, whatever else it could say of it.
    pub(crate) fn fails(&self) -> bool {
        self.fails
    }

    pub(crate) fn is_schema_missing(&self) -> bool {
        self.is_schema_missing
    }

    /// The events that the service has after the request.
    pub(crate) fn taken(&self) -> impl Iterator<Item = usize> {
        self.good.iter().chain(&self.duplicates).copied()
    }

    /// The bad events, and the duplicates where the service names these.
    pub(crate) fn failures(&self) -> impl Iterator<Item = usize> {
        self.bad.iter().chain(self.named_duplicates()).copied()
    }

    /// Enso names no duplicates.
    pub(crate) fn named_duplicates(&self) -> &[usize] {
        if self.channel == Channel::Enso { &[] } else { &self.duplicates }
    }

    /// Whether a response would be true.
    pub(crate) fn allows(&self, kind: ResponseKind) -> bool {
        let (responds, channel) = (self.responds(), self.channel);
        let has_bad = !self.bad.is_empty();
        let has_failures = self.failures().next().is_some();
        let is_several = self.bad.len() + self.duplicates.len() + self.good.len() > 1;
        // Enso names no accepted events, and has no other way to contradict itself than by its counts.
        let is_enso = channel == Channel::Enso;
        match kind {
            ResponseKind::All => responds && !has_bad,
            // These do not mention duplicates.
            ResponseKind::Complete | ResponseKind::NoList | ResponseKind::Content | ResponseKind::Unprocessable => {
                responds && has_bad
            }
            ResponseKind::Missing => responds && has_bad && self.is_schema_missing,
            ResponseKind::Duplicates => responds && !self.named_duplicates().is_empty(),
            ResponseKind::ContentOfDuplicate => responds && !self.duplicates.is_empty(),
            ResponseKind::Capped | ResponseKind::Strange => responds && has_failures,
            ResponseKind::Phantom => responds && is_several,
            ResponseKind::NamesAccepted => responds && !is_enso && self.taken().next().is_some(),
            ResponseKind::RefusedDuplicate => responds && !is_enso && has_failures,
            ResponseKind::Contradictory | ResponseKind::AcceptedFailure => responds && !is_enso,
            ResponseKind::Size400 | ResponseKind::Size413 | ResponseKind::Size422 => !self.fits,
            ResponseKind::MayBeThere
            | ResponseKind::UnclearApplied
            | ResponseKind::OutageApplied
            | ResponseKind::ResetApplied => responds,
            ResponseKind::UnclearNot | ResponseKind::Garbled => !self.fails,
            ResponseKind::NotBegun => !channel.is_wire(),
            _ => true,
        }
    }
}
