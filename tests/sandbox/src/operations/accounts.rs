//! The accounts of a customer. A customer exists as soon as it is named.

use chrono::NaiveDate;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::application::{Application, State};
use crate::directory::{Account, Schedule};
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::operations::aliases;
use crate::paging::{self, PageRequest};

/// The end of a price plan that has none, as the service writes it.
const OPEN_END: &str = "9999-01-01";

/// Lists the accounts of a customer, oldest first.
pub(super) fn get_accounts(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let customer_id = call.path("customer_id");
    // A token of one customer's list does not lead into another's.
    let list = format!("{}/{customer_id}", call.operation.id);
    let request = PageRequest::read(&list, call.page_size(), Map::new(), call.text("nextToken"))?;

    let state = State::of(application);
    let accounts = state.directory.of_customer(customer_id);
    let page = paging::cut(&list, &request, application.settings.trailing_empty_page, accounts);
    let data: Vec<_> = page.items.into_iter().map(to_json).collect();
    let mut body = json!({ "data": data, "context": { "pageSize": request.page_size, "sortOrder": "ASC" } });
    // The client of 2022, whose operation this is, takes no null; the last page of events has one.
    if let Some(token) = page.next_token {
        body["nextToken"] = json!(token);
    }
    Ok(JsonResponse::ok(body))
}

/// Creates an account.
pub(super) fn create_account(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_body()?.unwrap_or_default();
    let account = Account {
        customer_id: call.path("customer_id").to_owned(),
        id: text(&body, "id").unwrap_or_default(),
        name: text(&body, "name").unwrap_or_default(),
        aliases: aliases(&body),
        schedules: Vec::new(),
        details: Fields::new(),
    };
    if account.id.is_empty() {
        return Err(Refusal::bad_request("id: has to have at least 1 character"));
    }
    let mut state = State::of(application);
    let account = state.directory.create(account).map_err(Refusal::bad_request)?;
    let (response, aliases) = (JsonResponse::new(StatusCode::CREATED, to_json(account)), account.aliases.clone());
    note(&mut state, &call, &aliases);
    Ok(response)
}

/// Answers an account.
pub(super) fn get_account(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let state = State::of(application);
    existing(&state, call).map(|account| JsonResponse::ok(to_json(account)))
}

/// Changes the name of an account.
pub(super) fn update_account(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_body()?.unwrap_or_default();
    let mut state = State::of(application);
    let account = existing_mut(&mut state, &call)?;
    if let Some(name) = text(&body, "name") {
        account.name = name;
    }
    Ok(JsonResponse::ok(to_json(account)))
}

/// Deletes an account. Events that name it from now on find no account.
pub(super) fn delete_account(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let mut state = State::of(application);
    let aliases = existing(&state, call)?.aliases.clone();
    aliases::forget(&mut state, &aliases);
    state.directory.delete(call.path("customer_id"), call.path("account_id"));
    Ok(JsonResponse::ok(json!({ "success": true })))
}

/// Adds aliases: all of them or, if one is taken, none.
pub(super) fn add_aliases(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let aliases = required_aliases(&mut call)?;
    let mut state = State::of(application);
    existing(&state, &call)?;
    let (customer_id, account_id) = (call.path("customer_id"), call.path("account_id"));
    state.directory.add_aliases(customer_id, account_id, &aliases).map_err(Refusal::bad_request)?;
    note(&mut state, &call, &aliases);
    existing(&state, &call).map(|account| JsonResponse::ok(to_json(account)))
}

/// Removes aliases.
pub(super) fn remove_aliases(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let mut aliases = required_aliases(&mut call)?;
    let mut state = State::of(application);
    let present = &existing(&state, &call)?.aliases;
    aliases.retain(|alias| present.contains(alias));
    aliases::forget(&mut state, &aliases);
    state.directory.remove_aliases(call.path("customer_id"), call.path("account_id"), &aliases);
    existing(&state, &call).map(|account| JsonResponse::ok(to_json(account)))
}

/// Puts an account on a price plan, from today and without an end unless the request says otherwise.
pub(super) fn associate_price_plan(
    application: &Application,
    mut call: OperationCall<'_>,
) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_body()?.unwrap_or_default();
    let today = moment::day_of(call.now).to_string();
    let start = text(&body, "effectiveFrom").unwrap_or(today);
    let end = text(&body, "effectiveUntil").unwrap_or_else(|| OPEN_END.to_owned());
    if start.parse::<NaiveDate>().ok() > end.parse().ok() {
        let message = format!("effectiveUntil: has to be on or after effectiveFrom, {start}, but is {end}");
        return Err(Refusal::bad_request(message));
    }

    let mut state = State::of(application);
    let account = existing_mut(&mut state, &call)?;
    account.schedules.push(Schedule {
        price_plan_name: text(&body, "pricePlanName").unwrap_or_default(),
        start_date: format!("{start}T00:00:00Z"),
        end_date: format!("{end}T00:00:00Z"),
        rate_card: body.get("rateCardOverride").cloned(),
    });
    // Text sorts as the dates do: years have four digits.
    account.schedules.sort_by(|one, other| one.start_date.cmp(&other.start_date));
    let schedules: Vec<_> = account.schedules.iter().map(schedule_to_json).collect();
    Ok(JsonResponse::ok(json!({
        "accountId": account.id,
        "accountName": account.name,
        "pricingSchedules": schedules,
    })))
}

