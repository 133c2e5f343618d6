//! What a rule finds.

use std::fmt;

/// A rule that the document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    location: String,
    problem: String,
    remedy: &'static str,
}

impl Finding {
    pub(super) fn new(
        file: &str,
        location: impl Into<String>,
        problem: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self { file: file.to_owned(), location: location.into(), problem: problem.into(), remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "  {}: {}: {}\n    {}", self.file, self.location, self.problem, self.remedy)
    }
}
