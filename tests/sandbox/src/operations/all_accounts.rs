//! The accounts of all customers, in the shape of today. They are the same ones that `accounts` shows by customer.

use serde_json::{Value, json};

use crate::application::{Application, State};
use crate::directory::Account;
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::operations::aliases::{self, objects, text};
use crate::operations::derived::togai_customer_id;
use crate::operations::kinds::ALIAS;
use crate::operations::list::List;
use crate::operations::resource::present;

/// What the directory holds by itself, or what is made when an account is shown.
const NOT_DETAILS: [&str; 9] = [
    "accountAliases",
    "aliases",
    "createdAt",
    "customerId",
    "id",
    "invoiceGroupDetails",
    "name",
    "togaiAccountId",
    "togaiCustomerId",
];

/// Lists all accounts, oldest first.
pub(super) fn list_all_accounts(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let list = List::read(application, call)?;
    let state = State::of(application);
    let items = state.directory.all().map(|(number, account)| (number, shown(account)));
    let items = items.filter(|(_, account)| list.takes(account, &[("account_id", "id")]));
    let form = call.operation.success.items.as_ref().map(|items| &items.form);
    Ok(list.respond(items, |account| form.map_or(Value::Null, |form| form.present(&account))))
}

/// Creates an account of the customer that the body names.
pub(super) fn create_account(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_fields()?;
    let account = create(&mut State::of(application), &call, body, "")?;
    Ok(present(&call, &account))
}

/// Answers an account.
pub(super) fn get_account(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let state = State::of(application);
    existing(&state, call).map(|account| present(call, &shown(account)))
}

/// Changes an account.
pub(super) fn update_account(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let mut changes = call.take_checked_fields()?;
    let mut state = State::of(application);
    let customer_id = existing(&state, &call)?.customer_id.clone();
    if let Some(account) = state.directory.get_mut(&customer_id, call.path("account_id")) {
        if let Some(name) = text(&changes, "name") {
            account.name = name;
        }
        changes.retain(|name, _| !NOT_DETAILS.contains(&name.as_str()));
        account.details.extend(changes);
    }
    existing(&state, &call).map(|account| present(&call, &shown(account)))
}

/// Deletes an account. Events that name it from now on find no account.
pub(super) fn delete_account(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let mut state = State::of(application);
    let account = existing(&state, call)?.clone();
    aliases::forget(&mut state, &account.aliases);
    state.directory.delete(&account.customer_id, &account.id);
    Ok(present(call, &Fields::new()))
}

/// Adds aliases, with or without the time they hold for: all of them or, if one is taken, none.
pub(super) fn add_aliases(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_fields()?;
    let new = wanted_aliases(&body)?;
    let values: Vec<_> = new.iter().map(|(value, _)| value.clone()).collect();
    let mut state = State::of(application);
    let account = existing(&state, &call)?;
    let (customer_id, account_id) = (account.customer_id.clone(), account.id.clone());
    state.directory.add_aliases(&customer_id, &account_id, &values).map_err(Refusal::bad_request)?;
    for (value, dates) in &new {
        aliases::note(&mut state, &call, dates, value);
    }
    existing(&state, &call).map(|account| present(&call, &shown(account)))
}

/// Removes aliases by value at once, or by id from a moment on.
pub(super) fn remove_aliases(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_fields()?;
    let mut state = State::of(application);
    let account = existing(&state, &call)?.clone();
    let values = body.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let mut removed: Vec<_> = values.filter_map(Value::as_str).map(str::to_owned).collect();
    for wanted in objects(&body, "accountAliases") {
        let known = state.collection(ALIAS.kind).all().find(|(_, alias)| alias.get("id") == wanted.get("id"));
        let Some(mut alias) = known.map(|(_, alias)| alias.clone()) else { continue };
        let Some(value) = text(&alias, "value").filter(|value| account.aliases.contains(value)) else { continue };
        let from = text(wanted, "from");
        let end = from.as_deref().and_then(moment::from_text).filter(|end| *end > call.now.into());
        if end.is_some() {
            alias.insert("effectiveUntil".to_owned(), json!(from));
            alias.insert("updatedAt".to_owned(), json!(moment::to_text(call.now)));
            state.collection_mut(ALIAS.kind).put(&value, alias);
        } else {
            removed.push(value);
        }
    }
    removed.retain(|value| account.aliases.contains(value));
    state.directory.remove_aliases(&account.customer_id, &account.id, &removed);
    aliases::forget(&mut state, &removed);
    existing(&state, &call).map(|account| present(&call, &shown(account)))
}

