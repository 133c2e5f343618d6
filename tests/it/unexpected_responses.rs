//! Responses that the document does not declare.

use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::types::CustomerAccountStatus;
use togai_sandbox::Fault;

use crate::support::{event, start};

#[tokio::test]
async fn unknown_fields_and_values_are_accepted() {
    let (sandbox, client) = start().await;
    let odd =
        json!({"id": "acme-prod", "name": null, "status": "FROZEN", "tier": {"level": 3}, "aliases": [{"alias": "a"}]});
    sandbox.fault(Fault::status(200).json(&odd).on("get_account"));
    let account = client.get_account().customer_id("acme").account_id("acme-prod").send().await.unwrap().into_inner();
    assert_eq!(account.status, CustomerAccountStatus::Other("FROZEN".to_owned()));
    assert_eq!((account.name.as_str(), account.aliases[0].alias.as_deref()), ("", Some("a")));
    assert_eq!(serde_json::to_value(&account.status).unwrap(), "FROZEN");
}

#[tokio::test]
async fn an_event_in_the_2022_shape_with_numbers_and_no_time_zone_is_read() {
    let (sandbox, client) = start().await;
    let odd = json!({"events": [{
        "eventPayload": {
            "eventName": "rides", "id": 7, "eventTimestamp": "2022-06-15T07:30:35.123", "accountId": 1,
            "eventAttributes": [{"attributeName": "distance", "attributeValue": 50}],
            "dimensions": {"costCenterCode": 1234}, "referenceId": "inside",
        },
        "ingestionStatus": {"status": "INGESTION_COMPLETED", "statusDescription": null},
        "createdAt": "2024-04-18T16:00:17",
    }]});
    sandbox.fault(Fault::status(200).json(&odd).on("get_events"));
    let page = client.get_events().send().await.unwrap().into_inner();
    let event = &page.events[0];
    assert_eq!(event.event_payload.attributes[0].value, "50");
    assert_eq!(event.event_payload.id.as_deref(), Some("7"));
    assert_eq!(event.ingestion_status.status.as_str(), "INGESTION_COMPLETED");
    assert_eq!(event.created_at.to_string(), "2024-04-18T16:00:17Z");
}

#[tokio::test]
async fn a_202_without_a_body_is_a_success() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).body("").on("ingest_batch"));
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    assert_eq!(report.accepted(), 1);
}
