//! The contract with Togai.

#[path = "batches.rs"]
mod batches;
#[path = "faults.rs"]
mod faults;
#[path = "ids.rs"]
mod ids;
#[path = "ingest_methods.rs"]
mod ingest_methods;
#[path = "retries.rs"]
mod retries;
#[path = "session_gate.rs"]
mod session_gate;
#[path = "sizes.rs"]
mod sizes;
#[path = "splitting.rs"]
mod splitting;
#[path = "verdicts.rs"]
mod verdicts;

use crate::services::Togai as S;
