//! Oddities of names.

use serde_json::{Value, json};
use togai_ext::types::{
    AccountSchedule, Alias, CreatePricePlanDetails, CreditBalanceResponse, Field, NamedLicenseEntry, PricePlanDetails,
    PricePlanV2, PricingSchedule, Report,
};

use super::{document, query, read, sent};

/// The Python generator of the vendor renamed the schema `Field`, and the Ruby generator `Alias`.
#[test]
fn quirk_05_schemas_keep_the_vendor_names() {
    let document = document();
    for name in ["ModelField", "ModelAlias"] {
        assert_eq!(document["components"]["schemas"][name], Value::Null, "{name}");
    }
    let field: Field =
        read(r#"{"name": "city", "type": "DIMENSION", "enrichmentType": "VALUE", "value": "c", "order": 1}"#);
    let alias: Alias = read(r#"{"value": "acme", "createdAt": "2024-04-18T16:00:17Z"}"#);
    assert_eq!((field.name.as_str(), alias.value.as_str()), ("city", "acme"));
}

/// Names are in snake case here and in camel case there, some are misspelt, and samples have others than are declared.
#[tokio::test]
async fn quirk_07_odd_names_are_kept_on_the_wire() {
    // In price plans of the first generation, without a type in answers.
    for value in [json!(true), json!("text"), json!({ "a": 1 })] {
        let json = json!({ "allow_ongoing_cycle_updates": value }).to_string();
        assert_eq!(read::<PricePlanDetails>(&json).allow_ongoing_cycle_updates, Some(value));
    }
    let details: PricePlanDetails = read(r#"{"allow_ongoing_cycle_updates": null}"#);
    assert_eq!(details.allow_ongoing_cycle_updates, None);
    let request = CreatePricePlanDetails::new(["USD"]).allow_ongoing_cycle_updates(true);
    assert_eq!(
        serde_json::to_value(request).unwrap(),
        json!({ "allow_ongoing_cycle_updates": true, "supportedCurrencies": ["USD"] })
    );
    let plan: PricePlanV2 = read(r#"{"allowOngoingCycleUpdates": true}"#);
    assert_eq!(serde_json::to_value(plan).unwrap()["allowOngoingCycleUpdates"], true);

    for json in [r#"{"account_id": "acme"}"#, r#"{"accountId": "acme"}"#] {
        assert_eq!(read::<Report>(json).account_id.as_deref(), Some("acme"));
    }
    assert!(read::<PricingSchedule>(r#"{"isOverriden": true}"#).is_overriden);
    assert_eq!(read::<AccountSchedule>(r#"{"isOverridden": true}"#).is_overridden, Some(true));
    for json in [r#"{"unit": "USD"}"#, r#"{"units": "USD"}"#] {
        assert_eq!(read::<CreditBalanceResponse>(json).unit.as_deref(), Some("USD"));
    }
    let entry = NamedLicenseEntry::new("2024-11-01T00:00:00Z".parse::<togai_ext::Timestamp>().unwrap(), "seats", 7);
    assert_eq!(serde_json::to_value(entry).unwrap()["name"], 7);

    let request =
        sent(|client| client.get_license_updates().next_token("t").account_id("a").license_id("l").send()).await;
    let names = ["nextToken", "account_id", "licenseId"].map(|name| query(&request, name));
    assert_eq!(names, [Some("t"), Some("a"), Some("l")]);
}
