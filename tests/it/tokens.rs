//! Tokens that are refused, replaced, or expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use togai_ext::AccessToken;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, Sandbox};

use crate::support::{TOKEN, event, http, sandbox, stable_text, start};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn builder(sandbox: &Sandbox, token: &str) -> ClientBuilder {
    ClientBuilder::new(token).base_url(sandbox.base_url()).with_pacing(Pacing::off())
}

/// Counts the calls of a token provider.
#[derive(Clone, Default)]
struct ProviderCalls(Arc<AtomicUsize>);

impl ProviderCalls {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

async fn started() -> Sandbox {
    sandbox().start().await.unwrap()
}

#[tokio::test]
async fn a_refused_token_costs_one_request_across_operations_and_clones() {
    let sandbox = started().await;
    let client = builder(&sandbox, "expired-t0ken").build().unwrap();
    let first = client.get_events().send().await.unwrap_err();
    assert!(first.is_auth() && first.status().is_some());

    let other = client.clone();
    let calls = join_all((0..20).map(|_| async { other.get_features().send().await.unwrap_err() })).await;
    assert!(calls.iter().all(|error| error.is_auth() && error.attempts() == 0));
    let failure = client.with(CallOptions::new()).ingest_event(event(1)).send().await.unwrap_err();
    assert_eq!((failure.report().not_sent(), sandbox.request_count()), (1, 1));
    let error = failure.error();
    assert!(error.retry_after().is_some_and(|wait| wait > HOUR / 7 && wait <= HOUR / 6), "{error}");
    assert!(!error.maybe_delivered() && failure.call_error().is_some_and(|error| !error.is_retryable()));
    let said = stable_text(error);
    assert!(
        said.starts_with(
            "ingest: the server has refused the token, so it is not sent again for now (0 attempts); set another token, or wait "
        ),
        "{said}"
    );
}

#[tokio::test]
async fn a_token_forbidden_for_one_operation_works_for_others() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(403).on("get_events"));
    for _ in 0..3 {
        let error = client.get_events().send().await.unwrap_err();
        assert!(error.is_auth(), "{error}");
    }
    client.get_features().send().await.unwrap();
    assert_eq!(sandbox.request_count(), 2);
    let error = client.get_events().send().await.unwrap_err();
    let said = stable_text(&error);
    assert!(
        said.starts_with("get_events: the server does not let the token do this, so it is not asked again for now"),
        "{said}"
    );
}

#[tokio::test]
async fn after_the_interval_one_request_probes_the_token() {
    let sandbox = started().await;
    let client = builder(&sandbox, "expired-t0ken").with_token_probe_interval(Duration::ZERO).build().unwrap();
    for expected in 1..=3 {
        client.get_events().send().await.unwrap_err();
        assert_eq!(sandbox.request_count(), expected);
    }
}

#[tokio::test]
async fn only_a_new_token_opens_the_gate_for_all_clones() {
    let sandbox = started().await;
    let client = builder(&sandbox, "expired-t0ken").build().unwrap();
    let clone = client.clone();
    client.get_events().send().await.unwrap_err();
    client.set_token("expired-t0ken").unwrap();
    client.get_events().send().await.unwrap_err();
    assert_eq!(sandbox.request_count(), 1);

    clone.set_token(TOKEN).unwrap();
    client.get_events().send().await.unwrap();
    assert_eq!(sandbox.request_count(), 2);
    // The old one is known to be bad.
    client.set_token("expired-t0ken").unwrap();
    assert!(clone.get_events().send().await.unwrap_err().is_auth());
    assert_eq!(sandbox.request_count(), 2);
}

#[tokio::test]
async fn an_invalid_token_keeps_the_current_one() {
    let (sandbox, client) = start().await;
    for text in [
        "",
        "two t0kens",
        "t0ken-line\n",
        "\"t0ken-0001\"",
        "$T0KEN_0001",
        "Bearer t0ken-0001",
        "<t0ken-0001>",
        "t0ken",
    ] {
        let error = client.set_token(text).unwrap_err();
        assert!(error.is_configuration() && !error.to_string().contains("t0ken"), "{error}");
        let error = builder(&sandbox, text).build().unwrap_err();
        assert!(error.is_configuration() && !format!("{error} {error:?}").contains("t0ken"), "{error}");
    }
    client.get_events().send().await.unwrap();
    assert_eq!(sandbox.request_count(), 1);
}

