//! The expectations hold what must be true of the engine, and the first thing that is not.

mod results;

use std::sync::Arc;

use togai_ingest::DeliveryError;
use togai_ingest::test_util::BatchSize;

use crate::batches::Batches;
use crate::budget::Acceptances;
use crate::evidence::Certainty;
use crate::input::Input;
use crate::ledger::{Handed, Ledger};
use crate::open::OpenRequests;
use crate::request::Request;
use crate::rules::Rules;
use crate::sizes::LearnedSizes;
use crate::verdict::Verdict;

/// What the engine knows by the responses that it has, and what it must do for that reason.
#[expect(clippy::struct_excessive_bools, reason = "each is known or not by itself")]
pub(crate) struct Expectations {
    rules: Arc<Rules>,
    /// The first thing that is wrong.
    problem: Option<String>,
    state: State,
    /// Whether the call may have stopped where the model cannot see it.
    may_be_stopped: bool,
    /// Whether the token is known to be good.
    is_proven: bool,
    /// Whether a batch may start after a stop: one that was full when the response came.
    may_start_late: bool,
    /// That a batch of one event failed, when so many requests of the call had been accepted.
    failed_alone: Option<u64>,
    /// Whether the call was ended when there was nothing left to do.
    may_end_well: bool,
    accepted: Acceptances,
    sizes: LearnedSizes,
    batches: Batches,
}

/// What the engine may still do, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Anything.
    Running,
    /// It may finish the batches in flight.
    Stopped,
    /// It may send nothing, since the token is not good or the call was ended.
    Silent,
}

