//! What kind of failure it was.

use http::StatusCode;

use super::conflict::speaks_of_conflict;
use super::{Error, ErrorKind};
use crate::{TransportErrorKind, is_outage, is_passing_outage};

impl Error {
    /// Whether the client could not be built as it was configured.
    pub fn is_configuration(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Configuration(_))
    }

    /// Whether the request was not sent because a value of it is missing or invalid.
    ///
    /// A request that the server refused is [`is_bad_request`](Self::is_bad_request).
    pub fn is_builder(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Builder(_) | ErrorKind::Transport(TransportErrorKind::Request))
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Connect))
    }

    /// Whether no answer came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Timeout))
    }

    /// Whether the server answered with success and a body that cannot be decoded.
    pub fn is_decode(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Decode { .. } | ErrorKind::NotJson(_))
    }

    /// Whether the source of what was to be sent failed, such as a stream of events, and not the server.
    ///
    /// [`source`](std::error::Error::source) is the error of that.
    pub fn is_source(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Source(_))
    }

    /// Whether the server throttled the call, status 429, or had asked for a pause that it could not wait out.
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
            || matches!(self.inner.kind, ErrorKind::Transport(TransportErrorKind::Paused))
    }

    /// Whether the same call may succeed later: throttling, outages, broken connections, a deadline that passed.
    ///
    /// It does not say that repeating is harmless; [`maybe_delivered`](Self::maybe_delivered) has the other half.
    pub fn is_retryable(&self) -> bool {
        match &self.inner.kind {
            ErrorKind::Transport(kind) => !matches!(
                kind,
                TransportErrorKind::Request
                    | TransportErrorKind::TooLarge
                    | TransportErrorKind::TokenRefused
                    | TransportErrorKind::Forbidden
            ),
            ErrorKind::Status => self.is_throttled() || self.status().is_some_and(is_passing_outage),
            _ => false,
        }
    }

    /// Whether the server did not accept the token or what it may do, status 401 or 403.
    ///
    /// It is so, too, where nothing was sent because the server has refused the token shortly before. Then
    /// [`retry_after`](Self::retry_after) is the time until a request may try the token again.
    pub fn is_auth(&self) -> bool {
        matches!(self.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) || self.is_gate()
    }

    /// Whether a token that was refused before kept the request from being sent.
    pub(super) fn is_gate(&self) -> bool {
        matches!(
            self.inner.kind,
            ErrorKind::Transport(TransportErrorKind::TokenRefused | TransportErrorKind::Forbidden)
        )
    }

    /// Whether the server does not know what was asked for, status 404.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the server refused what is in the request, status 400 or 422. [`message`](Self::message) says why.
    ///
    /// A request that was not sent, since a value is missing or invalid, is [`is_builder`](Self::is_builder).
    pub fn is_bad_request(&self) -> bool {
        matches!(self.status(), Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY))
    }

    /// Whether the request conflicts with what is there already: status 409, or one of
    /// [`is_bad_request`](Self::is_bad_request) with a message such as "id is taken".
    ///
    /// ```
    /// use togai_api::types::CreateCustomerAccountRequest;
    /// use togai_api::{Client, Error};
    ///
    /// /// Creates an account, unless there is one with this id.
    /// async fn ensure_account(client: &Client, id: &str) -> Result<(), Error> {
    ///     let body = CreateCustomerAccountRequest::new(id, "Acme");
    ///     match client.create_account().customer_id("acme").body(body).send().await {
    ///         Err(error) if error.is_conflict() => Ok(()),
    ///         created => created.map(drop),
    ///     }
    /// }
    /// ```
    pub fn is_conflict(&self) -> bool {
        let speaks_of_conflict = || [self.message(), self.code()].into_iter().flatten().any(speaks_of_conflict);
        self.status() == Some(StatusCode::CONFLICT) || self.is_bad_request() && speaks_of_conflict()
    }

    /// Whether the server may have applied the request although the call failed.
    ///
    /// It is so for requests that change something, where no response came (in time, or whole), where its status was 408
    /// or a 5xx, and where a response of success could not be decoded or did not say what became of the request. It is
    /// so, too, where that happened to an attempt before the last, whatever became of the last. Repeating such a request
    /// may do it twice.
    pub fn maybe_delivered(&self) -> bool {
        self.last_maybe_delivered() || self.earlier_maybe_delivered()
    }

    /// The same of the last attempt.
    pub(super) fn last_maybe_delivered(&self) -> bool {
        self.inner.changes
            && match &self.inner.kind {
                ErrorKind::Transport(kind) => kind.maybe_delivered(),
                ErrorKind::Status => self.status().is_some_and(is_outage),
                ErrorKind::Decode { .. } | ErrorKind::NotJson(_) | ErrorKind::Unclear(_) => true,
                ErrorKind::Configuration(_) | ErrorKind::Builder(_) | ErrorKind::Protocol(_) | ErrorKind::Source(_) => {
                    false
                }
            }
    }

    /// The same of an attempt before the last.
    fn earlier_maybe_delivered(&self) -> bool {
        self.inner.changes && self.inner.context.as_ref().is_some_and(|context| context.maybe_delivered)
    }
}
