//! What a client can do beside calling operations.

use togai_api::{Error, QuotaClass};
use togai_ingest::Pace;

use crate::auth::AccessToken;
use crate::retry::CallOptions;
use crate::service::Service;
use crate::stack::Stack;
use crate::stats::Stats;

/// What a client of this crate can do beside calling operations.
pub trait ClientExt: Sized {
    /// The same client with other settings for its calls. It shares connections, pauses, the retry budget and the counts.
    #[must_use]
    fn with(&self, options: CallOptions) -> Self;

    /// What the client and its clones have done so far.
    ///
    /// All counts are zero for a client that [`ClientBuilder`](crate::ClientBuilder) did not make.
    fn stats(&self) -> Stats;

    /// Sets how fast the requests of a quota are sent, for the client and all its clones.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// // Half of the quota is for another program.
    /// client.set_pace(QuotaClass::IngestBatch, Pace::PerSecond(25.0));
    /// assert!(client.stats().ingest_batch.rate.is_some_and(|rate| rate < 25.0));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// [`ClientBuilder::with_pacing`](crate::ClientBuilder::with_pacing) sets what it is at the beginning. A rate that is no
    /// number above zero is read as the slowest, one request in 1000 seconds.
    fn set_pace(&self, quota: QuotaClass, pace: Pace);

    /// Puts another token in use, for the client and all its clones.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |sandbox, _| {
    /// let client = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
    /// assert!(client.get_events().send().await.unwrap_err().is_auth());
    ///
    /// // The token is not sent again for a while: this call fails without a request.
    /// let error = client.get_events().send().await.unwrap_err();
    /// assert!(error.is_auth() && error.retry_after().is_some() && sandbox.request_count() == 1);
    ///
    /// client.set_token("sandbox-token-0001")?;
    /// client.get_events().send().await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// After a token that the server refused (401), one that was not refused before is tried at once, at most three times in
    /// half an hour. Until the server has taken the token, one request is in flight, and the others wait for it. Requests
    /// in flight keep the token that they were sent with. See
    /// [`ClientBuilder::token_provider`](crate::ClientBuilder::token_provider) for tokens that expire.
    ///
    /// # Errors
    ///
    /// If the text is not a token, as in [`ClientBuilder::build`](crate::ClientBuilder::build); then the one before stays in
    /// use. If the client was put together by hand, since its own transport holds the token.
    fn set_token(&self, token: impl Into<AccessToken>) -> Result<(), Error>;
}

impl<C: Service> ClientExt for C {
    fn with(&self, options: CallOptions) -> Self {
        let core = self.core();
        Self::from_core(core.with_transport(Stack::of_any(core.transport()).with(options)))
    }

    fn stats(&self) -> Stats {
        Stack::of(self.core().transport()).map(|stack| stack.retry.stats()).unwrap_or_default()
    }

    fn set_pace(&self, quota: QuotaClass, pace: Pace) {
        Stack::of_any(self.core().transport()).retry.set_pace(quota, pace);
    }

    fn set_token(&self, token: impl Into<AccessToken>) -> Result<(), Error> {
        Stack::of_any(self.core().transport()).retry.set_token(token.into())
    }
}
