//! What many tests need.

use std::fmt::{Debug, Display};
use std::fs::File;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use togai_ext::prelude::*;
use togai_sandbox::{Quotas, Sandbox, SandboxBuilder};
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

/// The token of every sandbox here, for either service; it must show nowhere.
pub(crate) const TOKEN: &str = "s3cr3t-t0ken";

/// Each token of a test, an example or the sandbox holds one of these texts, so that output can be searched for them.
pub(crate) const TOKEN_MARKS: [&str; 2] = ["t0ken", "token-0001"];

/// Writes all that any crate traces into the file of the variable `TOGAI_TESTS_TRACE`, which `.ci/run` searches for tokens.
static TRACE: LazyLock<()> = LazyLock::new(|| {
    let Some(path) = std::env::var_os("TOGAI_TESTS_TRACE") else { return };
    let file = File::options().create(true).append(true).open(path).unwrap();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::TRACE).with_span_events(FmtSpan::NEW | FmtSpan::CLOSE);
    subscriber.with_ansi(false).with_writer(Mutex::new(file)).init();
});

/// A sandbox without quotas, to be set up further.
pub(crate) fn sandbox() -> SandboxBuilder {
    LazyLock::force(&TRACE);
    Sandbox::builder().token(TOKEN).enso_token(TOKEN).quotas(Quotas::off())
}

/// A client that does not wait between attempts.
pub(crate) fn client_of(sandbox: &Sandbox) -> Client {
    let builder = builder_of(sandbox);
    tracing::trace!(?builder, ?sandbox);
    let client = builder.build().unwrap();
    tracing::trace!(?client);
    client
}

pub(crate) fn builder_of(sandbox: &Sandbox) -> ClientBuilder {
    let hasty = RetryPolicy::default().with_initial_backoff(Duration::ZERO).with_max_throttling(Duration::ZERO);
    ClientBuilder::new(TOKEN).base_url(sandbox.base_url()).with_pacing(Pacing::off()).with_retry(hasty)
}

/// An HTTP client as an application may make one by hand. Built together with togai-ext, reqwest has TLS without a provider.
pub(crate) fn http() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

/// A sandbox and a client of it.
pub(crate) async fn start() -> (Sandbox, Client) {
    let sandbox = sandbox().start().await.unwrap();
    let client = client_of(&sandbox);
    (sandbox, client)
}

/// The event of a number, always the same.
pub(crate) fn event(number: u32) -> Event {
    Event::new("rides", "acme-prod")
        .id(format!("ride-{number}"))
        .timestamp(Timestamp::from_unix_seconds(1_713_456_017 + i64::from(number)))
        .attribute_with_unit("distance", f64::from(number) / 2.0, "km")
        .dimension("city", "Chennai")
}

/// The same with a value that the server refuses.
pub(crate) fn bad_event(number: u32) -> Event {
    let mut event = event(number);
    event.attributes[0].value = "far".into();
    event
}

/// What the sandbox was asked, a line for each request.
pub(crate) fn log(sandbox: &Sandbox) -> String {
    sandbox.requests().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The verdicts of a report in short, checked to add up.
#[track_caller]
pub(crate) fn counts<E, T>(report: &IngestReport<E, T>) -> String {
    tracing::trace!(%report);
    let parts = [
        (report.accepted(), "accepted"),
        (report.duplicates(), "duplicate"),
        (report.rejected(), "rejected"),
        (report.unknown(), "unknown"),
        (report.not_sent(), "not sent"),
    ];
    assert_eq!(report.submitted(), parts.iter().map(|(count, _)| count).sum::<u64>());
    assert_eq!(report.outcomes().count() as u64, report.submitted());
    let named = parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    named.collect::<Vec<_>>().join(", ")
}

/// What stands before the cause of a broken connection.
const BROKEN: &str = "before the answer was complete: ";

/// The text of an error without what differs from run to run and from system to system: times, and the causes of broken
/// connections.
pub(crate) fn stable_text(error: &(impl Debug + Display)) -> String {
    let mut text = error.to_string();
    tracing::trace!(?error, %error);
    assert!(!text.contains(TOKEN), "{text}");
    if let Some(start) = text.find(BROKEN) {
        let start = start + BROKEN.len();
        let rest = &text[start..];
        // A reason has no attempts, but what to do after it.
        let attempts = rest.find(" attempt").and_then(|place| rest[..place].rfind(" ("));
        let end = start + attempts.or_else(|| rest.find("; ")).unwrap();
        text.replace_range(start..end, "<cause>");
    }
    let mut stable = String::new();
    let mut rest = text.as_str();
    // Times are written as "5 attempts, 412 ms)", or with what ended the retries as "5 attempts, 412 ms; ..)".
    while let Some(start) = rest.find(" attempt") {
        let Some(end) = rest[start..].find(')') else { break };
        let (before, after) = rest.split_at(start);
        stable.push_str(before);
        let (attempts, stop) =
            after[..end].split_once("; ").map_or((&after[..end], None), |(time, stop)| (time, Some(stop)));
        stable.push_str(attempts.split(',').next().unwrap_or_default());
        if let Some(stop) = stop {
            stable.push_str("; ");
            stable.push_str(stop);
        }
        rest = &after[end..];
    }
    stable + rest
}