#[tokio::test]
async fn an_invalid_token_of_a_provider_is_not_sent() {
    let sandbox = started().await;
    let client = builder(&sandbox, "").token_provider(async || Ok::<_, Error>(format!("'{TOKEN}'"))).build().unwrap();
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: there is no token to send: the token has quotes around it, which the tool that reads it has kept: write it without them (0 attempts); check the token provider");
    assert_eq!(sandbox.request_count(), 0);
}

#[tokio::test]
async fn a_provider_is_called_once_for_all_refused_calls() {
    let sandbox = started().await;
    let provider_calls = ProviderCalls::default();
    let counter = provider_calls.clone();
    let client = builder(&sandbox, "expired-t0ken").token_provider(move || {
        counter.increment();
        async { Ok::<_, Error>(TOKEN) }
    });
    let client = client.build().unwrap();
    let calls = join_all((0..10).map(|_| client.get_events().send())).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!((provider_calls.count(), sandbox.request_count()), (1, 11));
    // Whatever it does, a refused request was not carried out.
    let sandbox = started().await;
    let client = builder(&sandbox, "expired-t0ken")
        .token_provider(async || Ok::<_, Error>(TOKEN))
        .with_retry(RetryPolicy::never());
    let report = client.build().unwrap().ingest_events((0..5).map(event)).send().await.unwrap();
    assert_eq!((report.accepted(), sandbox.request_count(), sandbox.metered_count()), (5, 2, 5));
}

#[tokio::test]
async fn a_provider_of_refused_tokens_is_not_called_forever() {
    let sandbox = started().await;
    let provider_calls = ProviderCalls::default();
    let counter = provider_calls.clone();
    let client = builder(&sandbox, "expired-t0ken-0").token_provider(move || {
        counter.increment();
        let token = format!("expired-t0ken-{}", counter.count());
        async move { Ok::<_, Error>(token) }
    });
    let client = client.build().unwrap();
    for _ in 0..20 {
        assert!(client.get_events().send().await.unwrap_err().is_auth());
    }
    // No more than the API forgives.
    assert_eq!((sandbox.request_count(), provider_calls.count()), (4, 4));
}

#[tokio::test]
async fn a_provider_that_returns_the_refused_token_changes_nothing() {
    let sandbox = started().await;
    let provider_calls = ProviderCalls::default();
    let counter = provider_calls.clone();
    let client = builder(&sandbox, "expired-t0ken").token_provider(move || {
        counter.increment();
        async { Ok::<_, Error>("expired-t0ken") }
    });
    let client = client.build().unwrap();
    for _ in 0..5 {
        assert!(client.get_events().send().await.unwrap_err().is_auth());
    }
    assert_eq!((sandbox.request_count(), provider_calls.count()), (1, 1));
}

