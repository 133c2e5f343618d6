//! A call that did not look all events up.

use std::fmt;

use togai_api::Error;
use togai_ingest::IngestReport;

/// Why not all events could be looked up, with the report as far as it is known.
///
/// ```
/// use togai_ext::prelude::*;
/// use togai_sandbox::Fault;
///
/// # togai_doctest::run(async |sandbox, client| {
/// sandbox.fault(Fault::reset_after_reading().first(1));
/// let events = ["ride-1", "ride-2"].map(|id| Event::new("rides", "acme-prod").id(id));
/// let failure = client.ingest_events(events).idempotent(false).send().await.unwrap_err();
/// let (report, _, _) = failure.into_parts();
///
/// let expired = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
/// let failure = report.verify(&expired).send().await.unwrap_err();
/// assert!(failure.error().is_auth());
/// // Nothing is lost: with another token the report can be verified again.
/// let (report, _error) = failure.into_parts();
/// assert_eq!(report.verify(&client).send().await?.accepted(), 2);
/// # Ok(())
/// # });
/// ```
///
/// Events that the call did not get to have the outcome that they had. It converts into [`Error`], which loses the report.
pub struct VerifyOutcomesError<E, T = ()> {
    // Boxed, so that a `Result` stays small.
    inner: Box<(Error, IngestReport<E, T>)>,
}

impl<E, T> VerifyOutcomesError<E, T> {
    pub(super) fn new(error: Error, report: IngestReport<E, T>) -> Self {
        Self { inner: Box::new((error, report)) }
    }

    /// What stopped the call.
    pub fn error(&self) -> &Error {
        &self.inner.0
    }

    /// The report, with the outcomes that were found.
    pub fn report(&self) -> &IngestReport<E, T> {
        &self.inner.1
    }

    /// The report, with the outcomes that were found, and what stopped the call.
    pub fn into_parts(self) -> (IngestReport<E, T>, Error) {
        let (error, report) = *self.inner;
        (report, error)
    }
}

impl<E, T> From<VerifyOutcomesError<E, T>> for Error {
    fn from(failure: VerifyOutcomesError<E, T>) -> Self {
        failure.inner.0
    }
}

impl<E, T> fmt::Display for VerifyOutcomesError<E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.error(), self.report())
    }
}

impl<E, T> fmt::Debug for VerifyOutcomesError<E, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyOutcomesError")
            .field("error", self.error())
            .field("report", &format_args!("{}", self.report()))
            .finish()
    }
}

impl<E, T> std::error::Error for VerifyOutcomesError<E, T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().source()
    }
}
