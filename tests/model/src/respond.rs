//! What a response does to the service, and what it says to the engine.

use crate::chance::Chance;
use crate::evidence::Statement;
use crate::ledger::Ledger;
use crate::listing::{Listing, Said};
use crate::request::Request;
use crate::response::{Body, Broken, DUPLICATE, Response, ResponseKind, TOO_LARGE, TOO_MANY_ITEMS};
use crate::rules::Rules;
use crate::store::{Contents, Store};

/// Responds to a request.
pub(crate) struct Responder<'a> {
    rules: &'a Rules,
    store: &'a mut Store,
    ledger: &'a mut Ledger,
    request: &'a Request,
    is_in_doubt: bool,
}

impl<'a> Responder<'a> {
    pub(crate) fn new(rules: &'a Rules, store: &'a mut Store, ledger: &'a mut Ledger, request: &'a Request) -> Self {
        Self { rules, store, ledger, request, is_in_doubt: false }
    }

    pub(crate) fn respond(mut self, kind: ResponseKind, chance: &mut Chance) -> Response {
        // A transport made an attempt before this one, and reports only that.
        let maybe_repeated = !self.rules.channel.is_wire() && chance.below(6) == 5;
        if maybe_repeated {
            if chance.below(2) == 1 && self.contents().responds() {
                self.apply();
            }
            self.leave_open();
        }
        let body = self.body(kind, chance);
        Response { body, maybe_repeated, is_in_doubt: self.is_in_doubt, events: self.request.indexes.len() }
    }

    /// The engine drops the request. Whether the service took it is left to chance.
    pub(crate) fn abandon(mut self, chance: &mut Chance) {
        if chance.below(2) == 1 && self.contents().responds() {
            self.apply();
        }
        self.leave_open();
    }

    fn body(&mut self, kind: ResponseKind, chance: &mut Chance) -> Body {
        match kind {
            ResponseKind::All => self.accept(),
            ResponseKind::Complete
            | ResponseKind::Duplicates
            | ResponseKind::NoList
            | ResponseKind::Capped
            | ResponseKind::Strange
            | ResponseKind::Phantom
            | ResponseKind::NamesAccepted
            | ResponseKind::MayBeThere
            | ResponseKind::Contradictory
            | ResponseKind::RefusedDuplicate
            | ResponseKind::AcceptedFailure => {
                // A request brings no duplicates of its own events.
                let listing = Listing::of(kind, &self.contents(), self.request, self.rules, chance);
                self.accept_partly(&listing, chance)
            }
            ResponseKind::Content => Body::Status(400, "events: one of them is wrong"),
            ResponseKind::ContentOfDuplicate => self.refuse_duplicate(chance),
            ResponseKind::Missing => Body::Status(400, "schema rides does not exist"),
            ResponseKind::Unprocessable => Body::Status(422, "one of them is wrong"),
            ResponseKind::Size400 => Body::Status(400, TOO_MANY_ITEMS),
            ResponseKind::Size413 => Body::Status(413, ""),
            ResponseKind::Size422 => Body::Status(422, TOO_LARGE),
            ResponseKind::Unauthorized => Body::Status(401, "bad token"),
            ResponseKind::Forbidden => Body::Status(403, "not allowed"),
            ResponseKind::NotFound => Body::Status(404, "no such thing"),
            ResponseKind::Redirect => {
                // It may be the response of a server that has done what it was asked to.
                self.leave_open();
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

    /// Takes the good events, and names failures.
    fn accept_partly(&mut self, listing: &Listing, chance: &mut Chance) -> Body {
        // A service that contradicts itself may have taken nothing.
        if !listing.is_contradictory || chance.below(2) == 1 {
            self.apply();
        }
        let idempotent = self.rules.settings.idempotent;
        for index in &self.request.indexes {
            let evidence = self.ledger.evidence(*index);
            match listing.says_of(*index, evidence.is_ambiguous(), idempotent) {
                Said::Statement(statement) => evidence.note_statement(statement),
                Said::Dispute { dispute, is_in_doubt } => {
                    evidence.note_dispute(dispute);
                    if is_in_doubt {
                        evidence.note_doubt();
                    }
                }
                Said::Nothing => evidence.note_doubt(),
            }
        }
        Body::Partial(listing.body(self.request, self.ledger))
    }

    /// The service has one of the events, and says so of the request.
    fn refuse_duplicate(&mut self, chance: &mut Chance) -> Body {
        let status = [400, 409, 422][chance.below(3)];
        // A conflict may be one with what was taken just now, where an id does not count once.
        if status == 409 && self.rules.channel.is_wire() && !self.rules.settings.idempotent {
            self.leave_open();
        }
        if let [index] = self.request.indexes[..] {
            let evidence = self.ledger.evidence(index);
            evidence.note_statement(match (evidence.is_ambiguous(), self.rules.settings.idempotent) {
                (false, _) => Statement::Duplicate,
                // A duplicate of what this call may have sent before was accepted then.
                (true, true) => Statement::Accepted,
                (true, false) => Statement::Unclear,
            });
        }
        Body::Status(status, DUPLICATE)
    }

    /// The response leaves open whether the service took the request.
    fn leave_all_open(&mut self, kind: ResponseKind, chance: &mut Chance) -> Body {
        let is_applied = match kind {
            ResponseKind::UnclearApplied | ResponseKind::OutageApplied | ResponseKind::ResetApplied => true,
            ResponseKind::TimedOut | ResponseKind::Garbled => self.contents().responds() && chance.below(2) == 1,
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

    fn leave_open(&mut self) {
        self.is_in_doubt = true;
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
