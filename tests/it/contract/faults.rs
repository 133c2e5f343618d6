//! Every fault through every way in.

use super::{S, ways::ingest};
use crate::differences::Kind;
use crate::fault_matrix::check;
use crate::ways::Way;

#[tokio::test]
async fn every_fault_through_ingest_events() {
    check::<S>(Kind::Batches, Way::Events, ingest).await;
}

#[tokio::test]
async fn every_fault_through_a_stream_of_verdicts() {
    check::<S>(Kind::Batches, Way::Outcomes, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_stream() {
    check::<S>(Kind::Batches, Way::Stream, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_try_stream() {
    check::<S>(Kind::Batches, Way::TryStream, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_slice_with_a_type_of_the_caller_s_own() {
    check::<S>(Kind::Batches, Way::Slice, ingest).await;
}

#[tokio::test]
async fn every_fault_through_ingest_event() {
    check::<S>(Kind::Single, Way::Single, ingest).await;
}

#[tokio::test]
async fn every_refusal_for_size_through_all_ways() {
    for way in [Way::Events, Way::Outcomes, Way::Stream, Way::TryStream, Way::Slice] {
        check::<S>(Kind::Learnt, way, ingest).await;
    }
}
