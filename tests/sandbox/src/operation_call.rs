//! A request that has passed every check but that of its body.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

use crate::event;
use crate::form::Fields;
use crate::json_response::Refusal;
use crate::operation::Operation;

/// A call of an operation, with its parameters and its body.
#[derive(Debug)]
pub(crate) struct OperationCall<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) now: SystemTime,
    pub(crate) body: Option<Value>,
    pub(crate) parameters: BTreeMap<String, Value>,
    /// The host and the port that the request was sent to, as far as it says so.
    pub(crate) host: Option<&'a str>,
}

impl OperationCall<'_> {
    /// The text of a parameter, if it was sent or has a default.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// The text of a parameter in the path, which is always there.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Whether a boolean parameter is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameters.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The page size: the document gives its default and its limits.
    pub(crate) fn page_size(&self) -> usize {
        let size = self.parameters.get("pageSize").and_then(Value::as_f64).unwrap_or(20.0);
        // Both `10` and `10.0` are integers to the rules of the document, which have been checked.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number from 1 to 100"
        )]
        let size = size as usize;
        size
    }

    /// Takes the body out, checked against the rules of the operation.
    ///
    /// # Errors
    ///
    /// The first rule that the body breaks.
    pub(crate) fn take_checked_body(&mut self) -> Result<Option<Value>, Refusal> {
        self.operation.check_body(self.body.as_ref()).map_err(Refusal::bad_request)?;
        Ok(self.body.take())
    }

    /// Takes the fields of the body out, checked against the rules of the operation; none if there is no body.
    ///
    /// # Errors
    ///
    /// The first rule that the body breaks.
    pub(crate) fn take_checked_fields(&mut self) -> Result<Fields, Refusal> {
        Ok(match self.take_checked_body()? {
            Some(Value::Object(fields)) => fields,
            _ => Fields::new(),
        })
    }

    /// Takes the body out as it is.
    pub(crate) fn take_unchecked_body(&mut self) -> Option<Value> {
        self.body.take()
    }

    /// Brings `event` of the body into the shape of today, if it is in that of 2022.
    pub(crate) fn modernise_event(&mut self) {
        if let Some(event) = self.body.as_mut().and_then(|body| body.get_mut("event"))
            && let Some(modernised) = event::modernised(event)
        {
            *event = modernised;
        }
    }
}
