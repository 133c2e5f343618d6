//! Options of calls, counts and spans, through the whole client.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use togai_ext::RetryBudget;
use togai_ext::prelude::*;
use togai_ext::types::CreateCustomerAccountRequest;
use togai_sandbox::Fault;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

use crate::support::{TOKEN, builder_of, event, http, log, start};

#[tokio::test]
async fn a_deadline_ends_an_attempt() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::delay(Duration::from_secs(3600)));
    let hasty = client.with(CallOptions::new().deadline(Duration::from_millis(100)));
    let start = Instant::now();
    let error = hasty.get_events().send().await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_pause_beyond_the_deadline_fails_at_once_and_binds_clones() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "3600").first(1));
    let clone = client.clone();
    let error = client.get_events().send().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));

    let error = clone.get_accounts().customer_id("acme").send().await.unwrap_err();
    assert!(error.is_throttled() && error.is_retryable() && !error.maybe_delivered());
    let left = error.retry_after().unwrap();
    assert!(left > Duration::from_secs(3500) && left <= Duration::from_secs(3600), "{left:?}");
    assert!(error.to_string().contains("send fewer requests, or wait at least "), "{error}");
    // Events are ingested meanwhile: that is another quota.
    client.ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    assert_eq!(sandbox.requests().len(), 2);
}

#[tokio::test]
async fn the_client_waits_out_an_outage() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(503).first(1));
    sandbox.fault(Fault::reset_before_reading().first(1));
    sandbox.fault(Fault::reset_after_reading().first(1));
    sandbox.fault(Fault::cut_off().first(1));
    client.ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 1 event -> 503 (fault: status 503)
    POST /ingestBatch -> no answer (fault: reset before reading)
    POST /ingestBatch 1 event -> no answer (fault: reset after reading)
    POST /ingestBatch 1 event -> 202 (fault: cut off)
    POST /ingestBatch 1 event -> 202
    "###);
    // It was applied three times, and metered once.
    assert_eq!((sandbox.events().len(), sandbox.metered().len()), (3, 1));
}

#[tokio::test]
async fn a_request_that_may_have_been_applied_is_retried_only_if_idempotent() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().first(1));
    let body = CreateCustomerAccountRequest::new("acme-prod", "Acme");
    let error = client.create_account().customer_id("acme").body(body).send().await.unwrap_err();
    assert!(error.maybe_delivered());
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn options_apply_to_ingestion_and_lists() {
    let (sandbox, client) = start().await;
    let traced = client.with(CallOptions::new().header("x-trace-id", "t-1").unwrap());
    traced.ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    let events: Vec<_> = futures::TryStreamExt::try_collect(traced.get_events().items()).await.unwrap();
    assert_eq!(events.len(), 1);
    assert!(sandbox.requests().iter().all(|request| request.header("x-trace-id") == Some("t-1")));
}

#[tokio::test]
async fn invalid_headers_are_refused() {
    insta::assert_snapshot!(CallOptions::new().header("no name", "x").unwrap_err(), @"the header `no name` has a name that no header can have");
    insta::assert_snapshot!(CallOptions::new().header("x-a", "line\nbreak").unwrap_err(), @"the header `x-a` has a value that no header can have");
    insta::assert_snapshot!(CallOptions::new().header("Authorization", "Bearer other-t0ken").unwrap_err(), @"the header `Authorization` is set by the client: give the token to the builder of the client");
    insta::assert_snapshot!(CallOptions::new().header("content-length", "3").unwrap_err(), @"the header `content-length` is set by the client: leave it out");
}

#[tokio::test]
async fn headers_of_the_client_and_of_http_are_refused() {
    let framing = ["content-length", "Transfer-Encoding", "HOST", "expect", "trailer"];
    let connection = ["connection", "keep-alive", "te", "upgrade", "http2-settings", "proxy-connection"];
    let bodies = ["content-type", "content-encoding", "accept", "accept-encoding"];
    let credentials = ["authorization", "proxy-authorization"];
    for name in framing.into_iter().chain(connection).chain(bodies).chain(credentials) {
        let error = CallOptions::new().header(name, "3").unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(&format!("`{name}`")), "{name}: {error}");
    }
    for name in ["x-trace-id", "traceparent", "user-agent", "cookie", "accept-language", "if-match"] {
        CallOptions::new().header(name, "3").unwrap();
    }
}

#[tokio::test]
async fn default_headers_of_an_http_client_replace_none_of_ours() {
    let (sandbox, _) = start().await;
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in
        [("authorization", "Bearer other-t0ken"), ("accept", "text/html"), ("content-type", "text/html")]
    {
        headers.insert(name, value.parse().unwrap());
    }
    headers.insert("x-team", "billing".parse().unwrap());
    let http = reqwest::Client::builder().default_headers(headers);
    let client = builder_of(&sandbox).with_http_client(http).build().unwrap();
    client.ingest_event(event(1)).send().await.unwrap().into_result().unwrap();
    let requests = sandbox.requests();
    let sent = |name| requests[0].header(name);
    assert_eq!((sent("content-type"), sent("x-team")), (Some("application/json"), Some("billing")));
    assert_eq!((sent("accept"), requests[0].status), (Some("application/json"), Some(202)));
}

