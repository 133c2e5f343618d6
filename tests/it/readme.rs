//! The examples of the README, run against the sandbox, and its tables, compared with the code.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what the examples do")]
#![expect(unused_imports, reason = "each example imports what it needs by itself")]

use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use crate::support::{builder_of, event, start};

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

/// A sandbox that holds some events, so that there is something to list.
async fn with_events() -> (Sandbox, Client) {
    let (sandbox, client) = start().await;
    client.ingest_events((10_000..10_120).map(event)).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    (sandbox, client)
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

#[test]
fn the_defaults_of_the_readme_are_those_of_the_code() {
    let policy = RetryPolicy::default();
    assert_eq!(row("with_max_attempts"), policy.max_attempts().to_string());
    assert_eq!(row("with_max_elapsed"), format!("{} s", policy.max_elapsed().as_secs()));
    // What has no accessor is in the Debug output, which tells everything but the token.
    let debug = format!("{:?}", ClientBuilder::new("token"));
    let seconds = |setter: &str, field: &str| {
        assert!(debug.contains(&format!("{field}: {}s", row(setter).trim_end_matches(" s"))), "{setter} {debug}");
    };
    seconds("with_connect_timeout", "connect_timeout");
    seconds("with_attempt_timeout", "attempt_timeout");
    let milliseconds = |setter: &str, field: &str| {
        let value = row(setter).replace(" ms", "ms").replace(" s", "s");
        assert!(debug.contains(&format!("{field}: {value}")), "{setter} {debug}");
    };
    milliseconds("with_initial_backoff", "initial_backoff");
    milliseconds("with_max_backoff", "max_backoff");
    assert!(debug.contains(&format!("retries: {}", row("with_retry_budget"))), "{debug}");
    assert!(debug.contains(row("with_user_agent").trim_matches('`')), "{debug}");
    assert!(row("`environment`").contains(Environment::default().base_url()));

    let bytes = format!("{:?}", togai_api::HttpTransport::new());
    let mebibytes: usize = row("with_max_response_bytes").trim_end_matches(" MiB").parse().unwrap();
    assert!(bytes.contains(&(mebibytes << 20).to_string()), "{bytes}");

    let client = ClientBuilder::new("token").base_url("http://127.0.0.1:9").build().unwrap();
    let ingest = format!("{:?}", client.ingest_events([]));
    assert!(ingest.contains(&format!("batch_size: {}", row(".batch_size"))), "{ingest}");
    assert!(ingest.contains(&format!("concurrency: {}", row(".concurrency"))), "{ingest}");
    assert!(ingest.contains(&format!("max_not_accepted: {}", row(".max_not_accepted").replace(',', ""))), "{ingest}");
    assert!(ingest.contains(&format!("ids: {}", "Random")) && row(".ids").contains("IdPolicy::Random"), "{ingest}");
}

#[test]
fn every_setting_has_its_row() {
    let sources = [
        include_str!("../../togai-ext/src/client_builder.rs"),
        include_str!("../../togai-ext/src/retry/policy.rs"),
        include_str!("../../togai-ext/src/ingest/request.rs"),
    ];
    let mut settings = 0;
    for source in sources {
        for line in source.lines().filter(|line| line.contains("pub fn ") && line.contains("(mut self")) {
            let name = line.split("pub fn ").nth(1).unwrap().split('(').next().unwrap();
            row(name);
            settings += 1;
        }
    }
    assert!(settings >= 14, "{settings}");
}
