//! Where ids of events come from.

use uuid::Uuid;

/// Where the id of an event comes from that has none.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
/// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
/// let events = [Event::new("rides", "acme-prod").id("ride-1"), Event::new("rides", "acme-prod")];
/// let report = client.ingest_events(events).ids(IdPolicy::Require).send().await?;
/// assert_eq!((report.accepted(), report.rejected()), (1, 1));
/// # Ok(())
/// # }
/// ```
///
/// The API meters an id once in 45 days. So an id is what makes it harmless to send an event again, and no event is sent
/// without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdPolicy {
    /// A UUID of version 7, set once, before the first attempt. An event that is handed in again gets another, so keep
    /// the events of a report that have theirs. The default.
    #[default]
    Random,
    /// None: an event without an id is rejected before it is sent.
    Require,
}

impl IdPolicy {
    /// An id for an event that has none; nothing where it has to have one.
    pub(super) fn make(self) -> Option<String> {
        match self {
            Self::Random => Some(Uuid::now_v7().to_string()),
            Self::Require => None,
        }
    }
}
