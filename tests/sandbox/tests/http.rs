//! What a client of the sandbox sees on the wire.

use std::error::Error as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use togai_sandbox::{Fault, LoggedBody, ManualClock, Quotas, Sandbox};

fn batch(ids: &[&str]) -> Value {
    let event = |id: &&str| {
        json!({
            "schemaName": "rides",
            "id": id,
            "timestamp": "2024-11-05T08:31:12.250Z",
            "accountId": "acme-prod",
            "attributes": [{ "name": "distance", "value": "12.4" }],
            "dimensions": {},
        })
    };
    json!({ "events": ids.iter().map(event).collect::<Vec<_>>() })
}

/// A client of HTTP. Built together with the client of the workspace, reqwest has TLS without a provider and needs one.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

fn ingest(client: &Client, sandbox: &Sandbox, ids: &[&str]) -> RequestBuilder {
    let url = format!("{}/ingestBatch", sandbox.base_url());
    client.post(url).bearer_auth(sandbox.token()).json(&batch(ids))
}

fn list(client: &Client, sandbox: &Sandbox) -> RequestBuilder {
    client.get(format!("{}/events", sandbox.base_url())).bearer_auth(sandbox.token())
}

fn log(sandbox: &Sandbox) -> Vec<String> {
    sandbox.requests().iter().map(ToString::to_string).collect()
}

/// Whether an error of the client comes from a reset connection.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Sends a batch over a plain socket, and reads what comes back until the connection ends.
fn exchange(sandbox: &Sandbox, body: &str) -> (io::Result<()>, String) {
    let address = sandbox.base_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /ingestBatch HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sandbox-token-0001\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The connection may be reset before the body is written.
    let _ = stream.write_all(body.as_bytes());
    let mut response = Vec::new();
    let result = stream.read_to_end(&mut response).map(|_| ());
    (result, String::from_utf8(response).unwrap())
}

#[tokio::test]
async fn events_are_ingested_and_listed() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client();
    let response = ingest(&client, &sandbox, &["a", "b", "a"]).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (202, &"application/json".parse().unwrap())
    );
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "success": true }));

    let page: Value = list(&client, &sandbox).query(&[("pageSize", 2)]).send().await.unwrap().json().await.unwrap();
    let token = page["nextToken"].as_str().unwrap();
    let page: Value =
        list(&client, &sandbox).query(&[("nextToken", token)]).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["events"][0]["ingestionStatus"]["status"], "INGESTION_FAILED_DUPLICATE_EVENT");

    let arrivals: Vec<_> = sandbox.events().into_iter().map(|arrival| (arrival.event_id, arrival.duplicate)).collect();
    let expected = [("a", false), ("b", false), ("a", true)];
    assert_eq!(arrivals, expected.map(|(id, duplicate)| (Some(id.to_owned()), duplicate)));
    assert_eq!((sandbox.metered().len(), sandbox.metered_count()), (2, 2));
    let expected =
        ["POST /ingestBatch 3 events -> 202", "GET /events?pageSize=2 -> 200", "GET /events?nextToken=.. -> 200"];
    assert_eq!(log(&sandbox), expected);
}