/// Creates an account from a body, and answers how it is shown. Messages about it begin with `prefix`.
pub(super) fn create(
    state: &mut State,
    call: &OperationCall<'_>,
    mut body: Fields,
    prefix: &str,
) -> Result<Fields, Refusal> {
    let aliases = wanted_aliases(&body)?;
    let (id, customer_id) = (text(&body, "id").unwrap_or_default(), text(&body, "customerId").unwrap_or_default());
    let name = text(&body, "name").unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad_request(format!("{prefix}id: has to have at least 1 character")));
    }
    body.retain(|name, _| !NOT_DETAILS.contains(&name.as_str()));
    let values = aliases.iter().map(|(value, _)| value.clone()).collect();
    let account = Account { customer_id, id, name, aliases: values, schedules: Vec::new(), details: body };
    let created = state.directory.create(account).map_err(|error| Refusal::bad_request(format!("{prefix}{error}")))?;
    let created = shown(created);
    for (value, dates) in &aliases {
        aliases::note(state, call, dates, value);
    }
    Ok(created)
}

/// The account that the path names.
pub(super) fn existing<'a>(state: &'a State, call: &OperationCall<'_>) -> Result<&'a Account, Refusal> {
    let account_id = call.path("account_id");
    let unknown = || Refusal::not_found(format!("account_id: there is no account {account_id}; create it first"));
    state.directory.with_id(account_id).ok_or_else(unknown)
}

/// An account in the shape of today.
fn shown(account: &Account) -> Fields {
    let mut fields = account.details.clone();
    fields.entry("status").or_insert_with(|| json!("ACTIVE"));
    let aliases: Vec<_> = account.aliases.iter().map(|alias| json!({ "alias": alias })).collect();
    fields.extend([
        ("id".to_owned(), json!(account.id)),
        ("name".to_owned(), json!(account.name)),
        ("customerId".to_owned(), json!(account.customer_id)),
        ("togaiAccountId".to_owned(), json!(format!("account.{}", account.id))),
        ("togaiCustomerId".to_owned(), json!(togai_customer_id(&account.customer_id))),
        ("aliases".to_owned(), json!(aliases)),
    ]);
    fields
}

/// An account from the shape of today.
pub(super) fn read(fields: &Fields) -> Account {
    let mut details = fields.clone();
    details.retain(|name, _| !NOT_DETAILS.contains(&name.as_str()));
    Account {
        customer_id: text(fields, "customerId").unwrap_or_default(),
        id: text(fields, "id").unwrap_or_default(),
        name: text(fields, "name").unwrap_or_default(),
        aliases: objects(fields, "aliases").filter_map(|alias| text(alias, "alias")).collect(),
        schedules: Vec::new(),
        details,
    }
}

