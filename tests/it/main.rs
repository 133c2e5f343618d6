//! Contract tests against the sandbox, snapshots of what is on the wire and of what users are told.

mod accounts;
mod answers;
mod calls;
mod delivery;
mod document;
mod errors;
mod examples;
mod fault_matrix;
mod ingestion;
mod operations;
mod paging;
mod readme;
mod safety;
mod support;
mod tls;
mod verification;
mod ways;
mod wire;
mod workspace;
