//! The token of a session: which one is in use, and where the next one comes from.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures::lock;
use togai_api::{BoxFuture, Error};

use super::AccessToken;
use super::token::Bearer;
use crate::session::Session;

/// Makes tokens.
pub(crate) type Provider = Box<dyn Fn() -> BoxFuture<'static, Result<AccessToken, ProviderError>> + Send + Sync>;
type ProviderError = Box<dyn StdError + Send + Sync>;

/// The tokens of a session.
pub(crate) struct Credentials {
    session: Session,
    state: Mutex<State>,
    provider: Option<Provider>,
    /// Held by the call that asks the provider.
    asking: lock::Mutex<()>,
}

struct State {
    /// The token in use; nothing before the provider has given one.
    current: Option<Bearer>,
    /// When the provider is to be asked for the next one.
    renew_at: Option<SystemTime>,
    /// The refused token for which the provider was asked last, and when.
    asked: Option<(u64, Instant)>,
    /// The tokens so far, the latest last, for the texts of a server that echoes one.
    texts: VecDeque<(u64, Arc<str>)>,
    secrets: Arc<[Arc<str>]>,
    next_number: u64,
}

/// A token is renewed so long before it expires, or when a tenth of its time is left, whichever is later.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// A provider that failed while the token is still good is asked again after this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many tokens are kept to be blotted out, and to be known again when they are set once more.
const MOST_TEXTS: usize = 8;

impl Credentials {
    /// Credentials with a first token; without one the provider is asked before the first request.
    ///
    /// Fails where the token looks like none.
    pub(crate) fn new(session: Session, token: Option<AccessToken>, provider: Option<Provider>) -> Result<Self, Error> {
        let state = State {
            current: None,
            renew_at: None,
            asked: None,
            texts: VecDeque::new(),
            secrets: Arc::default(),
            next_number: 0,
        };
        let credentials = Self { session, state: Mutex::new(state), provider, asking: lock::Mutex::default() };
        if let Some(token) = token {
            credentials.set(token)?;
        }
        Ok(credentials)
    }

    /// Puts another token in use. A text that was in use before is the same token again.
    ///
    /// Fails where it looks like none; then the token before it stays in use.
    pub(crate) fn set(&self, token: AccessToken) -> Result<(), Error> {
        let now = self.session.clock().wall();
        let mut state = self.lock();
        let known = state.texts.iter().find(|(_, text)| **text == *token.text).map(|(number, _)| *number);
        let number = known.unwrap_or(state.next_number);
        let bearer = Bearer::new(token, number)?;
        if known.is_none() {
            state.next_number += 1;
            if state.texts.len() == MOST_TEXTS {
                state.texts.pop_front();
            }
            state.texts.push_back((number, Arc::clone(&bearer.text)));
            state.secrets = state.texts.iter().map(|(_, text)| Arc::clone(text)).collect();
        }
        state.renew_at = bearer.expires_at.map(|end| {
            let margin = end.duration_since(now).map_or(Duration::ZERO, |left| MARGIN.min(left / 10));
            end.checked_sub(margin).unwrap_or(end)
        });
        // Both change under one lock, so that no request takes the new token by what was known of the old one.
        self.session.gate().replace(number, self.session.clock().now());
        state.current = Some(bearer);
        Ok(())
    }

    /// The token in use.
    pub(crate) fn current(&self) -> Option<Bearer> {
        self.lock().current.clone()
    }

    /// All tokens that no text may show.
    pub(crate) fn secrets(&self) -> Arc<[Arc<str>]> {
        Arc::clone(&self.lock().secrets)
    }

    /// Whether the provider is to be asked before the next request.
    pub(crate) fn is_due(&self) -> bool {
        let (now, state) = (self.session.clock().wall(), self.lock());
        self.provider.is_some() && (state.current.is_none() || state.renew_at.is_some_and(|time| time <= now))
    }

    /// Asks the provider for a token, one call for all that wait, where none is in use or it expires soon.
    ///
    /// Fails where there is no token that could be sent.
    pub(crate) async fn renew_in_time(&self) -> Result<(), ProviderError> {
        let _asking = self.asking.lock().await;
        if !self.is_due() {
            return Ok(());
        }
        let Err(problem) = self.ask().await else { return Ok(()) };
        let now = self.session.clock().wall();
        let mut state = self.lock();
        let is_good = |bearer: &Bearer| bearer.expires_at.is_none_or(|end| now < end);
        if !state.current.as_ref().is_some_and(is_good) {
            return Err(problem);
        }
        state.renew_at = now.checked_add(PATIENCE);
        Ok(())
    }

    /// Asks the provider for another token than one that was refused, and says whether another one is in use then. It is
    /// asked once for all requests with the token that were sent before, given by the time when one of them was sent; a
    /// request that was not sent asks only where nobody has.
    pub(crate) async fn renew_refused(&self, refused: u64, sent: Option<Instant>) -> bool {
        if self.provider.is_none() {
            return false;
        }
        let _asking = self.asking.lock().await;
        let asked = self.lock().asked.filter(|(token, _)| *token == refused);
        let is_asked = asked.is_some_and(|(_, asked)| sent.is_none_or(|sent| sent <= asked));
        if self.number() == Some(refused) && !is_asked {
            // Where it fails, the call ends with the refusal, which says what to do.
            let _ = self.ask().await;
            self.lock().asked = Some((refused, self.session.clock().now()));
        }
        self.number() != Some(refused)
    }

    async fn ask(&self) -> Result<(), ProviderError> {
        let provider = self.provider.as_ref().ok_or("there is no token provider")?;
        let token = provider().await?;
        Ok(self.set(token)?)
    }

    /// The number of the token in use.
    pub(crate) fn number(&self) -> Option<u64> {
        self.lock().current.as_ref().map(Bearer::number)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("token", &"***")
            .field("has_provider", &self.provider.is_some())
            .finish_non_exhaustive()
    }
}
