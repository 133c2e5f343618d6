//! Oddities of the shapes of answers.

use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_ext::types::{
    Alert, Computation, CreateCreditRequest, CreditRequest, EventPipelineInfoAccount, EventPipelineInfoCustomer,
    EventWithStatus, ExternalPaymentReference, GetMetricsRequest, Incident, IngestEventResponse, Invoice,
    InvoiceGroups, InvoiceLineItem, InvoiceSummary, LicenseRateCard, MetricQuery, PricePlan, PricingRulesLog,
    RateCardDetails, RevenueInfo, RevenueSummaryWithMetadata, UsageConfig, WalletBalanceResponse, WalletEntry,
};

use super::{document, read, response_to};

/// Variants are structures of which one field is set, named by another field; there is nothing that says so.
#[test]
fn quirk_16_variants_are_structs_with_optional_fields() {
    let document = document().to_string();
    for keyword in ["oneOf", "anyOf", "allOf", "discriminator"] {
        assert!(!document.contains(&format!("\"{keyword}\":")), "{keyword}");
    }
    let cards: RateCardDetails = read(r#"{"fixedFeeRateCard": {"id": "addon.1", "enableProration": true}}"#);
    assert_eq!(cards.fixed_fee_rate_card.as_ref().map(|card| &*card.id), Some("addon.1"));
    assert!(cards.usage_rate_card.is_none() && cards.license_rate_card.is_none());
    assert_eq!(serde_json::to_value(&cards).unwrap().as_object().unwrap().len(), 1);
    assert!(read::<RevenueInfo>(r#"{"usages": {"um.1": 1.10}}"#).usages["um.1"].as_str() == "1.10");
    let custom = UsageConfig::new("CUSTOM").usage_map([("um.1".to_owned(), Decimal::from(3))]);
    assert_eq!(serde_json::to_value(custom).unwrap(), json!({ "mode": "CUSTOM", "usageMap": { "um.1": 3 } }));
}

/// A line item requires line items, which would have no end.
#[test]
fn quirk_17_recursive_values_end() {
    let mut json = r#"{"description": "innermost"}"#.to_owned();
    for _ in 0..50 {
        json = format!(r#"{{"description": "outer", "lineItems": [{json}]}}"#);
    }
    let mut item: InvoiceLineItem = read(&json);
    let mut depth = 0;
    while let Some(inner) = item.line_items.pop() {
        item = inner;
        depth += 1;
    }
    assert_eq!((depth, &*item.description), (50, "innermost"));
    assert_eq!(read::<InvoiceLineItem>(r#"{"lineItems": null}"#).line_items, []);
    let summary: RevenueSummaryWithMetadata = read(r#"{"revenueSummary": [{"revenueSummary": [{"revenue": 1.10}]}]}"#);
    assert_eq!(summary.revenue_summary[0].revenue_summary[0].revenue.as_str(), "1.10");
}

/// Samples lack what is required, have what is not declared, and have null where it is not allowed.
#[test]
fn quirk_18_responses_may_have_extra_and_missing_fields() {
    assert_eq!(read::<Invoice>(r#"{"id": "i"}"#).net_term_days, None);
    assert_eq!(read::<InvoiceSummary>(r#"{"id": "i"}"#).net_term_days, None);
    let inside = r#"{"schemaName": "s", "timestamp": "2024-04-18T16:00:17", "accountId": "a", "referenceId": "r"}"#;
    let event: EventWithStatus = read(&format!(r#"{{"eventPayload": {inside}}}"#));
    assert_eq!((event.reference_id, &*event.event_payload.schema_name), (None, "s"));
    assert_eq!(read::<EventPipelineInfoAccount>(r#"{"id": "a"}"#).name, None);
    assert_eq!(read::<EventPipelineInfoCustomer>(r#"{"id": "c"}"#).name, None);
    assert_eq!(read::<WalletBalanceResponse>(r#"{"id": "w"}"#).effective_from, None);
    assert_eq!(read::<WalletEntry>(r#"{"id": "e"}"#).status, None);
    assert_eq!(read::<Computation>(r#"{"computation": "1"}"#).order, None);
    // Not declared, and ignored.
    let alias: togai_ext::types::AccountAliases = read(r#"{"alias": "acme", "status": "ACTIVE"}"#);
    assert_eq!(alias.alias.as_deref(), Some("acme"));
    assert_eq!(read::<InvoiceGroups>(r#"{"id": "g", "gracePeriod": 3}"#).id, "g");
    assert_eq!(read::<PricingRulesLog>(r#"{"id": "l", "ruleId": "r", "variablesValue": null}"#).id, "l");
    assert_eq!(read::<LicenseRateCard>(r#"{"id": "c", "config": null}"#).config, None);
    assert_eq!(read::<PricePlan>(r#"{"id": "p", "description": null, "pricingSchedule": null}"#).description, None);
    // Limits are those of requests.
    let long = "x".repeat(5000);
    assert_eq!(read::<IngestEventResponse>(&format!(r#"{{"message": "{long}"}}"#)).message, Some(long));
    let empty: togai_ext::types::GetEventsResponse = read(r#"{"events": [], "nextToken": null}"#);
    assert_eq!((empty.events.len(), empty.next_token), (0, None));
}

/// Credits that were made are answered in an object, in a list or, in 2023, as one credit.
#[tokio::test]
async fn quirk_19_created_credits_are_read_in_three_shapes() {
    let credit = || CreditRequest::new("acme-prod", "2024-11-01".parse::<Date>().unwrap(), 1, "Welcome");
    for json in [
        r#"{"credits": [{"id": "cred.1", "creditAmount": 1.10}]}"#,
        r#"[{"id": "cred.1", "creditAmount": 1.10}]"#,
        r#"{"id": "cred.1", "creditAmount": 1.10}"#,
    ] {
        let body = CreateCreditRequest::new([credit()]);
        let credits = response_to(json, |client| client.create_credit().body(body).send()).await.credits;
        assert_eq!(credits.len(), 1, "{json}");
        let amount = credits[0].credit_amount.as_ref().map(Decimal::as_str);
        assert_eq!((&*credits[0].id, amount), ("cred.1", Some("1.10")), "{json}");
    }
}

/// The data of a metric is a list now and was an object.
#[tokio::test]
async fn quirk_20_metric_data_is_a_list_or_one_object() {
    let points = r#"{"timestamps": ["2024-11-01T00:00:00Z"], "metricValues": [1.10]}"#;
    for json in [points.to_owned(), format!("[{points}]")] {
        let json = format!(r#"{{"results": [{{"id": "q", "name": "USAGE", "data": {json}}}]}}"#);
        let [start, end] = [0, 86_400].map(Timestamp::from_unix_seconds);
        let body = GetMetricsRequest::new(end, [MetricQuery::new("DAY", "q", "USAGE")], start);
        let results = response_to(&json, |client| client.get_metrics().body(body).send()).await.results;
        assert_eq!((results[0].data.len(), results[0].data[0].metric_values[0].as_str()), (1, "1.10"));
    }
}

/// Some fields hold any JSON.
#[test]
fn quirk_22_free_form_json_is_kept() {
    let any =
        json!({ "text": "t", "number": -1.5, "flag": true, "nothing": null, "list": [1, [{}]], "map": { "a": {} } });
    let Value::Object(map) = any.clone() else { panic!("an object") };
    let read_in = |field: &str| json!({ field: any }).to_string();
    assert_eq!(read::<IngestEventResponse>(&read_in("details")).details, map);
    assert_eq!(read::<Invoice>(&read_in("metadata")).metadata, map);
    assert_eq!(read::<InvoiceLineItem>(&read_in("metadata")).metadata, map);
    assert_eq!(read::<WalletBalanceResponse>(&read_in("metadata")).metadata, map);
    assert_eq!(read::<ExternalPaymentReference>(&read_in("metadata")).metadata, map);
    assert_eq!(read::<Incident>(&read_in("reportData")).report_data, map);
    let alert: Alert = read(&json!({ "entityDetails": any, "ownerDetails": any, "parameters": any }).to_string());
    assert_eq!((&alert.entity_details, &alert.owner_details, &alert.parameters), (&map, &map, &map));
    assert_eq!(serde_json::to_value(alert).unwrap()["parameters"], any);
}
