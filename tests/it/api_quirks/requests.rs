//! Oddities of requests.

use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_ext::types::{EventCorrectionRequest, LicenseEntryDetailsUpdateRequest, UpdateEventSchemaRequest};

use super::{document, operations, query, sent};
use crate::support::start;

/// No specification declares the variable in the path of this operation, so the vendor's clients send its braces.
#[tokio::test]
async fn quirk_01_the_license_id_is_part_of_the_path() {
    let body = LicenseEntryDetailsUpdateRequest::new("acme-prod", Timestamp::from_unix_seconds(0), [("seat", "1")]);
    let request = sent(|client| client.update_license_entry_details().license_id("seats 1").body(body).send()).await;
    assert_eq!((&*request.method, &*request.path), ("PATCH", "/license_updates/seats%201"));
}

/// The vendor's specification gives this operation no name; its clients made one of the path.
#[tokio::test]
async fn quirk_02_an_unnamed_operation_has_a_name() {
    let body = UpdateEventSchemaRequest::new().description("Rides");
    let request = sent(|client| client.update_event_schema().event_schema_name("rides").body(body).send()).await;
    assert_eq!((&*request.method, &*request.path), ("PATCH", "/event_schema/rides"));
}

/// Names of operations come in three kinds of capitals, and one lacks a capital. Here all are written alike.
#[tokio::test]
async fn quirk_03_all_operation_names_use_one_case() {
    let is_alike = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_';
    assert!(togai_api::OPERATIONS.iter().all(|operation| operation.id.chars().all(is_alike)));
    let ids: Vec<&str> = togai_api::OPERATIONS.iter().map(|operation| operation.id).collect();
    for id in [
        "credit_balance_for_account",
        "wallet_balance_for_account",
        "wallet_entries_for_account",
        "update_feature_credit_entry",
        "void_feature_credit_entry",
        "add_invoice_group_accounts",
        "remove_invoice_group_accounts",
        "list_account_schedules",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
    let request = sent(|client| client.credit_balance_for_account().account_id("acme-prod").send()).await;
    assert_eq!(request.path, "/accounts/acme-prod/credit_balance");
    let request = sent(|client| client.list_account_schedules().account_id("acme-prod").mode("ACTIVE").send()).await;
    assert_eq!(request.path, "/v2/accounts/acme-prod/schedules");
}

/// Many bodies are declared as optional because a word is missing in the specification. Only a correction can do without.
#[tokio::test]
async fn quirk_04_a_missing_body_fails_before_sending() {
    let document = document();
    let operations = operations(&document);
    let bodies = operations.iter().filter(|(_, (_, _, operation))| operation.get("requestBody").is_some());
    let mut count = 0;
    for (id, _) in bodies {
        let row = togai_api::OPERATIONS.iter().find(|operation| operation.id == *id).unwrap();
        assert_eq!(row.requires_body, *id != "event_correction", "{id}");
        count += 1;
    }
    assert!(count > 60, "{count}");

    let (sandbox, client) = start().await;
    let errors = [
        client.create_credit().send().await.map(drop).unwrap_err(),
        client.get_metrics().send().await.map(drop).unwrap_err(),
        client.create_payments().send().await.map(drop).unwrap_err(),
        client.ingest_entitled_event().send().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_builder() && error.to_string().contains("`body` is not set"), "{error}");
    }
    assert_eq!(sandbox.requests().len(), 0);

    let request = sent(|client| client.event_correction().action("UNDO").event_id("ride-1").send()).await;
    assert_eq!((request.body.json(), request.header("content-type")), (None, None));
    let body = EventCorrectionRequest::new().event(crate::support::event(1));
    let request = sent(|client| client.event_correction().action("REDO_EVENT").body(body).send()).await;
    assert_eq!(request.body.json().unwrap()["event"]["id"], "ride-1");
}