#[tokio::test]
async fn enso_batches_are_accepted_alongside_togai_batches() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client();
    let event = |id: &str, timestamp: &str| {
        json!({
            "CustomerEntityId": "ent_acme",
            "metric": "api_calls",
            "value": 1,
            "timestamp": timestamp,
            "eventId": id,
        })
    };
    let moment = "2024-11-05T08:31:12Z";
    let batch = json!({ "events": [event("a", moment), event("b", "yesterday"), event("a", moment)] });
    let send = |method: reqwest::Method, path: &str, token: &str| {
        let url = format!("{}{path}", sandbox.enso_base_url());
        client.request(method, url).bearer_auth(token).json(&batch).send()
    };
    let token = sandbox.enso_token();
    let post = || send(reqwest::Method::POST, "/events/batch", token);
    assert_eq!(sandbox.enso_base_url(), format!("{}/enso", sandbox.base_url()));

    let response = post().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let response: Value = response.json().await.unwrap();
    assert_eq!(response["data"]["summary"], json!({ "success": 2, "failed": 1, "total": 3 }));
    assert_eq!(response["data"]["failedRecords"][0]["index"], 1);
    let arrivals: Vec<_> =
        sandbox.enso_events().into_iter().map(|arrival| (arrival.event_id, arrival.duplicate)).collect();
    assert_eq!(arrivals, [("a", false), ("a", true)].map(|(id, duplicate)| (Some(id.to_owned()), duplicate)));
    assert_eq!((sandbox.enso_metered().len(), sandbox.enso_metered_count()), (2, 2));
    assert!(sandbox.events().is_empty());

    // A fault is for one operation, or for all of both services.
    sandbox.fault(Fault::reset_after_reading().on("create_events_batch").first(1));
    sandbox.fault(Fault::status(503).first(2));
    assert!(is_reset(&post().await.unwrap_err()));
    assert_eq!(post().await.unwrap().status(), 503);
    assert_eq!(ingest(&client, &sandbox, &["a"]).send().await.unwrap().status(), 503);
    assert_eq!(sandbox.enso_metered_count(), 4);

    assert_eq!(send(reqwest::Method::POST, "/events/batch", sandbox.token()).await.unwrap().status(), 401);
    assert_eq!(send(reqwest::Method::POST, "/ingestBatch", token).await.unwrap().status(), 404);
    assert_eq!(send(reqwest::Method::PUT, "/events/batch", token).await.unwrap().status(), 405);
    let expected = [
        "POST /events/batch 3 events -> 200",
        "POST /events/batch 3 events -> no answer (fault: reset after reading)",
        "POST /events/batch 3 events -> 503 (fault: status 503)",
        "POST /ingestBatch 1 event -> 503 (fault: status 503)",
        "POST /events/batch 3 events -> 401",
        "POST /enso/ingestBatch 3 events -> 404",
        "PUT /enso/events/batch 3 events -> 405",
    ];
    assert_eq!(log(&sandbox), expected);
    let first = sandbox.requests().remove(0);
    assert_eq!((first.path.as_str(), first.event_count()), ("/enso/events/batch", Some(3)));
    assert_eq!(first.operation_id.as_deref(), Some("create_events_batch"));
}

#[tokio::test]
async fn refused_requests_are_logged_too() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client();
    let url = |path: &str| format!("{}{path}", sandbox.base_url());
    let statuses = [
        client.get(url("/events")).send().await.unwrap().status().as_u16(),
        client.get(url("/nowhere")).bearer_auth("sandbox-token-0001").send().await.unwrap().status().as_u16(),
        client.put(url("/ingest")).bearer_auth("sandbox-token-0001").send().await.unwrap().status().as_u16(),
        client
            .post(url("/ingest"))
            .bearer_auth("sandbox-token-0001")
            .body("text")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
    ];
    assert_eq!(statuses, [401, 404, 405, 400]);
    let expected = ["GET /events -> 401", "GET /nowhere -> 404", "PUT /ingest -> 405", "POST /ingest -> 400"];
    assert_eq!(log(&sandbox), expected);
    let requests = sandbox.requests();
    assert_eq!(requests[3].body, LoggedBody::Bytes(b"text".to_vec()));
    assert_eq!(requests[3].header("authorization"), Some("Bearer ***"));
    assert_eq!((requests[0].operation_id.as_deref(), requests[1].operation_id.as_deref()), (Some("get_events"), None));
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn every_request_gets_a_response_without_a_panic() {
    let sandbox = Sandbox::builder().quotas(Quotas::off()).with_examples().start().await.unwrap();
    let address = sandbox.base_url().strip_prefix("http://").unwrap();
    let send = |head: &str, body: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        let head = format!(
            "{head} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sandbox-token-0001\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8_lossy(&response).split_whitespace().nth(1).unwrap().to_owned()
    };
    let heads = [
        ("GET /customers/%00", "404"),
        ("GET /customers/%ff", "404"),
        ("GET /customers//accounts", "404"),
        ("GET /aliases/%2e%2e", "404"),
        ("GET /files/%0d%0aset-cookie:a", "302"),
        ("GET /customers?nextToken=%ff", "400"),
        ("GET /customers?pageSize=1e400", "400"),
        ("GET /customers?pageSize=-99999999999999999999999", "400"),
        ("GET /customers?pageSize=1.0", "200"),
        ("GET /customers?unknown=%00", "200"),
        ("TRACE /customers", "405"),
        ("OPTIONS /customers", "405"),
        ("PURGE /price_plans/migration", "405"),
    ];
    for (head, expected) in heads {
        assert_eq!(send(head, b""), expected, "{head}");
    }
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 8] = [
        b"null",
        b"[]",
        b"1e400",
        b"\xff\xfe",
        deep.as_bytes(),
        br#"{"id":"\ud800","name":"abc","primaryEmail":"","address":{}}"#,
        br#"{"id":"a","name":"abc","primaryEmail":"","address":{"city":null}}"#,
        br#"{"id":"a","id":1,"name":"abc","primaryEmail":"","address":{}}"#,
    ];
    for body in bodies {
        assert_eq!(send("POST /customers", body), "400", "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
    }
    let twice = br#"{"id":1,"id":"a\u0000b","name":"abc","primaryEmail":"","address":{}}"#;
    assert_eq!(send("POST /customers", twice), "201");
    assert_eq!(send("GET /customers/a%00b", b""), "200");
}

