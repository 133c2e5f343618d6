//! The transports of a client as one, with what its clones share beside them.

use std::any::Any;
use std::sync::Arc;

use togai_api::{BoxFuture, Operation, Transport, TransportError};

use crate::CallOptions;
use crate::clock::{Clock, SystemClock};
#[cfg(feature = "event-ingestion")]
use crate::ingest::Limits;
use crate::retry::Retry;
use crate::standing::Standing;

/// What stands on top of a client of this crate.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) retry: Retry,
    pub(crate) shared: Arc<Shared>,
}

/// What the parts of the crate have learnt, for all clones of a client.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) standing: Arc<Standing>,
    #[cfg(feature = "event-ingestion")]
    pub(crate) limits: Arc<Limits>,
}

impl Stack {
    pub(crate) fn new(retry: Retry, clock: Arc<dyn Clock>, standing: Arc<Standing>) -> Self {
        let shared = Shared {
            clock,
            standing,
            #[cfg(feature = "event-ingestion")]
            limits: Arc::default(),
        };
        Self { retry, shared: Arc::new(shared) }
    }

    /// The one that is the transport of a client, where [`ClientBuilder`](crate::ClientBuilder) made it.
    pub(crate) fn of(transport: &Arc<dyn Transport>) -> Option<&Self> {
        let transport: &dyn Any = &**transport;
        transport.downcast_ref()
    }

    /// The one of a client, or one around the transport of a client that was put together by hand.
    pub(crate) fn of_any(transport: &Arc<dyn Transport>) -> Self {
        let stack = || Self::new(Retry::around(transport), Arc::new(SystemClock), Arc::new(Standing::default()));
        Self::of(transport).cloned().unwrap_or_else(stack)
    }

    pub(crate) fn with(&self, options: CallOptions) -> Self {
        Self { retry: self.retry.with(options), shared: Arc::clone(&self.shared) }
    }
}

impl Transport for Stack {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        self.retry.execute(request, operation)
    }
}
