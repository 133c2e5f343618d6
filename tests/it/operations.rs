//! The table of operations, and each of them through the client.

use std::fmt::Write as _;

use togai_ext::prelude::*;
use togai_ext::types::{
    AddCustomerAccountAliasesRequest, AssociatePricePlanRequest, CreateCustomerAccountRequest, EventCorrectionAction,
    EventCorrectionInfoStatus, EventCorrectionRequest, IngestBatchEventRequest, IngestEventRequest,
    IngestionStatusStatus, RemoveCustomerAccountAliasesRequest, UpdateCustomerAccountRequest,
};
use togai_sandbox::Fault;

use crate::support::{bad_event, event, start};

#[test]
fn the_operation_table_is_unchanged() {
    let mut table = String::new();
    for operation in togai_api::OPERATIONS {
        let _ = writeln!(table, "{} {} {}", operation.id, operation.method, operation.path);
        for parameter in operation.parameters {
            let required = if parameter.required { ", required" } else { "" };
            let _ = writeln!(table, "  {:?} {}{required}", parameter.location, parameter.name);
        }
        if operation.requires_body {
            table.push_str("  body, required\n");
        }
        let _ = writeln!(table, "  statuses {}", operation.statuses.join(" "));
        let (quota, repeat, paging) = (operation.quota_class, operation.repeat, operation.paging);
        let _ = writeln!(table, "  quota {quota:?}, repeat {repeat:?}, paging {paging:?}");
    }
    insta::assert_snapshot!(table);
}

/// Those that the client began with; their names and paths stay.
const FIRST: [(&str, &str); 13] = [
    ("add_aliases", "/customers/{customer_id}/accounts/{account_id}/add_aliases"),
    ("associate_price_plan", "/customers/{customer_id}/accounts/{account_id}/price_plans"),
    ("create_account", "/customers/{customer_id}/accounts"),
    ("delete_account", "/customers/{customer_id}/accounts/{account_id}"),
    ("event_correction", "/events/correction"),
    ("get_account", "/customers/{customer_id}/accounts/{account_id}"),
    ("get_accounts", "/customers/{customer_id}/accounts"),
    ("get_events", "/events"),
    ("get_single_event", "/events/{event_id}"),
    ("ingest", "/ingest"),
    ("ingest_batch", "/ingestBatch"),
    ("remove_aliases", "/customers/{customer_id}/accounts/{account_id}/remove_aliases"),
    ("update_account", "/customers/{customer_id}/accounts/{account_id}"),
];

#[test]
fn the_first_thirteen_operations_are_among_159() {
    let all: Vec<(&str, &str)> = togai_api::OPERATIONS.iter().map(|operation| (operation.id, operation.path)).collect();
    for operation in FIRST {
        assert!(all.contains(&operation), "{operation:?}");
    }
    assert_eq!(all.len(), 159);
}

#[tokio::test]
async fn the_first_thirteen_operations_are_retried_when_throttled() {
    let (sandbox, client) = start().await;
    // Whatever the answer is in the end: it is that of the second request.
    let mut checked = Vec::new();
    macro_rules! check {
        ($($operation:ident $(.$parameter:ident($value:expr))*;)*) => {$(
            checked.push(stringify!($operation));
            sandbox.clear_requests();
            sandbox.fault(Fault::status(429).header("retry-after", "0").on(stringify!($operation)).first(1));
            let _ = client.$operation()$(.$parameter($value))*.send().await;
            let statuses: Vec<_> = sandbox.requests().iter().map(|request| request.status).collect();
            assert_eq!((statuses.len(), statuses[0]), (2, Some(429)), stringify!($operation));
            assert_ne!(statuses[1], Some(429), stringify!($operation));
        )*};
    }
    let aliases = ["acme"];
    check! {
        ingest.body(IngestEventRequest::new(event(1)));
        ingest_batch.body(IngestBatchEventRequest::new([event(1)]));
        get_events;
        get_single_event.event_id("ride-1");
        event_correction.action("UNDO").event_id("ride-1");
        create_account.customer_id("c").body(CreateCustomerAccountRequest::new("acme", "Acme"));
        get_accounts.customer_id("c");
        get_account.customer_id("c").account_id("acme");
        update_account.customer_id("c").account_id("acme").body(UpdateCustomerAccountRequest::new().name("New"));
        add_aliases.customer_id("c").account_id("acme").body(AddCustomerAccountAliasesRequest::new().aliases(aliases));
        remove_aliases.customer_id("c").account_id("acme").body(RemoveCustomerAccountAliasesRequest::new().aliases(aliases));
        associate_price_plan.customer_id("c").account_id("acme").body(AssociatePricePlanRequest::new("Standard"));
        delete_account.customer_id("c").account_id("acme");
    }
    checked.sort_unstable();
    assert_eq!(checked, FIRST.map(|(id, _)| id));
}

#[tokio::test]
async fn one_event_is_ingested_and_looked_up() {
    let (sandbox, client) = start().await;
    let response = client.ingest().body(IngestEventRequest::new(event(1))).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.success), (202, Some(true)));

    let found = client.get_single_event().event_id("ride-1").send().await.unwrap().into_inner();
    assert_eq!(found.events[0].event_payload, event(1));
    assert_eq!(found.events[0].ingestion_status.status, IngestionStatusStatus::IngestionCompletedEventMetered);
    assert_eq!(sandbox.metered().len(), 1);

    assert!(client.get_single_event().event_id("ride-2").send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_batch_returns_202_or_207() {
    let (_sandbox, client) = start().await;
    let batch = IngestBatchEventRequest::new([event(1), event(2)]);
    let response = client.ingest_batch().body(batch).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.errors.len()), (202, 0));

    let batch = IngestBatchEventRequest::new([event(3), bad_event(4)]);
    let response = client.ingest_batch().body(batch).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.errors.len()), (207, 1));
    assert_eq!(response.errors[0].event_payload.as_ref().unwrap().id.as_deref(), Some("ride-4"));
}

#[tokio::test]
async fn an_event_is_undone_redone_and_replaced() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(1), event(2), event(3)]).send().await.unwrap().into_result().unwrap();

    let correction = client.event_correction().account_id("acme-prod");
    let undone = correction.clone().action(EventCorrectionAction::Undo).event_id("ride-1").send().await.unwrap();
    assert_eq!(undone.data[0].status, EventCorrectionInfoStatus::Reverted);

    let redone = correction.clone().action("REDO").event_id("ride-2").send().await.unwrap();
    assert_eq!(redone.data[0].status, EventCorrectionInfoStatus::RevertedAndReingested);

    let body = EventCorrectionRequest::new().event(event(3).attribute("stops", 2));
    let replaced = correction.action("REDO_EVENT").event_id("ride-3").body(body).send().await.unwrap();
    assert_eq!(replaced.data[0].status, EventCorrectionInfoStatus::RevertedAndReingested);
    assert_eq!(sandbox.metered().last().unwrap().payload["attributes"][1]["name"], "stops");
}

#[tokio::test]
async fn a_correction_without_a_body_sends_none() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    client.event_correction().action("UNDO").event_id("ride-1").send().await.unwrap();
    let requests = sandbox.requests();
    assert!(requests.last().unwrap().header("content-type").is_none());
}