#[tokio::test]
async fn options_work_on_a_client_with_a_custom_transport() {
    let (sandbox, _) = start().await;
    let client = Client::new(sandbox.base_url(), togai_api::HttpTransport::new(http()));
    sandbox.fault(Fault::status(429).header("retry-after", "0").first(1));
    let patient = client.with(CallOptions::new().retry(RetryPolicy::default()));
    // There is no token, but it got through the throttling.
    assert!(patient.get_events().send().await.unwrap_err().is_auth());
    assert_eq!(client.stats(), togai_ext::Stats::default());
}

/// Writes down spans and their fields.
#[derive(Clone, Default)]
struct SpanLog(Arc<Mutex<Vec<SpanRecord>>>);

/// The name of a span, or `event`, and its fields.
type SpanRecord = (String, Vec<String>);

struct Fields<'a>(&'a mut Vec<String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{field}={value:?}"));
    }
}

impl tracing::Subscriber for SpanLog {
    fn enabled(&self, _metadata: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Vec::new();
        span.record(&mut Fields(&mut fields));
        let mut spans = self.0.lock().unwrap();
        spans.push((span.metadata().name().to_owned(), fields));
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let index = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Fields(&mut self.0.lock().unwrap()[index].1));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Vec::new();
        event.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().push(("event".to_owned(), fields));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[test]
fn spans_of_calls_and_attempts_contain_no_body_and_no_token() {
    let spans = SpanLog::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = || {
        runtime.block_on(async {
            let (sandbox, client) = start().await;
            sandbox.fault(Fault::status(503).first(1));
            client.get_single_event().event_id("secret-id").send().await.unwrap_err();
        });
    };
    // The first run registers the spans. If another thread registers a span while only this thread has a subscriber, the span
    // counts as disabled until the next subscriber comes. Without a subscriber nothing is registered at all.
    // https://github.com/tokio-rs/tracing/issues/3611
    tracing::subscriber::with_default(SpanLog::default(), call);
    tracing::subscriber::with_default(spans.clone(), call);
    let spans = spans.0.lock().unwrap();
    let ours = spans
        .iter()
        .filter(|(name, fields)| name.starts_with("togai") || fields.iter().any(|field| field.starts_with("togai")));
    let mut text = String::new();
    for (name, fields) in ours {
        let fields: Vec<&str> = fields.iter().map(String::as_str).filter(|field| !field.contains("port")).collect();
        text += &[name.as_str(), "\n  ", &fields.join("\n  "), "\n"].concat();
    }
    insta::assert_snapshot!(text);
    let all = format!("{spans:?}");
    assert!(!all.contains(TOKEN) && !all.contains("secret-id"), "{all}");
}

#[tokio::test]
async fn a_page_size_outside_the_limits_fails_before_sending() {
    let (sandbox, client) = start().await;
    for size in [0, 51] {
        let error = client.get_events().page_size(size).send().await.unwrap_err();
        assert_eq!(error.to_string(), format!("get_events: `page_size` is {size}: set it to 1 to 50"));
    }
    assert!(client.get_events().page_size(50).send().await.is_ok());
    assert!(client.get_accounts().customer_id("acme").page_size(101).send().await.unwrap_err().is_builder());
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn dropping_a_call_at_any_point_leaves_the_client_intact() {
    let (sandbox, _) = start().await;
    let policy = RetryPolicy::default().with_initial_backoff(Duration::ZERO);
    let budget = RetryBudget::new(5);
    let client = builder_of(&sandbox).with_retry(policy).with_retry_budget(budget).build().unwrap();
    sandbox.fault(Fault::status(503).every(3));
    sandbox.fault(Fault::status(429).header("retry-after-ms", "1").every(7));
    sandbox.fault(Fault::delay(Duration::from_millis(3)).every(5));
    for round in 0..400_u64 {
        let call = client.ingest_events((0..3).map(event)).batch_size(1).send();
        // Dropped after a time that differs from round to round, at whatever it was waiting for.
        let _ = tokio::time::timeout(Duration::from_micros(50 * (round % 60)), call).await;
    }
    sandbox.clear_faults();
    for _ in 0..50 {
        client.ingest_events((0..3).map(event)).batch_size(1).send().await.unwrap().into_result().unwrap();
    }
    assert_eq!(sandbox.metered().len(), 3);
    // The budget is whole again: it covers five retries, and no more.
    sandbox.clear_requests();
    sandbox.fault(Fault::status(503));
    let patient = client.with(
        CallOptions::new().retry(RetryPolicy::default().with_max_attempts(20).with_initial_backoff(Duration::ZERO)),
    );
    patient.ingest_events([event(1)]).send().await.unwrap_err();
    assert_eq!(sandbox.requests().len(), 6);
}
