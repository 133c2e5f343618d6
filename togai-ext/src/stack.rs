//! The transports of a client as one, with the session beside them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use togai_api::{BoxFuture, Request, Response, Transport, TransportError};
use togai_ingest::Session;

use crate::clock::SystemClock;
use crate::retry::{CallOptions, Retry};

/// The transport of a client of this crate.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) retry: Retry,
    pub(crate) session: Session,
}

impl Stack {
    /// The transport of a client, where [`ClientBuilder`](crate::ClientBuilder) made it.
    pub(crate) fn of(transport: &Arc<dyn Transport>) -> Option<&Self> {
        let transport: &dyn Any = &**transport;
        transport.downcast_ref()
    }

    /// The one of a client, or one around the transport of a client that was put together by hand.
    pub(crate) fn of_any(transport: &Arc<dyn Transport>) -> Self {
        let around = || {
            // That transport has a token of its own, of which nothing is known here: neither that it is the same as before
            // nor when it changes.
            let session = Session::with_probe_interval(Arc::new(SystemClock), Duration::ZERO);
            Self { retry: Retry::around(transport, session.clone()), session }
        };
        Self::of(transport).cloned().unwrap_or_else(around)
    }

    pub(crate) fn with(&self, options: CallOptions) -> Self {
        Self { retry: self.retry.with(options), session: self.session.clone() }
    }
}

/// The retries of a client over a transport that adds the token itself.
#[cfg(feature = "test-util")]
pub fn over(inner: impl Transport, session: Session, policy: crate::retry::RetryPolicy) -> impl Transport {
    let retry = Retry::new(crate::retry::Parts {
        inner: crate::retry::Inner::Other(Box::new(inner)),
        session: session.clone(),
        credentials: None,
        policy,
        attempt_timeout: None,
        budget: crate::retry::RetryBudget::default(),
    });
    Stack { retry, session }
}

impl Transport for Stack {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.retry.execute(request)
    }
}
