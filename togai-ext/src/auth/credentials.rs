//! The token of a session: which one is in use, and where the next one comes from.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures::future::{Either, select};
use futures::lock;
use togai_api::{BoxFuture, Error};
use togai_ingest::Session;

use super::AccessToken;
use super::token::Bearer;

/// Makes tokens.
pub(crate) type TokenProvider =
    Box<dyn Fn() -> BoxFuture<'static, Result<AccessToken, TokenProviderError>> + Send + Sync>;
type TokenProviderError = Box<dyn StdError + Send + Sync>;

/// The tokens of a session.
pub(crate) struct Credentials {
    session: Session,
    state: Mutex<CredentialState>,
    provider: Option<TokenProvider>,
    /// Held by the call that asks the provider.
    renewing: lock::Mutex<()>,
}

struct CredentialState {
    /// The token in use; nothing before the provider has given one.
    current: Option<Bearer>,
    /// When the provider is to be asked for the next one.
    renew_at: Option<SystemTime>,
    /// The refused tokens for which the provider was asked, and when, the latest last.
    renewals: VecDeque<(u64, Instant)>,
    /// Why the provider failed, and when, where it was asked last.
    failure: Option<(String, Instant)>,
    /// The tokens so far, the latest last, for the texts of a server that echoes one.
    texts: VecDeque<(u64, Arc<str>)>,
    secrets: Arc<[Arc<str>]>,
    next_number: u64,
}

/// A token is renewed so long before it expires, or when a tenth of its time is left, whichever is later.
const RENEWAL_MARGIN: Duration = Duration::from_secs(5 * 60);
/// A provider that failed is asked again after this time, while there is a token that could be sent.
const PROVIDER_RETRY_DELAY: Duration = Duration::from_secs(30);
/// Without a token it is asked again after this time.
const FAILURE_SHARED_FOR: Duration = Duration::from_secs(1);
/// How long a call waits for the next token while the one in use is good.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of tokens that no error shows, and that are known again when they are set once more.
const KNOWN_TOKENS: usize = 64;

impl Credentials {
    /// Credentials with a first token; without one the provider is asked before the first request.
    ///
    /// Fails if the text is not a token.
    pub(crate) fn new(
        session: Session,
        token: Option<AccessToken>,
        provider: Option<TokenProvider>,
    ) -> Result<Self, Error> {
        let state = CredentialState {
            current: None,
            renew_at: None,
            renewals: VecDeque::new(),
            failure: None,
            texts: VecDeque::new(),
            secrets: Arc::default(),
            next_number: 1,
        };
        let credentials = Self { session, state: Mutex::new(state), provider, renewing: lock::Mutex::default() };
        if let Some(token) = token {
            credentials.set(token)?;
        }
        Ok(credentials)
    }

    /// Puts another token in use. A text that was in use before is the same token again.
    ///
    /// Fails if the text is not a token; then the one before it stays in use.
    pub(crate) fn set(&self, token: AccessToken) -> Result<(), Error> {
        self.replace(token, false)
    }

    /// The same. A token that comes in time from the provider is trusted like the one before it.
    fn replace(&self, token: AccessToken, is_trusted: bool) -> Result<(), Error> {
        let now = self.session.clock().wall();
        let mut state = self.lock();
        let known = state.texts.iter().find(|(_, text)| **text == *token.text).map(|(number, _)| *number);
        let number = known.unwrap_or(state.next_number);
        let bearer = Bearer::new(token, number)?;
        // The latest is the last to be forgotten.
        state.texts.retain(|(other, _)| *other != number);
        if state.texts.len() == KNOWN_TOKENS {
            state.texts.pop_front();
        }
        state.texts.push_back((number, Arc::clone(&bearer.text)));
        state.secrets = state.texts.iter().map(|(_, text)| Arc::clone(text)).collect();
        state.next_number += u64::from(known.is_none());
        state.renew_at = bearer.expires_at.map(|end| {
            let margin = end.duration_since(now).map_or(Duration::ZERO, |left| RENEWAL_MARGIN.min(left / 10));
            end.checked_sub(margin).unwrap_or(end)
        });
        // Both change under one lock, so that no request takes the new token by what was known of the old one.
        self.session.gate().replace(number, self.session.clock().now(), is_trusted);
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
        if self.provider.is_none() {
            return false;
        }
        let (now, state) = (self.session.clock().wall(), self.lock());
        state.current.is_none() || state.renew_at.is_some_and(|time| time <= now)
    }

