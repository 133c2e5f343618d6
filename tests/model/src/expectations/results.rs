//! What the engine knows by the results of its requests.

use super::{Expectations, State};
use crate::batches::Batch;
use crate::evidence::{Certainty, Statement};
use crate::isolation::Failed;
use crate::ledger::Ledger;
use crate::open::OpenRequest;
use crate::request::Request;
use crate::response::Meaning;
use crate::sizes::Dimension;

impl Expectations {
    /// Notes what the engine learns from the result of a request.
    pub(crate) fn note_result(&mut self, open: &OpenRequest, ledger: &mut Ledger) {
        let request = &open.request;
        let Some(batch) = ledger.batch_of(&request.indexes) else { return };
        // A client does not send a request that the gate or the cancellation keeps back, and nothing is known of that.
        let Some(meaning) = open.meaning else { return self.note_maybe_stopped() };
        let is_unanswered = matches!(meaning, Meaning::Transient | Meaning::Final) && open.is_in_doubt;
        let is_unanswered = is_unanswered && !open.has_other_status;
        let is_unanswered = is_unanswered && self.rules.settings.idempotent && self.state < State::Silent;
        for index in &request.indexes {
            let evidence = ledger.evidence(*index);
            let is_left = open.is_contradictory && evidence.is_open();
            evidence.note_contradiction(meaning == Meaning::Taken && (is_left || evidence.is_disputed()));
        }
        match meaning {
            Meaning::Taken => self.note_taken(batch, open, ledger),
            Meaning::TooManyEvents | Meaning::TooManyBytes | Meaning::Content | Meaning::Duplicate => {
                self.note_refused(batch, request, meaning, ledger);
            }
            Meaning::Token => self.state = State::Silent,
            Meaning::Transient | Meaning::Final if is_unanswered => self.note_failure(batch, request),
            Meaning::Throttled | Meaning::Transient | Meaning::Final => self.note_stopped(),
        }
        let of_batch = self.batches.batch(batch);
        let is_blind = of_batch.is_blind();
        let Batch { budget, isolation, .. } = of_batch;
        budget.release(self.accepted);
        if !is_unanswered && isolation.note_response(request, self.accepted.session, !budget.is_empty(), is_blind) {
            self.note_stopped();
        }
        if self.batches.may_stop() {
            self.note_maybe_stopped();
        }
    }

    /// The service took the request, at least in part.
    fn note_taken(&mut self, batch: usize, open: &OpenRequest, ledger: &mut Ledger) {
        let request = &open.request;
        self.sizes.note_passed([request.indexes.len(), request.bytes]);
        let (mut has_taken, mut found, mut is_disputed, mut left) = (false, 0, false, Vec::new());
        for index in &request.indexes {
            let evidence = *ledger.evidence(*index);
            has_taken |= matches!(evidence.statement(), Some(Statement::Accepted | Statement::Duplicate));
            found += usize::from(evidence.statement().is_some() && !evidence.is_accepted());
            is_disputed |= evidence.is_disputed();
            if evidence.is_open() {
                left.push(*index);
            }
        }
        let accepted = self.accepted;
        self.batches.batch(batch).budget.note_found(found, accepted);
        if has_taken {
            self.note_accepted(batch, request);
        } else if !request.is_whole {
            self.batches.batch(batch).budget.charge();
        }
        self.note_learned_size(batch, ledger);
        if is_disputed || open.is_contradictory {
            self.batches.note_contradiction(batch, open.is_contradictory, &left);
        }
        if request.is_whole && !has_taken && !left.is_empty() {
            if request.indexes.len() == 1 {
                self.note_one_refused(Certainty::Yes);
            } else {
                self.note_fruitless(batch, Certainty::Yes, ledger);
            }
        }
    }