/// Notes since when the account has its aliases, which the operations of today tell.
fn note(state: &mut State, call: &OperationCall<'_>, aliases: &[String]) {
    for alias in aliases {
        aliases::note(state, call, &Fields::new(), alias);
    }
}

fn existing<'a>(state: &'a State, call: &OperationCall<'_>) -> Result<&'a Account, Refusal> {
    let account = state.directory.get(call.path("customer_id"), call.path("account_id"));
    account.ok_or_else(|| unknown_account(call))
}

fn existing_mut<'a>(state: &'a mut State, call: &OperationCall<'_>) -> Result<&'a mut Account, Refusal> {
    let account = state.directory.get_mut(call.path("customer_id"), call.path("account_id"));
    account.ok_or_else(|| unknown_account(call))
}

fn unknown_account(call: &OperationCall<'_>) -> Refusal {
    let (customer_id, account_id) = (call.path("customer_id"), call.path("account_id"));
    Refusal::not_found(format!("account_id: customer {customer_id} has no account {account_id}; create it first"))
}

fn required_aliases(call: &mut OperationCall<'_>) -> Result<Vec<String>, Refusal> {
    let aliases = aliases(&call.take_checked_body()?.unwrap_or_default());
    if aliases.is_empty() {
        return Err(Refusal::bad_request("aliases: has to have at least 1 item"));
    }
    Ok(aliases)
}

