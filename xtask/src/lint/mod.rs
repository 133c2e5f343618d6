//! Says no before the generator panics, naming the file, the place and the remedy.

mod bodies;
mod components;
mod finding;
mod operations;
mod parameters;
mod schemas;

use crate::document::Document;

use finding::Finding;

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