impl Expectations {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            problem: None,
            state: State::Running,
            is_proven: rules.is_proven,
            may_be_stopped: false,
            may_start_late: false,
            failed_alone: None,
            may_end_well: false,
            accepted: Acceptances::default(),
            sizes: LearnedSizes::default(),
            batches: Batches::new(Arc::clone(&rules)),
            rules,
        }
    }

    /// Notes that something is wrong unless it is as it should be.
    pub(crate) fn check(&mut self, is_right: bool, problem: impl FnOnce() -> String) {
        if !is_right && self.problem.is_none() {
            self.problem = Some(problem());
        }
    }

    /// The first thing that is wrong.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state >= State::Stopped
    }

    /// The situation in which a request meets its response.
    pub(crate) fn situation(&self, request: &Request) -> &'static str {
        if self.is_stopped() {
            "stopped"
        } else if !self.is_proven {
            "first"
        } else if request.max_retries.is_some() {
            "isolated"
        } else if request.indexes.len() == 1 {
            "alone"
        } else if request.is_whole {
            "whole"
        } else {
            "part"
        }
    }

    /// The token is good.
    pub(crate) fn note_proven(&mut self) {
        self.is_proven = true;
    }

    /// The call ends as soon as the batches in flight have.
    pub(crate) fn note_stopped(&mut self) {
        self.state = self.state.max(State::Stopped);
    }

    /// The call is ended at once, which changes nothing where it has nothing left to do.
    pub(crate) fn note_ended(&mut self, ledger: &Ledger, open: &OpenRequests) {
        self.may_end_well |= !self.is_stopped() && open.len() == 0 && ledger.unsent() == 0 && !ledger.input.is_open();
        self.state = State::Silent;
    }

    fn note_maybe_stopped(&mut self) {
        self.may_be_stopped = true;
    }

    /// A response comes while an event is pulled. The engine may have filled a batch before it looks at it.
    pub(crate) fn note_response_while_pulling(&mut self) {
        self.may_start_late |= !self.is_stopped();
    }

    /// The engine has done all that it can.
    pub(crate) fn note_idle(&mut self) {
        self.may_start_late = false;
    }

    /// A request of another call of the session was accepted.
    pub(crate) fn note_other_accepted(&mut self, bytes: usize) {
        self.accepted.sent += 1;
        self.accepted.latest = self.accepted.sent;
        self.accepted.session += 1;
        self.sizes.note_passed([1, bytes]);
        self.note_proven();
    }

    /// How many requests of the session were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.session
    }

    /// A request is sent: its number.
    pub(crate) fn note_sent(&mut self) -> u64 {
        self.accepted.sent += 1;
        self.accepted.sent
    }

    /// How many responses taught a size.
    pub(crate) fn lessons(&self) -> usize {
        self.sizes.lessons()
    }

    /// The engine asks for an event.
    pub(crate) fn check_pull(&mut self, input: &Input, in_flight: usize) {
        let (is_stopped, is_alone) = (self.is_stopped(), self.is_proven || in_flight == 0);
        self.check(!input.is_end_pulled(), || "the source was asked after its end".into());
        self.check(!is_stopped, || "the source was asked after the call was stopped".into());
        self.may_be_stopped &= self.batches.may_stop();
        self.check(is_alone, || "the source was asked before the token was known to be good".into());
    }

    /// The engine has pulled an event.
    pub(crate) fn check_pulled(&mut self, ledger: &Ledger) {
        let waiting = ledger.pulled() - ledger.verdicts();
        let settings = &self.rules.settings;
        let most = (settings.concurrency + 2) * settings.max_size.events + 2;
        // Batches with an event that was refused alone may wait as well.
        if waiting > most {
            let waiting = waiting - self.batches.held(ledger);
            self.check(waiting <= most, || format!("{waiting} events wait for a verdict"));
        }
    }

    /// An event is in a request.
    pub(crate) fn check_sent(&mut self, index: usize, handed: &Handed, is_in_flight: bool) {
        let id = handed.id.as_deref().unwrap_or_default();
        let Handed { evidence, .. } = handed;
        let may_be_sent = self.rules.settings.idempotent || !evidence.is_ambiguous();
        self.check(may_be_sent, || format!("event {index} ({id}) may have been taken, and is sent again"));
        self.check(!is_in_flight, || format!("event {index} ({id}) is in flight twice"));
        self.check(!evidence.is_settled(), || {
            format!("event {index} ({id}) is settled, and is sent again: {evidence:?}")
        });
        self.check(evidence.contradictions() < 2, || format!("event {index} ({id}) is sent after two contradictions"));
    }

    /// A request comes beside those that are open. It is the first one of a batch, or a smaller part of one.
    pub(crate) fn check_request(&mut self, request: &Request, open: &OpenRequests, ledger: &mut Ledger) {
        let Request { number, indexes, bytes, .. } = request;
        let BatchSize { events: most_events, bytes: most_bytes } = self.rules.settings.max_size;
        let (count, in_flight, most) = (indexes.len(), open.len() + 1, self.most_in_flight());
        let is_silent = self.state == State::Silent;
        self.check(count > 0, || format!("request {number} is empty"));
        self.check(count <= most_events, || format!("request {number} has {count} events"));
        self.check(count <= 1 || *bytes <= most_bytes, || format!("request {number} has {bytes} bytes"));
        self.check(indexes.is_sorted(), || format!("request {number} is not in order: {indexes:?}"));
        self.check(in_flight <= most, || format!("request {number} makes {in_flight} in flight, and {most} may be"));
        self.check(!is_silent, || format!("request {number} came after 401 or 403, or after the end"));
        let batch = ledger.batch_of(indexes);
        let is_of_one = indexes.iter().all(|index| ledger.events()[*index].batch == batch);
        self.check(is_of_one, || format!("request {number} mixes batches: {indexes:?}"));
        let Some(batch) = batch else { return self.check_first_request(request, ledger) };
        if let Err(problem) = self.batches.note_request(batch, request, self.accepted, open, ledger) {
            self.check(false, || format!("request {number} {indexes:?}: {problem}"));
        }
    }

    /// An attempt at a request comes beside those in flight.
    pub(crate) fn check_attempt(&mut self, request: &Request, in_flight: usize) {
        let (number, in_flight, most) = (request.number, in_flight + 1, self.most_in_flight());
        let is_silent = self.state == State::Silent;
        self.check(in_flight <= most, || format!("request {number} makes {in_flight} in flight, and {most} may be"));
        self.check(!is_silent, || format!("request {number} came after 401 or 403, or after the end"));
    }

    /// A batch has what is next in the input, and is not larger than the service takes.
    fn check_first_request(&mut self, request: &Request, ledger: &mut Ledger) {
        let Request { number, indexes, bytes, .. } = request;
        for index in indexes {
            let next = ledger.note_batch(*index, self.batches.len());
            self.check(next == Some(*index), || format!("request {number} has event {index}, and {next:?} was next"));
        }
        let may_start = !self.is_stopped() || std::mem::take(&mut self.may_start_late);
        self.check(may_start, || format!("request {number} starts a batch after the call was stopped"));
        self.check(request.max_retries.is_none(), || format!("request {number} is not to be retried as usual"));
        // It was filled at some time since the one before was.
        let [most_events, most_bytes] = self.sizes.most_since(self.batches.lessons_when_filled());
        let count = indexes.len();
        let is_small = count <= most_events && (count == 1 || *bytes <= most_bytes);
        self.check(is_small, || {
            format!("batch of request {number} has {count} events, {bytes} bytes; learned: {most_events}, {most_bytes}")
        });
        let lessons = indexes.last().map_or(0, |last| ledger.events()[*last].lessons_when_pulled);
        let is_unlimited = self.sizes.were_unlimited_since(lessons, self.rules.settings.max_size);
        self.batches.start(request, lessons, count >= most_events, is_unlimited);
    }

    /// An event gets its verdict.
    pub(crate) fn check_verdict(&mut self, verdict: &Verdict<'_>, handed: &Handed, is_in_flight: bool, is_true: bool) {
        let may_be_left_out = self.is_stopped() || self.may_be_stopped;
        let is_given_up = verdict.outcome.to_string().contains("budget is spent");
        let has_budget = handed.batch.is_none_or(|batch| !self.batches.batch(batch).budget.was_spent());
        let problem = verdict.problem(handed, self.rules.settings.idempotent, self.accepted.latest);
        let problem = problem.or(is_in_flight.then_some("it is in flight"));
        let problem = problem.or((!is_true).then_some("the service knows better"));
        let problem = problem.or((is_given_up && has_budget).then_some("the budget was not spent"));
        let problem =
            problem.or((verdict.leaves_out(handed) && !may_be_left_out).then_some("nothing stopped the call"));
        if let Some(problem) = problem {
            let Verdict { index, event, outcome, .. } = verdict;
            let Handed { id, admission, evidence, .. } = handed;
            self.check(false, || {
                format!("event {index} ({id:?}) is {outcome}, and {problem}: {admission:?}, {evidence:?}, {event:?}")
            });
        }
        if let Some(batch) = handed.batch {
            self.batches.note_verdict(batch);
        }
    }

    /// The engine waits, so there must be nothing that it could do.
    pub(crate) fn check_waiting(&mut self, ledger: &Ledger, open: &OpenRequests) {
        if open.len() == 0
            && let Err(problem) = self.batches.check_idle(self.accepted.latest, ledger)
        {
            self.check(false, || problem);
        }
        if !self.is_in_view() || !self.has_room(ledger, open) {
            return;
        }
        let (input, unsent) = (&ledger.input, ledger.unsent());
        let is_due = !input.is_open() || unsent >= self.rules.settings.max_size.events;
        self.check(input.len() == 0, || format!("{} events are not pulled, and there is room", input.len()));
        self.check(input.is_open() || input.is_end_pulled(), || "the end of the source is not pulled".into());
        self.check(!is_due || unsent == 0, || format!("{unsent} events are not sent, and there is room"));
    }

    /// The linger has passed, and the engine has been polled.
    pub(crate) fn check_lingered(&mut self, ledger: &Ledger, open: &OpenRequests) {
        let may_wait = ledger.unsent() == 0 || !self.has_room(ledger, open) || !self.is_in_view();
        self.check(may_wait, || "the linger has passed, and the batch is not sent".into());
    }

    /// The call has ended, maybe with an error.
    pub(crate) fn check_end(
        &mut self,
        ledger: &Ledger,
        in_flight: usize,
        submitted: u64,
        error: Option<&DeliveryError>,
    ) {
        let (pulled, verdicts) = (ledger.pulled() as u64, ledger.verdicts() as u64);
        self.check(submitted == pulled, || format!("{submitted} are said to be pulled, and {pulled} were"));
        self.check(pulled == verdicts, || format!("{pulled} events have {verdicts} verdicts"));
        self.check(in_flight == 0, || "the call ended with requests in flight".into());
        let (is_stopped, has_failed) = (self.is_stopped(), ledger.input.is_failure_pulled());
        let is_over = is_stopped || self.may_be_stopped || ledger.input.is_end_pulled();
        self.check(is_over, || "the call ended before its source".into());
        let are_all_refused = self.batches.are_all_refused();
        let has_failed_alone = self.failed_alone == Some(self.accepted.call);
        let may_be_error = self.may_be_stopped || has_failed_alone || are_all_refused > Certainty::No;
        let is_error_right = is_stopped || has_failed || may_be_error;
        let is_over_well = !is_stopped || self.may_end_well;
        let is_success_right = is_over_well && !has_failed && !has_failed_alone && are_all_refused < Certainty::Yes;
        let is_right = if error.is_some() { is_error_right } else { is_success_right };
        self.check(is_right, || format!("the call ended with an error: {error:?}"));
        let may_be_refused = self.may_be_stopped || is_stopped || are_all_refused > Certainty::No;
        let is_refused = error.is_some_and(DeliveryError::is_refused);
        self.check(!is_refused || may_be_refused, || "the call is said to be refused".into());
    }

    /// How many requests there may be at a time.
    fn most_in_flight(&self) -> usize {
        if self.is_proven { self.rules.settings.concurrency } else { 1 }
    }

    /// Whether another batch may be in flight, where those that wait for their turn are, too.
    fn has_room(&self, ledger: &Ledger, open: &OpenRequests) -> bool {
        open.len() + self.batches.waiting(open, ledger) < self.most_in_flight()
    }

    /// Whether the model sees all that keeps the engine from going on: the call runs, and no client retries.
    fn is_in_view(&self) -> bool {
        !self.is_stopped() && !self.may_be_stopped && !self.rules.channel.is_wire()
    }
}
