//! The token on every request, and in nothing else; and what the responses say of it.

mod credentials;
mod token;

use std::fmt;
use std::time::Instant;

use reqwest::StatusCode;
use togai_api::{CallContext, Error, Operation, Request, Response, TransportError, TransportErrorKind};
use togai_ingest::{Closed, Pass, Session};

pub(crate) use credentials::{Credentials, TokenProvider};
pub use token::AccessToken;
use token::Bearer;

/// Lets the requests of a session through with its token, and notes what the server says of it.
///
/// Together with its [`Credentials`] it is the one writer of the session's gate.
pub(crate) struct Auth {
    session: Session,
    /// Nothing where the transport below adds the token.
    credentials: Option<Credentials>,
}

/// A request that may be sent, with the token for it.
pub(crate) struct AdmittedRequest<'a> {
    bearer: Option<Bearer>,
    since: Instant,
    pass: Pass<'a>,
}

impl Auth {
    pub(crate) fn new(session: Session, credentials: Option<Credentials>) -> Self {
        Self { session, credentials }
    }

    /// Lets a request through where there is nothing to wait for and nothing to find out, as is mostly so.
    pub(crate) fn try_admit(&self, now: Instant) -> Option<AdmittedRequest<'_>> {
        if self.credentials.as_ref().is_some_and(Credentials::is_due) {
            return None;
        }
        // In this order: a token that is set meanwhile closes the gate.
        let bearer = self.credentials.as_ref().and_then(Credentials::current);
        let pass = self.session.gate().try_enter()?;
        Some(AdmittedRequest { bearer, since: now, pass })
    }

    /// Waits until a request of an operation may be sent.
    ///
    /// Fails at once where the server has refused the token, and where there is none.
    pub(crate) async fn admit(&self, operation: &'static Operation) -> Result<AdmittedRequest<'_>, TransportError> {
        let mut may_renew = true;
        loop {
            self.renew_in_time().await?;
            let before = self.credentials.as_ref().and_then(Credentials::number);
            let now = self.session.clock().now();
            let pass = match self.session.gate().enter(operation.id, now).await {
                Ok(pass) => pass,
                // Another call may be asking for the next token.
                Err(closed) if may_renew && !closed.is_forbidden && self.renew(before, None).await => {
                    may_renew = false;
                    continue;
                }
                Err(closed) => return Err(self.refusal(closed)),
            };
            let bearer = self.credentials.as_ref().and_then(Credentials::current);
            // A token that was set during the wait has a turn of its own.
            if bearer.as_ref().map(Bearer::number) == before || pass.is_probe() {
                return Ok(AdmittedRequest { bearer, since: self.session.clock().now(), pass });
            }
        }
    }

    /// Records what the status of a response says about the token.
    pub(crate) fn note_status(
        &self,
        admitted: &AdmittedRequest<'_>,
        operation: &'static Operation,
        status: StatusCode,
        now: Instant,
    ) {
        let gate = self.session.gate();
        let (number, is_probe) = (admitted.number(), admitted.pass.is_probe());
        match status {
            status if status.is_success() => gate.prove(number, operation.id, is_probe),
            StatusCode::UNAUTHORIZED => gate.refuse(number, now, is_probe),
            StatusCode::FORBIDDEN => gate.forbid(number, operation.id, now),
            status if is_about_the_request(status) => gate.note_seen(number, is_probe),
            _ => {}
        }
    }

    /// Keeps tokens out of errors: a server may echo one in a response that ends up there.
    pub(crate) fn keep_secret(&self, result: &mut Result<Response, TransportError>) {
        let Some(credentials) = &self.credentials else { return };
        let context = match result {
            Ok(response) => response.context_mut(),
            Err(failure) => failure.context_mut(),
        };
        context.set_secrets(credentials.secrets());
    }

    /// Asks the provider for another token than that of a request which was refused, and says whether there is one.
    pub(crate) async fn renew_after(&self, refused: &AdmittedRequest<'_>) -> bool {
        self.renew(refused.bearer.as_ref().map(Bearer::number), Some(refused.since)).await
    }

    async fn renew(&self, refused: Option<u64>, sent: Option<Instant>) -> bool {
        let gate = self.session.gate();
        match (&self.credentials, refused) {
            (Some(credentials), Some(number)) if gate.has_refused(number) => {
                credentials.renew_refused(number, sent).await
                    && credentials.number().is_some_and(|number| !gate.has_refused(number))
            }
            _ => false,
        }
    }

    /// Puts another token in use.
    pub(crate) fn set_token(&self, token: AccessToken) -> Result<(), Error> {
        let credentials = self.credentials.as_ref().ok_or_else(|| {
            Error::configuration("the client was put together by hand: its own transport holds the token")
        })?;
        credentials.set(token)
    }

    async fn renew_in_time(&self) -> Result<(), TransportError> {
        match &self.credentials {
            Some(credentials) if credentials.is_due() => credentials
                .renew_in_time()
                .await
                .map_err(|problem| TransportError::new(TransportErrorKind::NoToken, problem, CallContext::default())),
            _ => Ok(()),
        }
    }

    fn refusal(&self, Closed { next_probe, is_forbidden }: Closed) -> TransportError {
        let left = next_probe.saturating_duration_since(self.session.clock().now());
        if is_forbidden {
            return TransportError::forbidden(left, CallContext::default());
        }
        let refused = TransportError::token_refused(left, CallContext::default());
        match self.credentials.as_ref().and_then(Credentials::failure) {
            Some(problem) => refused.with_source(format!("the token provider failed: {problem}")),
            None => refused,
        }
    }
}

/// Whether a status says something about the request, and so was most likely given after a look at the token.
fn is_about_the_request(status: StatusCode) -> bool {
    let is_about_the_connection = matches!(status.as_u16(), 401 | 403 | 407 | 408 | 421 | 425 | 429);
    (status.is_redirection() || status.is_client_error()) && !is_about_the_connection
}

impl AdmittedRequest<'_> {
    /// Adds the token to a request.
    pub(crate) fn authorize(&self, request: &mut Request) {
        if let Some(bearer) = &self.bearer {
            request.set_authorization(Some(bearer.header.clone()));
        }
    }

    fn number(&self) -> u64 {
        self.bearer.as_ref().map_or(0, Bearer::number)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Auth").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
