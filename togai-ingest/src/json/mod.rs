//! Events as JSON.

mod encode;
mod text;

pub use encode::{Encoder, Fields};
