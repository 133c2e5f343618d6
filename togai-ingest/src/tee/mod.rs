//! One stream of events, delivered to two clients.

mod branch;
mod hub;
mod report;
mod request;

use std::convert::Infallible;
use std::error::Error as StdError;

use futures::{Stream, StreamExt, TryStream, TryStreamExt, stream};

use crate::backend::{Backend, Connection, IntoBackend};
use crate::submission::Submission;
use hub::SharedError;
pub use report::TeeReport;
pub use request::TeeIngest;

/// Two clients, to each of which one stream of events is delivered: those of two services, or of two accounts of one.
///
/// ```
/// use togai_ext::enso::{Conversion, EnsoEvent};
/// use togai_ext::prelude::*;
/// use togai_ingest::Tee;
/// use togai_sandbox::Sandbox;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::builder().enso_customer("acme-prod").start().await?;
/// let togai = ClientBuilder::new(sandbox.token()).base_url(sandbox.base_url()).build()?;
/// let enso = ClientBuilder::enso(sandbox.enso_token()).base_url(sandbox.enso_base_url()).build()?;
///
/// let conversion = Conversion::new("distance");
/// let rides = ["acme-prod", "umbrella"].map(|account| Event::new("rides", account).attribute("distance", 12.5));
/// let pairs = rides.into_iter().map(|ride| {
///     let converted = conversion.to_enso(&ride).map(|converted| converted.into_event());
///     (ride, converted.expect("every ride has a distance"))
/// });
///
/// let report = Tee::new(&togai, &enso).ingest_events(pairs).send().await;
/// assert_eq!(report.first?.accepted(), 2);
/// // Enso does not know one of the customers.
/// let second = report.second?;
/// assert_eq!((second.accepted(), second.not_sent()), (1, 1));
/// assert_eq!(second.not_accepted()[0].outcome.code(), Some("2002"));
/// # Ok(())
/// # }
/// ```
///
/// What goes in are pairs: an event for the first client, and what it is for the second, each with a tag where that is
/// wanted. A pair has the same index in both reports.
///
/// Each client delivers as by itself, in its own batches and at its own pace, and has a report of its own. The one that
/// is quicker waits when it is [`max_lag`](TeeIngest::max_lag) events ahead. Where one of them stops (its token is
/// refused, a response is lost), nothing more is pulled for the other, so that both reports are about the same
/// events; with [`continue_alone`](TeeIngest::continue_alone) it goes on.
///
/// Events without ids get ids of their own on each side, so have ids in them where the two are to be compared.
#[derive(Clone, Debug)]
pub struct Tee<A: Backend, B: Backend> {
    first: Connection<A>,
    second: Connection<B>,
}

impl<A: Backend, B: Backend> Tee<A, B> {
    /// A pair of clients, which may be of two services or of one.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let tee = Tee::new(&first, &second);
    /// let events = Vec::<(Event, Event)>::new();
    /// assert_eq!(tee.ingest_events(events).send().await.second?.accepted(), 0);
    /// # Ok(())
    /// # });
    /// ```
    pub fn new(first: impl IntoBackend<A>, second: impl IntoBackend<B>) -> Self {
        Self { first: first.into_backend(), second: second.into_backend() }
    }

    /// Ingests the pairs of an iterator. See [`Connection::ingest_events`].
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let calls = (0..2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// let pairs = calls.map(|call| (call.clone(), call));
    /// let report = Tee::new(&first, &second).ingest_events(pairs).send().await;
    /// assert_eq!((report.first?.accepted(), report.second?.accepted()), (2500, 2500));
    /// # Ok(())
    /// # });
    /// ```
    pub fn ingest_events<'a, I, X, Y>(&self, pairs: I) -> TeeIngest<'a, A, B, X, Y>
    where
        I: IntoIterator<Item = (X, Y), IntoIter: Send + 'a>,
        X: Submission<A::Event> + Send + 'a,
        Y: Submission<B::Event> + Send + 'a,
    {
        self.ingest_stream(stream::iter(pairs))
    }

    /// Ingests the pairs of a stream. See [`Connection::ingest_stream`].
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// use futures::{StreamExt, stream};
    ///
    /// // It is lent, so that what the calls leave of it can be gone on with.
    /// let mut pairs = stream::iter((0..5).map(|_| (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"))));
    /// let report = Tee::new(&first, &second).ingest_stream(&mut pairs).send().await;
    /// assert_eq!((report.first?.accepted(), report.second?.accepted(), pairs.count().await), (5, 5, 0));
    /// # Ok(())
    /// # });
    /// ```
    pub fn ingest_stream<'a, S, X, Y>(&self, pairs: S) -> TeeIngest<'a, A, B, X, Y>
    where
        S: Stream<Item = (X, Y)> + Send + 'a,
        X: Submission<A::Event> + Send + 'a,
        Y: Submission<B::Event> + Send + 'a,
    {
        self.ingest_try_stream(pairs.map(Ok::<_, Infallible>))
    }

    /// Ingests the pairs of a stream that may fail. See [`Connection::ingest_try_stream`].
    ///
    /// After the first error nothing more is pulled, and both calls end in it, once they have sent what came before.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// use futures::stream;
    ///
    /// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"));
    /// let pairs = stream::iter([Ok(pair), Err("the file ends here")]);
    /// let report = Tee::new(&first, &second).ingest_try_stream(pairs).send().await;
    /// let failure = report.first.unwrap_err();
    /// assert!(failure.error().is_source() && report.second.is_err());
    /// assert_eq!(failure.report().accepted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    pub fn ingest_try_stream<'a, S, X, Y>(&self, pairs: S) -> TeeIngest<'a, A, B, X, Y>
    where
        S: TryStream<Ok = (X, Y), Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'a,
        X: Submission<A::Event> + Send + 'a,
        Y: Submission<B::Event> + Send + 'a,
    {
        let pairs = pairs.into_stream().map_err(|error| SharedError::new(error.into()));
        TeeIngest::new(&self.first, &self.second, Box::pin(pairs))
    }
}

#[cfg(test)]
mod tests;
