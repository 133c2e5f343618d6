//! A call that did not get through all its events.

use std::fmt::{self, Write as _};

use super::{IngestReport, Verdict};
use crate::error::{DeliveryError, DeliveryErrorKind};
use crate::outcome::Outcome;

/// Why not all events were handed over, with what became of those that were pulled.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |sandbox, _| {
/// let client = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
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

    /// The error of a report whose outcomes are not all a success. `is_at_fault` selects the others: the first one is named.
    fn not_all_accepted(report: IngestReport<E, T>, is_at_fault: impl Fn(&Outcome) -> bool) -> Self {
        let mut problem = String::from("not all events were accepted");
        if let Some(first) = report.not_accepted().iter().find(|verdict| is_at_fault(&verdict.outcome)) {
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
    /// The number of events if the service has all of them, accepted or duplicate; otherwise an error that holds the report.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// // The last line is there twice.
    /// let rides = ["ride-1", "ride-2", "ride-2"];
    /// let time = Timestamp::from_unix_seconds(1_713_456_017);
    /// let events = rides.map(|id| Event::new("rides", "acme-prod").id(id).timestamp(time));
    /// let report = client.ingest_events(events).send().await?;
    /// assert_eq!((report.accepted(), report.duplicates()), (2, 1));
    /// assert_eq!(report.into_result()?, 3);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// A duplicate is a success: the service has the event, so a file can be run again after a crash. A duplicate that was
    /// not compared has an id that the service knows, and perhaps other content. Use
    /// [`into_strict_result`](Self::into_strict_result) where no event may be a duplicate.
    ///
    /// # Errors
    ///
    /// If an event is rejected, unknown or not sent.
    pub fn into_result(self) -> Result<u64, IngestError<E, T>> {
        if self.counts.accepted + self.counts.duplicates == self.counts.submitted {
            Ok(self.counts.submitted)
        } else {
            let is_at_fault = |outcome: &Outcome| !matches!(outcome, Outcome::Duplicate { .. });
            Err(IngestError::not_all_accepted(self, is_at_fault))
        }
    }

    /// The number of events if all of them were accepted, and none is a duplicate; otherwise an error that holds the report.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let event = Event::new("rides", "acme-prod").id("ride-1");
    /// let report = client.ingest_events([event.clone(), event]).send().await?;
    ///
    /// let failure = report.into_strict_result().unwrap_err();
    /// assert!(failure.to_string().contains("event 1 is duplicate"));
    /// assert_eq!(failure.report().duplicates(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If an event is a duplicate, rejected, unknown or not sent.
    pub fn into_strict_result(self) -> Result<u64, IngestError<E, T>> {
        if self.counts.accepted == self.counts.submitted {
            Ok(self.counts.submitted)
        } else {
            Err(IngestError::not_all_accepted(self, |_| true))
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
