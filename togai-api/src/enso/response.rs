//! What became of a batch, whichever form the answer has.

use super::types::{BatchEventsResponse, BatchEventsSummary, FailedRecord};

impl BatchEventsResponse {
    /// How many events were taken, in either form of the answer: of `data` where that has a summary, else of the bare
    /// form.
    ///
    /// ```
    /// use togai_api::enso::types::BatchEventsResponse;
    ///
    /// let within: BatchEventsResponse = serde_json::from_str(r#"{"data": {"summary": {"success": 2}}}"#)?;
    /// let bare: BatchEventsResponse = serde_json::from_str(r#"{"summary": {"success": 2}}"#)?;
    /// assert_eq!(within.summary().and_then(|summary| summary.success), Some(2));
    /// assert_eq!(within.summary(), bare.summary());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// None says nothing of the events, not that they were taken. The field of the same name,
    /// [`summary`](field@Self::summary), is that of the bare form alone.
    pub fn summary(&self) -> Option<&BatchEventsSummary> {
        self.data.as_ref().and_then(|data| data.summary.as_ref()).or(self.summary.as_ref())
    }

    /// The events that were not taken, in either form of the answer: of `data` where that has some, else of the bare
    /// form.
    ///
    /// ```
    /// use togai_api::enso::FailureCode;
    /// use togai_api::enso::types::BatchEventsResponse;
    ///
    /// let within: BatchEventsResponse =
    ///     serde_json::from_str(r#"{"data": {"failedRecords": [{"index": 7, "code": 2002}]}}"#)?;
    /// let bare: BatchEventsResponse = serde_json::from_str(r#"{"failedRecords": [{"index": 7, "code": 2002}]}"#)?;
    /// assert_eq!(within.failed_records()[0].code, Some(FailureCode::CUSTOMER_ENTITY_UNKNOWN));
    /// assert_eq!(within.failed_records(), bare.failed_records());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// They are in no particular order. Where there is none and [`summary`](method@Self::summary) is none either, the
    /// answer says nothing of the events, not that they were taken. The field of the same name,
    /// [`failed_records`](field@Self::failed_records), is that of the bare form alone.
    pub fn failed_records(&self) -> &[FailedRecord] {
        match &self.data {
            Some(data) if !data.failed_records.is_empty() => &data.failed_records,
            _ => &self.failed_records,
        }
    }
}
