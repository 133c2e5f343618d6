//! The servers of Togai.

/// A server of Togai. The data of one is not seen by the other, and each has tokens of its own.
///
/// ```
/// use togai_ext::Environment;
///
/// assert_eq!(Environment::Sandbox.base_url(), "https://sandbox-api.togai.com");
/// assert_eq!(Environment::default(), Environment::Production);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// `https://api.togai.com`, the default.
    #[default]
    Production,
    /// `https://sandbox-api.togai.com`, for trying things out.
    Sandbox,
}

impl Environment {
    /// The address of the server.
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Production => "https://api.togai.com",
            Self::Sandbox => "https://sandbox-api.togai.com",
        }
    }
}