#[tokio::test]
async fn an_exhausted_quota_returns_the_time_to_wait() {
    let clock = ManualClock::new();
    let quotas = Quotas::off().ingest_batch(1.0);
    let sandbox = Sandbox::builder().quotas(quotas).clock(clock.clone()).start().await.unwrap();
    let client = client();
    assert_eq!(ingest(&client, &sandbox, &["a"]).send().await.unwrap().status(), 202);
    let response = ingest(&client, &sandbox, &["b"]).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ingest(&client, &sandbox, &["b"]).send().await.unwrap().status(), 202);
    assert_eq!(sandbox.metered_count(), 2);
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_a_response() {
    let sandbox = Sandbox::builder().max_body_bytes(1000).start().await.unwrap();
    let client = client();
    let request = client.post(format!("{}/ingest", sandbox.base_url())).bearer_auth("sandbox-token-0001");
    let response = request.header("content-type", "application/json").body("x".repeat(8_000_000)).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(sandbox.requests()[0].body, LoggedBody::TooLarge { bytes: 8_000_000 });
    assert_eq!(ingest(&client, &sandbox, &["a"]).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn a_status_fault_replaces_the_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client();
    sandbox.fault(Fault::status(503).header("retry-after", "7").body("<html>busy</html>").first(1));
    sandbox.fault(Fault::status(500).json(json!({ "error": { "message": "oh" } })).after_applying().first(1));
    sandbox.fault(Fault::status(429).on("get_events"));

    let response = ingest(&client, &sandbox, &["a"]).send().await.unwrap();
    let headers = response.headers();
    assert_eq!((response.status().as_u16(), headers["retry-after"].as_bytes()), (503, b"7".as_slice()));
    assert_eq!(headers["content-type"].as_bytes(), b"text/html");
    assert_eq!(response.text().await.unwrap(), "<html>busy</html>");
    assert_eq!(sandbox.metered_count(), 0);

    let response = ingest(&client, &sandbox, &["a"]).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "error": { "message": "oh" } }));
    assert_eq!(sandbox.metered_count(), 1);

    assert_eq!(ingest(&client, &sandbox, &["b"]).send().await.unwrap().status(), 202);
    assert_eq!(list(&client, &sandbox).send().await.unwrap().status(), 429);
    sandbox.clear_faults();
    assert_eq!(list(&client, &sandbox).send().await.unwrap().status(), 200);
    let expected = [
        "POST /ingestBatch 1 event -> 503 (fault: status 503)",
        "POST /ingestBatch 1 event -> 500 (fault: status 500)",
        "POST /ingestBatch 1 event -> 202",
        "GET /events -> 429 (fault: status 429)",
        "GET /events -> 200",
    ];
    assert_eq!(log(&sandbox), expected);
}

