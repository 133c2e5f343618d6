//! The batches hold what has become of each batch, and what may still be sent of it.

use std::sync::Arc;

use crate::budget::{Acceptances, Budget};
use crate::evidence::Certainty;
use crate::isolation::Isolation;
use crate::ledger::Ledger;
use crate::open::OpenRequests;
use crate::request::Request;
use crate::rules::Rules;
use crate::turn::Turn;

/// The batches in the order in which they were sent first.
pub(crate) struct Batches {
    rules: Arc<Rules>,
    all: Vec<Batch>,
    /// Those with events that have no verdict.
    unfinished: Vec<usize>,
    /// Grows with each request of the call that is accepted.
    period: u64,
    /// Whether a batch was refused whole in this period.
    is_suspected: Certainty,
    /// The batch that is sent in parts while it seems that everything is refused, and how many were in this period.
    refused_turn: Turn,
    turns_in_period: usize,
    /// How many batches that were refused whole before this period have ended in it, and nothing of them was accepted.
    ended_in_period: usize,
    /// The batch of which an event behind failures is isolated.
    isolation_turn: Turn,
    /// How many events that were handed in alone were refused in this period, at least and at most.
    refused_alone: [usize; 2],
}

/// What has become of one batch.
pub(crate) struct Batch {
    events: Vec<usize>,
    unjudged: usize,
    /// How many responses had taught a size when its last event was pulled.
    lessons_when_filled: usize,
    /// Whether it is one event, and no response has made the batch so small.
    pub(crate) was_handed_in_alone: Certainty,
    pub(crate) budget: Budget,
    pub(crate) isolation: Isolation,
    last_request: Vec<usize>,
    /// Whether the same events may be sent again: after a trial, which is not retried, or a response that contradicts itself.
    may_repeat: bool,
    /// What the last response that contradicts itself leaves open.
    contradicted: Vec<usize>,
    /// Whether nothing of it was accepted yet.
    is_blind: bool,
    /// Whether its first request was refused.
    pub(crate) was_refused: Certainty,
    /// Whether nothing was accepted of its first request, and in which period.
    refused_whole: Certainty,
    refused_in: u64,
    /// Whether a single event of it was said to be too large.
    pub(crate) is_one_too_large: bool,
    /// The bytes of the smallest request of several events that failed without a response.
    pub(crate) smallest_unanswered: Option<usize>,
}

/// After so many batches of which nothing was accepted the next one stops the call.
const MOST_FRUITLESS: usize = 2;
/// So many events that were handed in alone may be refused at least.
const MOST_REFUSED_ALONE: usize = 8;

