//! Every fault through every ingest method.

use super::{S, ingest_methods::ingest};
use crate::differences::FaultTable;
use crate::fault_matrix::check;
use crate::ingest_methods::IngestMethod;

#[tokio::test]
async fn every_fault_through_ingest_events() {
    check::<S>(FaultTable::Batches, IngestMethod::Events, ingest).await;
}

#[tokio::test]
async fn every_fault_through_a_stream_of_verdicts() {
    check::<S>(FaultTable::Batches, IngestMethod::Verdicts, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_stream() {
    check::<S>(FaultTable::Batches, IngestMethod::Stream, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_try_stream() {
    check::<S>(FaultTable::Batches, IngestMethod::TryStream, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_slice_with_a_custom_event_type() {
    check::<S>(FaultTable::Batches, IngestMethod::Slice, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_event() {
    check::<S>(FaultTable::Single, IngestMethod::Single, ingest).await;
}

#[tokio::test]
async fn every_size_refusal_through_all_ingest_methods() {
    for method in [
        IngestMethod::Events,
        IngestMethod::Verdicts,
        IngestMethod::Stream,
        IngestMethod::TryStream,
        IngestMethod::Slice,
    ] {
        check::<S>(FaultTable::Learnt, method, ingest).await;
    }
}