#[tokio::test]
async fn a_status_without_a_body_and_chunks_announce_no_length() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::status(204).first(1));
    sandbox.fault(Fault::status(304).first(1));
    sandbox.fault(Fault::status(503).header("transfer-encoding", "chunked").body("busy").first(1));
    let client = client();
    for (status, body) in [(204, ""), (304, ""), (503, "busy")] {
        let response = list(&client, &sandbox).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers().get("content-length")), (status, None));
        assert_eq!(response.text().await.unwrap(), body);
    }
}

#[tokio::test]
async fn a_fault_comes_before_authentication() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::status(502));
    let response = client().get(format!("{}/nowhere", sandbox.base_url())).send().await.unwrap();
    assert_eq!(response.status(), 502);
}

#[tokio::test]
async fn a_connection_is_reset_before_the_body_is_read() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::reset_before_reading());
    let error = ingest(&client(), &sandbox, &["a"]).send().await.unwrap_err();
    assert!(is_reset(&error), "{error:?}");
    let (result, response) = exchange(&sandbox, &batch(&["a"]).to_string());
    assert_eq!((result.unwrap_err().kind(), response.as_str()), (io::ErrorKind::ConnectionReset, ""));
    assert!(sandbox.events().is_empty());
    assert_eq!(sandbox.requests()[0].body, LoggedBody::NotRead);
    assert_eq!(log(&sandbox)[0], "POST /ingestBatch -> no answer (fault: reset before reading)");
}

#[tokio::test]
async fn a_connection_is_reset_after_the_request_was_applied() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::reset_after_reading());
    let error = ingest(&client(), &sandbox, &["a"]).send().await.unwrap_err();
    assert!(is_reset(&error), "{error:?}");
    let (result, response) = exchange(&sandbox, &batch(&["b"]).to_string());
    assert_eq!((result.unwrap_err().kind(), response.as_str()), (io::ErrorKind::ConnectionReset, ""));
    assert_eq!(sandbox.metered_count(), 2);
    assert_eq!(log(&sandbox)[1], "POST /ingestBatch 1 event -> no answer (fault: reset after reading)");
}

#[tokio::test]
async fn a_response_is_cut_off_in_its_body() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::cut_off());
    let (result, response) = exchange(&sandbox, &batch(&["a"]).to_string());
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(result.is_ok());
    assert!(head.starts_with("HTTP/1.1 202 Accepted\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-length: 16\r\n"), "{head}");
    assert_eq!(body, r#"{"succes"#);

    let response = ingest(&client(), &sandbox, &["b"]).send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert!(response.bytes().await.is_err());
    assert_eq!(sandbox.metered_count(), 2);
    assert_eq!(log(&sandbox)[1], "POST /ingestBatch 1 event -> 202 (fault: cut off)");
}

#[tokio::test]
async fn a_large_response_is_cut_off_in_its_body() {
    let sandbox = Sandbox::builder().max_batch(10_000).start().await.unwrap();
    sandbox.fault(Fault::cut_off());
    let refused = json!({ "events": (0..10_000).collect::<Vec<_>>() });
    let (result, response) = exchange(&sandbox, &refused.to_string());
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let announced: usize = head.split_once("content-length: ").unwrap().1.lines().next().unwrap().parse().unwrap();
    assert!(result.is_ok());
    assert!(announced > 500_000);
    assert_eq!(body.len(), announced / 2);
}

#[tokio::test]
async fn a_response_is_delayed_by_the_sandbox_clock() {
    let clock = ManualClock::new();
    let sandbox = Sandbox::builder().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::from_secs(60)).first(1));
    sandbox.fault(Fault::status(504).delayed_by(Duration::from_secs(30)).after_applying());
    let client = client();

    let response = tokio::spawn(ingest(&client, &sandbox, &["a"]).send());
    clock.until_sleeping(1).await;
    assert_eq!(sandbox.metered_count(), 0);
    clock.advance(Duration::from_secs(60));
    assert_eq!(response.await.unwrap().unwrap().status(), 202);

    let response = tokio::spawn(ingest(&client, &sandbox, &["b"]).send());
    clock.until_sleeping(1).await;
    assert_eq!(sandbox.metered_count(), 2);
    clock.advance(Duration::from_secs(30));
    assert_eq!(response.await.unwrap().unwrap().status(), 504);
}