/// The specification of 2023 declares that values in paths are JSON, which would put them in quotes.
#[tokio::test]
async fn quirk_06_a_path_value_is_not_json() {
    let request = sent(|client| client.get_event_schema().event_schema_name("rides").version(2).send()).await;
    assert_eq!((&*request.path, query(&request, "version")), ("/event_schema/rides", Some("2")));
    for (id, (_, _, operation)) in operations(&document()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert_eq!(parameter["content"], Value::Null, "{id}");
        }
    }
}

/// The vendor's Python client sends moments with microseconds and an offset without a colon. Two spans are plain texts.
#[tokio::test]
async fn quirk_13_query_timestamps_are_in_utc() {
    let moment: Timestamp = "2024-11-01T02:00:00.25+02:00".parse().unwrap();
    let request = sent(|client| client.get_account_by_id().account_id("acme-prod").effective_on(moment).send()).await;
    assert_eq!(query(&request, "effectiveOn"), Some("2024-11-01T00:00:00.250Z"));

    #[expect(deprecated, reason = "it takes its span as text")]
    let request = sent(|client| {
        client.get_pricing_schedules().account_id("acme-prod").start_date("2024-11-01").end_date("9999-01-01").send()
    });
    let request = request.await;
    let span = (query(&request, "start_date"), query(&request, "end_date"));
    assert_eq!(span, (Some("2024-11-01"), Some("9999-01-01")));
}

/// Ids hold characters that mean something else in an address.
#[tokio::test]
async fn quirk_21_values_are_percent_encoded() {
    let entry = "purchase.21HbazIT3JQ.D90jC#1$PURCHASE";
    let request = sent(|client| {
        client.void_feature_credit_entry().account_id("acme-prod").feature_id("rides").entry_id(entry).send()
    });
    assert_eq!(
        request.await.path,
        "/accounts/acme-prod/features/rides/entries/purchase.21HbazIT3JQ.D90jC%231$PURCHASE/void"
    );
    let setting = "setting.USER.region_of_city.ACCOUNT.ACC00001";
    let request = sent(|client| client.get_setting().setting_id_str(setting).send()).await;
    assert_eq!(request.path, format!("/settings/{setting}"));
    for (alias, path) in [("riders@example.com", "/aliases/riders@example.com"), ("+123", "/aliases/+123")] {
        assert_eq!(sent(|client| client.get_alias().alias(alias).send()).await.path, path);
    }
    let token = r#"{"a": "b+c/d&e"}=="#;
    let request = sent(|client| client.get_customers().next_token(token).send()).await;
    assert_eq!(request.query, [("nextToken".to_owned(), token.to_owned())]);
}

/// Some enumerations are declared as plain text, and their values are said in prose; they are sent as they are given.
#[tokio::test]
async fn quirk_24_values_documented_only_in_prose_are_sent_unchanged() {
    let request = sent(|client| client.list_account_schedules().account_id("acme-prod").mode("DRAFT").send()).await;
    assert_eq!(query(&request, "mode"), Some("DRAFT"));
    for version in ["LATEST", "ACTIVE", "3"] {
        let request = sent(|client| client.get_price_plan_v2().price_plan_id("pp.1").version(version).send()).await;
        assert_eq!(query(&request, "version"), Some(version));
    }
    #[expect(deprecated, reason = "the first generation counts its versions")]
    let request = sent(|client| client.get_price_plan().price_plan_id("pp.1").version(3).send());
    assert_eq!(query(&request.await, "version"), Some("3"));
    let request = sent(|client| client.get_events().status("IN_PROGRESS").send()).await;
    assert_eq!(query(&request, "status"), Some("IN_PROGRESS"));

    let metric = togai_ext::types::MetricQuery::new("DAY", "usage", "USAGE").group_by("BILLABLE_ID");
    assert_eq!(serde_json::to_value(metric).unwrap()["groupBy"], json!("BILLABLE_ID"));
    // Of the parameters in queries the Ruby client knows the values of seven.
    let document = document();
    let operations = operations(&document);
    let parameters = operations.values().filter_map(|(_, _, operation)| operation["parameters"].as_array()).flatten();
    assert_eq!(parameters.filter(|parameter| parameter["schema"]["enum"].is_array()).count(), 7);
}
