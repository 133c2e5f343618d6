//! Lists as the document describes them: which page is asked for, and what stands around its items.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value, json};

use crate::application::Application;
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;
use crate::paging::{self, PageRequest};

/// Parameters that say which page is asked for, and nothing about its items.
pub(super) const PAGE_PARAMETERS: [&str; 2] = ["nextToken", "pageSize"];

/// The longest text that goes into a page token as it is, in bytes.
const LONGEST: usize = 40;

/// A list that is asked for page by page.
pub(super) struct List<'a> {
    application: &'a Application,
    call: &'a OperationCall<'a>,
    name: String,
    request: PageRequest,
    /// Filters that are too long for a token, which may have 500 characters; they have to be sent with every page.
    long_filters: Fields,
}

impl<'a> List<'a> {
    /// Reads which page is asked for.
    ///
    /// # Errors
    ///
    /// A token that is not one of this list.
    pub(super) fn read(application: &'a Application, call: &'a OperationCall<'a>) -> Result<Self, Refusal> {
        let mut name = call.operation.id.clone();
        let mut filters = Map::new();
        for parameter in &call.operation.parameters {
            let Some(value) = call.parameters.get(&parameter.name) else { continue };
            if parameter.is_in_path() {
                // A token of one customer's list does not lead into another's.
                name = format!("{name}/{}", plain_text(value));
            } else if !PAGE_PARAMETERS.contains(&parameter.name.as_str()) {
                filters.insert(parameter.name.clone(), json!(plain_text(value)));
            }
        }
        let (short, long) = filters.into_iter().partition(|(_, value)| value.as_str().map_or(0, str::len) <= LONGEST);
        let request = PageRequest::read(&digest(&name), call.page_size(), short, call.text("nextToken"))?;
        Ok(Self { application, call, name: digest(&name), request, long_filters: long })
    }

    /// What the list is narrowed to, by parameter, as this request or the first one said.
    pub(super) fn filters(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.request.filters.iter().chain(&self.long_filters)
    }

    /// Whether an item is in the list. `names` says which property a parameter means where their names differ.
    pub(super) fn takes(&self, item: &Fields, names: &[(&str, &str)]) -> bool {
        self.filters().all(|(parameter, wanted)| {
            let renamed = names.iter().find(|(name, _)| name == parameter).map(|(_, property)| (*property).to_owned());
            let property = renamed.unwrap_or_else(|| camel_case(parameter));
            item.get(&property).is_some_and(|value| Some(plain_text(value).as_str()) == wanted.as_str())
        })
    }

    /// Responds with the page of the items, which come in order and with their positions.
    pub(super) fn respond<T>(
        &self,
        items: impl Iterator<Item = (usize, T)>,
        present: impl Fn(T) -> Value,
    ) -> JsonResponse {
        let page = paging::cut(&self.name, &self.request, self.application.settings.trailing_empty_page, items);
        let items: Vec<_> = page.items.into_iter().map(present).collect();
        self.envelope(items, page.next_token.as_deref(), &Fields::new())
    }

    /// The same with fields that stand beside the items.
    pub(super) fn respond_with(&self, items: impl Iterator<Item = (usize, Value)>, fields: &Fields) -> JsonResponse {
        let page = paging::cut(&self.name, &self.request, self.application.settings.trailing_empty_page, items);
        self.envelope(page.items, page.next_token.as_deref(), fields)
    }

    fn envelope(&self, items: Vec<Value>, next_token: Option<&str>, fields: &Fields) -> JsonResponse {
        let success = &self.call.operation.success;
        let (Some(form), Some(of)) = (&success.form, &success.items) else {
            return JsonResponse::empty(success.status);
        };
        let mut body = form.varied(fields);
        body[&of.property] = Value::Array(items);
        if of.in_pages {
            body["nextToken"] = json!(next_token);
        }
        if form.declares("context") {
            body["context"] = json!({ "pageSize": self.request.page_size, "sortOrder": "ASC" });
        }
        if let Some(fields) = body.as_object_mut() {
            // The lists have no way back.
            fields.remove("previousToken");
        }
        JsonResponse::new(success.status, body)
    }
}

/// The name of a list, short enough for a token.
fn digest(name: &str) -> String {
    if name.len() <= 2 * LONGEST {
        return name.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A value as it would stand in a query.
pub(super) fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `account_id` as a property of a body is called: `accountId`.
pub(super) fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    for (index, word) in name.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => camel.extend(first.to_uppercase().chain(letters)),
            _ => camel.push_str(word),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestSandbox;

    #[test]
    fn tokens_stay_within_500_characters() {
        let sandbox = TestSandbox::new();
        let long = "x".repeat(600);
        let filters = format!("account_id={long}&licenseId={long}&effectiveFrom=2024-11-01T00:00:00.000000000%2B00:00");
        let targets = [
            format!("/license_updates?pageSize=1&{filters}"),
            format!("/v2/schedules/{long}/rate_cards?mode=ACTIVE&pageSize=1"),
        ];
        for target in targets {
            let token = sandbox.get(&target).1["nextToken"].as_str().unwrap().to_owned();
            assert!(token.len() <= 500, "{}", token.len());
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            assert_eq!(sandbox.get(&format!("{target}&nextToken={token}")).0, 200);
        }
    }

    #[test]
    fn names_of_parameters_become_names_of_properties() {
        assert_eq!(camel_case("account_id"), "accountId");
        assert_eq!(camel_case("setting_id_str"), "settingIdStr");
        assert_eq!(camel_case("effectiveOn"), "effectiveOn");
    }
}
