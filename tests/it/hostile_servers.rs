//! Servers that mean harm, or are broken: each is met with a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{TOKEN, counts, event, stable_text, start};

/// A server that reads the head of each request and then does as it likes. It ends with the test.
async fn serve<F, Fut>(respond: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let _ = connection.read(&mut head).await;
            tokio::spawn(respond(connection));
        }
    });
    address
}

/// A server whose responses have this head and no end.
async fn serve_endless(head: &'static str) -> String {
    serve(move |mut connection| async move {
        connection.write_all(format!("HTTP/1.1 {head}\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes()).await?;
        loop {
            connection.write_all(b"400\r\n").await?;
            connection.write_all(&[b' '; 0x400]).await?;
            connection.write_all(b"\r\n").await?;
        }
    })
    .await
}

fn builder(address: &str) -> ClientBuilder {
    ClientBuilder::new(TOKEN).base_url(address).with_retry(RetryPolicy::never())
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit() {
    let address = serve_endless("200 OK").await;
    let client = builder(&address).with_max_response_bytes(1 << 20).build().unwrap();
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: the answer is larger than the client reads: more than 1048576 bytes; raise the limit with `with_max_response_bytes` (1 attempt)");
}

/// A server that accepts the first request, and answers the others with a head whose body never comes.
async fn serve_heads(head: &'static str) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let address = serve(move |mut connection| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            if number == 0 {
                let body = r#"{"events":[]}"#;
                let response =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                return connection.write_all(response.as_bytes()).await;
            }
            connection.write_all(format!("HTTP/1.1 {head}\r\ncontent-length: 10\r\n\r\n").as_bytes()).await?;
            std::future::pending().await
        }
    })
    .await;
    (address, requests)
}

#[tokio::test]
async fn a_head_is_heeded_by_other_calls_although_its_call_was_dropped() {
    for head in ["401 Unauthorized", "429 Too Many Requests\r\nretry-after: 30", "403 Forbidden"] {
        let (address, requests) = serve_heads(head).await;
        let client = builder(&address).build().unwrap();
        client.get_events().send().await.unwrap();
        let dropped = tokio::time::timeout(Duration::from_millis(200), client.get_events().send()).await;
        assert!(dropped.is_err(), "{head}");
        let options = CallOptions::new().deadline(Duration::from_secs(10));
        let error = client.with(options).get_events().send().await.unwrap_err();
        assert!(error.is_auth() || error.is_throttled(), "{error}");
        assert_eq!((requests.load(Ordering::Relaxed), error.attempts()), (2, 0), "{head}");
    }
}

#[tokio::test]
async fn an_endless_response_to_ingestion_is_read_up_to_what_the_events_can_need() {
    let address = serve_endless("202 Accepted").await;
    let client = builder(&address).build().unwrap();
    let failure = client.ingest_event(event(1)).send().await.unwrap_err();
    assert_eq!(counts(failure.report()), "1 unknown");
    let text = failure.error().reason();
    let limit = text.split_once("more than ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(limit.is_some_and(|limit| (1 << 20..(1 << 20) + 1000).contains(&limit)), "{text}");
}

#[tokio::test]
async fn a_decompression_bomb_is_read_up_to_the_limit() {
    // 64 MiB of spaces, which pack to some 64 KiB.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), 64 << 20), &mut packer).unwrap();
    let packed = packer.finish().unwrap();
    assert!(packed.len() < 100_000);
    let address = serve(move |mut connection| {
        let packed = packed.clone();
        async move {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
            connection.write_all(head.as_bytes()).await?;
            connection.write_all(&packed).await
        }
    })
    .await;
    // This package turns on reqwest's feature, as an application may.
    let client = builder(&address).with_max_response_bytes(1 << 20).build().unwrap();
    let error = client.get_events().send().await.unwrap_err();
    assert!(error.to_string().contains("more than 1048576 bytes"), "{error}");
}

#[tokio::test]
async fn the_attempt_timeout_ends_a_slow_trickle() {
    let address = serve(async |mut connection| {
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
        loop {
            connection.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let client = builder(&address).with_attempt_timeout(Duration::from_millis(100)).build().unwrap();
    let start = Instant::now();
    let error = client.get_events().send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn endless_headers_are_an_error() {
    let address = serve(async |mut connection| {
        connection.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        loop {
            connection.write_all(b"x-padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await?;
        }
    })
    .await;
    let error = builder(&address).build().unwrap().get_events().send().await.unwrap_err();
    assert!(error.to_string().starts_with("get_events: the connection broke"), "{error}");
}

#[tokio::test]
async fn a_circular_list_ends_in_an_error() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(200).json(json!({"events": [], "nextToken": "a"})).on("get_events"));
    let items: Vec<_> = client.get_events().items().collect().await;
    assert_eq!((items.len(), items[0].is_err(), sandbox.requests().len()), (1, true, 2));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_never_receives_the_token() {
    let (elsewhere, _) = start().await;
    for status in [301, 302, 303, 307, 308] {
        let (sandbox, client) = start().await;
        sandbox.fault(Fault::status(status).header("location", elsewhere.base_url()));
        let error = client.get_events().send().await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn a_custom_redirect_policy_has_no_effect() {
    let (sandbox, _) = start().await;
    let (elsewhere, _) = start().await;
    sandbox.fault(Fault::status(307).header("location", elsewhere.base_url()));
    let eager = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(10));
    let client = builder(sandbox.base_url()).with_http_client(eager).build().unwrap();
    client.get_events().send().await.unwrap_err();
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn the_attempt_timeout_overrides_that_of_a_custom_http_client() {
    let (sandbox, _) = start().await;
    sandbox.fault(Fault::delay(Duration::from_secs(3600)));
    let patient = reqwest::Client::builder().timeout(Duration::from_secs(3600));
    let builder = builder(sandbox.base_url()).with_http_client(patient);
    let client = builder.with_attempt_timeout(Duration::from_millis(50)).build().unwrap();
    assert!(client.get_events().send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn no_proxy_receives_a_token_for_localhost() {
    let (sandbox, _) = start().await;
    let (proxy, _) = start().await;
    let through = reqwest::Client::builder().proxy(reqwest::Proxy::all(proxy.base_url()).unwrap());
    let client = builder(sandbox.base_url()).with_http_client(through).build().unwrap();
    client.get_events().send().await.unwrap();
    assert_eq!((sandbox.requests().len(), proxy.requests().len()), (1, 0));
}