/// The aliases of a body, each with the time it holds for.
fn wanted_aliases(body: &Fields) -> Result<Vec<(String, Fields)>, Refusal> {
    let values = body.get("aliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut wanted: Vec<_> = values.map(|value| (value.to_owned(), Fields::new())).collect();
    for (index, alias) in objects(body, "accountAliases").enumerate() {
        let moment_of = |name: &str| text(alias, name).as_deref().and_then(moment::from_text);
        if let (Some(from), Some(until)) = (moment_of("effectiveFrom"), moment_of("effectiveUntil"))
            && until <= from
        {
            let message = format!("accountAliases[{index}].effectiveUntil: has to be after effectiveFrom");
            return Err(Refusal::bad_request(message));
        }
        wanted.push((text(alias, "value").unwrap_or_default(), alias.clone()));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, TestSandbox};

    fn sandbox() -> TestSandbox {
        let sandbox = TestSandbox::new();
        let account = json!({
            "id": "prod",
            "customerId": "acme",
            "name": "Production",
            "invoiceCurrency": "USD",
            "aliases": ["riders"],
            "accountAliases": [{ "value": "dated", "effectiveUntil": "2026-01-01T00:00:00Z" }],
        });
        assert_eq!(sandbox.post("/accounts", &account).0, 201);
        sandbox
    }

    fn aliases(sandbox: &TestSandbox) -> Vec<(String, String)> {
        let Reply(_, page) = sandbox.get("/accounts/prod/account_aliases");
        let text = |alias: &Value, name: &str| alias[name].as_str().unwrap().to_owned();
        page["data"].as_array().unwrap().iter().map(|it| (text(it, "value"), text(it, "effectiveUntil"))).collect()
    }

    #[test]
    fn an_account_is_the_same_in_both_generations() {
        let sandbox = sandbox();
        let Reply(status, older) = sandbox.get("/customers/acme/accounts/prod");
        assert_eq!((status, &older["name"], older.get("invoiceCurrency")), (200, &json!("Production"), None));
        sandbox.send("PATCH", "/customers/acme/accounts/prod", Some(&json!({ "name": "Renamed" })));
        let changed = sandbox.send("PATCH", "/accounts/prod", Some(&json!({ "netTermDays": 30 })));
        assert_eq!((changed.0, &changed.1["name"], &changed.1["netTermDays"]), (200, &json!("Renamed"), &json!(30)));
        assert_eq!(changed.1["invoiceCurrency"], "USD");

        sandbox.post("/customers/umbrella/accounts", &json!({ "id": "old", "name": "Older" }));
        assert_eq!(sandbox.get("/accounts/old").1["customerId"], "umbrella");
        assert_eq!(sandbox.send("DELETE", "/accounts/old", None).0, 200);
        assert_eq!(sandbox.get("/customers/umbrella/accounts/old").0, 404);
        assert_eq!(sandbox.get("/accounts/old").0, 404);
    }

    #[test]
    fn accounts_of_both_generations_share_their_ids() {
        let sandbox = sandbox();
        let message = json!({ "message": "id: is taken by another account or alias: prod" });
        let account = json!({ "id": "prod", "customerId": "umbrella", "name": "Other" });
        assert_eq!(sandbox.post("/accounts", &account), Reply(400, message.clone()));
        let older = json!({ "id": "prod", "name": "Other" });
        assert_eq!(sandbox.post("/customers/umbrella/accounts", &older), Reply(400, message));
    }

    #[test]
    fn the_list_of_all_accounts_can_be_narrowed() {
        let sandbox = sandbox();
        sandbox.post("/customers/umbrella/accounts", &json!({ "id": "old", "name": "Older" }));
        let ids = |query: &str| -> Vec<Value> {
            let Reply(_, page) = sandbox.get(&format!("/accounts?{query}"));
            page["data"].as_array().unwrap().iter().map(|account| account["id"].clone()).collect()
        };
        assert_eq!(ids(""), ["prod", "old"]);
        assert_eq!(ids("customer_id=umbrella"), ["old"]);
        assert_eq!(ids("account_id=prod&status=ACTIVE"), ["prod"]);
        assert_eq!(ids("status=DRAFT"), Vec::<Value>::new());
    }

    #[test]
    fn aliases_are_valid_for_a_period() {
        let sandbox = sandbox();
        let open = "9999-01-01T00:00:00.000Z".to_owned();
        let dated = ("dated".to_owned(), "2026-01-01T00:00:00Z".to_owned());
        assert_eq!(aliases(&sandbox), [("riders".to_owned(), open.clone()), dated.clone()]);

        sandbox.post("/customers/acme/accounts/prod/remove_aliases", &json!({ "aliases": ["riders"] }));
        sandbox.post("/accounts/prod/add_aliases", &json!({ "aliases": ["more"] }));
        assert_eq!(aliases(&sandbox), [dated.clone(), ("more".to_owned(), open)]);

        let Reply(_, page) = sandbox.get("/accounts/prod/account_aliases");
        let removal = |from: &str| json!({ "accountAliases": [{ "id": page["data"][1]["id"], "from": from }] });
        sandbox.post("/accounts/prod/remove_aliases", &removal("2025-06-01T00:00:00Z"));
        assert_eq!(aliases(&sandbox), [dated.clone(), ("more".to_owned(), "2025-06-01T00:00:00Z".to_owned())]);
        sandbox.post("/accounts/prod/remove_aliases", &removal("2024-06-01T00:00:00Z"));
        assert_eq!(aliases(&sandbox), [dated]);

        let backwards = json!({ "accountAliases": [
            { "value": "never", "effectiveFrom": "2025-01-02T00:00:00Z", "effectiveUntil": "2025-01-01T00:00:00Z" },
        ] });
        let message = json!({ "message": "accountAliases[0].effectiveUntil: has to be after effectiveFrom" });
        assert_eq!(sandbox.post("/accounts/prod/add_aliases", &backwards), Reply(400, message));
    }
}
