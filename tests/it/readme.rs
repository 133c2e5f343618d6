//! The examples of the README, run against the sandbox, and its tables, compared with the code.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what the examples do")]
#![expect(unused_imports, reason = "each example imports what it needs by itself")]

use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use crate::services::{DefaultEnso, Service as _};
use crate::support::{TOKEN, builder_of, event, http, start};

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

/// A sandbox that holds some events, so that there is something to list.
async fn with_events() -> (Sandbox, Client) {
    let (sandbox, client) = start().await;
    client.ingest_events((10_000..10_120).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    (sandbox, client)
}

fn enso_builder_of(sandbox: &Sandbox) -> ClientBuilder<togai_ext::enso::Client> {
    DefaultEnso::builder(sandbox.enso_token(), sandbox.enso_base_url())
}

/// Whether an example did something, and nothing that the server refused but what it asks for in vain.
#[track_caller]
fn check(sandbox: &Sandbox) {
    let requests = sandbox.requests();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| matches!(request.status, Some(200..=202 | 404))), "{requests:?}");
}

/// The row of the README's table of settings that names a setter.
fn row(setter: &str) -> String {
    let readme = include_str!("../../README.md");
    let row = readme.lines().find(|line| line.starts_with("| ") && line.contains(setter));
    let row = row.unwrap_or_else(|| panic!("the README has no row for `{setter}`"));
    row.trim_end_matches('|').rsplit('|').next().unwrap().trim().to_owned()
}

/// Whether a text holds another that is not followed by a further digit.
#[track_caller]
fn check_holds(text: &str, part: &str) {
    let holds = text.split(part).skip(1).any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()));
    assert!(holds, "{part} {text}");
}

#[test]
fn the_readme_defaults_match_the_code() {
    let policy = RetryPolicy::default();
    assert_eq!(row("with_max_attempts"), policy.max_attempts().to_string());
    assert_eq!(row("with_max_elapsed"), format!("{} s", policy.max_elapsed().as_secs()));
    // What has no accessor is in the Debug output, which tells everything but the token.
    let debug = format!("{:?}", ClientBuilder::new(TOKEN));
    let seconds = |setter: &str, field: &str| {
        check_holds(&debug, &format!("{field}: {}s", row(setter).trim_end_matches(" s")));
    };
    seconds("with_connect_timeout", "connect_timeout");
    seconds("with_attempt_timeout", "attempt_timeout");
    let milliseconds = |setter: &str, field: &str| {
        let value = row(setter).replace(" ms", "ms").replace(" s", "s");
        check_holds(&debug, &format!("{field}: {value}"));
    };
    milliseconds("with_initial_backoff", "initial_backoff");
    milliseconds("with_max_backoff", "max_backoff");
    check_holds(&debug, &format!("retries: {}", row("with_retry_budget")));
    assert!(debug.contains(row("with_user_agent").trim_matches('`')), "{debug}");
    assert!(row("`environment`").contains(Environment::default().base_url()));

    let bytes = format!("{:?}", togai_api::HttpTransport::new(http()));
    let mebibytes: usize = row("with_max_response_bytes").trim_end_matches(" MiB").parse().unwrap();
    check_holds(&bytes, &(mebibytes << 20).to_string());

    let client = ClientBuilder::new(TOKEN).base_url("http://127.0.0.1:9").build().unwrap();
    let ingest = format!("{:?}", client.ingest_events(Vec::<Event>::new()));
    check_holds(&ingest, &format!("batch_size: {}", row(".batch_size")));
    let mebibytes: usize = row(".batch_bytes").trim_end_matches(" MiB").parse().unwrap();
    check_holds(&ingest, &format!("batch_bytes: {}", mebibytes << 20));
    check_holds(&ingest, &format!("concurrency: {}", row(".concurrency")));
    check_holds(&ingest, &format!("isolation_budget: {}", row(".isolation_budget")));
    assert!(ingest.contains("local_checks: true") && row(".local_checks") == "on", "{ingest}");
    assert!(ingest.contains("linger: None") && row(".linger").starts_with("none"), "{ingest}");
    let verify = format!("{:?}", client.verify([""; 0]));
    check_holds(&verify, &format!("lookups_per_second: {}", row(".lookups_per_second")));
    check_holds(&verify, &format!("rounds: {}", row(".rounds")));
    check_holds(&verify, &format!("delay: {}", row("verify(..).delay").replace(' ', "")));
    check_holds(&ingest, &format!("max_not_accepted: {}", row(".max_not_accepted").replace(',', "")));
    assert!(ingest.contains("ids: Random") && row(".ids").contains("IdPolicy::Random"), "{ingest}");
    assert_eq!((row("CallOptions::deadline"), row(".prefetch").as_str()), ("none".to_owned(), "no"));
    let options = format!("{:?}", CallOptions::new());
    assert!(options.contains("deadline: None") && options.contains("retry: None"), "{options}");
}

#[test]
fn the_readme_lists_every_setting() {
    let sources = [
        include_str!("../../togai-ext/src/retry/options.rs"),
        include_str!("../../togai-ext/src/client_builder.rs"),
        include_str!("../../togai-ext/src/retry/policy.rs"),
        include_str!("../../togai-ext/src/pacing.rs"),
        include_str!("../../togai-ext/src/ingest/enso.rs"),
        include_str!("../../togai-ingest/src/delivery.rs"),
        include_str!("../../togai-ingest/src/tee/request.rs"),
        include_str!("../../togai-ext/src/verify/request.rs"),
        include_str!("../../togai-ext/src/verify/outcomes/request.rs"),
    ];
    let mut settings = 0;
    for source in sources {
        for line in source.lines().filter(|line| {
            let is_setter = line.contains("(mut self") || line.contains("(self, ") && line.contains("-> Self");
            line.contains("pub fn ") && is_setter
        }) {
            let name = line.split("pub fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
            row(name);
            settings += 1;
        }
    }
    assert!(settings >= 35, "{settings}");
}
