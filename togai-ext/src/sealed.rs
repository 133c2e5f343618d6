//! The seal of public traits that no other crate may implement.

/// Seals a trait.
pub trait Sealed {}

impl Sealed for togai_api::Client {}
#[cfg(feature = "enso")]
impl Sealed for togai_api::enso::Client {}
