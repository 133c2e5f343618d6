//! The contract with Enso where an id is assumed to count once, and does.

#[path = "faults.rs"]
mod faults;
#[path = "ids.rs"]
mod ids;
#[path = "ingest_methods.rs"]
mod ingest_methods;
#[path = "retries.rs"]
mod retries;

use crate::services::AssumedEnso as S;
