//! Customers, as far as they have to do with accounts.

use serde_json::Value;

use crate::application::{Application, State};
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;
use crate::operations::kinds::CUSTOMER;
use crate::operations::{aliases, all_accounts, resource};

/// Creates a customer and, if the body has one, its first account: both or none.
pub(super) fn create_customer(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let mut body = call.take_checked_fields()?;
    let account = body.remove("account");
    let mut state = State::of(application);
    let mut customer = CUSTOMER.created(&state, &call, body)?;
    let id = customer.get("id").cloned().unwrap_or_default();
    if let Some(Value::Object(mut account)) = account {
        account.insert("customerId".to_owned(), id);
        let account = all_accounts::create(&mut state, &call, account, "account.")?;
        customer.insert("account".to_owned(), Value::Object(account));
    }
    let response = resource::present(&call, &customer);
    // From here on the account has a life of its own.
    customer.remove("account");
    CUSTOMER.keep(&mut state, customer);
    Ok(response)
}

/// Deletes a customer together with its accounts.
pub(super) fn delete_customer(application: &Application, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let customer_id = call.path("customer_id");
    let mut state = State::of(application);
    let response = CUSTOMER.delete(&mut state, call)?;
    let accounts: Vec<_> = state.directory.of_customer(customer_id).map(|(_, account)| account.clone()).collect();
    for account in accounts {
        aliases::forget(&mut state, &account.aliases);
        state.directory.delete(customer_id, &account.id);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{Reply, TestSandbox};

    fn customer(id: &str) -> Value {
        json!({
            "id": id,
            "name": "Acme Limited",
            "primaryEmail": "office@example.com",
            "address": { "city": "Pune" },
            "account": { "id": format!("{id}-prod"), "name": "Production", "aliases": [format!("{id}-alias")] },
        })
    }

    #[test]
    fn a_customer_is_created_and_deleted_with_its_account() {
        let sandbox = TestSandbox::new();
        let Reply(status, created) = sandbox.post("/customers", &customer("acme"));
        assert_eq!((status, &created["account"]["customerId"]), (201, &json!("acme")));
        assert_eq!(sandbox.get("/customers/acme/accounts/acme-prod").0, 200);
        assert_eq!(sandbox.get("/aliases/acme-alias").0, 200);
        assert_eq!(sandbox.send("DELETE", "/customers/acme", None), Reply(200, json!({ "success": true })));
        for gone in ["/customers/acme", "/accounts/acme-prod", "/aliases/acme-alias"] {
            assert_eq!(sandbox.get(gone).0, 404, "{gone}");
        }
    }

    #[test]
    fn a_customer_and_its_account_are_created_together_or_not_at_all() {
        let sandbox = TestSandbox::new();
        sandbox.post("/customers", &customer("acme"));
        assert_eq!(sandbox.post("/customers", &customer("acme")).0, 400);
        let mut other = customer("umbrella");
        other["account"]["id"] = json!("acme-prod");
        let message = "account.id: is taken by another account or alias: acme-prod";
        assert_eq!(sandbox.post("/customers", &other), Reply(400, json!({ "message": message })));
        assert_eq!(sandbox.get("/customers/umbrella").0, 404);
        assert_eq!(sandbox.get("/customers").1["data"].as_array().unwrap().len(), 1);
    }
}
