//! What a page says of records that it could not read whole.

use std::fmt;

use crate::{CallContext, error};

/// A record of a page that could not be read whole.
///
/// Values that cannot be read are left out of the record, as if the server had not sent them; where nothing of it can be
/// read, the record is left out of the page. The other records of the page are as they would be without it.
///
/// [`ResponseValue::unreadable`](crate::ResponseValue::unreadable) lists them.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadableRecord {
    path: String,
    json: String,
    problems: Vec<String>,
}

impl UnreadableRecord {
    pub(super) fn new(path: String, json: &str, problems: Vec<String>) -> Self {
        Self { path, json: json.to_owned(), problems }
    }

    /// Where the record is in the response, such as `events[3]`. What follows it counts it, even where it is left out.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The record as the server wrote it, without the token of the request.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What could not be read and why, such as ``createdAt: `today` is not a date and time such as ..``.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The same without the secrets of the request.
    pub(crate) fn redacted(self, context: &CallContext) -> Self {
        let problems = self.problems.iter().map(|problem| error::safe_text(context, problem)).collect();
        Self { json: context.redact(&self.json), problems, ..self }
    }
}

impl fmt::Debug for UnreadableRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The record may be long, and hold what belongs in no log.
        let mut shown = formatter.debug_struct("UnreadableRecord");
        shown.field("path", &self.path).field("problems", &self.problems).finish_non_exhaustive()
    }
}
