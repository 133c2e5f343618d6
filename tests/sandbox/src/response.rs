//! The answer to an operation that was carried out, as the document declares it.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::form::Form;
use crate::schema::Schemas;

/// The first response of an operation that means success.
#[derive(Debug)]
pub(crate) struct SuccessResponse {
    pub(crate) status: StatusCode,
    /// The body, unless there is none.
    pub(crate) form: Option<Form>,
    /// What the answer is a list of, if it is one.
    pub(crate) items: Option<Items>,
}

/// The items of a list.
#[derive(Debug)]
pub(crate) struct Items {
    /// The property that holds them.
    pub(crate) property: String,
    pub(crate) form: Form,
    /// Whether there is a page after this one as long as there are more.
    pub(crate) in_pages: bool,
}

impl SuccessResponse {
    pub(crate) fn read(operation: &Value, schemas: &Arc<Schemas>) -> Result<Self, String> {
        let responses = operation["responses"].as_object().into_iter().flatten();
        let number_of = |status: &str| match status {
            // Which one it is, is not documented; a client has to take any.
            "2XX" => Some(200),
            status => status.parse::<u16>().ok(),
        };
        let mut successes = responses.filter_map(|(status, response)| Some((number_of(status)?, response)));
        let (status, response) =
            successes.find(|(status, _)| (200..400).contains(status)).ok_or("no response means success")?;
        let content = response.pointer("/content/application~1json");
        let form = content.map(|content| Form::new(&content["schema"], content.get("example"), schemas));
        let paged = operation.pointer("/x-togai-paged/items").and_then(Value::as_str);
        // Lists that are answered as a whole have the same property as almost all the others.
        let property = paged.unwrap_or("data");
        let items_form = form.as_ref().and_then(|form| form.items_of(property));
        if let (Some(property), None) = (paged, &items_form) {
            return Err(format!("{property} is no list"));
        }
        let items = items_form.map(|form| Items { property: property.to_owned(), form, in_pages: paged.is_some() });
        let status = StatusCode::from_u16(status).map_err(|error| error.to_string())?;
        Ok(Self { status, form, items })
    }
}

#[cfg(test)]
mod tests {
    use crate::api::Api;
    use crate::document::Document;

    #[test]
    fn the_examples_of_the_document_are_valid_responses() {
        for operation in Api::ALL.iter().flat_map(|api| Document::load(*api).unwrap().operations()) {
            let success = &operation.success;
            if let Some(form) = &success.form {
                assert!(form.allows(form.example()), "{}", operation.id);
            }
            if let Some(items) = &success.items {
                assert!(items.form.allows(items.form.example()), "{}", operation.id);
            }
        }
    }
}
