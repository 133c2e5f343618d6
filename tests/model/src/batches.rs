//! The batches hold what each batch has cost in requests, and what it may cost.

use std::sync::Arc;

use crate::request::Request;
use crate::response::Meaning;
use crate::rules::Rules;

/// How many attempts a client makes for a request.
const MOST_ATTEMPTS: usize = 3;

/// The batches in the order in which they were sent first.
pub(crate) struct Batches {
    rules: Arc<Rules>,
    batches: Vec<Batch>,
}

/// What one batch has cost.
struct Batch {
    /// How many responses had taught a size when its last event was pulled.
    lessons_when_filled: usize,
    requests: usize,
    /// How many requests passed the limits of size after one did not: they cost nothing.
    free: usize,
    was_too_large: bool,
    last_request: Vec<usize>,
    /// How many attempts there were for the last request.
    attempts: usize,
    /// Whether a client may retry the last request.
    is_retriable: bool,
}

impl Batches {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self { rules, batches: Vec::new() }
    }

    /// How many batches there are, which is the index of the next one.
    pub(crate) fn len(&self) -> usize {
        self.batches.len()
    }

    /// How many responses had taught a size when the last batch was filled, and the filling of the next one began.
    pub(crate) fn lessons_when_filled(&self) -> usize {
        self.batches.last().map_or(0, |batch| batch.lessons_when_filled)
    }

    /// Adds a batch by its first request.
    pub(crate) fn start(&mut self, request: &Request, lessons_when_filled: usize) {
        self.batches.push(Batch {
            lessons_when_filled,
            requests: 1,
            free: 0,
            was_too_large: false,
            last_request: request.indexes.clone(),
            attempts: 1,
            is_retriable: false,
        });
    }

    /// Counts a further request, and says what is wrong with it: it is a retry, or another part within the budget.
    pub(crate) fn note_request(&mut self, batch: usize, request: &Request) -> Result<(), String> {
        let batch = &mut self.batches[batch];
        let is_same = batch.last_request == request.indexes;
        let is_retry = is_same && batch.is_retriable && self.rules.channel.is_wire();
        if is_retry {
            batch.attempts += 1;
        } else {
            batch.requests += 1;
            batch.attempts = 1;
        }
        batch.last_request.clone_from(&request.indexes);
        let (number, Batch { requests, attempts, .. }) = (request.number, &batch);
        if is_same && !is_retry {
            return Err(format!("request {number} says the same as the one before"));
        }
        if *requests > 1 + self.rules.settings.isolation_budget + batch.free {
            return Err(format!("request {number} is number {requests} of its batch"));
        }
        if *attempts > MOST_ATTEMPTS {
            return Err(format!("request {number} is attempt {attempts}"));
        }
        Ok(())
    }

    /// Notes what the response to the last request of a batch means.
    pub(crate) fn note_response(&mut self, batch: usize, meaning: Meaning) {
        let batch = &mut self.batches[batch];
        let is_too_large = matches!(meaning, Meaning::TooManyEvents | Meaning::TooManyBytes);
        batch.free += usize::from(batch.was_too_large && !is_too_large);
        batch.was_too_large |= is_too_large;
        batch.is_retriable = meaning == Meaning::Transient;
    }
}
