//! The services that events are delivered to, as the tests of their common contract need them.

mod enso;
mod togai;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use togai_ext::prelude::*;
use togai_sandbox::{LoggedRequest, Sandbox, SandboxBuilder};

pub(crate) use enso::Enso;
pub(crate) use togai::Togai;

use crate::support::{TOKEN, sandbox};

/// Enso as it is by default: what it may have taken is not sent again.
pub(crate) type DefaultEnso = Enso<false>;
/// Enso with the assumption that an id counts once, in a sandbox where it does.
pub(crate) type AssumedEnso = Enso<true>;

/// What a service takes.
pub(crate) type EventOf<S> = <<S as Service>::Client as IngestExt>::Event;

/// A service that events are delivered to, and how it is used.
///
/// Its events have the id `ride-n`, and say the same whenever they are made.
pub(crate) trait Service: 'static {
    type Client: IngestExt<Event: Clone + Debug + PartialEq + Send> + ClientExt + Clone + Debug + Send + Sync;
    /// An event of a type of the caller's own, with its fields in an order of their own.
    type Own: Serialize;

    const NAME: &'static str;
    /// Whether calls are made with `idempotent(true)`, unlike by default.
    const IS_ASSUMED: bool;
    /// Whether calls send an event again that may have been taken.
    const IDEMPOTENT: bool;
    /// Whether an id counts once, however often it arrives.
    const COUNTS_ONCE: bool;
    /// The operation that takes batches.
    const BATCH: &'static str;
    /// The field of an event that tells it apart.
    const ID: &'static str;
    /// What is said of a bad event before it is sent.
    const CHECKED: &'static str;
    /// What is said of a bad event that the service names.
    const REFUSED: &'static str;
    /// The status that such an event is refused with.
    const REFUSED_STATUS: u16;
    /// What is said of a bad event at the beginning of a batch that is refused for it.
    const REFUSED_WHOLE: &'static str;
    /// A status of a passing trouble after which a request is sent again.
    const PASSING: u16;

    /// A sandbox without quotas, to be set up further.
    fn sandbox() -> SandboxBuilder {
        sandbox()
    }

    fn base_url(sandbox: &Sandbox) -> &str;

    /// A client that does not wait between attempts, to be set up further.
    fn builder(token: &str, base_url: &str) -> ClientBuilder<Self::Client>;

    /// The client of a builder, with a time for each attempt where there is one.
    fn build(builder: ClientBuilder<Self::Client>, attempt_timeout: Option<Duration>) -> Self::Client;

    fn client_of(sandbox: &Sandbox) -> Self::Client {
        Self::build(Self::builder(TOKEN, Self::base_url(sandbox)), None)
    }

    /// A sandbox and a client of it.
    async fn start() -> (Sandbox, Self::Client) {
        let sandbox = Self::sandbox().start().await.unwrap();
        let client = Self::client_of(&sandbox);
        (sandbox, client)
    }

    /// Has a request that takes no event answered with success.
    async fn succeed(client: &Self::Client);

    /// The event of a number, always the same.
    fn event(number: u32) -> EventOf<Self>;

    /// The same with a value that the server refuses, and so do the local checks.
    fn bad_event(number: u32) -> EventOf<Self>;

    /// An event without an id, which says the same for the same number.
    fn anonymous(number: u32) -> EventOf<Self>;

    fn with_id(event: EventOf<Self>, id: &str) -> EventOf<Self>;

    /// The same event with something more in it.
    fn with_note(event: EventOf<Self>, note: &str) -> EventOf<Self>;

    /// An event as one of the caller's own.
    fn own(event: EventOf<Self>) -> Self::Own;

    /// Whether this is what is sent of a bad event.
    fn is_bad(event: &Value) -> bool;

    /// The answer to a single event that is refused.
    fn refusal(id: &str, message: &str) -> Value;

    /// The ids of all events that were taken, in order, and whether the service counts them.
    fn arrivals(sandbox: &Sandbox) -> Vec<(String, bool)>;

    fn metered_count(sandbox: &Sandbox) -> usize;

    /// The ids that arrived, however often.
    fn arrived(sandbox: &Sandbox) -> BTreeSet<String> {
        Self::arrivals(sandbox).into_iter().map(|(id, _)| id).collect()
    }

    /// How many were metered; where the service counts an id once, each of them once.
    fn metered_once(sandbox: &Sandbox) -> usize {
        if Self::COUNTS_ONCE { Self::metered(sandbox).len() } else { Self::metered_count(sandbox) }
    }

    /// The ids that were metered, each of them once.
    fn metered(sandbox: &Sandbox) -> BTreeSet<String> {
        let arrivals = Self::arrivals(sandbox);
        let ids: Vec<String> = arrivals.into_iter().filter(|(_, counts)| *counts).map(|(id, _)| id).collect();
        let metered: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(metered.len(), ids.len());
        metered
    }

    /// What a request is in the log of whichever service. It is in the words of Togai's.
    fn line(request: &LoggedRequest) -> String {
        request.to_string()
    }

    /// What the sandbox was asked, a line for each request.
    fn log(sandbox: &Sandbox) -> String {
        sandbox.requests().iter().map(Self::line).collect::<Vec<_>>().join("\n")
    }

    /// The text of an error, in the words of Togai's.
    fn stable_text(error: &(impl std::fmt::Debug + std::fmt::Display)) -> String {
        crate::support::stable_text(error)
    }
}

/// The event of a number, as long as that of every other number.
pub(crate) fn fixed_length_event<S: Service>(number: u32) -> EventOf<S> {
    S::with_id(S::event(0), &format!("ride-{number:05}"))
}

/// How many events each request had.
pub(crate) fn sizes(sandbox: &Sandbox) -> Vec<usize> {
    sandbox.requests().iter().map(|request| request.event_count().unwrap_or_default()).collect()
}
