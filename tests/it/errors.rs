//! What users are told when something fails, through the whole client.

use std::fmt::Write as _;
use std::net::SocketAddr;

use futures::TryStreamExt as _;
use serde_json::json;
use togai_ext::prelude::*;
use togai_ext::togai_ingest::DeliveryErrorKind;
use togai_ext::types::CreateCustomerAccountRequest;
use togai_sandbox::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{TOKEN, event, stable_text, start};

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
    for status in
        [301, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 421, 422, 429, 431, 500, 502, 503, 504, 520]
    {
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
        assert!(error.is_builder());
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

#[tokio::test]
async fn a_login_page_is_reported_as_a_page() {
    let page = "<!doctype html><html><head><title>Sign in</title></head></html>";
    let fault = || Fault::status(200).header("content-type", "text/html").body(page);
    insta::assert_snapshot!(error_text_of(fault(), false).await, @"get_account: the server answered 200 OK with an HTML page instead of JSON: is the base URL right? (1 attempt)");
    insta::assert_snapshot!(error_text_of(fault(), true).await, @"create_account: the server answered 200 OK with an HTML page instead of JSON: is the base URL right? (1 attempt); the request may have been applied, so look before repeating it");
}

#[tokio::test]
async fn an_error_about_a_response_has_its_status_and_the_attempts() {
    let (sandbox, client) = start().await;
    let mut all = String::new();
    for status in [200, 201, 204] {
        sandbox.clear_faults();
        sandbox.fault(Fault::status(503).first(1));
        sandbox.fault(Fault::status(status).header("x-request-id", "r-17").body("{}"));
        let failure = client.ingest_event(event(1)).send().await.unwrap_err();
        let error = failure.into_error();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!((error.attempts(), error.request_id()), (2, Some("r-17")));
        assert!(error.maybe_delivered());
        let _ = writeln!(all, "{error}");
    }
    insta::assert_snapshot!(all, @r###"
    ingest: the server answered 200 OK (request r-17) although the API has no such response: check the base URL; the request may have been applied; to send its events again with the same ids is harmless
    ingest: the server answered 201 Created (request r-17) although the API has no such response: check the base URL; the request may have been applied; to send its events again with the same ids is harmless
    ingest: the server answered 204 No Content (request r-17) although the API has no such response: check the base URL; the request may have been applied; to send its events again with the same ids is harmless
    "###);

    sandbox.clear_faults();
    sandbox.fault(Fault::status(207).json(json!({"message": "partial"})));
    let failure = client.ingest_events((0..6).map(event)).batch_size(2).send().await.unwrap_err();
    assert_eq!(
        (failure.error().kind(), failure.error().status().map(|status| status.as_u16())),
        (DeliveryErrorKind::Refused, Some(207))
    );
    let error = failure.into_error();
    assert_eq!((error.status().map(|status| status.as_u16()), error.attempts() > 0), (Some(207), true));
}

#[tokio::test]
async fn an_endless_list_keeps_status_and_attempts() {
    let (sandbox, client) = start().await;
    let page = json!({"events": [], "nextToken": TOKEN});
    sandbox.fault(Fault::status(200).json(page));
    let error = client.get_events().items().try_next().await.unwrap_err();
    assert_eq!((error.status().map(|status| status.as_u16()), error.attempts()), (Some(200), 1));
    insta::assert_snapshot!(stable_text(&error), @"get_events: the server sent the page token `***` a second time, so the list would never end: items after it are missing");
}

#[tokio::test]
async fn an_id_that_is_taken_is_a_conflict() {
    let (_sandbox, client) = start().await;
    let create = || {
        let body = CreateCustomerAccountRequest::new("acme-prod", "Acme");
        client.create_account().customer_id("acme").body(body).send()
    };
    create().await.unwrap();
    let error = create().await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert!(error.is_conflict() && error.is_bad_request() && !error.is_builder(), "{error}");
    let error = client.get_events().page_size(51).send().await.unwrap_err();
    assert!(error.is_builder() && !error.is_bad_request() && !error.is_conflict());
}

/// The error of a call to a server that is no sandbox.
async fn error_at(base_url: &str) -> Error {
    let client = ClientBuilder::new(TOKEN).base_url(base_url).with_retry(RetryPolicy::never()).build().unwrap();
    client.get_events().send().await.unwrap_err()
}

#[tokio::test]
async fn a_port_of_the_other_protocol_is_named() {
    // What a server of TLS says to a request in plain text: an alert.
    let address = serve_once(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let error = error_at(&format!("http://{address}")).await;
    insta::assert_snapshot!(error.reason(), @"get_events: the connection broke before the answer was complete: invalid HTTP version parsed; the port does not speak HTTP: if it speaks TLS, use `https://`");

    let address = serve_once(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = error_at(&format!("https://{address}")).await;
    assert!(error.is_connect());
    insta::assert_snapshot!(error.reason(), @"get_events: no connection could be made: received corrupt message of type InvalidContentType; the port does not speak TLS: check the base URL");
}

/// A server that says this to whoever connects.
async fn serve_once(response: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _ = connection.read(&mut [0; 8192]).await;
        connection.write_all(response).await.unwrap();
        connection.flush().await.unwrap();
        // Until the client has gone.
        let _ = connection.read(&mut [0; 8192]).await;
    });
    address
}
