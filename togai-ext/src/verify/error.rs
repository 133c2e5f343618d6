//! A call that did not get through all its ids.

use std::fmt;

use togai_api::Error;

use super::Verification;

/// Why not all events could be looked at, with what is known of those that were.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |sandbox, _| {
/// let client = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
///
/// let failure = client.verify(["ride-1", "ride-2"]).send().await.unwrap_err();
/// assert!(failure.error().is_auth());
/// assert_eq!(failure.verification().not_looked_up(), 2);
/// # Ok(())
/// # });
/// ```
///
/// Events that the call did not get to are [`EventState::NotLookedUp`](crate::EventState::NotLookedUp). It converts into
/// [`Error`], which loses the verification.
pub struct VerifyError {
    // Boxed, so that a `Result` stays small.
    inner: Box<(Error, Verification)>,
}

impl VerifyError {
    pub(super) fn new(error: Error, verification: Verification) -> Self {
        Self { inner: Box::new((error, verification)) }
    }

    /// What stopped the call.
    pub fn error(&self) -> &Error {
        &self.inner.0
    }

    /// What is known of the events.
    pub fn verification(&self) -> &Verification {
        &self.inner.1
    }

    /// What is known of the events, and what stopped the call.
    pub fn into_parts(self) -> (Verification, Error) {
        let (error, verification) = *self.inner;
        (verification, error)
    }
}

impl From<VerifyError> for Error {
    fn from(failure: VerifyError) -> Self {
        failure.inner.0
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.error(), self.verification().summary())
    }
}

impl fmt::Debug for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyError")
            .field("error", self.error())
            .field("verification", self.verification())
            .finish()
    }
}

impl std::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().source()
    }
}