    /// Asks the provider for a token where none is in use or it expires soon. One call asks; the others wait for it, or go
    /// on with the token in use while it is good.
    ///
    /// Fails where there is no token that could be sent.
    pub(crate) async fn renew_in_time(&self) -> Result<(), TokenProviderError> {
        if self.has_valid_token() {
            if let Some(_renewing) = self.renewing.try_lock()
                && self.is_due()
            {
                let timeout = self.session.clock().sleep(RENEWAL_TIMEOUT);
                let renewal = select(Box::pin(self.call_provider(true)), timeout).await;
                if !matches!(renewal, Either::Left((Ok(()), _))) {
                    self.lock().renew_at = self.session.clock().wall().checked_add(PROVIDER_RETRY_DELAY);
                }
            }
            return Ok(());
        }
        let _renewing = self.renewing.lock().await;
        if !self.is_due() {
            return Ok(());
        }
        // All that waited for a failure have met it.
        match self.failure_within(FAILURE_SHARED_FOR) {
            Some(problem) => Err(problem.into()),
            None => self.call_provider(false).await,
        }
    }

    /// Asks the provider for another token than one that was refused, and says whether another one is in use then. It is
    /// asked once for all requests with the token that were sent before, given by the time when one of them was sent; a
    /// request that was not sent asks only where nobody has, or where the provider failed some time ago.
    pub(crate) async fn renew_refused(&self, refused: u64, sent: Option<Instant>) -> bool {
        if self.provider.is_none() {
            return self.number() != Some(refused);
        }
        let _renewing = self.renewing.lock().await;
        let is_renewed = self.lock().renewals.iter().any(|(token, renewed)| {
            let is_before = sent.is_none_or(|sent| sent <= *renewed);
            *token == refused && is_before
        });
        let may_renew = !is_renewed && self.failure_within(PROVIDER_RETRY_DELAY).is_none();
        // Where it fails, the call ends with the refusal, which says why.
        if self.number() == Some(refused) && may_renew && self.call_provider(false).await.is_ok() {
            let now = self.session.clock().now();
            let renewals = &mut self.lock().renewals;
            renewals.retain(|(token, _)| *token != refused);
            if renewals.len() == KNOWN_TOKENS {
                renewals.pop_front();
            }
            renewals.push_back((refused, now));
        }
        self.number() != Some(refused)
    }

    /// Why the provider failed, where it was asked last.
    pub(crate) fn failure(&self) -> Option<String> {
        self.lock().failure.as_ref().map(|(problem, _)| problem.clone())
    }

    fn failure_within(&self, time: Duration) -> Option<String> {
        let (state, now) = (self.lock(), self.session.clock().now());
        let failure = state.failure.as_ref().filter(|(_, failed)| now.saturating_duration_since(*failed) < time);
        failure.map(|(problem, _)| problem.clone())
    }

    /// Whether there is a token that has not expired.
    fn has_valid_token(&self) -> bool {
        let (now, state) = (self.session.clock().wall(), self.lock());
        state.current.as_ref().is_some_and(|bearer| bearer.expires_at.is_none_or(|end| now < end))
    }

    async fn call_provider(&self, is_trusted: bool) -> Result<(), TokenProviderError> {
        let provider = self.provider.as_ref().ok_or("there is no token provider")?;
        let result = match provider().await {
            Ok(token) => self.replace(token, is_trusted).map_err(TokenProviderError::from),
            Err(problem) => Err(problem),
        };
        let mut state = self.lock();
        let Err(problem) = result else {
            state.failure = None;
            return Ok(());
        };
        // A provider may repeat a token in its error.
        let problem = state.texts.iter().fold(problem.to_string(), |text, (_, token)| text.replace(&**token, "***"));
        state.failure = Some((problem.clone(), self.session.clock().now()));
        Err(problem.into())
    }

    /// The number of the token in use.
    pub(crate) fn number(&self) -> Option<u64> {
        self.lock().current.as_ref().map(Bearer::number)
    }

    fn lock(&self) -> MutexGuard<'_, CredentialState> {
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
