//! Looking up what became of the events of a report whose outcome is open.

mod compare;
mod decide;
mod error;
mod request;
mod run;

use std::sync::Arc;

use togai_api::Client;
use togai_ingest::IngestReport;

use crate::sealed::Sealed;
use crate::stack::Stack;

pub use decide::ReportedEvent;
pub use error::VerifyOutcomesError;
pub use request::VerifyOutcomes;

/// Verification of a report: what became of its `Unknown` events, and whether its duplicates are the same events.
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_sandbox::Fault;
///
/// # togai_doctest::run(async |sandbox, client| {
/// // The events arrive, and the response is lost.
/// sandbox.fault(Fault::reset_after_reading().first(1));
/// let events = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id));
/// let failure = client.ingest_events(events).idempotent(false).send().await.unwrap_err();
/// let (report, not_sent, _) = failure.into_parts();
/// assert_eq!((report.unknown(), not_sent.len()), (2, 0));
///
/// let report = report.verify(&client).send().await?;
/// assert_eq!((report.accepted(), report.unknown()), (2, 0));
/// # Ok(())
/// # });
/// ```
///
/// Only events are looked up whose outcome is open, one by one, by their ids:
///
/// | outcome | what the server has under the id | outcome then |
/// |---|---|---|
/// | `Unknown` | an event that is metered, not metered, in progress or reverted | `Accepted` |
/// | | only one that failed | `Rejected`, with the status as code and its description as message |
/// | | only one that failed as a duplicate of an event that it does not show | `Duplicate`, not compared |
/// | | one with a status that this version does not know | `Unknown` |
/// | | nothing | `Unknown`: it may be found later |
/// | `Duplicate`, not compared | the same event | `Duplicate`, compared |
/// | | another event | `Rejected`: one of the two does not count |
/// | | the same event for an account of another name | `Duplicate`, not compared: the name may be an alias |
/// | | nothing, or only one that failed as a duplicate | `Duplicate`, not compared |
///
/// An `Unknown` event is not compared: it may have been delivered under its id, so what the server has is taken to be it.
/// Two events are the same if they say the same: the order of attributes and dimensions does not matter, values are compared
/// as decimal numbers, and times as moments, which the server may have cut off after its milliseconds or microseconds.
///
/// - `Accepted` is not yet metered; [`verify`](super::VerifyExt::verify) says which accepted events are.
/// - An id of more than 50 characters cannot be looked up, so its event keeps its outcome. Find it in the list of its account
///   with [`Verify::account`](super::Verify::account), which is also faster for thousands of events, and change the report with
///   [`update_outcomes`](togai_ingest::IngestReport::update_outcomes).
/// - The events of [`ingest_slice`](togai_ingest::Connection::ingest_slice) are not in the report, so their duplicates cannot
///   be compared and are not looked up.
/// - Events that [`on_not_accepted`](togai_ingest::Ingest::on_not_accepted) took are not in the report, and not looked up.
pub trait VerifyReport: Sealed {
    /// What the report holds of an event.
    type Event;
    /// What was handed in with an event.
    type Tag;

    /// Looks up the events whose outcome is open, with a client of the service that the report is about.
    fn verify<'a>(self, client: &Client) -> VerifyOutcomes<'a, Self::Event, Self::Tag>;
}

impl<E, T> Sealed for IngestReport<E, T> {}

impl<E: ReportedEvent, T> VerifyReport for IngestReport<E, T> {
    type Event = E;
    type Tag = T;

    fn verify<'a>(self, client: &Client) -> VerifyOutcomes<'a, E, T> {
        let clock = Arc::clone(Stack::of_any(client.transport()).session.clock());
        VerifyOutcomes::new(client.clone(), clock, self)
    }
}

#[cfg(test)]
mod tests;
