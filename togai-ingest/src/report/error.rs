//! A call that did not get through all its events.

use std::fmt::{self, Write as _};

use super::{IngestReport, Verdict};
use crate::error::{DeliveryError, DeliveryErrorKind};

/// Why not all events were handed over, with what became of those that were pulled.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |sandbox, _| {
/// let client = ClientBuilder::new("expired").base_url(sandbox.base_url()).build()?;
/// let events = (0..3000).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
///
/// let failure = client.ingest_events(events).send().await.unwrap_err();
/// assert!(failure.error().is_auth());
/// // The first batch was refused. Nothing more was pulled or sent.
/// assert_eq!((failure.report().submitted(), failure.report().not_sent()), (1000, 1000));
/// # Ok(())
/// # });
/// ```
///
/// What the source still holds was not pulled.
pub struct IngestError<E, T = ()> {
    // Boxed, so that a `Result` stays small.
    inner: Box<(DeliveryError, IngestReport<E, T>)>,
}

impl<E, T> IngestError<E, T> {
    pub(crate) fn new(error: DeliveryError, report: IngestReport<E, T>) -> Self {
        Self { inner: Box::new((error, report)) }
    }

    pub(crate) fn not_all_accepted(report: IngestReport<E, T>) -> Self {
        let mut problem = String::from("not all events were accepted");
        if let Some(first) = report.not_accepted().first() {
            let _ = write!(problem, "; event {} is {}", first.index, first.outcome);
        }
        Self::new(DeliveryError::new(report.operation, DeliveryErrorKind::NotAllAccepted, problem), report)
    }

    /// What stopped the call.
    pub fn error(&self) -> &DeliveryError {
        &self.inner.0
    }

    /// What became of the events that were pulled.
    pub fn report(&self) -> &IngestReport<E, T> {
        &self.inner.1
    }

    /// The report without the events that were not sent, those events, and what stopped the call.
    ///
    /// The events have the ids that they were to be sent with. The report still counts them. Where
    /// [`on_not_accepted`](crate::Ingest::on_not_accepted) took the events that were not accepted, it took these, too.
    pub fn into_parts(self) -> (IngestReport<E, T>, Vec<Verdict<E, T>>, DeliveryError) {
        let (error, mut report) = *self.inner;
        let not_sent = report.take_not_sent();
        (report, not_sent, error)
    }
}

impl<E, T> IngestReport<E, T> {
    /// How many events there were, where all of them were accepted; else an error that holds the report.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let event = Event::new("api_calls", "acme-prod").attribute("count", 1);
    /// assert_eq!(client.ingest_events([event]).send().await?.into_result()?, 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If an event was not accepted, also if the server only has it already.
    pub fn into_result(self) -> Result<u64, IngestError<E, T>> {
        if self.counts.accepted == self.counts.submitted {
            Ok(self.counts.submitted)
        } else {
            Err(IngestError::not_all_accepted(self))
        }
    }
}

impl<E, T> fmt::Display for IngestError<E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.error(), self.report())
    }
}

impl<E, T> fmt::Debug for IngestError<E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IngestError")
            .field("error", self.error())
            .field("report", &format_args!("{}", self.report()))
            .finish()
    }
}

impl<E, T> std::error::Error for IngestError<E, T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().source()
    }
}
