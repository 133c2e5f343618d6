//! Delivering events: in batches, each once, with a verdict for each.

mod check;
mod classify;
#[cfg(feature = "enso")]
mod enso;
mod error;
mod sender;
mod togai;

use std::error::Error as StdError;

use serde::Serialize;
use togai_api::{Client, Event};
use togai_ingest::{
    Backend, Connection, EventReceiver, EventStream, FromIterator, FromReceiver, FromSlice, FromStream, FromTryStream,
    IntoBackend, Submission, TryEventStream,
};

use crate::sealed::Sealed;
#[cfg(feature = "enso")]
pub use enso::Enso;
pub use error::IngestErrorExt;
pub use togai::Togai;

/// A call of ingestion before it is sent; see [`togai_ingest::Ingest`]. `B` is [`Togai`] unless another service is named.
pub type Ingest<'a, S, B = Togai> = togai_ingest::Ingest<'a, S, B>;
/// The outcomes of a call; see [`togai_ingest::IngestReport`]. `E` is [`Event`] unless another event is named.
pub type IngestReport<E = Event, T = ()> = togai_ingest::IngestReport<E, T>;
/// A call that did not deliver everything; see [`togai_ingest::IngestError`]. `E` is [`Event`] unless another event is named.
pub type IngestError<E = Event, T = ()> = togai_ingest::IngestError<E, T>;
/// An event with its outcome; see [`togai_ingest::Verdict`]. `E` is [`Event`] unless another event is named.
pub type Verdict<E = Event, T = ()> = togai_ingest::Verdict<E, T>;
/// The outcomes of a call as a stream; see [`togai_ingest::Verdicts`]. `B` is [`Togai`] unless another service is named.
pub type Verdicts<'a, S, B = Togai> = togai_ingest::Verdicts<'a, S, B>;

/// Ingestion of events, each of which gets a verdict.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let report = client
///     .ingest_events([
///         Event::new("rides", "acme-prod").attribute_with_unit("distance", 12.5, "km").dimension("city", "Chennai"),
///         Event::new("rides", "acme-prod").attribute("distance", "far"),
///     ])
///     .send()
///     .await?;
/// assert_eq!((report.accepted(), report.rejected()), (1, 1));
///
/// let refused = &report.not_accepted()[0];
/// assert_eq!(refused.index, 1);
/// println!("{} was not accepted: {}", refused.event.schema_name, refused.outcome);
/// # Ok(())
/// # });
/// ```
///
/// | way in | for |
/// |---|---|
/// | [`ingest_events`](Self::ingest_events) | events that are there, or come from an iterator |
/// | [`ingest_receiver`](Self::ingest_receiver) | events that come over time, through a channel of tokio |
/// | [`ingest_stream`](Self::ingest_stream) | the same from any stream |
/// | [`ingest_try_stream`](Self::ingest_try_stream) | the same from a source that may fail, such as a file or a queue |
/// | [`ingest_slice`](Self::ingest_slice) | events of a type of your own, which stay where they are |
/// | [`ingest_event`](Self::ingest_event) | a single event, without a batch |
///
/// Each event may have a tag beside it, `(Event, T)`; see [`Submission`]. A call borrows what its source borrows, and can
/// be sent to another thread where its source can. What becomes of an event is an [`Outcome`](crate::Outcome).
///
/// Togai takes at most 1000 events in a batch and meters an id once in 45 days, so an event may be sent again with its id
/// (vendor's Python client 1.0.3). `Accepted` is not yet metered: Togai checks account, unit and id afterwards; see
#[cfg_attr(feature = "event-management", doc = "[`verify`](crate::VerifyExt::verify).")]
#[cfg_attr(not(feature = "event-management"), doc = "`verify`, which comes with the feature `event-management`.")]
/// What became of `Unknown` events says
#[cfg_attr(feature = "event-management", doc = "[`report.verify(&client)`](crate::VerifyReport).")]
#[cfg_attr(not(feature = "event-management"), doc = "`report.verify(&client)`, which comes with the same feature.")]
///
/// Clients of other services ingest in the same way, with events of their own; see
#[cfg_attr(feature = "enso", doc = "[`enso`](crate::enso).")]
#[cfg_attr(not(feature = "enso"), doc = "the module `enso`, which comes with the feature of that name.")]
pub trait IngestExt: Sealed {
    /// What is ingested: [`Event`](crate::Event) for Togai, and `EnsoEvent` for Enso.
    type Event: Serialize;
    /// The service.
    type Backend: Backend<Event = Self::Event>;

