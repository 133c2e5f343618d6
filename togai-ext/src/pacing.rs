//! How fast a client sends requests.

use togai_api::{Error, QuotaClass};
use togai_ingest::{Pace, Session};

/// How fast a client and its clones send requests, for each quota of the API.
///
/// ```
/// use togai_ext::prelude::*;
///
/// // The vendor has raised the quota of batches.
/// let raised = Pacing::default().with_pace(QuotaClass::IngestBatch, Pace::PerSecond(200.0));
/// let client = ClientBuilder::new("sandbox-token-0001").base_url("http://127.0.0.1:8080").with_pacing(raised).build()?;
/// # Ok::<(), togai_ext::Error>(())
/// ```
///
/// | quota | requests a second |
/// |---|---|
/// | `POST /ingest` | 50 |
/// | `POST /ingestBatch` | 50 |
/// | all other operations | 10 |
///
/// These are the quotas that the vendor documents for trial accounts (docs.togai.com, quotas and limits). The requests of a
/// quota are spaced evenly, 2 % below its rate, and each takes a turn: first attempts, retries and probes of the token. A
/// 429 lowers the rate, and other responses raise it again, so that clients which share a quota and know nothing of each
/// other come to share it evenly. `Retry-After` pauses the quota. Waiting for a turn takes none of a call's attempts and
/// none of the time for retries: only a deadline ends it, and for ingestion its time limit and stop signal.
///
/// Where no quota is documented, as for Enso, nothing is spaced before the first 429.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pacing {
    paces: [Pace; 3],
    burst: u32,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { paces: [50.0, 50.0, 10.0].map(Pace::PerSecond), burst: 1 }
    }
}

impl Pacing {
    /// No pacing: requests are sent as they come. A `Retry-After` pauses them all the same.
    pub fn off() -> Self {
        Self { paces: [Pace::Off; 3], burst: 1 }
    }

    /// No pacing before the first 429 of a quota.
    pub fn learned() -> Self {
        Self { paces: [Pace::Learned; 3], burst: 1 }
    }

    /// Sets how fast the requests of a quota are sent.
    #[must_use]
    pub fn with_pace(mut self, quota: QuotaClass, pace: Pace) -> Self {
        self.paces[class_index(quota)] = pace;
        self
    }

    /// Sets how many requests of a quota may be sent at once after a time without any; 1 by default.
    ///
    /// More is of use where calls come in bursts and the server has room for them; 0 is read as 1.
    #[must_use]
    pub fn with_burst(mut self, burst: u32) -> Self {
        self.burst = burst.max(1);
        self
    }

    /// Fails where a rate is none.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_rate = |pace: &Pace| !matches!(pace, Pace::PerSecond(rate) if !(rate.is_finite() && *rate > 0.0));
        if self.paces.iter().all(is_rate) {
            return Ok(());
        }
        Err(Error::configuration(
            "a rate of `with_pacing` is no number above zero: set `Pace::PerSecond` to the requests a second, or `Pace::Off`",
        ))
    }

    pub(crate) fn apply(&self, session: &Session) {
        for (name, pace) in QUOTAS.into_iter().zip(self.paces) {
            let pacer = session.pacer(name);
            pacer.set_pace(pace);
            pacer.set_burst(self.burst);
        }
    }
}

/// The names of the quotas in a session.
pub(crate) const QUOTAS: [&str; 3] = ["ingest", "ingest_batch", "other"];

/// The place of a quota class in a table of all of them. A class that is not known yet counts as the last.
pub(crate) fn class_index(class: QuotaClass) -> usize {
    match class {
        QuotaClass::Ingest => 0,
        QuotaClass::IngestBatch => 1,
        _ => 2,
    }
}
