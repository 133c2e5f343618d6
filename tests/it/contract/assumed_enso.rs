//! The contract with Enso where an id is assumed to count once, and does.

#[path = "faults.rs"]
mod faults;
#[path = "ids.rs"]
mod ids;
#[path = "repeats.rs"]
mod repeats;
#[path = "ways.rs"]
mod ways;

use crate::services::AssumedEnso as S;
