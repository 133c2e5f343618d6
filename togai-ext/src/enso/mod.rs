//! Enso (getenso.ai), another service to deliver events to, in the way of Togai's.

mod conversion;
mod converted;
mod number;
mod service;

pub use conversion::Conversion;
pub use converted::{ConversionError, Converted, Lost};
pub use togai_api::enso::types::EnsoEvent;
pub use togai_api::enso::{Client, FailureCode, OPERATIONS, builder, types};