    /// The service took nothing of the request, for what is in it or for its size.
    fn note_refused(&mut self, batch: usize, request: &Request, meaning: Meaning, ledger: &mut Ledger) {
        let indexes = &request.indexes;
        let is_of_size = matches!(meaning, Meaning::TooManyEvents | Meaning::TooManyBytes);
        if !request.is_whole {
            self.batches.batch(batch).budget.charge();
        }
        let evidence = *ledger.evidence(indexes[0]);
        if let [index] = indexes[..] {
            if is_of_size {
                self.sizes.forget_refusals();
                self.batches.batch(batch).is_one_too_large = true;
            }
            match evidence.statement() {
                Some(Statement::Accepted | Statement::Duplicate) => {
                    let accepted = self.accepted;
                    self.batches.batch(batch).budget.note_found(1, accepted);
                    self.note_accepted(batch, request);
                    self.note_learned_size(batch, ledger);
                }
                _ if evidence.is_ambiguous() => {}
                _ => self.note_refused_alone(batch, request, index, ledger),
            }
        } else if self.rules.settings.idempotent || !evidence.is_ambiguous() {
            let size = [indexes.len(), request.bytes];
            match meaning {
                Meaning::TooManyEvents => self.sizes.note_refused(size, Dimension::Events),
                Meaning::TooManyBytes => self.sizes.note_refused(size, Dimension::Bytes),
                _ => {}
            }
            if is_of_size && self.batches.may_forget_sizes() {
                self.sizes.note_maybe_forgotten();
            }
            if request.is_whole {
                self.note_refused_whole(batch, Certainty::Yes, ledger);
            }
        }
    }

    /// An event was refused alone, of which the service has taken nothing.
    fn note_refused_alone(&mut self, batch: usize, request: &Request, index: usize, ledger: &mut Ledger) {
        let is_suspected = self.batches.is_suspected();
        let was_alone = self.batches.batch(batch).was_handed_in_alone;
        let is_alone = if request.is_whole { was_alone.min(is_suspected.opposite()) } else { Certainty::No };
        ledger.evidence(index).note_refusal_alone(self.accepted.sent, is_alone);
        let accepted = self.accepted;
        self.batches.batch(batch).budget.note_found(1, accepted);
        self.note_one_refused(is_alone);
        if is_alone < Certainty::Yes && request.is_whole {
            self.note_refused_whole(batch, is_alone.opposite(), ledger);
        }
    }

    /// An event that may have been handed in alone was refused. Of too many the call stops.
    fn note_one_refused(&mut self, was_alone: Certainty) {
        match self.batches.note_one_refused(was_alone) {
            Certainty::Yes => self.note_stopped(),
            Certainty::Maybe => self.note_maybe_stopped(),
            Certainty::No => {}
        }
    }

    fn note_refused_whole(&mut self, batch: usize, is_refused: Certainty, ledger: &Ledger) {
        self.batches.batch(batch).was_refused = is_refused;
        self.note_fruitless(batch, is_refused, ledger);
    }

    /// Nothing of a batch was accepted by its first request.
    fn note_fruitless(&mut self, batch: usize, is_refused: Certainty, ledger: &Ledger) {
        match self.batches.note_refused_whole(batch, is_refused, ledger) {
            Certainty::Yes => self.note_stopped(),
            Certainty::Maybe => self.note_maybe_stopped(),
            Certainty::No => {}
        }
    }

    /// The request failed without a response that says anything of the events.
    fn note_failure(&mut self, batch: usize, request: &Request) {
        let of_batch = self.batches.batch(batch);
        if !request.is_whole {
            of_batch.budget.charge();
        }
        if request.indexes.len() > 1 {
            let smallest = of_batch.smallest_unanswered.unwrap_or(request.bytes);
            of_batch.smallest_unanswered = Some(smallest.min(request.bytes));
        }
        let has_budget = !of_batch.budget.is_empty();
        let (accepted, is_blind) = (self.accepted, of_batch.is_blind());
        if request.indexes.len() == 1 && !request.is_trial() {
            of_batch.budget.note_found(1, accepted);
        }
        match of_batch.isolation.note_failure(request, accepted.session, has_budget, is_blind) {
            Failed::Aside => {}
            Failed::Ends => self.note_stopped(),
            Failed::Alone => {
                if self.failed_alone == Some(accepted.call) {
                    self.note_stopped();
                }
                self.failed_alone = Some(accepted.call);
            }
        }
    }

    /// A request of the call was accepted, in whole or in part.
    fn note_accepted(&mut self, batch: usize, request: &Request) {
        self.accepted.latest = self.accepted.latest.max(request.sent_as);
        self.accepted.session += 1;
        self.accepted.call += 1;
        if !request.is_whole {
            self.batches.batch(batch).budget.earn();
        }
        self.batches.note_accepted(batch);
    }

    /// A batch failed in one request, and all of it was accepted in smaller ones.
    fn note_learned_size(&mut self, batch: usize, ledger: &Ledger) {
        if let Some(bytes) = self.batches.batch(batch).smallest_unanswered
            && self.batches.is_all_accepted(batch, ledger)
        {
            self.sizes.note_unanswered(bytes);
            if self.batches.may_forget_sizes() {
                self.sizes.note_maybe_forgotten();
            }
        }
    }
}
