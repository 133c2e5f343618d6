//! Events as JSON.

mod encode;
mod text;

pub(crate) use encode::MOST_FIELDS;
pub use encode::{Encoder, Fields};
