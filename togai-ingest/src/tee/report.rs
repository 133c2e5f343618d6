//! What became of the events of both sides.

use crate::report::{IngestError, IngestReport};

/// What became of the events of a [`Tee`](crate::Tee), for each of its clients.
///
/// ```
/// # use togai_ext::prelude::*;
/// # use togai_ingest::Tee;
/// # togai_doctest::run_two(async |[old, new], [first, second]| {
/// use togai_sandbox::Fault;
///
/// old.fault(Fault::status(401));
/// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"));
/// let report = Tee::new(&first, &second).ingest_events([pair]).send().await;
/// assert_eq!((report.first_report().not_sent(), report.second_report().accepted()), (1, 1));
/// assert!(report.first.is_err() && report.second.is_ok());
/// # Ok(())
/// # });
/// ```
///
/// A pair has the same index on both sides. `E1` and `T1` are event and tag of the first side, `E2` and `T2` those of the
/// second.
#[derive(Debug)]
#[must_use = "events may not have been accepted"]
#[non_exhaustive]
pub struct TeeReport<E1, E2, T1 = (), T2 = ()> {
    /// How the call of the first client ended.
    pub first: Result<IngestReport<E1, T1>, IngestError<E1, T1>>,
    /// How the call of the second client ended.
    pub second: Result<IngestReport<E2, T2>, IngestError<E2, T2>>,
}

impl<E1, E2, T1, T2> TeeReport<E1, E2, T1, T2> {
    /// The report of the first client, whether its call stopped or not.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"));
    /// let report = Tee::new(&first, &second).ingest_events([pair]).send().await;
    /// assert_eq!(report.first_report().submitted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    pub fn first_report(&self) -> &IngestReport<E1, T1> {
        self.first.as_ref().unwrap_or_else(IngestError::report)
    }

    /// The report of the second client, whether its call stopped or not.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"));
    /// let report = Tee::new(&first, &second).ingest_events([pair]).send().await;
    /// assert_eq!(report.second_report().submitted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    pub fn second_report(&self) -> &IngestReport<E2, T2> {
        self.second.as_ref().unwrap_or_else(IngestError::report)
    }
}
