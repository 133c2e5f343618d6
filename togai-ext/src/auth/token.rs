//! A token: what an application gives, and what is sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use togai_api::Error;

/// A token with the time when it expires, as far as that is known.
///
/// ```
/// use std::time::Duration;
/// use togai_ext::AccessToken;
///
/// let token = AccessToken::new("a-secret-token").expires_in(Duration::from_secs(24 * 60 * 60));
/// assert_eq!(format!("{token:?}"), "AccessToken(\"***\")");
/// ```
///
/// A text converts into a token that does not expire. The short-lived tokens of the API live for 24 hours.
#[derive(Clone)]
pub struct AccessToken {
    pub(super) text: String,
    pub(super) expires_at: Option<SystemTime>,
}

impl AccessToken {
    /// A token that does not expire, as far as is known.
    pub fn new(token: impl Into<String>) -> Self {
        Self { text: token.into(), expires_at: None }
    }

    /// Sets when the token expires.
    #[must_use]
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Sets how long the token lives from now on.
    #[must_use]
    pub fn expires_in(self, time: Duration) -> Self {
        match SystemTime::now().checked_add(time) {
            Some(end) => self.expires_at(end),
            // So long that it is for ever.
            None => self,
        }
    }
}

impl<T: Into<String>> From<T> for AccessToken {
    fn from(token: T) -> Self {
        Self::new(token)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AccessToken").field(&"***").finish()
    }
}

/// A token as it is sent.
#[derive(Clone)]
pub(crate) struct Bearer {
    pub(super) text: Arc<str>,
    pub(super) header: HeaderValue,
    pub(super) expires_at: Option<SystemTime>,
    /// Tells it from the other tokens of the session.
    number: u64,
}

impl Bearer {
    /// Fails where no token looks like this.
    pub(super) fn new(token: AccessToken, number: u64) -> Result<Self, Error> {
        let AccessToken { text, expires_at } = token;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let header = HeaderValue::try_from(format!("Bearer {text}")).ok().filter(|_| is_plain && !text.is_empty());
        let mut header = header.ok_or_else(|| {
            Error::configuration(
                "the token is empty, or holds white space or characters that no token has: give it without quotes and \
                 line ends",
            )
        })?;
        header.set_sensitive(true);
        Ok(Self { text: text.into(), header, expires_at, number })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Bearer").field(&"***").finish()
    }
}
