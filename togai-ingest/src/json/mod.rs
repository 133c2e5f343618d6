//! Events as JSON, written straight into the body of a request.
//!
//! The bytes are those that `serde_json` writes; a property test compares them. What is our own is speed, and that it is noted
//! on the way where the fields stand that a service is interested in.

#![expect(
    clippy::inline_always,
    reason = "measured: the compiler knows the keys of a struct only where the methods that get them are inlined"
)]

mod buffer;
mod encoder;
mod event;
mod fields;
mod map_key;
mod members;
mod opaque;
mod refuse;
mod scalar;
mod text;
mod value;
mod verbatim;

pub(crate) use buffer::Buffer;
pub(crate) use encoder::Encoder;
pub(crate) use fields::FieldNames;

/// Reads an event back from its bytes; see [`Backend::READ_BACK`](crate::Backend::READ_BACK).
pub type ReadBack<E> = fn(&[u8]) -> E;
pub use fields::Fields;

#[cfg(test)]
mod tests;
