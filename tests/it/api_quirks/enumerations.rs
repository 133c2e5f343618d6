//! Values of enumerations that are not declared, or not everywhere.

use std::fs;
use std::path::Path;

use togai_ext::types::{
    AccountStatus, Incident, IngestionStatus, IngestionStatusStatus, Invoice, InvoiceLineItemType, InvoiceTiming,
    InvoicesStatus, MetricName, MigrationMode, RateCardOperationActionType,
};

use super::{document, query, read, sent};

/// Values are added within days, and samples have some that were never declared.
#[tokio::test]
async fn quirk_23_unknown_values_are_kept() {
    for status in ["INGESTION_COMPLETED", "INGESTION_COMPLETED_EVENT_NOT_BILLED", "INGESTION_FAILED_EVENT_INVALID"] {
        let json = format!(r#"{{"status":"{status}"}}"#);
        let read: IngestionStatus = read(&json);
        assert_eq!(read.status, IngestionStatusStatus::Other(status.to_owned()));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
    assert_eq!(read::<Invoice>(r#"{"status": "GENERATED"}"#).status, InvoicesStatus::Other("GENERATED".to_owned()));
    // One is declared as REFUND_INITIATED, and the documentation says otherwise.
    let request = sent(|client| client.list_invoices().status("INITIATE_REFUND").send()).await;
    assert_eq!(query(&request, "status"), Some("INITIATE_REFUND"));
    assert_eq!(InvoicesStatus::from("REFUND_INITIATED"), InvoicesStatus::RefundInitiated);
    assert_eq!(read::<Incident>(r#"{"status": "SNOOZED"}"#).status, "SNOOZED");
    // What was added lately is known.
    assert_eq!(RateCardOperationActionType::from("UPSERT"), RateCardOperationActionType::Upsert);
    assert_eq!(MigrationMode::from("START_OF_CURRENT_CYCLE"), MigrationMode::StartOfCurrentCycle);
    assert_eq!(InvoiceTiming::from("PREPAID"), InvoiceTiming::Prepaid);
    assert_eq!(AccountStatus::from("DRAFT"), AccountStatus::Draft);
    assert_eq!(MetricName::from("REVENUE_FOR_CYCLE"), MetricName::RevenueForCycle);
    assert!(!matches!(InvoiceLineItemType::from("TOTAL_USAGE"), InvoiceLineItemType::Other(_)));
    let values = document()["components"]["schemas"]["InvoiceLineItem"]["properties"]["type"]["enum"].clone();
    assert_eq!(values.as_array().unwrap().len(), 39);
    let body = togai_ext::types::CreatePricePlanV2Request::new("Rides", ["USD"], "BILLING");
    let request = sent(|client| client.create_price_plan_v2().source_price_plan_id("pp.1").body(body).send()).await;
    assert_eq!(query(&request, "source_price_plan_id"), Some("pp.1"));
}

#[test]
fn quirk_23_every_enum_of_the_client_accepts_other_values() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../togai-api/src/generated/types");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let code: String = files.collect();
    let count = |text: &str| code.matches(text).count();
    assert!(count("\npub enum ") > 90, "{}", count("\npub enum "));
    assert_eq!(count("\nopen_enum!("), count("\npub enum "));
}