#[tokio::test]
async fn without_an_initial_token_the_provider_is_called_first() {
    let sandbox = started().await;
    let client = builder(&sandbox, "").token_provider(async || Ok::<_, Error>(TOKEN)).build().unwrap();
    client.get_events().send().await.unwrap();
    assert_eq!(sandbox.request_count(), 1);

    let client =
        builder(&sandbox, "").token_provider(async || Err::<String, _>("the vault is closed")).build().unwrap();
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(stable_text(&error), @"get_events: there is no token to send: the vault is closed (0 attempts); check the token provider");
    assert!(error.is_retryable() && !error.maybe_delivered());
    assert_eq!(sandbox.request_count(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let sandbox = started().await;
    let provider_calls = ProviderCalls::default();
    let counter = provider_calls.clone();
    let client = builder(&sandbox, "").token_provider(move || {
        counter.increment();
        // The first one is over at once.
        let life = if counter.count() == 1 { Duration::ZERO } else { HOUR };
        async move { Ok::<_, Error>(AccessToken::new(TOKEN).expires_at(SystemTime::now() + life)) }
    });
    let client = client.build().unwrap();
    for _ in 0..5 {
        client.get_events().send().await.unwrap();
    }
    assert_eq!((provider_calls.count(), sandbox.request_count()), (2, 5));
}

#[tokio::test]
async fn an_echoed_earlier_token_does_not_reach_the_error() {
    let (sandbox, client) = start().await;
    client.set_token("another-t0ken").unwrap();
    let message = format!("neither {TOKEN} nor another-t0ken is good");
    sandbox.fault(Fault::status(401).json(serde_json::json!({ "message": message })));
    let error = client.get_events().send().await.unwrap_err();
    let said = format!("{error} {error:?} {:?} {client:?}", error.message());
    assert!(!said.contains(TOKEN) && !said.contains("another-t0ken") && said.contains("neither *** nor ***"), "{said}");
}

#[tokio::test]
async fn a_client_with_a_custom_transport_does_not_wait_after_a_refusal() {
    let sandbox = started().await;
    let client = Client::new(sandbox.base_url(), togai_api::HttpTransport::new(http())).with(CallOptions::new());
    for expected in 1..=3 {
        let error = client.get_events().send().await.unwrap_err();
        assert!(error.status().is_some_and(|status| status == 401), "{error}");
        assert_eq!(sandbox.request_count(), expected);
    }
    let error = client.set_token(TOKEN).unwrap_err();
    insta::assert_snapshot!(error, @"the client was put together by hand: its own transport holds the token");
}

#[tokio::test]
async fn refused_requests_do_not_make_other_calls_wait() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(404).on("get_customer"));
    client.get_customer().customer_id("nobody").send().await.unwrap_err();
    sandbox.fault(Fault::delay(Duration::from_secs(3600)).on("get_events"));
    let slow = client.get_events().send();
    let quick = client.get_features().send();
    let quick = futures::future::select(Box::pin(slow), Box::pin(quick)).await;
    assert!(matches!(quick, futures::future::Either::Right((Ok(_), _))));
}

#[tokio::test]
async fn rotating_a_token_under_load_opens_the_gate_for_the_next_one() {
    let sandbox = started().await;
    let client = builder(&sandbox, "ending-t0ken").token_provider(async || {
        tokio::task::yield_now().await;
        Ok::<_, Error>(TOKEN)
    });
    let client = client.build().unwrap();
    sandbox.fault(Fault::status(200).json(serde_json::json!({ "data": [] })).on("get_features").first(1));
    client.get_features().send().await.unwrap();
    // Eight requests are in flight when the token is good no more, and each is sent once more with the next one.
    let calls = join_all((0..8).map(|_| client.get_events().send())).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(sandbox.request_count(), 1 + 8 + 8);
}

#[tokio::test]
async fn a_provider_that_alternates_between_two_refused_tokens_ends_every_call() {
    let sandbox = started().await;
    let provider_calls = ProviderCalls::default();
    let counter = provider_calls.clone();
    let client = builder(&sandbox, "refused-t0ken-0").token_provider(move || {
        counter.increment();
        let token = format!("refused-t0ken-{}", counter.count() % 2);
        async move { Ok::<_, Error>(token) }
    });
    let client = client.build().unwrap();
    for _ in 0..10 {
        assert!(client.get_events().send().await.unwrap_err().is_auth());
    }
    assert!(
        provider_calls.count() <= 4 && sandbox.request_count() <= 4,
        "{} {}",
        provider_calls.count(),
        sandbox.request_count()
    );
}

#[tokio::test]
async fn the_error_contains_the_provider_failure() {
    let sandbox = started().await;
    let client = builder(&sandbox, "expired-t0ken")
        .token_provider(async || Err::<String, _>("the vault is closed for expired-t0ken"));
    let client = client.build().unwrap();
    client.get_events().send().await.unwrap_err();
    let error = stable_text(&client.get_events().send().await.unwrap_err());
    let start = "get_events: the server has refused the token, so it is not sent again for now: the token provider failed: \
                 the vault is closed for *** (0 attempts)";
    assert!(error.starts_with(start), "{error}");
}
