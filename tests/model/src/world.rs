//! The world holds the ledger, the server and the expectations, and does what touches more than one of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use togai_ingest::test_util::Pulled;

use crate::chance::Chance;
use crate::expectations::Expectations;
use crate::item::Item;
use crate::ledger::Ledger;
use crate::open::OpenRequests;
use crate::request::{Request, SentEvent, written_events};
use crate::response::{Response, ResponseKind};
use crate::rules::Rules;
use crate::server::Server;
use crate::table::{EARLIER_ATTEMPT, Table};
use crate::verdict::Verdict;

/// A world that the engine, the service and the source share.
#[derive(Clone)]
pub(crate) struct SharedWorld(Arc<Mutex<World>>);

/// All that the model knows.
pub(crate) struct World {
    pub(crate) rules: Arc<Rules>,
    pub(crate) table: Table,
    pub(crate) ledger: Ledger,
    pub(crate) server: Server,
    pub(crate) expectations: Expectations,
    pub(crate) open: OpenRequests,
}

impl SharedWorld {
    pub(crate) fn new(rules: Rules) -> Self {
        let rules = Arc::new(rules);
        Self(Arc::new(Mutex::new(World {
            table: Table::default(),
            ledger: Ledger::new(Arc::clone(&rules)),
            server: Server::new(Arc::clone(&rules)),
            expectations: Expectations::new(Arc::clone(&rules)),
            open: OpenRequests::default(),
            rules,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Notes that something is wrong unless it is as it should be.
    pub(crate) fn check(&mut self, is_right: bool, problem: impl FnOnce() -> String) {
        self.expectations.check(is_right, problem);
    }

    /// The engine pulls an event. A response may come meanwhile.
    pub(crate) fn pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        self.expectations.check_pull(&self.ledger.input, self.open.len());
        let pulled = ready!(self.ledger.input.pull(context));
        if let Some(Ok(item)) = &pulled {
            self.ledger.note_pulled(item.clone(), self.expectations.lessons());
            self.expectations.check_pulled(&self.ledger);
            if item.response.and_then(|choice| self.respond_by_chance(choice)).is_some() {
                self.expectations.note_response_while_pulling();
            }
        }
        Poll::Ready(pulled)
    }

    /// The engine makes a request, which gets a number.
    pub(crate) fn begin(&mut self, sent: &togai_ingest::Request) -> usize {
        let number = self.open.next_number();
        let events = written_events(&sent.body).unwrap_or_else(|error| {
            self.check(false, || format!("request {number} cannot be read: {error}"));
            Vec::new()
        });
        let mut indexes = Vec::with_capacity(events.len());
        for written in events {
            match self.begin_event(written, &indexes) {
                Ok(index) => indexes.push(index),
                Err(problem) => self.check(false, || format!("request {number} has {problem}: {written}")),
            }
        }
        self.check(sent.events == indexes.len(), || format!("request {number} is said to have {} events", sent.events));
        let request = Request {
            number,
            is_whole: self.ledger.batch_of(&indexes).is_none(),
            indexes,
            bytes: sent.body.len(),
            max_retries: sent.max_retries,
            accepted_before: self.expectations.accepted(),
            sent_as: self.expectations.note_sent(),
        };
        self.expectations.check_request(&request, &self.open, &mut self.ledger);
        self.open.add(request, sent.clone());
        number
    }

    /// Finds an event of a request, by its id or, where the engine made that, by its account.
    fn begin_event(&mut self, written: &str, before: &[usize]) -> Result<usize, &'static str> {
        let SentEvent { id, account_id } = serde_json::from_str(written).map_err(|_| "an event without an id")?;
        let index = if let Some(index) = self.ledger.find_open(id) {
            index
        } else {
            let index = self.ledger.find_without_id(account_id).ok_or("an event that has a verdict or is none")?;
            let is_new = self.ledger.note_id(index, id);
            self.check(is_new, || format!("the id {id} was given to event {index}, and another one has it"));
            index
        };
        let is_right = self.ledger.note_sent(index, id, written);
        self.check(is_right, || format!("event {index} was sent as {written}"));
        let is_in_flight = self.open.has(index) || before.contains(&index);
        self.expectations.check_sent(index, &self.ledger.events()[index], is_in_flight);
        Ok(index)
    }

    /// An attempt at a request comes to the service. It returns the number of the request.
    pub(crate) fn receive(&mut self, body: &[u8]) -> usize {
        let Some(open) = self.open.attempt(body) else {
            self.check(false, || "the service gets a request that the engine did not make".into());
            return usize::MAX;
        };
        let (request, attempts) = (open.request.clone(), open.attempts);
        let may_retry = open.may_retry();
        for index in &request.indexes {
            self.ledger.evidence(*index).note_sent();
        }
        let (number, is_wire) = (request.number, self.rules.channel.is_wire());
        self.check(attempts == 1 || (is_wire && may_retry), || format!("request {number} has {attempts} attempts"));
        self.expectations.check_attempt(&request, self.server.in_flight());
        self.server.receive(request);
        number
    }

    /// Sends a response to one of the requests that wait, any that is true; nothing where none waits.
    ///
    /// It returns its trace.
    pub(crate) fn respond_by_chance(&mut self, choice: u64) -> Option<String> {
        let mut chance = Chance(choice);
        let position = self.server.pick(&mut chance)?;
        // In rare situations the response is final more often.
        let patience = match self.expectations.situation(self.server.request(position)) {
            "whole" | "alone" => self.rules.patience,
            "first" => self.rules.patience.min(3),
            "part" => 2 + chance.below(2),
            _ => 2,
        };
        let is_final = chance.below(patience) == patience - 1;
        // What fails once fails several times, more often than not.
        let fails = self.open.fails(self.server.request(position).number) && chance.below(2) == 1;
        let kind = self.server.choose(position, is_final, fails, &self.ledger, &mut chance);
        Some(self.respond(position, kind, &mut chance))
    }

    /// Sends the simplest response to the oldest request, and returns its trace.
    pub(crate) fn respond_plainly(&mut self) -> Option<String> {
        let (position, kind) = self.server.pick_plainly(&self.ledger)?;
        Some(self.respond(position, kind, &mut Chance(0)))
    }

    fn respond(&mut self, position: usize, kind: ResponseKind, chance: &mut Chance) -> String {
        let request = self.server.request(position);
        self.table.response(self.expectations.situation(request), kind.name());
        let mut trace = format!("{kind:?} to {} {:?}", request.number, request.indexes);
        let response = self.server.respond(position, kind, &mut self.ledger, chance);
        if response.maybe_repeated {
            self.table.transition(EARLIER_ATTEMPT);
            trace.push_str(", after an attempt");
        }
        if response.body.proves_token() {
            self.expectations.note_proven();
        }
        self.server.send(position, response);
        trace
    }

    /// The engine, or a client, polls for the response to an attempt.
    pub(crate) fn poll_response(&mut self, number: usize, context: &mut Context<'_>) -> Poll<Response> {
        let response = ready!(self.server.poll_response(number, context));
        self.open.note_response(number, &response, self.rules.channel.is_wire());
        Poll::Ready(response)
    }

    /// The engine gets the result of a request.
    pub(crate) fn note_result(&mut self, number: usize) {
        if let Some(open) = self.open.remove(number) {
            self.expectations.note_result(&open, &mut self.ledger);
        }
    }

    /// The engine drops a request.
    pub(crate) fn forget(&mut self, number: usize) {
        self.open.remove(number);
    }

    /// The call is about to be ended, and its requests in flight are dropped.
    pub(crate) fn note_ended(&mut self, chance: &mut Chance) {
        self.expectations.note_ended(&self.ledger, &self.open);
        self.server.abandon_all(&mut self.ledger, chance);
    }

    /// The engine gives an event its verdict.
    pub(crate) fn judge(&mut self, verdict: &Verdict<'_>) {
        let index = usize::try_from(verdict.index).unwrap_or(usize::MAX);
        if index >= self.ledger.pulled() {
            return self.check(false, || format!("event {index} has a verdict, and was not pulled"));
        }
        self.ledger.note_late_id(index, verdict.id);
        let handed = &self.ledger.events()[index];
        let is_true = self.server.agrees(index, handed, verdict.outcome);
        self.expectations.check_verdict(verdict, handed, self.open.has(index), is_true);
        self.ledger.note_verdict(index, verdict.outcome);
    }

    /// The engine waits for something.
    pub(crate) fn check_waiting(&mut self) {
        self.expectations.note_idle();
        self.expectations.check_waiting(&self.ledger, &self.open);
    }

    /// The linger has passed, and the engine has been polled.
    pub(crate) fn check_lingered(&mut self) {
        self.expectations.check_lingered(&self.ledger, &self.open);
    }

    /// The call has ended, maybe with an error.
    pub(crate) fn check_end(&mut self, submitted: u64, error: Option<&togai_ingest::DeliveryError>) {
        self.expectations.check_end(&self.ledger, self.open.len(), submitted, error);
    }
}
