//! The resources that the examples of the document speak of.

use serde_json::Value;

use crate::application::State;
use crate::document::Document;
use crate::form::Form;
use crate::operations::aliases::{objects, text};
use crate::operations::all_accounts;
use crate::operations::kinds::{ALIAS, KINDS};

/// Adds one resource of each kind.
///
/// # Errors
///
/// If the account cannot be added, since there is one with its id.
pub(crate) fn add_examples(document: &Document, state: &mut State) -> Result<(), String> {
    for resource in KINDS.iter().filter(|resource| resource.kind != ALIAS.kind) {
        if let Some(fields) = resource.example(document) {
            resource.keep(state, fields);
        }
    }
    let example = |id: &str| {
        let form = document.operation(id).and_then(|operation| operation.success.form.as_ref());
        form.map(Form::example).and_then(Value::as_object)
    };
    if let Some(account) = example("get_account_by_id") {
        state.directory.create(all_accounts::read(account))?;
    }
    for alias in example("list_account_aliases").into_iter().flat_map(|page| objects(page, "data")) {
        state.collection_mut(ALIAS.kind).put(&text(alias, "value").unwrap_or_default(), alias.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Reply, TestSandbox};

    #[test]
    fn example_resources_exist_only_when_enabled() {
        let with_examples = TestSandbox::with(|settings| settings.with_examples = true);
        let without = TestSandbox::new();
        for path in [
            "/customers/CUST00001",
            "/customers/CUST00001/accounts/ACC00001",
            "/accounts/ACC00001",
            "/aliases/riders@example.com",
            "/event_schema/rides",
            "/usage_meters/um.Distance",
            "/features/feature.Rides",
            "/price_plans/pp.RidesMonthly",
            "/v2/price_plans/pp.RidesMonthly",
            "/settings/setting.USER.region_of_city.ACCOUNT.ACC00001",
        ] {
            assert_eq!((with_examples.get(path).0, without.get(path).0), (200, 404), "{path}");
        }
    }

    #[test]
    fn the_example_account_has_an_alias() {
        let sandbox = TestSandbox::with(|settings| settings.with_examples = true);
        let Reply(_, aliases) = sandbox.get("/accounts/ACC00001/account_aliases");
        let id = aliases["data"][0]["id"].clone();
        let removed = json!({ "accountAliases": [{ "id": id }] });
        let Reply(status, account) = sandbox.post("/accounts/ACC00001/remove_aliases", &removed);
        assert_eq!((status, &account["aliases"]), (200, &json!([])));
        assert_eq!(sandbox.get("/aliases/riders@example.com").0, 404);
    }
}
