//! The server holds the requests in flight, with their responses, and what the service has.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use togai_ingest::Outcome;

use crate::chance::Chance;
use crate::ledger::{Handed, Ledger};
use crate::request::Request;
use crate::respond::Responder;
use crate::response::{KINDS, Response, ResponseKind};
use crate::rules::Rules;
use crate::store::{Contents, Store};

/// The service behind the wire. It takes events or refuses them, and its responses are true.
pub(crate) struct Server {
    rules: Arc<Rules>,
    store: Store,
    flights: Vec<Flight>,
    /// How many attempts came.
    received: usize,
}

/// An attempt at a request, in flight.
struct Flight {
    request: Request,
    response: Option<Response>,
    waker: Option<Waker>,
}

impl Server {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self { store: Store::new(Arc::clone(&rules)), rules, flights: Vec::new(), received: 0 }
    }

    /// Takes an event from an earlier call, of which this one knows nothing.
    pub(crate) fn take_from_earlier_call(&mut self, id: String) {
        self.store.take_from_earlier_call(id);
    }

    /// Makes what was missing, and says whether it was.
    pub(crate) fn create_schema(&mut self) -> bool {
        self.store.create_schema()
    }

    /// Whether a verdict agrees with what the service really did.
    pub(crate) fn agrees(&self, index: usize, handed: &Handed, outcome: &Outcome) -> bool {
        self.store.agrees(index, handed, outcome)
    }

    /// How many attempts came.
    pub(crate) fn received(&self) -> usize {
        self.received
    }

    /// How many requests are in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Whether the engine waits for a response.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.flights.iter().any(|flight| flight.waker.is_some())
    }

    pub(crate) fn receive(&mut self, request: Request) {
        self.received += 1;
        self.flights.push(Flight { request, response: None, waker: None });
    }

    /// The position of a request without a response.
    pub(crate) fn pick(&self, chance: &mut Chance) -> Option<usize> {
        let waiting: Vec<usize> = self.waiting().collect();
        match chance.below(3) {
            0 => waiting.first().copied(),
            1 => waiting.last().copied(),
            _ => waiting.get(chance.below(waiting.len())).copied(),
        }
    }

    /// The oldest request without a response, and the simplest response that is true.
    pub(crate) fn pick_plainly(&self, ledger: &Ledger) -> Option<(usize, ResponseKind)> {
        let position = self.waiting().next()?;
        let contents = self.contents(position, ledger);
        let plain = [ResponseKind::All, ResponseKind::Complete, ResponseKind::Size413, ResponseKind::ResetNot];
        plain.into_iter().find(|kind| contents.allows(*kind)).map(|kind| (position, kind))
    }

    pub(crate) fn request(&self, position: usize) -> &Request {
        &self.flights[position].request
    }

    /// Chooses a response that is true, among those that may end the call, or among the others, or a failure.
    pub(crate) fn choose(
        &self,
        position: usize,
        is_final: bool,
        fails: bool,
        ledger: &Ledger,
        chance: &mut Chance,
    ) -> ResponseKind {
        let contents = self.contents(position, ledger);
        if contents.is_schema_missing()
            && !is_final
            && !fails
            && chance.below(2) == 1
            && contents.allows(ResponseKind::Missing)
        {
            return ResponseKind::Missing;
        }
        let splits = chance.below(3) > 0 && self.request(position).is_whole;
        let kinds = KINDS.iter().map(|(kind, _)| *kind).filter(|kind| contents.allows(*kind));
        // A service that fails at what is in the request does so each time.
        let fails = fails || (contents.fails() && chance.below(6) < 5);
        let is_wanted = |kind: &ResponseKind| if fails { kind.is_failure() } else { kind.is_final() == is_final };
        let mut wanted: Vec<_> = kinds.clone().filter(is_wanted).collect();
        if wanted.is_empty() {
            wanted = kinds.collect();
        }
        // Some are true of most requests, and the others are to be there as often.
        if chance.below(5) > 1 && wanted.iter().any(|kind| !kind.is_common(self.rules.channel)) {
            wanted.retain(|kind| !kind.is_common(self.rules.channel));
        }
        if splits && wanted.iter().any(|kind| kind.splits()) {
            wanted.retain(|kind| kind.splits());
        }
        wanted[chance.below(wanted.len())]
    }

    /// Does what a response says, and makes it; [`send`](Self::send) sends it.
    pub(crate) fn respond(
        &mut self,
        position: usize,
        kind: ResponseKind,
        ledger: &mut Ledger,
        chance: &mut Chance,
    ) -> Response {
        let Self { rules, store, flights, .. } = self;
        Responder::new(rules, store, ledger, &flights[position].request).respond(kind, chance)
    }

    pub(crate) fn send(&mut self, position: usize, response: Response) {
        let flight = &mut self.flights[position];
        flight.response = Some(response);
        if let Some(waker) = flight.waker.take() {
            waker.wake();
        }
    }

    /// The engine is about to drop all requests in flight.
    pub(crate) fn abandon_all(&mut self, ledger: &mut Ledger, chance: &mut Chance) {
        let Self { rules, store, flights, .. } = self;
        for flight in flights.iter().filter(|flight| flight.response.is_none()) {
            Responder::new(rules, store, ledger, &flight.request).abandon(chance);
        }
    }

    /// Hands a response to the engine, and forgets the request.
    pub(crate) fn poll_response(&mut self, number: usize, context: &mut Context<'_>) -> Poll<Response> {
        let Some(position) = self.position(number) else { return Poll::Pending };
        let flight = &mut self.flights[position];
        let Some(response) = flight.response.take() else {
            flight.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        self.flights.remove(position);
        Poll::Ready(response)
    }

    /// The engine drops a request, with or without a response.
    pub(crate) fn abandon(&mut self, number: usize) {
        if let Some(position) = self.position(number) {
            self.flights.remove(position);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = usize> {
        (0..self.flights.len()).filter(|position| self.flights[*position].response.is_none())
    }

    fn position(&self, number: usize) -> Option<usize> {
        self.flights.iter().position(|flight| flight.request.number == number)
    }

    fn contents(&self, position: usize, ledger: &Ledger) -> Contents {
        self.store.contents(self.request(position), ledger)
    }
}