#[tokio::test]
async fn a_delayed_request_that_the_client_abandons_is_not_applied() {
    let clock = ManualClock::new();
    let sandbox = Sandbox::builder().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::from_secs(60)).first(1));
    let client = client();
    let request = tokio::spawn(ingest(&client, &sandbox, &["a"]).send());
    clock.until_sleeping(1).await;
    request.abort();
    let _ = request.await;
    drop(client);
    clock.until_awake().await;
    assert_eq!(sandbox.metered_count(), 0);
    assert_eq!(log(&sandbox), ["POST /ingestBatch 1 event -> no answer (fault: delay)"]);
}

#[tokio::test]
async fn http_2_is_supported_with_prior_knowledge() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let response = ingest(&client, &sandbox, &["a"]).send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (reqwest::Version::HTTP_2, 202));
    sandbox.fault(Fault::reset_after_reading().first(1));
    sandbox.fault(Fault::cut_off().first(1));
    assert!(ingest(&client, &sandbox, &["b"]).send().await.is_err());
    assert!(ingest(&client, &sandbox, &["c"]).send().await.unwrap().bytes().await.is_err());
    assert_eq!(sandbox.metered_count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_at_once_lose_nothing() {
    let sandbox = Sandbox::builder().quotas(Quotas::off()).start().await.unwrap();
    let client = client();
    let requests = (0..50).map(|number| tokio::spawn(ingest(&client, &sandbox, &[&number.to_string(), "same"]).send()));
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap().unwrap().status(), 202);
    }
    assert_eq!((sandbox.metered_count(), sandbox.events().len(), sandbox.requests().len()), (51, 100, 50));
}

#[tokio::test]
async fn nothing_listens_after_the_sandbox_is_dropped_or_stopped() {
    let connects = |address: &str| TcpStream::connect(address).is_ok();
    for gracefully in [false, true] {
        let sandbox = Sandbox::start().await.unwrap();
        let address = sandbox.base_url().strip_prefix("http://").unwrap().to_owned();
        // A connection that is kept alive does not keep the server alive.
        let client = client();
        assert_eq!(list(&client, &sandbox).send().await.unwrap().status(), 200);
        assert!(connects(&address));
        if gracefully {
            sandbox.stop().await;
        } else {
            drop(sandbox);
        }
        assert!(!connects(&address));
        assert!(client.get(format!("http://{address}")).send().await.is_err());
    }
}

#[tokio::test]
async fn stopping_lets_a_request_in_flight_finish() {
    let clock = ManualClock::new();
    let sandbox = Sandbox::builder().clock(clock.clone()).start().await.unwrap();
    sandbox.fault(Fault::delay(Duration::from_secs(1)));
    let response = tokio::spawn(ingest(&client(), &sandbox, &["a"]).send());
    clock.until_sleeping(1).await;
    let stopped = tokio::spawn(sandbox.stop());
    clock.advance(Duration::from_secs(1));
    assert_eq!(response.await.unwrap().unwrap().status(), 202);
    stopped.await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = sandbox.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Sandbox::builder().port(port).start().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
#[should_panic(expected = "no operation ingestBatch, only")]
async fn a_fault_on_an_unknown_operation_panics() {
    Sandbox::start().await.unwrap().fault(Fault::status(500).on("ingestBatch"));
}

#[tokio::test]
#[should_panic(expected = "the sandbox panicked while answering GET /events")]
async fn a_server_panic_fails_the_test() {
    #[derive(Debug)]
    struct BrokenClock;

    impl togai_sandbox::Clock for BrokenClock {
        fn now(&self) -> std::time::SystemTime {
            assert!(std::thread::current().name() != Some("togai-sandbox"), "the clock is broken");
            std::time::SystemTime::now()
        }
    }

    let sandbox = Sandbox::builder().clock(BrokenClock).start().await.unwrap();
    assert!(list(&client(), &sandbox).send().await.is_err());
}

#[test]
fn shared_types_are_send_and_sync() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<Sandbox>();
    check::<togai_sandbox::SandboxBuilder>();
    check::<Fault>();
    check::<ManualClock>();
}
