//! What a response does to the service, and what it says to the engine.

use crate::chance::Chance;
use crate::evidence::Statement;
use crate::ledger::Ledger;
use crate::request::Request;
use crate::response::{Body, Broken, Failure, Response, ResponseKind, TOO_MANY_ITEMS};
use crate::rules::{Channel, Rules};
use crate::store::{Contents, Store};

/// Responds to a request.
pub(crate) struct Responder<'a> {
    rules: &'a Rules,
    store: &'a mut Store,
    ledger: &'a mut Ledger,
    request: &'a Request,
}

/// The failures that a partial response names.
#[derive(Default)]
struct Listing {
    bad: Vec<usize>,
    duplicates: Vec<usize>,
    /// Those that are listed without their name, or by that of no event.
    nameless: Vec<usize>,
    /// Whether an event is listed that was not sent.
    has_phantom: bool,
    may_be_incomplete: bool,
}

impl<'a> Responder<'a> {
    pub(crate) fn new(rules: &'a Rules, store: &'a mut Store, ledger: &'a mut Ledger, request: &'a Request) -> Self {
        Self { rules, store, ledger, request }
    }

    pub(crate) fn respond(mut self, kind: ResponseKind, chance: &mut Chance) -> Response {
        // A transport made an attempt before this one, and reports only that.
        let maybe_repeated = !self.rules.channel.is_wire() && chance.below(6) == 5;
        if maybe_repeated {
            if chance.below(2) == 1 && self.contents().fits {
                self.apply();
            }
            self.leave_open();
        }
        let body = self.body(kind, chance);
        Response { body, maybe_repeated, events: self.request.indexes.len() }
    }

    fn body(&mut self, kind: ResponseKind, chance: &mut Chance) -> Body {
        match kind {
            ResponseKind::All => self.accept(),
            ResponseKind::Complete
            | ResponseKind::Duplicates
            | ResponseKind::NoList
            | ResponseKind::Capped
            | ResponseKind::Strange
            | ResponseKind::Phantom => {
                // A request brings no duplicates of its own events.
                let contents = self.contents();
                let listing = self.listing(kind, &contents, chance);
                self.accept_partly(&listing, contents.bad.len())
            }
            ResponseKind::Content => self.refuse(400, "events: one of them is wrong"),
            ResponseKind::ContentOfDuplicate => self.refuse(400, "a duplicate is among them"),
            ResponseKind::Unprocessable => self.refuse(422, "one of them is wrong"),
            ResponseKind::Size400 => self.refuse(400, TOO_MANY_ITEMS),
            ResponseKind::Size413 => self.refuse(413, ""),
            ResponseKind::Size422 => self.refuse(422, "too large"),
            ResponseKind::Unauthorized => self.refuse(401, "bad token"),
            ResponseKind::Forbidden => self.refuse(403, "not allowed"),
            ResponseKind::NotFound => self.refuse(404, "no such thing"),
            ResponseKind::Redirect => {
                // It may be the response of a server that has done what it was asked to.
                if !self.rules.settings.idempotent {
                    self.leave_open();
                }
                Body::Status(302, "")
            }
            ResponseKind::Throttled => Body::Status(429, "slow down"),
            ResponseKind::Connect => Body::Broken(Broken::Connect),
            ResponseKind::NotBegun => Body::Broken(Broken::NotBegun),
            ResponseKind::UnclearApplied
            | ResponseKind::UnclearNot
            | ResponseKind::OutageApplied
            | ResponseKind::OutageNot
            | ResponseKind::TimedOut
            | ResponseKind::ResetApplied
            | ResponseKind::ResetNot
            | ResponseKind::Garbled => self.leave_all_open(kind, chance),
        }
    }

    fn accept(&mut self) -> Body {
        self.apply();
        for index in &self.request.indexes {
            self.ledger.evidence(*index).note_statement(Statement::Accepted);
        }
        Body::All
    }