    /// The connection that calls are made over.
    #[doc(hidden)]
    fn connect(&self) -> Connection<Self::Backend>;

    /// The same for a single event, where the service has an operation for it.
    #[doc(hidden)]
    fn connect_single(&self) -> Connection<Self::Backend> {
        self.connect()
    }

    /// Ingests the events of an iterator.
    ///
    /// The iterator is pulled on the task that sends, so one that reads a file belongs on a thread of its own, with a
    /// channel to [`ingest_receiver`](Self::ingest_receiver). An iterator that is lent (`&mut events`) can be gone on with
    /// when the call has stopped.
    fn ingest_events<'a, I>(&self, events: I) -> Ingest<'a, FromIterator<I::IntoIter, Self::Event>, Self::Backend>
    where
        I: IntoIterator<Item: Submission<Self::Event>>,
    {
        self.connect().ingest_events(events)
    }

    /// Ingests the events of a stream.
    ///
    /// A batch is sent when it is full or the stream has ended, not before, unless [`linger`](togai_ingest::Ingest::linger) is set.
    ///
    /// A call that stops drops its source. Lend the source instead, to go on with what it still holds:
    ///
    /// ```
    /// use futures::{StreamExt, stream};
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// # let expired = ClientBuilder::new("expired-token-0001").base_url(sandbox.base_url()).build()?;
    /// let events = (0..2500).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// let mut source = stream::iter(events);
    /// let failure = expired.ingest_stream(&mut source).send().await.unwrap_err();
    ///
    /// // With another token: first what came back, then the rest.
    /// let (report, not_sent, _) = failure.into_parts();
    /// let again = report.into_not_accepted().into_iter().chain(not_sent).filter(|verdict| verdict.outcome.is_retryable());
    /// let source = stream::iter(again.map(|verdict| verdict.event)).chain(source);
    /// assert_eq!(client.ingest_stream(source).send().await?.into_result()?, 2500);
    /// # Ok(())
    /// # });
    /// ```
    fn ingest_stream<'a, S>(&self, events: S) -> Ingest<'a, FromStream<S, Self::Event>, Self::Backend>
    where
        S: EventStream<Item: Submission<Self::Event>>,
    {
        self.connect().ingest_stream(events)
    }

