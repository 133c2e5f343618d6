//! What the engine sends, held against what was handed in and what was sent before.

use serde_json::value::RawValue;

use crate::item::Reading;
use crate::rules::Rules;
use crate::world::{BatchOf, Flight, World};

impl World {
    /// The event that stands in a request, by its id or, where the engine made that, by what it says.
    fn place(&mut self, id: &str, account: &str, written: &str) -> Option<usize> {
        if let Some(index) = self.open.get(id) {
            return Some(*index);
        }
        let is_it = |index: &usize| {
            let handed = &self.handed[*index];
            handed.id.is_none() && handed.item.event.account_id == account
        };
        let index = self.unsent.iter().copied().find(is_it)?;
        self.check(!written.is_empty(), || "an event is empty".into());
        let was_new = self.holders.insert(id.to_owned(), index).is_none();
        self.check(was_new, || format!("the id {id} was given to event {index}, and another one has it"));
        self.open.insert(id.to_owned(), index);
        self.handed[index].id = Some(id.to_owned());
        Some(index)
    }

    /// A request came.
    pub(crate) fn receive(&mut self, body: &[u8]) -> usize {
        #[derive(serde::Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            events: Vec<&'a RawValue>,
        }
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            id: &'a str,
            account_id: &'a str,
        }
        let number = self.received;
        self.received += 1;
        let events = match serde_json::from_slice::<Body<'_>>(body) {
            Ok(Body { events }) => events,
            Err(error) => {
                self.check(false, || format!("request {number} cannot be read: {error}"));
                Vec::new()
            }
        };
        let mut indexes = Vec::with_capacity(events.len());
        for event in &events {
            let written = event.get();
            let Ok(Written { id, account_id }) = serde_json::from_str(written) else {
                self.check(false, || format!("request {number} has an event without an id: {written}"));
                continue;
            };
            let Some(index) = self.place(id, account_id, written) else {
                self.check(false, || format!("request {number} has an event that has a verdict or is none: {written}"));
                continue;
            };
            self.check_written(index, id, written);
            let handed = &mut self.handed[index];
            let was_in_flight = std::mem::replace(&mut handed.in_flight, true);
            handed.said = None;
            let may_be_sent = self.rules.is_resending_harmless || !handed.is_ambiguous;
            self.check(may_be_sent, || format!("event {index} ({id}) may have been taken, and is sent again"));
            self.check(!was_in_flight, || format!("event {index} ({id}) is in flight twice"));
            indexes.push(index);
        }
        self.check_request(number, &indexes, body.len());
        let (batch, is_whole) = self.check_batch(number, &indexes, body.len());
        let flight = Flight { number, indexes, batch, is_whole, bytes: body.len(), reply: None, waker: None };
        self.flights.push(flight);
        number
    }

    /// What is sent is what was handed in, in the same bytes each time.
    fn check_written(&mut self, index: usize, id: &str, written: &str) {
        let handed = &mut self.handed[index];
        let is_right = if let Some(before) = &handed.written {
            **before == *written
        } else {
            handed.written = Some(written.into());
            let expected = Reading { id: Some(id.to_owned()), ..handed.item.event.clone() };
            serde_json::from_str::<Reading>(written).is_ok_and(|event| event == expected)
        };
        self.check(is_right, || format!("event {index} was sent as {written}"));
    }

    fn check_request(&mut self, number: usize, indexes: &[usize], bytes: usize) {
        let Rules { batch_size, batch_bytes, .. } = self.rules;
        let (count, in_flight, most) = (indexes.len(), self.flights.len() + 1, self.most_in_flight());
        self.check(count > 0, || format!("request {number} is empty"));
        self.check(count <= batch_size, || format!("request {number} has {count} events"));
        self.check(count <= 1 || bytes <= batch_bytes, || format!("request {number} has {bytes} bytes"));
        self.check(indexes.is_sorted(), || format!("request {number} is not in order: {indexes:?}"));
        self.check(in_flight <= most, || format!("request {number} makes {in_flight} in flight, and {most} may be"));
        self.check(!self.is_refused, || format!("request {number} came after 401 or 403"));
    }

    /// A request is the first one of a batch, with what is next in the input, or a smaller part of one.
    fn check_batch(&mut self, number: usize, indexes: &[usize], bytes: usize) -> (usize, bool) {
        let batch = indexes.first().and_then(|index| self.handed[*index].batch);
        let is_of_one = indexes.iter().all(|index| self.handed[*index].batch == batch);
        self.check(is_of_one, || format!("request {number} mixes batches: {indexes:?}"));
        let budget = self.rules.budget;
        let Some(batch) = batch else { return (self.start_batch(number, indexes, bytes), true) };
        let is_wire = self.rules.is_wire;
        let known = &mut self.batches[batch];
        let is_retry = is_wire && known.may_be_repeated && known.last_request == indexes;
        if is_retry {
            known.attempts += 1;
        } else {
            known.requests += 1;
            known.attempts = 1;
        }
        let (requests, attempts, free) = (known.requests, known.attempts, known.free);
        let is_new = known.last_request != indexes;
        known.last_request = indexes.to_vec();
        self.check(is_new || is_retry, || format!("request {number} says the same as the one before"));
        self.check(requests <= 1 + budget + free, || format!("request {number} is number {requests} of its batch"));
        self.check(attempts <= 3, || format!("request {number} is attempt {attempts}"));
        (batch, false)
    }

    fn start_batch(&mut self, number: usize, indexes: &[usize], bytes: usize) -> usize {
        for index in indexes {
            let next = self.unsent.pop_front();
            self.check(next == Some(*index), || format!("request {number} has event {index}, and {next:?} was next"));
        }
        let may_start = !self.is_stopped || std::mem::replace(&mut self.may_start_late, false);
        self.check(may_start, || format!("request {number} starts a batch after the call was stopped"));
        let now = self.tick();
        // It was filled at some time since the one before was.
        let start = self.batches.last().map(|before| self.handed[before.last].pulled_at);
        let [most_events, most_bytes] = start.map_or([usize::MAX; 2], |start| self.learnt.most_between(start, now));
        let is_small = indexes.len() <= most_events && (indexes.len() == 1 || bytes <= most_bytes);
        self.check(is_small, || {
            let count = indexes.len();
            format!("batch of request {number} has {count} events, {bytes} bytes; learnt: {most_events}, {most_bytes}")
        });
        let batch = self.batches.len();
        self.batches.push(BatchOf {
            last: indexes.last().copied().unwrap_or_default(),
            requests: 1,
            was_too_large: false,
            free: 0,
            last_request: indexes.to_vec(),
            may_be_repeated: false,
            attempts: 1,
        });
        for index in indexes {
            self.handed[*index].batch = Some(batch);
        }
        batch
    }
}