impl Batches {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            all: Vec::new(),
            unfinished: Vec::new(),
            period: 0,
            is_suspected: Certainty::No,
            refused_turn: Turn::default(),
            turns_in_period: 0,
            ended_in_period: 0,
            isolation_turn: Turn::default(),
            refused_alone: [0; 2],
        }
    }

    /// How many batches there are, which is the index of the next one.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn batch(&mut self, batch: usize) -> &mut Batch {
        &mut self.all[batch]
    }

    /// How many responses had taught a size when the last batch was filled, and the filling of the next one began.
    pub(crate) fn lessons_when_filled(&self) -> usize {
        self.all.last().map_or(0, |batch| batch.lessons_when_filled)
    }

    /// Adds a batch by its first request.
    pub(crate) fn start(
        &mut self,
        request: &Request,
        lessons_when_filled: usize,
        is_full: bool,
        is_unlimited: Certainty,
    ) {
        let is_of_one = request.indexes.len() == 1;
        self.unfinished.push(self.all.len());
        self.all.push(Batch {
            events: request.indexes.clone(),
            unjudged: request.indexes.len(),
            lessons_when_filled,
            was_handed_in_alone: match (is_of_one, is_unlimited) {
                (false, _) => Certainty::No,
                // A batch that was not full is not made smaller by what was learned.
                (true, Certainty::No) if !is_full => Certainty::Maybe,
                (true, certainty) => certainty,
            },
            budget: Budget::new(self.rules.settings.isolation_budget),
            isolation: Isolation::default(),
            last_request: request.indexes.clone(),
            may_repeat: false,
            contradicted: Vec::new(),
            is_blind: true,
            was_refused: Certainty::No,
            refused_whole: Certainty::No,
            refused_in: 0,
            is_one_too_large: false,
            smallest_unanswered: None,
        });
    }

    /// Takes a further request, and says what is wrong with it.
    pub(crate) fn note_request(
        &mut self,
        batch: usize,
        request: &Request,
        accepted: Acceptances,
        open: &OpenRequests,
        ledger: &Ledger,
    ) -> Result<(), String> {
        let is_open = |batch| open.requests().any(|open| ledger.batch_of(&open.request.indexes) == Some(batch));
        self.take_refused_turn(batch, &is_open)?;
        if request.max_retries.is_some() {
            self.isolation_turn.take(batch, &is_open)?;
        }
        let has_open = is_open(batch);
        let of_batch = &mut self.all[batch];
        let Batch { budget, isolation, last_request, may_repeat, contradicted, .. } = of_batch;
        if has_open {
            return Err("another one of its batch is in flight".into());
        }
        budget.release(accepted);
        if budget.is_empty() {
            return Err("the budget of its batch is spent".into());
        }
        let may_repeat = std::mem::replace(may_repeat, request.is_trial());
        if *last_request == request.indexes && !may_repeat {
            return Err("it says the same as the one before".into());
        }
        last_request.clone_from(&request.indexes);
        if request.indexes.iter().any(|index| contradicted.contains(index)) {
            let contradicted = std::mem::take(contradicted);
            if contradicted != request.indexes {
                return Err(format!("it is a part of what was left open by a contradiction: {contradicted:?}"));
            }
        }
        isolation.note_request(request, accepted.session)
    }

    /// Notes that a response of a batch contradicts itself, and which events it leaves open.
    pub(crate) fn note_contradiction(&mut self, batch: usize, is_contradictory: bool, left: &[usize]) {
        let batch = &mut self.all[batch];
        batch.may_repeat = true;
        if is_contradictory && self.rules.settings.idempotent {
            batch.contradicted = left.to_vec();
        }
    }

    /// Notes that a request of the call was accepted, and of which batch.
    pub(crate) fn note_accepted(&mut self, batch: usize) {
        self.all[batch].is_blind = false;
        self.period += 1;
        self.is_suspected = Certainty::No;
        (self.turns_in_period, self.ended_in_period) = (0, 0);
        self.refused_alone = [0; 2];
    }

    /// Notes that an event was refused that may have been handed in alone, and says whether that stops the call.
    pub(crate) fn note_one_refused(&mut self, was_alone: Certainty) -> Certainty {
        let most = self.rules.settings.isolation_budget.max(MOST_REFUSED_ALONE);
        let [least, utmost] = &mut self.refused_alone;
        *least += usize::from(was_alone == Certainty::Yes);
        *utmost += usize::from(was_alone > Certainty::No);
        if was_alone == Certainty::Yes && *least >= most {
            Certainty::Yes
        } else {
            let may_be_too_many = *utmost >= most && was_alone > Certainty::No;
            if may_be_too_many { Certainty::Maybe } else { Certainty::No }
        }
    }

    /// Notes that a batch was refused whole, and says whether that stops the call.
    pub(crate) fn note_refused_whole(&mut self, batch: usize, is_refused: Certainty, ledger: &Ledger) -> Certainty {
        let period = self.period;
        let is_over = |batch: &&Batch| batch.refused_in == period && batch.is_fruitless() && batch.is_over(ledger);
        let certain = self.all.iter().filter(is_over).filter(|batch| batch.refused_whole == Certainty::Yes);
        let (least, most) = (certain.count(), self.most_fruitless());
        self.is_suspected = self.is_suspected.max(is_refused);
        let batch = &mut self.all[batch];
        (batch.refused_whole, batch.refused_in) = (is_refused, period);
        if least >= MOST_FRUITLESS && is_refused == Certainty::Yes {
            Certainty::Yes
        } else if most >= MOST_FRUITLESS {
            Certainty::Maybe
        } else {
            Certainty::No
        }
    }

    /// Whether a batch was refused whole since a request of the call was accepted.
    pub(crate) fn is_suspected(&self) -> Certainty {
        self.is_suspected
    }

    /// Whether what is learned of sizes may be forgotten, since it was said of a single event, too.
    pub(crate) fn may_forget_sizes(&self) -> bool {
        let batches = self.unfinished.iter().map(|batch| &self.all[*batch]);
        batches.into_iter().any(|batch| batch.is_one_too_large && batch.is_blind)
    }

    /// Whether all events of a batch are accepted.
    pub(crate) fn is_all_accepted(&self, batch: usize, ledger: &Ledger) -> bool {
        self.all[batch].events.iter().all(|index| ledger.events()[*index].evidence.is_accepted())
    }

    /// Whether the call may have stopped by now: three batches were refused whole, or a batch that failed cannot be sent in
    /// parts any more.
    pub(crate) fn may_stop(&self) -> bool {
        let mut unfinished = self.unfinished.iter().map(|batch| &self.all[*batch]);
        let is_spent = unfinished.any(|batch| batch.isolation.is_set_aside() && batch.budget.is_empty());
        is_spent || self.most_fruitless() > MOST_FRUITLESS
    }

    /// Whether all batches were refused whole, and nothing of them accepted.
    pub(crate) fn are_all_refused(&self) -> Certainty {
        let is_refused = |batch: &Batch| if batch.is_blind { batch.was_refused } else { Certainty::No };
        self.all.iter().map(is_refused).min().unwrap_or(Certainty::No)
    }

    /// How many batches may be in flight without a request: they wait for their turn.
    pub(crate) fn waiting(&self, open: &OpenRequests, ledger: &Ledger) -> usize {
        self.unfinished.len() - open.requests().filter_map(|open| ledger.batch_of(&open.request.indexes)).count()
    }

    /// How many events are in batches with an event that was refused alone.
    pub(crate) fn held(&self, ledger: &Ledger) -> usize {
        let was_refused_alone = |index: &usize| ledger.events()[*index].evidence.was_refused_alone();
        let unfinished = self.unfinished.iter().map(|batch| &self.all[*batch]);
        let held = unfinished.filter(|batch| batch.events.iter().any(was_refused_alone));
        held.map(|batch| batch.unjudged).sum()
    }

    /// Notes that an event of a batch has its verdict.
    pub(crate) fn note_verdict(&mut self, batch: usize) {
        let of_batch = &mut self.all[batch];
        of_batch.unjudged -= 1;
        if of_batch.unjudged == 0 {
            let is_old = of_batch.refused_in != self.period;
            self.ended_in_period += usize::from(of_batch.is_fruitless() && is_old && self.is_suspected > Certainty::No);
            self.unfinished.retain(|unfinished| *unfinished != batch);
        }
    }

    /// What is wrong where no request is in flight: a batch that waits, unless it has an event that is not known to be at
    /// fault.
    pub(crate) fn check_idle(&self, accepted: u64, ledger: &Ledger) -> Result<(), String> {
        let is_held = |index: &usize| {
            let evidence = ledger.events()[*index].evidence;
            evidence.was_refused_alone() && evidence.is_at_fault(accepted) < Certainty::Yes
        };
        match self.unfinished.iter().find(|batch| !self.all[**batch].events.iter().any(is_held)) {
            Some(batch) => Err(format!("batch {batch} waits for nothing")),
            None => Ok(()),
        }
    }

    /// How many batches may have ended since the last request was accepted, or may do so yet, of which nothing is accepted.
    fn most_fruitless(&self) -> usize {
        let counts = |batch: &&Batch| batch.refused_in == self.period || batch.unjudged > 0;
        self.ended_in_period + self.all.iter().filter(counts).filter(|batch| batch.is_fruitless()).count()
    }

    /// While it seems that everything is refused, one batch at a time is sent in parts of those that were refused whole.
    fn take_refused_turn(&mut self, batch: usize, is_open: &dyn Fn(usize) -> bool) -> Result<(), String> {
        let Batch { refused_whole, refused_in, .. } = self.all[batch];
        let is_bound =
            refused_whole == Certainty::Yes && refused_in == self.period && self.refused_turn.holder() != Some(batch);
        if !is_bound {
            return self.refused_turn.check_not_over(batch);
        }
        self.refused_turn.take(batch, is_open)?;
        self.turns_in_period += 1;
        if self.turns_in_period > MOST_FRUITLESS {
            return Err("nothing was accepted of the batches before".into());
        }
        Ok(())
    }
}

impl Batch {
    /// Whether nothing of it was accepted yet.
    pub(crate) fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// Whether it was refused whole, and nothing of it accepted.
    fn is_fruitless(&self) -> bool {
        self.is_blind && self.refused_whole > Certainty::No
    }

    /// Whether it has ended for sure.
    fn is_over(&self, ledger: &Ledger) -> bool {
        let is_settled = |index: &usize| ledger.events()[*index].evidence.is_settled();
        self.unjudged == 0 || (self.events.len() > 1 && self.events.iter().all(is_settled))
    }
}
