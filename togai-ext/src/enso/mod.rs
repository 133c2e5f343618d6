//! Enso (getenso.ai), another service to deliver events to, in the way of Togai's.

mod service;

pub use togai_api::enso::types::EnsoEvent;
pub use togai_api::enso::{Client, FailureCode, OPERATIONS, builder, types};
