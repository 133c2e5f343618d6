//! Operations that nothing is kept of: they are answered with the example of the document, and what the request says is
//! laid over it.

use serde_json::Value;

use crate::application::Application;
use crate::form::{Fields, Form};
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;
use crate::operations::list::{List, PAGE_PARAMETERS, camel_case};

/// How many items there are in a list of examples.
const ITEMS: usize = 3;

/// Answers an operation by the document alone.
pub(super) fn respond(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_fields()?;
    let success = &call.operation.success;
    let Some(form) = &success.form else { return Ok(JsonResponse::empty(success.status)) };
    let around = request_values(&call, &body, form);
    let Some(items) = success.items.as_ref().filter(|items| items.in_pages) else {
        return Ok(JsonResponse::new(success.status, form.varied(&around)));
    };

    let list = List::read(application, &call)?;
    let mut of_item = request_values(&call, &body, &items.form);
    // On later pages it is the token that says what the first one was narrowed to.
    for (parameter, value) in list.filters() {
        of_item.entry(camel_case(parameter)).or_insert_with(|| value.clone());
    }
    // A filter by id would make all items the same one.
    of_item.remove("id");
    let item = items.form.varied(&of_item);
    let numbered = (1..=ITEMS).map(|number| match number {
        1 => (number, item.clone()),
        _ => (number, items.form.numbered(&item, number)),
    });
    Ok(list.respond_with(numbered, &around))
}

/// What the request says, under the names that a response may have for it.
fn request_values(call: &OperationCall<'_>, body: &Fields, form: &Form) -> Fields {
    let mut given = Fields::new();
    for parameter in call.operation.parameters.iter().filter(|parameter| !parameter.is_in_path()) {
        if let Some(value) = call.parameters.get(&parameter.name)
            && !PAGE_PARAMETERS.contains(&parameter.name.as_str())
        {
            given.insert(camel_case(&parameter.name), value.clone());
        }
    }
    given.extend(body.iter().map(|(name, value)| (name.clone(), value.clone())));
    for parameter in call.operation.parameters.iter().filter(|parameter| parameter.is_in_path()) {
        let Some(value) = call.parameters.get(&parameter.name) else { continue };
        given.insert(camel_case(&parameter.name), value.clone());
        // The examples of the document fit together: what is the same there is the same thing.
        let meant = form.example().as_object().into_iter().flatten();
        let meant = meant.filter(|(_, example)| **example == parameter.example && **example != Value::Null);
        given.extend(meant.map(|(name, _)| (name.clone(), value.clone())));
    }
    given
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Reply, TestSandbox};

    #[test]
    fn request_values_override_the_example() {
        let sandbox = TestSandbox::new();
        let Reply(status, credit) = sandbox.post("/credits/mine/void", &json!({}));
        assert_eq!((status, &credit["id"]), (200, &json!("mine")));
        let Reply(status, balance) = sandbox.get("/accounts/acme/features/f");
        assert_eq!((status, &balance["accountId"], &balance["featureId"]), (200, &json!("acme"), &json!("f")));
        let Reply(_, add_on) = sandbox.send("PATCH", "/addons/mine", Some(&json!({ "name": "Lounge" })));
        assert_eq!((&add_on["id"], &add_on["name"]), (&json!("mine"), &json!("Lounge")));
    }

    #[test]
    fn a_list_of_examples_has_pages() {
        let sandbox = TestSandbox::new();
        let mut ids = Vec::new();
        let mut target = "/payments?pageSize=2".to_owned();
        loop {
            let Reply(status, page) = sandbox.get(&target);
            assert_eq!(status, 200);
            ids.extend(page["data"].as_array().unwrap().iter().map(|payment| payment["id"].clone()));
            let Some(token) = page["nextToken"].as_str() else { break };
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            target = format!("/payments?nextToken={token}");
        }
        let first = "payment.21hzK4pWqXe.b2Vt6";
        assert_eq!(ids, [json!(first), json!(format!("{first}-2")), json!(format!("{first}-3"))]);
    }

    #[test]
    fn later_pages_keep_the_filters_of_the_first() {
        let sandbox = TestSandbox::new();
        let Reply(_, first) = sandbox.get("/credits?account_id=acme&pageSize=1");
        let token: String = form_urlencoded::byte_serialize(first["nextToken"].as_str().unwrap().as_bytes()).collect();
        let Reply(_, second) = sandbox.get(&format!("/credits?nextToken={token}"));
        let accounts = [&first["data"][0]["accountId"], &second["data"][0]["accountId"]];
        assert_eq!(accounts, [&json!("acme"), &json!("acme")]);
    }

    #[test]
    fn example_operations_check_the_body() {
        let expected = json!({ "message": "name: is required" });
        assert_eq!(TestSandbox::new().post("/addons", &json!({ "type": "FIXED_FEE" })), Reply(400, expected));
    }
}
