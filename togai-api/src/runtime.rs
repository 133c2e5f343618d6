//! What generated code calls.

use std::fmt::Display;

use crate::{Error, Operation, PageSize};

/// A value in its place in a path, percent-encoded.
///
/// Empty values and dots are refused: they would address another resource than the one that was meant.
pub(crate) fn path_value(operation: &'static Operation, name: &str, value: &impl Display) -> Result<String, Error> {
    let value = value.to_string();
    if value.is_empty() || value == "." || value == ".." {
        return Err(invalid_request(
            operation,
            format!("`{name}` is \"{value}\", which cannot stand in a path: set it to the id that is meant"),
        ));
    }
    Ok(progenitor_client::encode_path(&value))
}

/// Refuses a page size outside of the document's limits, which servers answer in ways of their own.
pub(crate) fn check_page_size(operation: &'static Operation, size: Option<u32>) -> Result<(), Error> {
    match (size, operation.paging.and_then(|paging| paging.page_size)) {
        (Some(size), Some(PageSize { smallest, largest })) if !(smallest..=largest).contains(&size) => {
            Err(invalid_request(operation, format!("`page_size` is {size}: set it to {smallest} to {largest}")))
        }
        _ => Ok(()),
    }
}

/// The error of a request that was not sent because a value of it is missing or of no use.
pub(crate) fn invalid_request(operation: &'static Operation, problem: String) -> Error {
    Error::invalid_request(operation.id, problem)
}

/// The error of a request that could not be put together, such as for an address that is none.
pub(crate) fn unbuildable(operation: &'static Operation, error: reqwest::Error) -> Error {
    Error::invalid_request(operation.id, "the request could not be built".to_owned()).with_source(error.without_url())
}

/// Sends a body only where there is one.
pub(crate) trait OptionalBody {
    fn optional_json<T: serde::Serialize>(self, body: Option<&T>) -> Self;
}

impl OptionalBody for reqwest::RequestBuilder {
    fn optional_json<T: serde::Serialize>(self, body: Option<&T>) -> Self {
        match body {
            Some(body) => self.json(body),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_where_they_would_change_the_path() {
        let operation = &crate::OPERATIONS[0];
        let encoded = path_value(operation, "entry_id", &"purchase.x/y?z#1$PURCHASE é").unwrap();
        assert_eq!(encoded, "purchase.x%2Fy%3Fz%231$PURCHASE%20%C3%A9");
    }

    #[test]
    fn values_that_would_address_something_else_are_refused() {
        let operation = &crate::OPERATIONS[0];
        for value in ["", ".", ".."] {
            let error = path_value(operation, "account_id", &value).unwrap_err();
            assert!(error.to_string().contains("`account_id`"), "{error}");
        }
    }
}
