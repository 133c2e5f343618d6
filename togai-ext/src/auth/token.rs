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
/// let token = AccessToken::new("secret-token-0001").expires_in(Duration::from_secs(24 * 60 * 60));
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
    /// Fails if the text is not a token, see [`problem`].
    pub(super) fn new(token: AccessToken, number: u64) -> Result<Self, Error> {
        let AccessToken { text, expires_at } = token;
        let header = match problem(&text) {
            Some(problem) => Err(problem),
            None => HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| FOREIGN_CHARACTER),
        };
        let mut header = header.map_err(|problem| Error::configuration(format!("the token {problem}")))?;
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

/// The quotes that shells, editors and word processors put around a text.
const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];
const FOREIGN_CHARACTER: &str =
    "holds a character that no bearer token has: it consists of letters, digits and `-._~+/`, with `=` at its end only";
/// Redaction of a shorter text would blot out parts of ordinary words, and no API issues one.
const MIN_LENGTH: usize = 8;

/// Why a text is not a token, and what to write instead. The text itself is not repeated.
///
/// The server locks an address out after a few requests with a bad token, so mistakes of configuration are found before
/// the first one. A token has the characters of a `b64token`: <https://datatracker.ietf.org/doc/html/rfc6750#section-2.1>.
fn problem(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let is_token_character = |character: char| character.is_ascii_alphanumeric() || "-._~+/".contains(character);
    let is_foreign = !text.trim_end_matches('=').chars().all(is_token_character);
    // A header or its scheme goes on with a space, a colon or either of them encoded; a token may begin like a word.
    let begins_with = |word| lower.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', ':', '=', '%', '+']));
    let is_variable_name = text.contains('_') && text.chars().all(|character| matches!(character, 'A'..='Z' | '_'));
    [
        (text.is_empty(), "is empty: set it to a token for the server"),
        (
            begins_with("bearer") || begins_with("authorization"),
            "begins with the name of the header or with `Bearer`, which the client adds: write only what follows",
        ),
        (
            text.starts_with(QUOTES) || text.ends_with(QUOTES),
            "has quotes around it, which the tool that reads it has kept: write it without them",
        ),
        (text.contains(['<', '>']), "has angle brackets, as placeholders do: write the token itself, without them"),
        (
            text.contains(['$', '{', '}', '%']) || is_variable_name,
            "is the name of a variable: nothing has put its value there, so write the token itself, or have the shell \
             or tool replace the name",
        ),
        (
            text.contains(char::is_whitespace),
            "holds white space or a line end: write the token alone, and trim what is read from a file",
        ),
        (is_foreign, FOREIGN_CHARACTER),
        (text.len() < MIN_LENGTH, "is shorter than 8 characters, and no token is: check that all of it is there"),
    ]
    .into_iter()
    .find_map(|(is_so, problem)| is_so.then_some(problem))
}
