//! Oddities of numbers, and of texts that hold numbers.

use serde::Deserialize;
use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_ext::types::{
    Computation, CreateAlertRequest, GetCustomerPortalDelegateTokenRequest, GetEntitlementValuesResponse, Invoice,
    InvoiceInfoInner, MiscellaneousCharge, PricingCycleConfigStartOffset, PricingRule, Report, Setting, Slab,
    SlabDetail, SlabRate, WalletBalanceResponse,
};

use super::{query, read, response_to, sent};
use crate::support::start;

/// Quantities of events, offsets, entitlements, settings and charges are texts that hold numbers, and plain ones.
#[tokio::test]
async fn quirk_08_numbers_sent_as_strings_are_plain_decimals() {
    let (sandbox, client) = start().await;
    let event = Event::new("rides", "acme-prod").attribute("a", 1e-7).attribute("b", 12.50).attribute("c", u64::MAX);
    client.ingest_events([event]).send().await.unwrap().into_result().unwrap();
    let body = sandbox.requests()[0].body.json().unwrap().clone();
    let values: Vec<&Value> = (0..3).map(|index| &body["events"][0]["attributes"][index]["value"]).collect();
    assert_eq!(values, ["0.0000001", "12.5", "18446744073709551615"]);

    for (json, day, month) in [
        (r#"{"dayOffset": "1", "monthOffset": "NIL"}"#, "1", "NIL"),
        (r#"{"dayOffset": "LAST", "monthOffset": "FIRST"}"#, "LAST", "FIRST"),
        (r#"{"dayOffset": 31, "monthOffset": 12}"#, "31", "12"),
    ] {
        let offset: PricingCycleConfigStartOffset = read(json);
        assert_eq!((&*offset.day_offset, &*offset.month_offset), (day, month));
    }
    for (written, text) in [(r#""500""#, "500"), ("500", "500"), ("1.10", "1.10"), ("true", "true")] {
        let values: GetEntitlementValuesResponse =
            read(&format!(r#"{{"data": [{{"featureId": "f", "value": {written}}}]}}"#));
        assert_eq!(values.data[0].value, text);
        assert_eq!(read::<Setting>(&format!(r#"{{"value": {written}}}"#)).value, text);
        let charge: MiscellaneousCharge = read(&format!(r#"{{"value": {written}}}"#));
        assert_eq!(charge.value.as_deref(), Some(text));
        assert_eq!(read::<InvoiceInfoInner>(&format!(r#"{{"value": {written}}}"#)).value, text);
    }
    let charge: MiscellaneousCharge = read(r#"{"value": "{\"*\":[{\"var\":\"a\"},0.1]}"}"#);
    assert_eq!(charge.value.as_deref(), Some(r#"{"*":[{"var":"a"},0.1]}"#));
}

/// Where texts are declared, samples have numbers.
#[tokio::test]
async fn quirk_09_numbers_are_read_where_strings_are_declared() {
    let json = r#"{"events": [{"eventPayload": {
        "schemaName": "rides", "timestamp": "2022-06-15T07:30:35.123", "accountId": 1, "id": 7,
        "attributes": [{"name": "distance", "value": 50}, {"name": "fare", "value": 0.10}],
        "dimensions": {"costCenterCode": 1234}
    }}]}"#;
    let events = response_to(json, |client| client.get_events().send()).await.events;
    let event = &events[0].event_payload;
    assert_eq!((event.account_id.as_str(), event.id.as_deref()), ("1", Some("7")));
    let values: Vec<&str> = event.attributes.iter().map(|attribute| attribute.value.as_str()).collect();
    assert_eq!((values, &*event.dimensions["costCenterCode"]), (vec!["50", "0.1"], "1234"));

    assert_eq!(read::<Slab>(r#"{"slabConfig": {"a": 1, "b": "2"}}"#).slab_config["a"], "1");
    assert_eq!(read::<SlabRate>(r#"{"slabRateConfig": {"a": 10, "b": null}}"#).slab_rate_config["a"], "10");
    let detail: SlabDetail = read(r#"{"slabConfig": {"a": 1.10}, "slabRateConfig": {"a": 1e3}}"#);
    assert_eq!((&*detail.slab_config["a"], &*detail.slab_rate_config["a"]), ("1.10", "1e3"));
}

/// A formula is a text that holds JSON, and samples have the JSON itself; the limit of a report is a text with a comma, and
/// half of the fields are null.
#[test]
fn quirk_10_json_is_read_where_a_string_is_declared_and_limits_with_commas() {
    let formula = r#"{"+":[{"var":"attribute.distance"},1]}"#;
    for json in [json!({ "computation": formula }).to_string(), format!(r#"{{"computation": {formula}}}"#)] {
        assert_eq!(read::<Computation>(&json).computation, formula);
        assert_eq!(read::<PricingRule>(&json).computation, formula);
    }
    let report: Report =
        read(r#"{"id": "r", "accountId": null, "preSignedUrl": null, "queryInput": {"limit": "1000,"}}"#);
    assert_eq!((report.account_id, report.pre_signed_url), (None, None));
    assert_eq!(report.query_input.map(|input| input.limit), Some(1000));
    assert_eq!(read::<Report>(r#"{"queryInput": null}"#).query_input, None);
}

/// Amounts are numbers of JSON, which most readers would turn into binary floats. Some integers count from 1970, and others
/// are seconds or minutes.
#[tokio::test]
async fn quirk_11_amounts_keep_their_digits_and_integers_their_width() {
    for digits in ["1.10", "1234567890123456789012345678901234567890", "1e3", "0.10000000000000000001", "-0.00"] {
        let json = format!(r#"{{"balance": {digits}, "holdAmount": {digits}}}"#);
        let wallet =
            response_to(&json, |client| client.wallet_balance_for_account().account_id("acme-prod").send()).await;
        assert_eq!((wallet.balance.as_str(), wallet.hold_amount.as_ref().map(Decimal::as_str)), (digits, Some(digits)));
        let rewritten = serde_json::to_string(&wallet).unwrap();
        assert!(rewritten.contains(&format!(r#""balance":{digits},"#)), "{rewritten}");
        // Below a list, in a list, and as a text.
        let json = format!(r#"{{"totalAmount": "{digits}", "usageInfo": [{{"lineItems": [{{"value": {digits}}}]}}]}}"#);
        let invoice: Invoice = read(&json);
        let nested = &invoice.usage_info[0].line_items[0].value;
        assert_eq!((invoice.total_amount.as_str(), nested.as_str()), (digits, digits));
    }
    assert_eq!(read::<WalletBalanceResponse>(r#"{"balance": null}"#).balance.as_str(), "0");

    let request = sent(|client| client.list_invoices().start_time(1_730_419_200_000_i64).send()).await;
    assert_eq!(query(&request, "start_time"), Some("1730419200000"));
    let portal = GetCustomerPortalDelegateTokenRequest::new("acme").expiry(86_400);
    assert_eq!(serde_json::to_value(portal).unwrap()["expiry"], 86_400);
    let alert = CreateAlertRequest::new("usage_above_threshold", 30, "ACTIVE").validity(43_200);
    assert_eq!(serde_json::to_value(alert).unwrap()["validity"], 43_200);
}

/// Digits are kept without the feature of `serde_json` that would keep them everywhere: features add up over a program, and
/// this one breaks how an application's own untagged enumerations read numbers.
#[test]
fn quirk_11_enums_of_an_application_still_read_floats() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Cell {
        Number(f64),
        Text(String),
    }
    assert_eq!(read::<Vec<Cell>>(r#"[1.5, "x"]"#), [Cell::Number(1.5), Cell::Text("x".to_owned())]);
    // With that feature a number would be a map inside, and would keep its digits here.
    assert_eq!(read::<Value>("1.10").to_string(), "1.1");
}
