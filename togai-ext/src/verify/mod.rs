//! Looking up what became of events that were accepted.
//!
//! The API accepts events first and processes them later: an unknown account, a unit that does not fit or an id that was
//! used before shows only in the status of the event. This asks for those statuses.

mod arrival;
mod error;
mod list;
mod look_up;
mod outcomes;
mod pacer;
mod progress;
mod request;
mod run;
mod state;
mod verification;

use std::sync::Arc;

use togai_api::Client;

use crate::stack::Stack;

pub use error::VerifyError;
pub use outcomes::{ReportedEvent, VerifyOutcomes, VerifyOutcomesError, VerifyReport};
pub use progress::VerifyProgress;
pub use request::Verify;
pub use state::{EventState, EventStateExt};
pub use verification::{Verification, VerifiedEvent};

/// Verification of events that were accepted.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let builder = togai_sandbox::Sandbox::builder().token("sandbox-token-0001").account("acme", "acme-prod");
/// # let sandbox = builder.accept_unknown_accounts(false).start().await?;
/// # let client = ClientBuilder::new("sandbox-token-0001").base_url(sandbox.base_url()).build()?;
/// let events = [Event::new("rides", "acme-prod").id("ride-1"), Event::new("rides", "acme-pord").id("ride-2")];
/// let report = client.ingest_events(events).send().await?;
/// assert_eq!(report.accepted(), 2);
///
/// let verification = client.verify(["ride-1", "ride-2"]).send().await?;
/// assert_eq!((verification.metered(), verification.failed()), (1, 1));
/// for event in verification.unmetered() {
///     // ride-2 failed: INGESTION_FAILED_ACCOUNT_NOT_FOUND: No account has this id or alias
///     println!("{} {}", event.id, event.state);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It only reads, so it can be repeated, and be done by another process than the one that ingested.
pub trait VerifyExt {
    /// Verifies the events of these ids, each of which is looked at once however often it is there.
    ///
    /// The ids are kept in memory until the call is over, and in what it returns.
    fn verify<'a, I>(&self, ids: I) -> Verify<'a>
    where
        I: IntoIterator,
        I::Item: Into<String>;
}

impl VerifyExt for Client {
    fn verify<'a, I>(&self, ids: I) -> Verify<'a>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let clock = Arc::clone(Stack::of_any(self.transport()).session.clock());
        Verify::new(self.clone(), clock, ids.into_iter().map(Into::into))
    }
}

#[cfg(test)]
mod tests;
