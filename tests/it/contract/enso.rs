//! The contract with Enso as it is by default, which is not sent anything again that it may have taken.

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
#[path = "sizes.rs"]
mod sizes;
#[path = "verdicts.rs"]
mod verdicts;
#[path = "ways.rs"]
mod ways;

use crate::services::DefaultEnso as S;