    /// Ingests the events of a stream that may fail.
    ///
    /// ```
    /// use futures::stream;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let lines = [r#"{"schemaName":"rides","accountId":"acme","timestamp":"2024-04-18T16:00:17Z"}"#, "{}"];
    /// let events = stream::iter(lines.map(serde_json::from_str::<Event>));
    ///
    /// let failure = client.ingest_try_stream(events).send().await.unwrap_err();
    /// assert!(failure.error().is_source());
    /// // What came before the failure was sent.
    /// assert_eq!((failure.report().submitted(), failure.report().accepted()), (1, 1));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// After the first error nothing more is pulled. What was pulled before is sent, and the call ends in an error with the
    /// report; [`is_source`](crate::DeliveryError::is_source) distinguishes it from one of the server. A record that is no event
    /// and shall not end the call is left out of the stream by its owner.
    fn ingest_try_stream<'a, S>(&self, events: S) -> Ingest<'a, FromTryStream<S, Self::Event>, Self::Backend>
    where
        S: TryEventStream<Ok: Submission<Self::Event>, Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.connect().ingest_try_stream(events)
    }

    /// Ingests the events of a channel: of a [`tokio::sync::mpsc::Receiver`], or of an unbounded one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let (sender, events) = tokio::sync::mpsc::channel(10_000);
    /// let delivery = tokio::spawn(client.ingest_receiver(events).linger(Duration::from_millis(100)).send());
    ///
    /// sender.send(Event::new("rides", "acme-prod").attribute("distance", 12.5)).await?;
    /// // When the last sender is dropped, what is in the channel is sent, and the call ends.
    /// drop(sender);
    /// assert_eq!(delivery.await??.accepted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// A batch is sent when it is full or the channel is closed, unless [`linger`](togai_ingest::Ingest::linger) is set. While
    /// the server is slow, a bounded channel makes its senders wait; an unbounded one grows.
    ///
    /// A call that stops drops the receiver: senders get an error, and events that are still in the channel are lost. Lend the
    /// receiver (`&mut events`) to go on with them.
    fn ingest_receiver<'a, R>(&self, events: R) -> Ingest<'a, FromReceiver<R, Self::Event>, Self::Backend>
    where
        R: EventReceiver<Item: Submission<Self::Event>>,
    {
        self.connect().ingest_receiver(events)
    }

    /// Ingests events of a type of your own, which is written as an event of the service is: for Togai in JSON with
    /// `schemaName`, `accountId`, `timestamp`, `attributes`, `dimensions` and `id`; for Enso with `CustomerEntityId`,
    /// `metric`, `value`, `timestamp` and `eventId`.
    ///
    /// ```
    /// use serde::Serialize;
    /// use togai_ext::prelude::*;
    ///
    /// #[derive(Serialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Ride {
    ///     schema_name: &'static str,
    ///     id: String,
    ///     account_id: String,
    ///     timestamp: Timestamp,
    ///     attributes: [Attribute; 1],
    ///     dimensions: Place,
    /// }
    ///
    /// #[derive(Serialize)]
    /// struct Place {
    ///     city: &'static str,
    /// }
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let rides: Vec<Ride> = (1..=3)
    ///     .map(|number| Ride {
    ///         schema_name: "rides",
    ///         id: format!("ride-{number}"),
    ///         account_id: "acme-prod".to_owned(),
    ///         timestamp: Timestamp::now(),
    ///         attributes: [Attribute::new("distance", 12.5).unit("km")],
    ///         dimensions: Place { city: "Chennai" },
    ///     })
    ///     .collect();
    /// assert_eq!(client.ingest_slice(&rides).send().await?.into_result()?, 3);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Nothing is copied but into the request, so it is the fastest way in. In the report events have their index and
    /// id. An event without an id is given one as it is sent, which your value does not show: have them in your type.
    fn ingest_slice<'a, R: Serialize>(
        &self,
        events: &'a [R],
    ) -> Ingest<'a, FromSlice<'a, R, Self::Event>, Self::Backend> {
        self.connect().ingest_slice(events)
    }

    /// Ingests a single event: with Togai through `POST /ingest`, which has a quota of its own beside that of batches.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let event = Event::new("rides", "acme-prod").id("ride-1").attribute("distance", 12.5);
    /// client.ingest_event(event).send().await?.into_result()?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Where there are many events, batches take a thousandth of the requests.
    fn ingest_event<'a, S>(
        &self,
        event: S,
    ) -> Ingest<'a, FromIterator<std::option::IntoIter<S>, Self::Event>, Self::Backend>
    where
        S: Submission<Self::Event>,
    {
        self.connect_single().ingest_events(Some(event))
    }
}

impl IngestExt for Client {
    type Event = Event;
    type Backend = Togai;

    fn connect(&self) -> Connection<Togai> {
        self.into_backend()
    }

    fn connect_single(&self) -> Connection<Togai> {
        Togai::connect(self, togai::Endpoint::Single)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The aliases need no parameters where they had defaults.
    fn accepted(report: &IngestReport) -> u64 {
        report.accepted()
    }

    fn indexes(verdicts: &[Verdict]) -> Vec<u64> {
        verdicts.iter().map(|verdict| verdict.index).collect()
    }

    #[test]
    fn reports_need_no_parameters() {
        let report = IngestReport::default();
        assert_eq!((accepted(&report), indexes(report.not_accepted())), (0, vec![]));
        let result: Result<u64, IngestError> = report.into_result();
        assert_eq!(result.ok(), Some(0));
    }
}
