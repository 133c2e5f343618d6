//! One event at which the service fails, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use togai_api::{
    BoxFuture, CallContext, Client, Event, Request, Response, Transport, TransportError, TransportErrorKind,
};
use togai_ingest::Session;

use super::super::IngestExt as _;
use crate::retry::{Inner, Parts, Retry, RetryBudget, RetryPolicy};
use crate::stack::Stack;
use crate::testing::VirtualClock;

/// A service that fails whenever a request has more bytes than it takes, or one particular event.
#[derive(Debug)]
struct Failing {
    event: &'static str,
    most_bytes: usize,
    failure: Failure,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Status(u16),
    Broken(TransportErrorKind),
}

impl Transport for Failing {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        let body = request.body().map_or(&[][..], AsRef::as_ref);
        let has_event = String::from_utf8_lossy(body).contains(&format!("\"{}\"", self.event));
        let status = match self.failure {
            _ if !has_event && body.len() <= self.most_bytes => Ok(202),
            Failure::Status(status) => Ok(status),
            Failure::Broken(kind) => Err(TransportError::new(kind, "it broke", CallContext::default())),
        };
        Box::pin(async move {
            let mut response = http::Response::new("{}");
            *response.status_mut() = reqwest::StatusCode::from_u16(status?).unwrap_or_default();
            Ok(Response::from(response))
        })
    }
}

/// A client with the longest waits that chance allows.
fn client(failing: Failing) -> (Client, VirtualClock) {
    let clock = VirtualClock::new(1.0);
    let session = Session::new(Arc::new(clock.clone()));
    let retry = Retry::new(Parts {
        inner: Inner::Other(Box::new(failing)),
        session: session.clone(),
        credentials: None,
        policy: RetryPolicy::default(),
        attempt_timeout: None,
        budget: RetryBudget::new(5),
    });
    (Client::new("http://localhost", Stack { retry, session }), clock)
}

fn events(count: usize) -> impl Iterator<Item = Event> {
    (0..count).map(|number| Event::new("rides", "acme").id(format!("ride-{number}")).attribute("distance", 1))
}

#[tokio::test]
async fn one_of_a_thousand_events_is_found_within_30_seconds_and_the_retry_budget_is_left_alone() {
    use TransportErrorKind::{Interrupted, Timeout};
    for failure in [
        Failure::Status(500),
        Failure::Status(501),
        Failure::Status(504),
        Failure::Status(408),
        Failure::Broken(Interrupted),
        Failure::Broken(Timeout),
    ] {
        for event in ["ride-0", "ride-617", "ride-999"] {
            let (client, clock) = client(Failing { event, most_bytes: usize::MAX, failure });
            let report = client.ingest_events(events(1000)).send().await.unwrap();
            assert_eq!((report.accepted(), report.unknown()), (999, 1), "{failure:?} {event}");
            let unknown = &report.not_accepted()[0];
            assert_eq!(unknown.id.as_deref(), Some(event));
            assert!(unknown.outcome.is_retryable());
            assert!(clock.elapsed() < Duration::from_secs(30), "{:?}", clock.elapsed());
            // The batch itself has taken five retries at most, which is all there were, and its parts none.
            let stack = Stack::of(client.core().transport()).unwrap();
            assert!(stack.retry.stats().ingest_batch.retries <= 5 + 12, "{:?}", stack.retry.stats());
        }
    }
}

#[tokio::test]
async fn a_limit_on_bodies_that_nobody_states_is_found_once() {
    for failure in [Failure::Broken(TransportErrorKind::Interrupted), Failure::Status(502)] {
        let (client, clock) = client(Failing { event: "", most_bytes: 64_000, failure });
        let report = client.ingest_events(events(5_000)).concurrency(1).send().await.unwrap();
        assert_eq!(report.accepted(), 5_000);
        // All batches but the first are small from the start.
        assert!(clock.elapsed() < Duration::from_secs(10), "{:?}", clock.elapsed());
    }
}
