//! What users are told when something fails, through the whole client.

use std::fmt::Write as _;

use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::types::CreateCustomerAccountRequest;
use togai_sandbox::Fault;

use crate::support::{TOKEN, stable_text, start};

/// The text of the error that a fault leads to, for a call that reads or for one that changes something.
async fn error_text_of(fault: Fault, changes: bool) -> String {
    let (sandbox, client) = start().await;
    sandbox.fault(fault);
    let error = if changes {
        let body = CreateCustomerAccountRequest::new("acme-prod", "Acme");
        client.create_account().customer_id("acme").body(body).send().await.unwrap_err()
    } else {
        client.get_account().customer_id("acme").account_id("acme-prod").send().await.unwrap_err()
    };
    assert!(!format!("{error:?}").contains(TOKEN));
    stable_text(&error)
}

#[tokio::test]
async fn each_status_is_reported_with_the_server_message() {
    let mut all = String::new();
    for status in [301, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504] {
        let fault = Fault::status(status).header("retry-after", "3600").json(json!({"message": "said the server"}));
        let _ = writeln!(all, "{}", error_text_of(fault, true).await);
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn broken_connections_report_whether_the_request_may_have_been_applied() {
    let mut all = String::new();
    for changes in [false, true] {
        for fault in [Fault::reset_before_reading(), Fault::reset_after_reading(), Fault::cut_off()] {
            let _ = writeln!(all, "{}: {}", fault.name(), error_text_of(fault, changes).await);
        }
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn an_echoed_token_does_not_reach_the_error() {
    let message = format!("no such token: {TOKEN}");
    let said = error_text_of(Fault::status(401).json(json!({"message": message})), false).await;
    insta::assert_snapshot!(said, @"get_account: the server answered 401 Unauthorized: no such token: *** (1 attempt); check the token, and that it belongs to this environment");
    let said = error_text_of(Fault::status(200).json(json!({"id": {"token": TOKEN}})), false).await;
    insta::assert_snapshot!(said, @"get_account: the server answered 200 OK, but its body cannot be read at `id`: invalid type: map, expected a string at line 1 column 6 (1 attempt)");
}

#[tokio::test]
async fn missing_and_invalid_values_are_named_before_sending() {
    let (sandbox, client) = start().await;
    let mut all = String::new();
    for error in [
        client.get_account().account_id("acme-prod").send().await.unwrap_err(),
        client.delete_account().customer_id("acme").account_id("").send().await.unwrap_err(),
        client.get_account().customer_id("acme").account_id("..").send().await.unwrap_err(),
        client.create_account().customer_id("acme").send().await.unwrap_err(),
        client.get_events().page_size(-1).send().await.unwrap_err(),
        client.event_correction().action("UNDO").created_at("yesterday").send().await.unwrap_err(),
        client.ingest_events(Vec::<Event>::new()).batch_size(5000).send().await.unwrap_err().into_error(),
    ] {
        assert!(error.is_invalid_request());
        let _ = writeln!(all, "{error}");
    }
    insta::assert_snapshot!(all);
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test]
async fn a_response_that_is_too_large_is_not_read_to_the_end() {
    let (sandbox, _) = start().await;
    let client = crate::support::builder_of(&sandbox).with_max_response_bytes(1000).build().unwrap();
    sandbox.fault(Fault::status(200).body("x".repeat(100_000)));
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: the answer is larger than the client reads: more than 1000 bytes; raise the limit with `with_max_response_bytes` (1 attempt)");
}

#[tokio::test]
async fn response_texts_in_unusual_places_are_truncated_and_redacted() {
    let (sandbox, client) = start().await;
    let long = "x".repeat(1_000_000);
    for body in [
        json!({"events": [{"createdAt": TOKEN}]}),
        json!({"events": [{"eventPayload": {"attributes": [{"name": "a", "value": [TOKEN]}]}}]}),
        json!({"events": long}),
        json!({"events": TOKEN}),
    ] {
        sandbox.clear_faults();
        sandbox.fault(Fault::status(200).header("x-request-id", TOKEN).json(body));
        let error = client.get_single_event().event_id("a").send().await.unwrap_err();
        let said = format!("{error} {error:?} {:?} {:?}", error.request_id(), error.body_excerpt());
        assert!(error.is_decode() && !said.contains(TOKEN) && !said.contains(&TOKEN[..8]), "{said}");
        assert!(said.len() < 5000, "{}", said.len());
    }
}
