//! The contract of ingestion: the same tests for every service. The files of rules are compiled for each of them, since a
//! call has a type of its own with each service. In them `S` is the service.
//!
//! What depends on whether an event may be sent again is in `retries.rs`, and is no rule for Enso as it is by default. The
//! table of faults holds for all; where Enso differs, that is in the table of [`differences`](crate::differences).

#![expect(clippy::duplicate_mod, reason = "the rules are compiled for each service")]

mod assumed_enso;
mod enso;
mod togai;
