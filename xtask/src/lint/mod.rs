//! Says no before the generator panics, naming the file, the place and the remedy.

mod bodies;
mod components;
mod operations;
mod parameters;
mod schemas;

use std::fmt;

use crate::document::Document;

/// A rule that the document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    place: String,
    problem: String,
    remedy: &'static str,
}

impl Finding {
    fn new(file: &str, place: impl Into<String>, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { file: file.to_owned(), place: place.into(), problem: problem.into(), remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "  {}: {}: {}\n    {}", self.file, self.place, self.problem, self.remedy)
    }
}

/// A rule: it looks at the document and adds what it finds.
type Rule = fn(&Document, &mut Vec<Finding>);

const RULES: &[Rule] = &[
    operations::version,
    operations::ids,
    operations::areas,
    operations::extensions,
    operations::descriptions,
    parameters::templates,
    parameters::shapes,
    parameters::names,
    parameters::reserved,
    parameters::paging,
    bodies::requests,
    bodies::successes,
    bodies::failures,
    components::references,
    components::unused,
    schemas::required,
    schemas::names,
    schemas::given_names,
    schemas::reserved,
    schemas::variants,
    schemas::nesting,
    schemas::leniency,
    schemas::descriptions,
];

/// Everything that is wrong with the document.
pub(crate) fn run(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        rule(document, &mut findings);
    }
    findings
}

#[cfg(test)]
mod tests;
