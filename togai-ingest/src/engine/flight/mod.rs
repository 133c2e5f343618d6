//! One batch in flight, until there is a verdict for each of its events.

mod exchange;
mod failures;
mod partial;
mod refused;
mod result;
mod state;
mod unanswered;

use std::sync::Arc;

use bytes::Bytes;

use super::call::CallState;
use super::encoded::Encoded;
use super::parts::Part;
use crate::backend::{Backend, Response, Scope};
use crate::error::DeliveryError;
use crate::outcome::Outcome;
use crate::session::BatchSize;
use exchange::Exchange;
pub use result::BatchOutcomes;
pub(crate) use result::{BatchResult, Held};
use state::{Flight, size_of};

/// Sends a batch, and then in parts what has to be retried of it.
pub(crate) async fn deliver<B: Backend>(
    call: Arc<CallState<B>>,
    batch: Arc<Encoded<Bytes>>,
    is_limited: bool,
) -> BatchResult {
    let whole = if call.cancel.is_cancelled() { None } else { Some(Exchange::of_batch(&call, &batch).await) };
    // Most batches are accepted whole, and then nothing has to be kept for single events.
    if let Some(Exchange { number, response: Some(Ok(Response::AllAccepted)), .. }) = whole {
        call.session.limits().note_passed(BatchSize { events: batch.slots().len(), bytes: batch.bytes() });
        call.note_all_accepted(number);
        return BatchResult::all_accepted();
    }
    let mut flight = Flight::new(call, batch, is_limited);
    let stopped_by = flight.send_all(whole).await;
    flight.finish(stopped_by)
}

impl<B: Backend> Flight<B> {
    /// Goes on until there is nothing to do, or no use in it; then it says why. The batch may have been sent whole.
    async fn send_all(&mut self, whole: Option<Exchange>) -> Option<DeliveryError> {
        // What the service has said is heard, whatever has happened since.
        if let Some(exchange) = whole
            && let Some(part) = self.parts.next(false, |_| false)
        {
            let stopped_by = self.apply(part, exchange).await;
            if stopped_by.is_some() {
                return stopped_by;
            }
        }
        loop {
            self.release_held();
            // Not by what other calls are accepted: it says nothing of how many of these events are good.
            self.budget.settle(self.call.refusals.accepted());
            let is_doubtful = self.is_doubtful();
            let (limits, batch) = (self.call.session.limits(), &self.batch);
            let is_too_large = |positions: &[usize]| limits.is_refused(size_of(batch, positions));
            let stopped_by = match self.parts.next(is_doubtful, is_too_large) {
                Some(part) if !self.budget.covers(&part) => {
                    self.give_up(&part);
                    None
                }
                Some(part) if self.call.cancel.is_cancelled() => {
                    self.stop(&part);
                    None
                }
                Some(part) => self.send(part).await,
                None if self.failures.is_empty() => return None,
                None => self.isolate_unanswered().await,
            };
            if stopped_by.is_some() {
                return stopped_by;
            }
        }
    }

    /// Sends a part. An error is one after which further requests would meet the same.
    pub(super) async fn send(&mut self, part: Part) -> Option<DeliveryError> {
        let body = self.batch.request(&part.positions);
        let max_retries = self.failures.max_retries(&part);
        let exchange = Exchange::of(&self.call, body, part.positions.len(), max_retries).await;
        self.apply(part, exchange).await
    }

    /// Notes what the service said of a part.
    async fn apply(&mut self, part: Part, exchange: Exchange) -> Option<DeliveryError> {
        let Exchange { number, accepted_before, response } = exchange;
        self.number = number;
        let Some(response) = response else {
            let outcome = self.unknown("the call ended while a request with it was in flight".into());
            self.record(&part, &outcome);
            return None;
        };
        match response {
            Ok(Response::AllAccepted) => self.accept(&part),
            Ok(Response::Partial(partial)) => return self.apply_partial(part, &partial).await,
            Err(failed) => match failed.scope {
                Scope::Content | Scope::Size { .. } => return self.refuse(part, failed).await,
                Scope::Service if self.may_be_isolated(&failed) => {
                    return self.note_unanswered(part, failed, accepted_before);
                }
                Scope::Token | Scope::Rate | Scope::Service => return Some(self.end(&part, failed)),
            },
        }
        None
    }

    /// The service took the whole part.
    fn accept(&mut self, part: &Part) {
        self.note_passed(part);
        self.call.prove_token();
        self.note_accepted(part);
        self.record(part, &Outcome::Accepted);
        self.parts.note_accepted(part);
    }
}
