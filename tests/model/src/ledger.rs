//! The ledger holds what was handed in, and what became of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use togai_ingest::{IdPolicy, Outcome};

use crate::evidence::Evidence;
use crate::input::Input;
use crate::item::{Item, Nature, Reading};
use crate::rules::Rules;

/// The model's own account of the events of a call.
pub(crate) struct Ledger {
    pub(crate) input: Input,
    rules: Arc<Rules>,
    /// What was pulled, by its index.
    handed: Vec<Handed>,
    /// The event of an id, where that event has no verdict yet.
    open: HashMap<String, usize>,
    /// The event for which no other event with its id is sent: it is open, or the service has it.
    holders: HashMap<String, usize>,
    /// The events that are to be sent, and were not in any request.
    unsent: VecDeque<usize>,
    verdicts: usize,
}

/// An event that was pulled.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) item: Item,
    pub(crate) admission: Admission,
    /// Its id, once that was seen.
    pub(crate) id: Option<String>,
    pub(crate) evidence: Evidence,
    pub(crate) batch: Option<usize>,
    pub(crate) has_verdict: bool,
    /// How many responses had taught a size when it was pulled.
    pub(crate) lessons_when_pulled: usize,
    /// How it was written when it was sent first.
    written: Option<Box<str>>,
}

/// Whether an event is to be sent, and what becomes of it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Sent,
    Rejected,
    Duplicate,
}

impl Ledger {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            input: Input::default(),
            rules,
            handed: Vec::new(),
            open: HashMap::new(),
            holders: HashMap::new(),
            unsent: VecDeque::new(),
            verdicts: 0,
        }
    }

    /// How many events were pulled.
    pub(crate) fn pulled(&self) -> usize {
        self.handed.len()
    }

    pub(crate) fn verdicts(&self) -> usize {
        self.verdicts
    }

    /// How many events are to be sent, and were not in any request.
    pub(crate) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    pub(crate) fn events(&self) -> &[Handed] {
        &self.handed
    }

    /// The first event without a verdict.
    pub(crate) fn first_open(&self) -> usize {
        self.handed.iter().position(|handed| !handed.has_verdict).unwrap_or(self.handed.len())
    }

    /// The batch of a request, which is that of its first event; nothing before it was sent.
    pub(crate) fn batch_of(&self, indexes: &[usize]) -> Option<usize> {
        indexes.first().and_then(|index| self.handed[*index].batch)
    }

    pub(crate) fn evidence(&mut self, index: usize) -> &mut Evidence {
        &mut self.handed[index].evidence
    }

    /// Notes that an event was pulled.
    pub(crate) fn note_pulled(&mut self, item: Item, lessons_when_pulled: usize) {
        let index = self.handed.len();
        let admission = self.admission(&item);
        let id = item.event.id.clone();
        if admission == Admission::Sent {
            self.unsent.push_back(index);
            if let Some(id) = &id {
                self.open.insert(id.clone(), index);
                self.holders.insert(id.clone(), index);
            }
        }
        self.handed.push(Handed {
            item,
            admission,
            id,
            evidence: Evidence::default(),
            batch: None,
            has_verdict: false,
            lessons_when_pulled,
            written: None,
        });
    }

    fn admission(&self, item: &Item) -> Admission {
        let id = item.event.id.as_ref();
        let is_refused = match item.nature {
            Nature::Unencodable => true,
            Nature::Bad => self.rules.settings.local_checks,
            Nature::Good | Nature::Poison | Nature::Deadly => false,
        };
        if is_refused || (id.is_none() && self.rules.settings.ids == IdPolicy::Require) {
            return Admission::Rejected;
        }
        let holder = id.and_then(|id| self.holders.get(id)).map(|index| &self.handed[*index].item.event);
        match holder {
            Some(other) if is_same(other, &item.event) => Admission::Duplicate,
            Some(_) => Admission::Rejected,
            None => Admission::Sent,
        }
    }

    /// The event in a request, if it has its id already and no verdict.
    pub(crate) fn find_open(&self, id: &str) -> Option<usize> {
        self.open.get(id).copied()
    }

    /// The next event of an account that is to be sent, and gets its id from the engine.
    pub(crate) fn find_without_id(&self, account: &str) -> Option<usize> {
        let is_it = |index: &usize| {
            let handed = &self.handed[*index];
            handed.id.is_none() && handed.item.event.account_id == account
        };
        self.unsent.iter().copied().find(is_it)
    }

    /// Notes the id that the engine gave to an event, and says whether no other event holds that.
    pub(crate) fn note_id(&mut self, index: usize, id: &str) -> bool {
        self.handed[index].id = Some(id.to_owned());
        self.open.insert(id.to_owned(), index);
        self.holders.insert(id.to_owned(), index).is_none()
    }

    /// Notes how an event was sent, and says whether that is right: what was handed in, in the same bytes each time.
    pub(crate) fn note_sent(&mut self, index: usize, id: &str, written: &str) -> bool {
        let handed = &mut self.handed[index];
        if let Some(before) = &handed.written {
            return **before == *written;
        }
        handed.written = Some(written.into());
        let expected = Reading { id: Some(id.to_owned()), ..handed.item.event.clone() };
        serde_json::from_str::<Reading>(written).is_ok_and(|event| event == expected)
    }

    /// Puts an event into a batch, and gives the event that was to be sent next.
    pub(crate) fn note_batch(&mut self, index: usize, batch: usize) -> Option<usize> {
        self.handed[index].batch = Some(batch);
        self.unsent.pop_front()
    }

    /// Notes the id of an event that was in no request, which its verdict shows first.
    pub(crate) fn note_late_id(&mut self, index: usize, id: Option<&str>) {
        let handed = &mut self.handed[index];
        if handed.admission == Admission::Sent && handed.id.is_none() {
            handed.id = id.map(str::to_owned);
        }
    }

    pub(crate) fn note_verdict(&mut self, index: usize, outcome: &Outcome) {
        self.verdicts += 1;
        let handed = &mut self.handed[index];
        handed.has_verdict = true;
        if handed.batch.is_none() {
            self.unsent.retain(|unsent| *unsent != index);
        }
        let Some(id) = handed.id.clone().filter(|_| handed.admission == Admission::Sent) else { return };
        self.open.remove(&id);
        let is_held = match outcome {
            Outcome::Accepted | Outcome::Duplicate { .. } => true,
            // The service may have it, and would bill another one, too.
            Outcome::Unknown { .. } => !self.rules.settings.idempotent,
            _ => false,
        };
        if is_held {
            self.holders.insert(id, index);
        } else {
            self.holders.remove(&id);
        }
    }
}

/// Whether two events say the same. The earlier one may have got its id from the engine.
fn is_same(earlier: &Reading, later: &Reading) -> bool {
    Reading { id: later.id.clone(), ..earlier.clone() } == *later
}
