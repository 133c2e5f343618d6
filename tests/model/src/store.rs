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
    pub(crate) fits: bool,
    channel: Channel,
}

impl Store {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self { rules, has: HashMap::new() }
    }

    /// Takes an event from an earlier call, of which this one knows nothing.
    pub(crate) fn take_from_earlier_call(&mut self, id: String) {
        self.has.insert(id, Origin::EarlierCall);
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
        let limits = self.rules.limits;
        let fits = request.indexes.len() <= limits.events && request.bytes <= limits.bytes;
        let (mut bad, mut duplicates, mut good) = (Vec::new(), Vec::new(), Vec::new());
        for index in &request.indexes {
            let handed = &ledger.events()[*index];
            let is_there = handed.id.as_ref().is_some_and(|id| self.has.contains_key(id));
            match handed.item.nature {
                _ if is_there => duplicates.push(*index),
                Nature::Good => good.push(*index),
                _ => bad.push(*index),
            }
        }
        Contents { bad, duplicates, good, fits, channel: self.rules.channel }
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
        let has_bad = !self.bad.is_empty();
        let has_duplicates = !self.duplicates.is_empty();
        let is_wire = self.channel.is_wire();
        match kind {
            ResponseKind::All => self.fits && !has_bad,
            // These do not mention duplicates.
            ResponseKind::Complete | ResponseKind::NoList | ResponseKind::Content | ResponseKind::Unprocessable => {
                self.fits && has_bad
            }
            ResponseKind::Duplicates => self.fits && !self.named_duplicates().is_empty(),
            ResponseKind::ContentOfDuplicate => self.fits && has_duplicates,
            // Over the wire a list is short only from a hundred on.
            ResponseKind::Capped => self.fits && !is_wire && (has_bad || has_duplicates),
            ResponseKind::Strange => self.fits && self.failures().next().is_some(),
            ResponseKind::Phantom => self.fits && self.bad.len() + self.duplicates.len() + self.good.len() > 1,
            ResponseKind::Size400 | ResponseKind::Size413 | ResponseKind::Size422 => !self.fits,
            ResponseKind::UnclearApplied | ResponseKind::OutageApplied | ResponseKind::ResetApplied => self.fits,
            ResponseKind::NotBegun => !is_wire,
            _ => true,
        }
    }
}
