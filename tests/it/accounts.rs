//! Accounts of a customer, through their life.

use togai_ext::types::{
    AddCustomerAccountAliasesRequest, AssociatePricePlanRequest, CreateCustomerAccountRequest, CustomerAccountStatus,
    CustomerRateCard, RateCardUsage, RateCardUsageValue, RemoveCustomerAccountAliasesRequest,
    UpdateCustomerAccountRequest, UsageStrategy,
};

use crate::support::start;

#[tokio::test]
async fn an_account_is_created_changed_and_deleted() {
    let (_sandbox, client) = start().await;
    let account = CreateCustomerAccountRequest::new("acme-prod", "Acme").aliases(["acme"]);
    let response = client.create_account().customer_id("acme").body(account).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 201);
    assert_eq!((response.id.as_str(), &response.status), ("acme-prod", &CustomerAccountStatus::Active));

    let body = UpdateCustomerAccountRequest::new().name("Acme Corporation");
    let changed = client.update_account().customer_id("acme").account_id("acme-prod").body(body).send().await.unwrap();
    assert_eq!(changed.name, "Acme Corporation");

    let found = client.get_account().customer_id("acme").account_id("acme-prod").send().await.unwrap();
    assert_eq!(found.name, "Acme Corporation");

    let deleted = client.delete_account().customer_id("acme").account_id("acme-prod").send().await.unwrap();
    assert!(deleted.success);
    let error = client.get_account().customer_id("acme").account_id("acme-prod").send().await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn aliases_are_added_and_removed() {
    let (_sandbox, client) = start().await;
    let account = CreateCustomerAccountRequest::new("acme-prod", "Acme");
    client.create_account().customer_id("acme").body(account).send().await.unwrap();

    let body = AddCustomerAccountAliasesRequest::new().aliases(["a@example.com", "+123"]);
    let added = client.add_aliases().customer_id("acme").account_id("acme-prod").body(body).send().await.unwrap();
    let aliases: Vec<_> = added.aliases.iter().filter_map(|alias| alias.alias.as_deref()).collect();
    assert_eq!(aliases, ["a@example.com", "+123"]);

    let body = RemoveCustomerAccountAliasesRequest::new().aliases(["+123"]);
    let removed = client.remove_aliases().customer_id("acme").account_id("acme-prod").body(body).send().await.unwrap();
    assert_eq!(removed.aliases.len(), 1);
}

#[tokio::test]
async fn a_price_plan_is_associated_with_rates_that_keep_their_digits() {
    let (sandbox, client) = start().await;
    let account = CreateCustomerAccountRequest::new("acme-prod", "Acme");
    client.create_account().customer_id("acme").body(account).send().await.unwrap();

    let slab = UsageStrategy::new(1_u32, "0.10".parse::<togai_ext::Decimal>().unwrap(), 0);
    let rates = RateCardUsageValue::new("Rides", "PER_UNIT", [slab]);
    let usage = RateCardUsage([("rides".to_owned(), rates)].into());
    let body = AssociatePricePlanRequest::new("Standard")
        .rate_card_override(CustomerRateCard::new("USAGE").usage_config(usage));
    let response =
        client.associate_price_plan().customer_id("acme").account_id("acme-prod").body(body).send().await.unwrap();
    assert_eq!((response.account_id.as_str(), response.pricing_schedules.len()), ("acme-prod", 1));
    assert_eq!(response.pricing_schedules[0].price_plan_name, "Standard");

    let requests = sandbox.requests();
    let sent = requests.last().unwrap();
    insta::assert_snapshot!(sent, @"POST /customers/{customer_id}/accounts/{account_id}/price_plans -> 200");
    let body = sent.body.json().unwrap().to_string();
    assert!(body.contains(r#""startAfter":0"#), "{body}");
}

#[tokio::test]
async fn ids_are_percent_encoded_in_paths() {
    let (sandbox, client) = start().await;
    let id = "a/b?c#d e%é";
    let account = CreateCustomerAccountRequest::new(id, "Odd");
    client.create_account().customer_id("me & you").body(account).send().await.unwrap();
    let found = client.get_account().customer_id("me & you").account_id(id).send().await.unwrap();
    assert_eq!(found.id, id);
    insta::assert_snapshot!(sandbox.requests().last().unwrap().path, @"/customers/me%20&%20you/accounts/a%2Fb%3Fc%23d%20e%25%C3%A9");
}
