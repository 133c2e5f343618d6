//! The contract with Togai.

#[path = "batches.rs"]
mod batches;
#[path = "caution.rs"]
mod caution;
#[path = "faults.rs"]
mod faults;
#[path = "halves.rs"]
mod halves;
#[path = "ids.rs"]
mod ids;
#[path = "repeats.rs"]
mod repeats;
#[path = "sizes.rs"]
mod sizes;
#[path = "verdicts.rs"]
mod verdicts;
#[path = "ways.rs"]
mod ways;

use crate::services::Togai as S;
