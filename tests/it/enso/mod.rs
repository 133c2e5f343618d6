//! What Enso has of its own. What holds for every service is in `contract/`.

mod requests;
mod responses;
mod retries;

use togai_ext::enso::types::CreateEventsBatchRequest;
use togai_ext::enso::{Client, EnsoEvent};
use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use crate::services::{DefaultEnso as Enso, Service as _};

/// A batch, for calls of the operation itself.
fn batch(events: impl IntoIterator<Item = EnsoEvent>) -> CreateEventsBatchRequest {
    CreateEventsBatchRequest::new(events)
}

/// A sandbox of a builder, and a client of it.
async fn started(builder: togai_sandbox::SandboxBuilder) -> (Sandbox, Client) {
    let sandbox = builder.start().await.unwrap();
    let client = Enso::client_of(&sandbox);
    (sandbox, client)
}

/// The verdicts of a report that are not those of accepted events, a line for each.
fn lines(report: &IngestReport<EnsoEvent>) -> String {
    let lines = report.not_accepted().iter().map(|verdict| format!("{} {}", verdict.index, verdict.outcome));
    lines.collect::<Vec<_>>().join("\n")
}
