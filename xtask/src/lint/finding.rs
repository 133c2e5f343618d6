//! What a rule finds.

use std::fmt;

/// A rule that the document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    place: String,
    problem: String,
    remedy: &'static str,
}

impl Finding {
    pub(super) fn new(file: &str, place: impl Into<String>, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { file: file.to_owned(), place: place.into(), problem: problem.into(), remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "  {}: {}: {}\n    {}", self.file, self.place, self.problem, self.remedy)
    }
}
