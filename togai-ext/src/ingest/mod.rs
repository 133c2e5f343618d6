//! Delivering events: in batches, each once, with a verdict for each.

mod backend;
mod batch;
mod error;
mod id;
mod outcome;
mod report;
mod request;
mod run;
mod togai;
mod verdict;

use futures::Stream;
use futures::stream::{self, Iter};
use togai_api::{Client, Event};

pub use error::IngestError;
pub use id::IdPolicy;
pub use outcome::Outcome;
pub use report::{IngestReport, NotAccepted};
pub use request::Ingest;

/// Ingestion in batches.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
/// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
/// let report = client
///     .ingest_events([
///         Event::new("rides", "acme-prod").attribute_with_unit("distance", 12.5, "km").dimension("city", "Chennai"),
///         Event::new("rides", "acme-prod").attribute("distance", "far"),
///     ])
///     .send()
///     .await?;
/// assert_eq!((report.accepted(), report.rejected()), (1, 1));
///
/// let refused = &report.not_accepted()[0];
/// assert_eq!(refused.index, 1);
/// println!("{} was not accepted: {}", refused.event.schema_name, refused.outcome);
/// # Ok(())
/// # }
/// ```
///
/// The call borrows what its source borrows, and can be sent to another thread where its source can.
pub trait IngestExt {
    /// Ingests the events of an iterator.
    ///
    /// The iterator is pulled on the task that sends, so one that reads a file belongs on a thread of its own, with a
    /// channel to [`ingest_stream`](Self::ingest_stream).
    fn ingest_events<I: IntoIterator<Item = Event>>(&self, events: I) -> Ingest<Iter<I::IntoIter>>;

    /// Ingests the events of a stream.
    ///
    /// A batch is sent when it is full or the stream has ended, not before.
    fn ingest_stream<S: Stream<Item = Event>>(&self, events: S) -> Ingest<S>;
}

impl IngestExt for Client {
    fn ingest_events<I: IntoIterator<Item = Event>>(&self, events: I) -> Ingest<Iter<I::IntoIter>> {
        Ingest::new(self.clone(), stream::iter(events))
    }

    fn ingest_stream<S: Stream<Item = Event>>(&self, events: S) -> Ingest<S> {
        Ingest::new(self.clone(), events)
    }
}

#[cfg(test)]
mod tests;
