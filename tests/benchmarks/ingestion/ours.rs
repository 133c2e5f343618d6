//! Ingestion as the documentation shows it.

use togai_ext::prelude::*;

use crate::records::Record;

/// Events that are there already.
pub(crate) async fn owned(client: &Client, events: Vec<Event>) {
    let count = events.len() as u64;
    let report = client.ingest_events(events).send().await.expect("all were answered");
    assert_eq!(report.accepted(), count);
}

/// Events that are there already and stay.
pub(crate) async fn borrowed(client: &Client, events: &[Event]) {
    let report = client.ingest_slice(events).send().await.expect("all were answered");
    assert_eq!(report.accepted(), events.len() as u64);
}

/// Events that are made while others are under way.
pub(crate) async fn constructed(client: &Client, records: &[Record]) {
    let report = client.ingest_events(records.iter().map(Record::event)).send().await.expect("all were answered");
    assert_eq!(report.accepted(), records.len() as u64);
}
