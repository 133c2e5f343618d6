//! Responses that the document does not declare.

use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_ext::types::CustomerAccountStatus;
use togai_sandbox::Fault;

use crate::support::{TOKEN, event, stable_text, start};

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

/// A record as the sandbox answers it, with the time of its arrival in some form.
fn record(id: &str, created_at: &Value) -> Value {
    json!({
        "eventPayload": event(1).id(id),
        "ingestionStatus": {"status": "INGESTION_COMPLETED_EVENT_METERED"},
        "createdAt": created_at,
    })
}

#[tokio::test]
async fn times_are_read_as_libraries_print_them() {
    let (sandbox, client) = start().await;
    let written = [
        json!("2024-01-01T00:00"),
        json!("2024-01-01T00:00Z[UTC]"),
        json!("2024-01-01T05:30+05:30[Asia/Kolkata]"),
        json!("2024-01-01t05:30:00.0000000000+0530"),
        json!("2024-01-01 00:00:00 +0000 UTC"),
        json!("2024-01-01 05:00:00+05"),
        json!(1_704_067_200_000_u64),
        json!(1_704_067_200.0),
        json!("1704067200.000"),
    ];
    let records: Vec<Value> = written.iter().map(|time| record("a", time)).collect();
    sandbox.fault(Fault::status(200).json(json!({ "events": records })).on("get_events"));
    let response = client.get_events().send().await.unwrap();
    for (event, written) in response.events.iter().zip(&written) {
        assert_eq!(event.created_at.to_string(), "2024-01-01T00:00:00Z", "{written}");
    }
    assert_eq!((response.events.len(), response.unreadable().len()), (written.len(), 0));
}

#[tokio::test]
async fn an_odd_record_does_not_take_its_page_along() {
    let (sandbox, client) = start().await;
    let time = json!("2024-01-01T00:00:00Z");
    let page = |records: Value, token: &str| json!({ "events": records, "nextToken": token });
    for body in [
        page(json!([record("a", &time), record("b", &json!("soon")), null, record("c", &time)]), "next"),
        page(json!([record("d", &json!(TOKEN)), record("e", &time)]), ""),
    ] {
        sandbox.fault(Fault::status(200).json(body).on("get_events").first(1));
    }
    let pages: Vec<Page<_>> = client.get_events().pages().try_collect().await.unwrap();
    let ids: Vec<_> =
        pages.iter().flat_map(|page| page.iter()).map(|event| event.event_payload.id.as_deref()).collect();
    assert_eq!(ids, [Some("a"), Some("b"), Some("c"), Some("d"), Some("e")]);
    assert_eq!(pages[0][1].created_at, Timestamp::default());
    let said: Vec<String> = pages.iter().flat_map(Page::unreadable).map(|record| format!("{record:?}")).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    UnreadableRecord { path: "events[1]", problems: ["createdAt: `soon` is not a date and time such as 2024-04-18T16:00:17Z"], .. }
    UnreadableRecord { path: "events[2]", problems: ["invalid type: null, expected an object (EventWithStatus)"], .. }
    UnreadableRecord { path: "events[0]", problems: ["createdAt: `***` is not a date and time such as 2024-04-18T16:00:17Z"], .. }
    "#);
    let kept: Value = serde_json::from_str(pages[0].unreadable()[0].json()).unwrap();
    assert_eq!(kept, record("b", &json!("soon")));
    assert!(!pages[1].unreadable()[0].json().contains(TOKEN));
}

#[tokio::test]
async fn the_items_of_a_list_count_the_odd_records() {
    let (sandbox, client) = start().await;
    let time = json!("2024-01-01T00:00:00Z");
    let page = json!({ "events": [null, record("a", &time), record("b", &json!([]))] });
    sandbox.fault(Fault::status(200).json(page).on("get_events"));
    let mut items = client.get_events().items();
    assert_eq!((items.by_ref().try_collect::<Vec<_>>().await.unwrap().len(), items.unreadable()), (2, 2));
}

#[tokio::test]
async fn verification_does_not_miss_an_event_in_a_record_that_cannot_be_read() {
    let (sandbox, client) = start().await;
    let time = json!("2024-01-01T00:00:00Z");
    let page = json!({ "events": [record("a", &json!("soon")), record("b", &time)] });
    sandbox.fault(Fault::status(200).json(page).on("get_events"));
    let found = client.verify(["a", "b"]).account("acme-prod").rounds(1).send().await.unwrap();
    assert_eq!(found.metered(), 2);
    let error = client.verify(["a", "c"]).account("acme-prod").rounds(1).send().await.unwrap_err();
    insta::assert_snapshot!(error, @"get_events: records of the list that could not be read: 1; missing events may be among them (1 of 2 events metered, 1 not looked up)");
}

#[tokio::test]
async fn a_page_without_its_records_is_an_error_that_names_them() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(200).json(json!({ "data": [record("a", &json!(0))] })).on("get_events"));
    let error = client.get_events().items().try_next().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: the server answered 200 OK, but its body cannot be read: no property `events`, which holds the records of the page (1 attempt)");
}

#[tokio::test]
async fn a_202_without_a_body_is_a_success() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(202).body("").on("ingest_batch"));
    let report = client.ingest_events([event(1)]).send().await.unwrap();
    assert_eq!(report.accepted(), 1);
}
