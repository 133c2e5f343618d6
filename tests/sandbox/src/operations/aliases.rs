//! Aliases, of accounts and of none yet.
//!
//! Which account an alias means stands in the directory; when it was created, and how long it holds, stands here.

use serde_json::{Value, json};

use crate::application::{Application, State};
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::operations::kinds::ALIAS;
use crate::operations::list::List;

/// The end of what has none, as the service writes it.
const OPEN_END: &str = "9999-01-01T00:00:00.000Z";

/// Creates aliases that mean no account yet: all of them or, if one is taken, none.
pub(super) fn create_alias(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let body = call.take_checked_fields()?;
    let values: Vec<_> = objects(&body, "aliases").filter_map(|alias| text(alias, "value")).collect();
    let mut state = State::of(application);
    for (index, value) in values.iter().enumerate() {
        let refuse = |what: &str| Refusal::bad_request(format!("aliases[{index}].value: {what}"));
        if value.is_empty() {
            return Err(refuse("has to have at least 1 character"));
        }
        let is_taken = state.collection(ALIAS.kind).get(value).is_some() || state.directory.resolve(value).is_some();
        if is_taken || values[..index].contains(value) {
            return Err(refuse(&format!("is taken by another account or alias: {value}")));
        }
    }
    let created: Vec<_> = values.iter().map(|value| json!(note(&mut state, &call, &Fields::new(), value))).collect();
    let success = &call.operation.success;
    let page = Fields::from_iter([("data".to_owned(), Value::Array(created))]);
    let body = success.form.as_ref().map_or(Value::Null, |form| form.present(&page));
    Ok(JsonResponse::new(success.status, body))
}

/// Deletes an alias; the account that it means has it no longer.
pub(super) fn delete_alias(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let value = call.path("alias");
    let mut state = State::of(application);
    if !state.collection_mut(ALIAS.kind).remove(value) {
        return Err(Refusal::not_found(format!("alias: there is no alias {value}; create it first")));
    }
    let owner = state.directory.resolve(value).map(|owner| (owner.customer_id.clone(), owner.id.clone()));
    if let Some((customer_id, account_id)) = owner {
        state.directory.remove_aliases(&customer_id, &account_id, &[value.to_owned()]);
    }
    Ok(super::resource::present(call, &Fields::new()))
}

/// Lists the aliases of an account, with the time they hold for.
pub(super) fn list_account_aliases(
    application: &Application,
    call: &OperationCall<'_>,
) -> Result<JsonResponse, Refusal> {
    let list = List::read(application, call)?;
    let state = State::of(application);
    let account = super::all_accounts::existing(&state, call)?;
    let of_account = |fields: &Fields| text(fields, "value").is_some_and(|value| account.aliases.contains(&value));
    // The older operation takes aliases that are too short for this list.
    let form = call.operation.success.items.as_ref().map(|items| &items.form);
    let shown = state.collection(ALIAS.kind).all().filter(|(_, fields)| of_account(fields));
    let shown = shown.filter_map(|(number, fields)| Some((number, form?.present(fields), text(fields, "value")?)));
    let shown = shown.filter(|(_, alias, value)| alias["value"] == value.as_str());
    Ok(list.respond(shown.map(|(number, alias, _)| (number, alias)), |alias| alias))
}

/// Notes an alias that was given to an account, or to none; one that is known stays as it was.
pub(super) fn note(state: &mut State, call: &OperationCall<'_>, dates: &Fields, value: &str) -> Fields {
    let aliases = state.collection_mut(ALIAS.kind);
    if let Some(known) = aliases.get(value) {
        return known.clone();
    }
    let now = moment::to_text(call.now);
    let date = |name: &str, otherwise: &str| json!(text(dates, name).unwrap_or_else(|| otherwise.to_owned()));
    let fields = Fields::from_iter([
        ("id".to_owned(), json!(format!("alias.{}", aliases.created() + 1))),
        ("value".to_owned(), json!(value)),
        ("createdAt".to_owned(), json!(now)),
        ("updatedAt".to_owned(), json!(now)),
        ("effectiveFrom".to_owned(), date("effectiveFrom", &now)),
        ("effectiveUntil".to_owned(), date("effectiveUntil", OPEN_END)),
    ]);
    aliases.put(value, fields.clone());
    fields
}

/// Forgets aliases that no account has any longer.
pub(super) fn forget(state: &mut State, values: &[String]) {
    for value in values {
        state.collection_mut(ALIAS.kind).remove(value);
    }
}

/// The objects of a list in a body.
pub(super) fn objects<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a Fields> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The text of a field.
pub(super) fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, TestSandbox};

    #[test]
    fn aliases_with_and_without_account_share_one_list() {
        let sandbox = TestSandbox::new();
        sandbox.post("/customers/acme/accounts", &json!({ "id": "prod", "name": "Production", "aliases": ["p"] }));
        let Reply(status, created) = sandbox.post("/aliases", &json!({ "aliases": [{ "value": "free" }] }));
        let free = json!({ "value": "free", "createdAt": "2025-01-01T00:00:00.000Z" });
        assert_eq!((status, &created["data"]), (201, &json!([free])));
        let Reply(_, all) = sandbox.get("/aliases");
        assert_eq!(all["data"], json!([{ "value": "p", "createdAt": "2025-01-01T00:00:00.000Z" }, free]));
        assert_eq!(sandbox.get("/aliases/free"), Reply(200, free));
        assert_eq!(sandbox.send("DELETE", "/aliases/p", None).0, 200);
        assert_eq!(sandbox.get("/customers/acme/accounts/prod").1["aliases"], json!([]));
        assert_eq!(sandbox.send("DELETE", "/aliases/p", None).0, 404);
    }

    #[test]
    fn a_taken_alias_is_refused_with_its_index() {
        let sandbox = TestSandbox::new();
        sandbox.post("/customers/acme/accounts", &json!({ "id": "prod", "name": "Production" }));
        let check = |values: &[&str], expected: &str| {
            let aliases: Vec<_> = values.iter().map(|value| json!({ "value": value })).collect();
            let reply = sandbox.post("/aliases", &json!({ "aliases": aliases }));
            assert_eq!(reply, Reply(400, json!({ "message": expected })));
        };
        check(&["a", "prod"], "aliases[1].value: is taken by another account or alias: prod");
        check(&["a", "a"], "aliases[1].value: is taken by another account or alias: a");
        check(&[""], "aliases[0].value: has to have at least 1 character");
        assert_eq!(sandbox.get("/aliases/a").0, 404);
    }
}
