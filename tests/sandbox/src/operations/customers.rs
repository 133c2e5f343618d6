//! Customers, as far as they have to do with accounts.

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::application::{Application, State};
use crate::call::Call;
use crate::operations::kinds::CUSTOMER;
use crate::operations::{aliases, all_accounts, resource};

/// Creates a customer and, if the body has one, its first account: both or none.
pub(super) fn create_customer(application: &Application, mut call: Call<'_>) -> Result<Answer, Refusal> {
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
    let answer = resource::present(&call, &customer);
    // From here on the account has a life of its own.
    customer.remove("account");
    CUSTOMER.keep(&mut state, customer);
    Ok(answer)
}

/// Deletes a customer together with its accounts.
pub(super) fn delete_customer(application: &Application, call: &Call<'_>) -> Result<Answer, Refusal> {
    let customer_id = call.path("customer_id");
    let mut state = State::of(application);
    let answer = CUSTOMER.delete(&mut state, call)?;
    let accounts: Vec<_> = state.directory.of_customer(customer_id).map(|(_, account)| account.clone()).collect();
    for account in accounts {
        aliases::forget(&mut state, &account.aliases);
        state.directory.delete(customer_id, &account.id);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{Bench, Reply};

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
    fn a_customer_comes_with_its_first_account_and_takes_it_along() {
        let bench = Bench::new();
        let Reply(status, created) = bench.post("/customers", &customer("acme"));
        assert_eq!((status, &created["account"]["customerId"]), (201, &json!("acme")));
        assert_eq!(bench.get("/customers/acme/accounts/acme-prod").0, 200);
        assert_eq!(bench.get("/aliases/acme-alias").0, 200);
        assert_eq!(bench.send("DELETE", "/customers/acme", None), Reply(200, json!({ "success": true })));
        for gone in ["/customers/acme", "/accounts/acme-prod", "/aliases/acme-alias"] {
            assert_eq!(bench.get(gone).0, 404, "{gone}");
        }
    }

    #[test]
    fn neither_customer_nor_account_is_created_if_one_cannot_be() {
        let bench = Bench::new();
        bench.post("/customers", &customer("acme"));
        assert_eq!(bench.post("/customers", &customer("acme")).0, 400);
        let mut other = customer("umbrella");
        other["account"]["id"] = json!("acme-prod");
        let message = "account.id: is taken by another account or alias: acme-prod";
        assert_eq!(bench.post("/customers", &other), Reply(400, json!({ "message": message })));
        assert_eq!(bench.get("/customers/umbrella").0, 404);
        assert_eq!(bench.get("/customers").1["data"].as_array().unwrap().len(), 1);
    }
}