fn aliases(body: &Value) -> Vec<String> {
    let aliases = body.get("aliases").and_then(Value::as_array);
    aliases.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn text(body: &Value, field: &str) -> Option<String> {
    body.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn to_json(account: &Account) -> Value {
    let aliases: Vec<_> = account.aliases.iter().map(|alias| json!({ "alias": alias, "status": "ACTIVE" })).collect();
    json!({ "id": account.id, "name": account.name, "status": "ACTIVE", "aliases": aliases })
}

fn schedule_to_json(schedule: &Schedule) -> Value {
    let mut value = json!({
        "pricePlanName": schedule.price_plan_name,
        "startDate": schedule.start_date,
        "endDate": schedule.end_date,
    });
    if let Some(rate_card) = &schedule.rate_card {
        value["override"] = rate_card.clone();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, TestSandbox};

    const ACCOUNTS: &str = "/customers/acme/accounts";
    const PROD: &str = "/customers/acme/accounts/prod";

    fn sandbox() -> TestSandbox {
        let sandbox = TestSandbox::new();
        let account = json!({ "id": "prod", "name": "Production", "aliases": ["p"] });
        assert_eq!(sandbox.post(ACCOUNTS, &account).0, 201);
        sandbox
    }

    fn message(reply: &Reply) -> (u16, &str) {
        (reply.0, reply.1["message"].as_str().unwrap_or_default())
    }

    #[test]
    fn an_account_is_created_read_changed_and_deleted() {
        let sandbox = sandbox();
        let mut account = json!({
            "id": "prod",
            "name": "Production",
            "status": "ACTIVE",
            "aliases": [{ "alias": "p", "status": "ACTIVE" }],
        });
        assert_eq!(sandbox.get(PROD), Reply(200, account.clone()));
        account["name"] = json!("Renamed");
        assert_eq!(sandbox.send("PATCH", PROD, Some(&json!({ "name": "Renamed" }))), Reply(200, account.clone()));
        assert_eq!(sandbox.send("PATCH", PROD, Some(&json!({}))), Reply(200, account));
        assert_eq!(sandbox.send("DELETE", PROD, None), Reply(200, json!({ "success": true })));
        assert_eq!(sandbox.send("DELETE", PROD, None).0, 404);
    }

    #[test]
    fn an_unknown_account_returns_404() {
        let sandbox = sandbox();
        let expected = (404, "account_id: customer umbrella has no account prod; create it first");
        let other = "/customers/umbrella/accounts/prod";
        assert_eq!(message(&sandbox.get(other)), expected);
        assert_eq!(message(&sandbox.send("PATCH", other, Some(&json!({})))), expected);
        for path in ["add_aliases", "remove_aliases"] {
            let body = json!({ "aliases": ["a"] });
            assert_eq!(message(&sandbox.post(&format!("{other}/{path}"), &body)), expected);
        }
        let body = json!({ "pricePlanName": "monthly" });
        assert_eq!(message(&sandbox.post(&format!("{other}/price_plans"), &body)), expected);
    }

    #[test]
    fn the_body_of_a_new_account_is_checked() {
        let sandbox = sandbox();
        let check = |body: Value, expected: &str| assert_eq!(message(&sandbox.post(ACCOUNTS, &body)), (400, expected));
        check(json!({ "id": "prod", "name": "Other" }), "id: is taken by another account or alias: prod");
        check(
            json!({ "id": "x", "name": "Other", "aliases": ["p"] }),
            "aliases[0]: is taken by another account or alias: p",
        );
        check(json!({ "id": "x" }), "name: is required");
        check(json!({ "id": "x", "name": "ab" }), "name: has to have at least 3 characters");
        check(json!({ "id": "", "name": "abc" }), "id: has to have at least 1 character");
    }

    #[test]
    fn aliases_are_added_and_removed() {
        let sandbox = sandbox();
        let change =
            |path: &str, aliases: Value| sandbox.post(&format!("{PROD}/{path}"), &json!({ "aliases": aliases }));
        let aliases = |reply: Reply| {
            let aliases = reply.1["aliases"].as_array().cloned().unwrap_or_default();
            aliases.iter().map(|alias| alias["alias"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(aliases(change("add_aliases", json!(["q", "p"]))), ["p", "q"]);
        assert_eq!(aliases(change("remove_aliases", json!(["p"]))), ["q"]);
        assert_eq!(change("add_aliases", json!(["prod"])).0, 400);
        assert_eq!(message(&change("add_aliases", json!([]))), (400, "aliases: has to have at least 1 item"));
        let many: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        let expected = (400, "aliases: an account has at most 10, and this would make 11");
        assert_eq!(message(&change("add_aliases", json!(many))), expected);
    }

    #[test]
    fn accounts_are_listed_page_by_page_and_by_customer() {
        let sandbox = sandbox();
        for number in 0..25 {
            sandbox.post(ACCOUNTS, &json!({ "id": format!("a{number:02}"), "name": "Account" }));
        }
        sandbox.post("/customers/umbrella/accounts", &json!({ "id": "other", "name": "Account" }));
        let Reply(_, first) = sandbox.get(ACCOUNTS);
        assert_eq!(first["data"].as_array().unwrap().len(), 20);
        assert_eq!(first["context"], json!({ "pageSize": 20, "sortOrder": "ASC" }));

        // An account that goes away in between moves no other from its page.
        sandbox.send("DELETE", &format!("{ACCOUNTS}/a05"), None);
        let token: String = form_urlencoded::byte_serialize(first["nextToken"].as_str().unwrap().as_bytes()).collect();
        let Reply(_, second) = sandbox.get(&format!("{ACCOUNTS}?nextToken={token}"));
        let ids: Vec<_> = second["data"].as_array().unwrap().iter().map(|account| account["id"].clone()).collect();
        assert_eq!((ids.len(), &ids[0], &second["nextToken"]), (6, &json!("a19"), &Value::Null));

        assert_eq!(sandbox.get(&format!("/customers/umbrella/accounts?nextToken={token}")).0, 400);
        assert_eq!(sandbox.get("/customers/nobody/accounts").1["data"], json!([]));
        assert_eq!(sandbox.get(&format!("{ACCOUNTS}?pageSize=101")).0, 400);
    }

    #[test]
    fn price_plans_are_kept_in_order() {
        let sandbox = sandbox();
        let associate = |body: Value| sandbox.post(&format!("{PROD}/price_plans"), &body);
        assert_eq!(associate(json!({ "pricePlanName": "open" })).0, 200);
        let rate_card = json!({ "type": "USAGE" });
        let dated = json!({
            "pricePlanName": "dated",
            "effectiveFrom": "2024-11-01",
            "effectiveUntil": "2025-10-31",
            "rateCardOverride": rate_card,
        });
        let expected = json!({
            "accountId": "prod",
            "accountName": "Production",
            "pricingSchedules": [
                {
                    "pricePlanName": "dated",
                    "startDate": "2024-11-01T00:00:00Z",
                    "endDate": "2025-10-31T00:00:00Z",
                    "override": rate_card,
                },
                { "pricePlanName": "open", "startDate": "2025-01-01T00:00:00Z", "endDate": "9999-01-01T00:00:00Z" },
            ],
        });
        assert_eq!(associate(dated), Reply(200, expected));

        let backwards = json!({ "pricePlanName": "x", "effectiveUntil": "2024-12-31" });
        let expected = "effectiveUntil: has to be on or after effectiveFrom, 2025-01-01, but is 2024-12-31";
        assert_eq!(message(&associate(backwards)), (400, expected));
        let no_day = json!({ "pricePlanName": "x", "effectiveFrom": "soon" });
        let expected = r#"effectiveFrom: has to be a date such as 2024-11-05, but is "soon""#;
        assert_eq!(message(&associate(no_day)), (400, expected));
    }
}
