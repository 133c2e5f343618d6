//! Contract tests against the sandbox, snapshots of what is on the wire and of what users are told.

mod accounts;
mod answers;
mod calls;
mod delivery;
mod document;
mod errors;
mod every_list;
mod every_operation;
mod examples;
mod fault_matrix;
mod idempotency_keys;
mod ingestion;
mod oddities;
mod operations;
mod paging;
mod readme;
mod recording;
mod round_trips;
mod safety;
mod same;
mod support;
mod tls;
mod verification;
mod ways;
mod wire;
mod workspace;
