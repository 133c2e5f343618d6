//! Finds the operation that a request is for.

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::document::{Document, Operation};

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Route<'a> {
    /// An operation, with the decoded values of its path parameters.
    Operation(&'a Operation, BTreeMap<String, String>),
    /// The path is known, and takes other methods.
    WrongMethod(Vec<Method>),
    /// No operation has this path.
    Unknown,
}

impl<'a> Route<'a> {
    /// Looks a request up.
    pub(crate) fn find(document: &'a Document, method: &Method, path: &str) -> Self {
        let mut matches: Vec<_> = document
            .operations()
            .iter()
            .filter_map(|operation| Some((operation, match_path(&operation.template, path)?)))
            .collect();
        // Fewest parameters first: `/events/correction` is not the event with the id `correction` ...
        matches.sort_by_key(|(_, values)| values.len());
        let allowed: Vec<_> = matches.iter().map(|(operation, _)| operation.method.clone()).collect();
        // ... unless the method says otherwise.
        match matches.into_iter().find(|(operation, _)| operation.method == *method) {
            Some((operation, values)) => Self::Operation(operation, values),
            None if allowed.is_empty() => Self::Unknown,
            None => Self::WrongMethod(allowed),
        }
    }

    /// The operation, if there is one.
    pub(crate) fn operation(&self) -> Option<&'a Operation> {
        match self {
            Self::Operation(operation, _) => Some(operation),
            _ => None,
        }
    }
}

fn match_path(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut expected = template.split('/');
    let mut found = path.split('/');
    let mut values = BTreeMap::new();
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(values),
            (Some(expected), Some(found)) => match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(_) if found.is_empty() => return None,
                Some(name) => {
                    // Decoded after splitting: a value may hold a slash.
                    let value = percent_decode_str(found).decode_utf8().ok()?;
                    values.insert(name.to_owned(), value.into_owned());
                }
                None if expected == found => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: &str) {
        let document = Document::load().unwrap();
        let found = match Route::find(&document, method, path) {
            Route::Operation(operation, values) => format!("{} {values:?}", operation.id),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_literal_path_wins_over_a_parameter_when_the_method_fits() {
        check(&Method::POST, "/events/correction", "event_correction {}");
        check(&Method::GET, "/events/correction", r#"get_single_event {"event_id": "correction"}"#);
    }

    #[test]
    fn path_parameters_are_decoded_after_the_path_was_split() {
        check(&Method::GET, "/events/a%2Fb%201", r#"get_single_event {"event_id": "a/b 1"}"#);
        check(&Method::GET, "/events/a%ff", "Unknown");
    }

    #[test]
    fn other_paths_and_methods_are_told_apart() {
        check(&Method::GET, "/nowhere", "Unknown");
        check(&Method::GET, "/events/", "Unknown");
        check(&Method::PUT, "/ingest", "WrongMethod([POST])");
    }
}
