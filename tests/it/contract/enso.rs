//! The contract with Enso as it is by default, which is not sent anything again that it may have taken.

#[path = "batches.rs"]
mod batches;
#[path = "faults.rs"]
mod faults;
#[path = "ids.rs"]
mod ids;
#[path = "ingest_methods.rs"]
mod ingest_methods;
#[path = "session_gate.rs"]
mod session_gate;
#[path = "sizes.rs"]
mod sizes;
#[path = "splitting.rs"]
mod splitting;
#[path = "verdicts.rs"]
mod verdicts;

use crate::services::DefaultEnso as S;
