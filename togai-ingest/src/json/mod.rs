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
mod text;
mod value;
mod verbatim;

pub(crate) use buffer::Buffer;
pub(crate) use encoder::Encoder;
pub(crate) use fields::FieldNames;
pub use fields::Fields;

#[cfg(test)]
mod tests;