    /// Takes the good events, and names failures, of the number that failed.
    fn accept_partly(&mut self, listing: &Listing, failed: usize) -> Body {
        self.apply();
        let indexes = &self.request.indexes;
        // Enso counts failures, so that it needs no list where all events failed.
        let all_failed = self.rules.channel == Channel::Enso && failed == indexes.len();
        let is_each_refused = all_failed || (indexes.len() == 1 && listing.may_be_incomplete);
        let mut failures = Vec::new();
        for (position, index) in indexes.iter().enumerate() {
            if listing.lists(*index) {
                failures.push(listing.failure(*index, position, self.ledger));
            }
            let evidence = self.ledger.evidence(*index);
            let is_named = indexes.len() == 1 || !listing.nameless.contains(index);
            if listing.lists(*index) && is_named {
                // A duplicate of what this call may have sent before was accepted then.
                let duplicate = if evidence.is_ambiguous() { Statement::Accepted } else { Statement::Duplicate };
                let is_duplicate = listing.duplicates.contains(index);
                evidence.note_statement(if is_duplicate { duplicate } else { Statement::Refused });
            } else if is_each_refused && !evidence.is_ambiguous() {
                evidence.note_statement(Statement::Refused);
            } else if listing.is_complete() {
                evidence.note_statement(Statement::Accepted);
            } else {
                evidence.note_doubt();
            }
        }
        if listing.has_phantom {
            failures.push(Failure { id: Some("??".into()), index: Some(indexes.len()), is_duplicate: false });
        }
        Body::Partial { failures, failed, may_be_incomplete: listing.may_be_incomplete }
    }

    fn listing(&self, kind: ResponseKind, contents: &Contents, chance: &mut Chance) -> Listing {
        let bad = contents.bad.clone();
        if kind == ResponseKind::Complete {
            return Listing { bad, ..Listing::default() };
        }
        let all = Listing { bad, duplicates: contents.named_duplicates().to_vec(), ..Listing::default() };
        match kind {
            ResponseKind::NoList => Listing { may_be_incomplete: true, ..Listing::default() },
            ResponseKind::Capped => {
                let mut listed: Vec<usize> = contents.failures().collect();
                listed.sort_unstable();
                listed.truncate(1 + chance.below(listed.len()));
                let (bad, duplicates) = listed.into_iter().partition(|index| contents.bad.contains(index));
                Listing { bad, duplicates, may_be_incomplete: true, ..Listing::default() }
            }
            ResponseKind::Strange => {
                let first = chance.below(contents.failures().count());
                let mut nameless = Vec::new();
                for (position, index) in contents.failures().enumerate() {
                    if position == first || chance.below(2) == 1 {
                        nameless.push(index);
                    }
                }
                Listing { nameless, may_be_incomplete: chance.below(3) == 2 && !self.rules.channel.is_wire(), ..all }
            }
            ResponseKind::Phantom => Listing { has_phantom: true, ..all },
            _ => all,
        }
    }

    /// The response leaves open whether the service took the request.
    fn leave_all_open(&mut self, kind: ResponseKind, chance: &mut Chance) -> Body {
        let is_applied = match kind {
            ResponseKind::UnclearApplied | ResponseKind::OutageApplied | ResponseKind::ResetApplied => true,
            ResponseKind::TimedOut | ResponseKind::Garbled => self.contents().fits && chance.below(2) == 1,
            _ => false,
        };
        if is_applied {
            self.apply();
        }
        self.leave_open();
        let broken = [Broken::Interrupted, Broken::Timeout][chance.below(2)];
        match kind {
            ResponseKind::OutageApplied => Body::Status(503, "later"),
            ResponseKind::OutageNot => Body::Status(500, ""),
            ResponseKind::TimedOut => Body::Status(408, ""),
            ResponseKind::ResetApplied | ResponseKind::ResetNot => Body::Broken(broken),
            ResponseKind::Garbled => Body::Garbled,
            _ => Body::Unclear,
        }
    }

    fn refuse(&mut self, status: u16, message: &'static str) -> Body {
        // Any other status says nothing of the events.
        let is_about_events = matches!(status, 400 | 413 | 422);
        if let ([index], true) = (&self.request.indexes[..], is_about_events) {
            self.ledger.evidence(*index).note_refusal_alone();
        }
        Body::Status(status, message)
    }

    fn leave_open(&mut self) {
        for index in &self.request.indexes {
            self.ledger.evidence(*index).note_doubt();
        }
    }

    fn apply(&mut self) {
        self.store.apply(self.request, self.ledger);
    }

    fn contents(&self) -> Contents {
        self.store.contents(self.request, self.ledger)
    }
}

impl Listing {
    fn lists(&self, index: usize) -> bool {
        self.bad.contains(&index) || self.duplicates.contains(&index)
    }

    /// Whether it says of each event whether it was accepted.
    fn is_complete(&self) -> bool {
        self.nameless.is_empty() && !self.has_phantom && !self.may_be_incomplete
    }

    fn failure(&self, index: usize, position: usize, ledger: &Ledger) -> Failure {
        let is_duplicate = self.duplicates.contains(&index);
        if !self.nameless.contains(&index) {
            return Failure { id: ledger.events()[index].id.clone(), index: Some(position), is_duplicate };
        }
        // It has no name, or that of no event.
        let has_name = index.is_multiple_of(2);
        Failure { id: has_name.then(|| "?".to_owned()), index: has_name.then_some(1 << 40), is_duplicate }
    }
}
