//! Lists, through the whole client.

use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::types::CreateCustomerAccountRequest;
use togai_sandbox::Fault;

use crate::support::{client_of, event, log, sandbox, stable_text, start};

#[tokio::test]
async fn events_are_read_to_the_last_page() {
    let (sandbox, client) = start().await;
    client.ingest_events((0..120).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();

    let events: Vec<_> = client.get_events().account_id("acme-prod").items().try_collect().await.unwrap();
    let expected: Vec<Event> = (0..120).map(event).collect();
    assert_eq!(events.into_iter().map(|event| event.event_payload).collect::<Vec<_>>(), expected);
    assert_eq!(sandbox.requests().len(), 3);
}

#[tokio::test]
async fn accounts_are_read_page_by_page() {
    let (sandbox, client) = start().await;
    for number in 0..5 {
        let account = CreateCustomerAccountRequest::new(format!("acme-{number}"), "Acme");
        client.create_account().customer_id("acme").body(account).send().await.unwrap();
    }
    sandbox.clear_requests();
    let pages: Vec<Page<_>> =
        client.get_accounts().customer_id("acme").page_size(2).pages().try_collect().await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(pages[2].resume_token(), None);
}

#[tokio::test]
async fn a_list_that_ends_in_an_empty_page_is_read_to_its_end() {
    let sandbox = sandbox().trailing_empty_page(true).start().await.unwrap();
    let client = client_of(&sandbox);
    client.ingest_events((0..100).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    let pages: Vec<Page<_>> = client.get_events().pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.len()).collect::<Vec<_>>(), [50, 50, 0]);
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_skipped() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    // The token of the documented example is taken as one of the first page.
    let token = "eyJsYXN0SXRlbUlkIjogInN0cmluZyIsICJwYWdlU2l6ZSI6IDEyMywgInNvcnRPcmRlciI6ICJhc2MifQ==";
    sandbox.fault(Fault::status(200).json(json!({"events": [], "nextToken": token})).on("get_events").first(1));
    let events: Vec<_> = client.get_events().items().try_collect().await.unwrap();
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn no_extra_page_is_requested() {
    let (sandbox, client) = start().await;
    client.ingest_events((0..120).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    let events: Vec<_> = client.get_events().items().take(50).try_collect().await.unwrap();
    assert_eq!((events.len(), sandbox.requests().len()), (50, 1));
}

#[tokio::test]
async fn a_list_resumes_after_an_error() {
    let (sandbox, client) = start().await;
    client.ingest_events((0..60).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    let mut events = client.with(CallOptions::new().retry(RetryPolicy::never())).get_events().items();
    for _ in 0..50 {
        events.try_next().await.unwrap().unwrap();
    }
    sandbox.fault(Fault::status(500).on("get_events").first(1));
    let error = events.try_next().await.unwrap_err();
    let token = error.resume_token().unwrap().to_owned();
    assert_eq!(events.by_ref().try_collect::<Vec<_>>().await.unwrap().len(), 10);

    let resumed: Vec<_> = client.get_events().items().resume_from(token).try_collect().await.unwrap();
    assert_eq!(resumed.len(), 10);
}

#[tokio::test]
async fn a_repeated_page_token_is_an_error() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(200).json(json!({"events": [], "nextToken": "round"})).on("get_events"));
    let error = client.get_events().items().try_next().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: the server sent the page token `round` a second time, so the list would never end: items after it are missing");
    insta::assert_snapshot!(log(&sandbox), @r###"
    GET /events -> 200 (fault: status 200)
    GET /events?nextToken=.. -> 200 (fault: status 200)
    "###);
}
