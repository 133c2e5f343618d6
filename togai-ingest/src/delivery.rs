//! A call of ingestion before it is sent.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::backend::{Backend, Connection, Protocol};
use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::ending::{Ending, RunningEnding};
use crate::engine::{Run, Settings};
use crate::error::{DeliveryError, DeliveryErrorKind};
use crate::ids::IdPolicy;
use crate::report::{IngestError, IngestProgress, IngestReport, OnNotAccepted, Recorder, Verdict};
use crate::session::BatchSize;
use crate::source::{ReturnedOf, Source, TagOf};
use crate::verdicts::Verdicts;

/// What became of a call.
type Sent<S> = Result<IngestReport<ReturnedOf<S>, TagOf<S>>, IngestError<ReturnedOf<S>, TagOf<S>>>;

/// A call of ingestion; made by [`Connection`], or by the client of a service.
///
/// | setting | default |
/// |---|---|
/// | [`batch_size`](Self::batch_size) | 1000 events, or fewer where the service documents less |
/// | [`batch_bytes`](Self::batch_bytes) | 4 MiB |
/// | [`concurrency`](Self::concurrency) | 4 batches in flight |
/// | [`linger`](Self::linger) | none: a batch is sent when it is full or the source has ended |
/// | [`ids`](Self::ids) | [`IdPolicy::Random`] |
/// | [`local_checks`](Self::local_checks) | on |
/// | [`idempotent`](Self::idempotent) | what the backend says in [`Protocol::idempotent`] |
/// | [`isolation_budget`](Self::isolation_budget) | 128 further requests for a batch |
/// | [`max_not_accepted`](Self::max_not_accepted) | 100,000 events |
/// | [`time_limit`](Self::time_limit), [`stop_when`](Self::stop_when) | none: the call ends with its source |
/// | [`on_not_accepted`](Self::on_not_accepted) | none: the report keeps them |
/// | [`on_progress`](Self::on_progress) | none |
///
/// # What is sent
///
/// - An id is never twice in a request, nor in two requests at a time. An event whose id is in flight, or was accepted within
///   the last MiB of batches of the call, is not sent: with the same content it is a `Duplicate`, with other content it is
///   `Rejected`. Across calls, and further apart, only the server finds duplicates.
/// - A request that is too large is halved, and all clones of the client keep the size that passes. From time to time a
///   larger one is tried.
/// - A request that is refused for an event in it is sent in parts until that event is alone; one in a thousand costs about
///   10 requests. If a response leaves open which events were refused, those are retried in parts, or are `Unknown` if the
///   service may bill an event twice. An event that an earlier request may have delivered is never `Rejected` by a response
///   that does not name it.
/// - An event that is refused alone is `Rejected` if the server names it, if it was handed in alone, or once another request
///   of the client is accepted that was sent after that, so that a service which refuses everything rejects nothing. Until
///   then its verdict is not given out, so do not wait for it before you hand in the next event. After three batches of which nothing is accepted, one after the other, the call ends in a
///   [`Refused`](DeliveryErrorKind::Refused) error.
/// - A batch that fails again and again without a usable response (a status of 5xx, a broken connection) is sent in parts if
///   that is harmless and other requests succeed meanwhile. So one event at which the service fails is `Unknown`, and the
///   others are accepted.
/// - Until the first response of success to a client, one batch is in flight, so that a bad token costs one request. After
///   a refused token no batch is started, and none is retried.
#[must_use = "nothing is ingested until the request is sent"]
pub struct Ingest<'a, S: Source, B: Backend> {
    connection: Connection<B>,
    source: S,
    settings: Settings,
    max_not_accepted: usize,
    ending: Ending<'a>,
    on_not_accepted: Option<OnNotAccepted<'a, ReturnedOf<S>, TagOf<S>>>,
    on_progress: Option<Box<dyn FnMut(IngestProgress) + Send + 'a>>,
}

impl<'a, S: Source, B: Backend> Ingest<'a, S, B> {
    pub(crate) fn new(connection: Connection<B>, source: S) -> Self {
        let protocol = connection.backend.protocol();
        let mut settings = Settings { idempotent: protocol.idempotent, ..Settings::default() };
        let default = settings.max_size.events;
        settings.max_size.events = protocol.max_batch_size.map_or(default, |largest| largest.min(default));
        Self {
            connection,
            source,
            settings,
            max_not_accepted: 100_000,
            ending: Ending::default(),
            on_not_accepted: None,
            on_progress: None,
        }
    }

    /// Sets how many events go into a request: 1000 by default, or what [`Protocol::max_batch_size`] says if that is less.
    pub fn batch_size(mut self, events: usize) -> Self {
        self.settings.max_size.events = events;
        self
    }

    /// Sets how many bytes a request has at most; 4 MiB by default.
    ///
    /// It is measured on the events as they are sent. An event that is larger by itself is sent alone. If the server has a
    /// lower limit, the client learns it.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_size.bytes = bytes;
        self
    }

    /// Sets how many batches are in flight at most; 4 by default.
    ///
    /// The first batch of a client goes alone, so that a token that is no good costs one request.
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.settings.concurrency = batches;
        self
    }

    /// Sets how long a batch that is not full waits for more events; without it, until the source has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::{SinkExt, channel::mpsc};
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let (mut queue, events) = mpsc::channel(10_000);
    /// let delivery = tokio::spawn(client.ingest_stream(events).linger(Duration::from_millis(100)).send());
    ///
    /// queue.send(Event::new("rides", "acme-prod").attribute("distance", 12.5)).await?;
    /// // When the queue is dropped, what is in it is sent, and the call ends.
    /// drop(queue);
    /// assert_eq!(delivery.await??.accepted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    pub fn linger(mut self, time: Duration) -> Self {
        self.settings.linger = Some(time);
        self
    }

    /// Sets where the ids of events come from that have none.
    pub fn ids(mut self, policy: IdPolicy) -> Self {
        self.settings.ids = policy;
        self
    }

    /// Sets whether events are checked against the documented limits before they are sent; they are by default.
    ///
    /// An event beyond a limit is rejected with the field and the limit, and costs no request. Of events of an own type
    /// ([`ingest_slice`](Connection::ingest_slice)) the fields at the top are checked.
    pub fn local_checks(mut self, are_on: bool) -> Self {
        self.settings.local_checks = are_on;
        self
    }

    /// Sets whether sending an event again with the same id is harmless. The default is what the backend says of its service:
    /// `true` where an id is documented to count once.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    /// use togai_sandbox::Fault;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// let event = || Event::new("rides", "acme-prod").attribute("distance", 12.5);
    ///
    /// // The event is accepted, and the response is lost.
    /// sandbox.fault(Fault::reset_after_reading().first(1));
    /// let failure = client.ingest_events([event()]).idempotent(false).send().await.unwrap_err();
    /// assert_eq!(failure.report().unknown(), 1);
    /// assert!(!failure.report().not_accepted()[0].outcome.is_retryable());
    ///
    /// // By default it is retried with its id, and counts once.
    /// sandbox.fault(Fault::reset_after_reading().first(1));
    /// assert_eq!(client.ingest_events([event()]).send().await?.accepted(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// With `false` a request that may have been applied is not retried: after a lost response or an outage its events are
    /// [`Unknown`](crate::Outcome::Unknown), `is_retryable()` is false for them, and the call ends. With `true` it is
    /// retried, and so are the events that a response leaves open. Set `true` only if the vendor says that an id
    /// counts once.
    pub fn idempotent(mut self, is_idempotent: bool) -> Self {
        self.settings.idempotent = is_idempotent;
        self
    }

    /// Sets how many further requests of a batch may be refused or have no response, where it has to be sent in parts; 128 by
    /// default.
    ///
    /// An event that is shown to be at fault adds 8 to them, and a request that is accepted gives one back. To find one bad
    /// event in 1000 takes about 10 requests; where 1 in 100 is bad, it takes about 9 for each. When they are used up, the
    /// events that are left are `NotSent` with the server's message if it took nothing of them, and `Unknown` if it may
    /// have. As many events that were handed in alone, in batches of one, may be refused one after the other.
    pub fn isolation_budget(mut self, requests: usize) -> Self {
        self.settings.isolation_budget = requests;
        self
    }

    /// Sets how many events that were not accepted are kept before the call stops; 100,000 by default.
    pub fn max_not_accepted(mut self, events: usize) -> Self {
        self.max_not_accepted = events;
        self
    }

    /// Sets how long the call may take in all; without it, as long as there are events.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::stream;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// // A source that never ends, as a queue that nobody closes.
    /// let failure = client
    ///     .ingest_stream(stream::pending::<Event>())
    ///     .time_limit(Duration::from_millis(10))
    ///     .send()
    ///     .await
    ///     .unwrap_err();
    /// assert!(failure.error().is_ended());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// When the time is over nothing more is pulled, waits end, and requests in flight are dropped. The call ends at once in
    /// an [`Ended`](DeliveryErrorKind::Ended) error that holds the report: events whose request was in flight are `Unknown`,
    /// the others that were pulled are `NotSent`. A source that blocks its thread delays that. A deadline of the client,
    /// which is for each request, holds beside it; the earlier one counts.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        (self.ending.time_limit, self.ending.timer) = (Some(limit), None);
        self
    }

    /// The same, measured by a timer that another call shares.
    pub(crate) fn time_limit_by(mut self, limit: Duration, timer: BoxFuture<'a, ()>) -> Self {
        (self.ending.time_limit, self.ending.timer) = (Some(limit), Some(timer));
        self
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        self.connection.session.clock()
    }

    /// Ends the call when a future is ready, such as one that waits for the signal to shut down.
    ///
    /// ```
    /// use futures::stream;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let (shut_down, is_shutting_down) = tokio::sync::oneshot::channel::<()>();
    /// let call = client.ingest_stream(stream::pending::<Event>()).stop_when(is_shutting_down);
    /// let delivery = tokio::spawn(call.send());
    ///
    /// drop(shut_down);
    /// let failure = delivery.await?.unwrap_err();
    /// assert!(failure.error().is_ended());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// What the future returns is ignored. The call ends as with [`time_limit`](Self::time_limit), at once and with the
    /// report; to let the batches in flight end, end the source instead. The last future that is set counts.
    pub fn stop_when<F: Future + Send + 'a>(mut self, stop: F) -> Self {
        self.ending.stop = Some(Box::pin(async move { drop(stop.await) }));
        self
    }

    /// Sets what takes the events that were not accepted, each as soon as that is known; the report then keeps none.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let events = ["5", "many"].map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// let mut dead_letters = Vec::new();
    /// let report = client.ingest_events(events).on_not_accepted(|verdict| dead_letters.push(verdict)).send().await?;
    /// assert_eq!((report.rejected(), report.not_accepted().len()), (1, 0));
    /// assert_eq!(dead_letters[0].index, 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Duplicates are among them, and so are the events that were not sent when the call stops. It is called on the task
    /// that sends, so it must not take long.
    pub fn on_not_accepted(mut self, handler: impl FnMut(Verdict<ReturnedOf<S>, TagOf<S>>) + Send + 'a) -> Self {
        self.on_not_accepted = Some(Box::new(handler));
        self
    }

    /// Sets a callback for the progress of the call. It runs whenever there are new verdicts.
    ///
    /// It is called on the task that sends, so it must not take long.
    pub fn on_progress(mut self, handler: impl FnMut(IngestProgress) + Send + 'a) -> Self {
        self.on_progress = Some(Box::new(handler));
        self
    }

    /// Sends the events in batches and waits for what becomes of them.
    ///
    /// Dropping the future stops the call: batches in flight are abandoned, and the server may take them. Which events
    /// those were is not reported, so let a call end where that matters.
    ///
    /// # Errors
    ///
    /// Where going on makes no sense: the token was refused, the server throttles for longer than the client waits, it fails or
    /// does not respond, it refuses one batch after the other ([`Refused`](DeliveryErrorKind::Refused)), the source failed,
    /// more events were not accepted than are kept, or a setting is invalid. Nothing more is pulled then, and batches in
    /// flight are awaited. A call that its caller ends is an error, too ([`Ended`](DeliveryErrorKind::Ended)), for which
    /// nothing is awaited. The error holds the report so far, with the events that were pulled and not sent. Single events
    /// that the server refuses are not an error.
    pub fn send(self) -> BoxFuture<'a, Sent<S>>
    where
        S: Send + 'a,
        B: Backend<Event = S::Event>,
        ReturnedOf<S>: Send,
        TagOf<S>: Send,
    {
        // In a box, since the compiler cannot tell that a future is `Send` which holds closures over what is borrowed.
        // https://github.com/rust-lang/rust/issues/64552
        Box::pin(self.deliver())
    }

    async fn deliver(mut self) -> Sent<S>
    where
        B: Backend<Event = S::Event>,
    {
        let operation = self.connection.backend.protocol().operation;
        let mut recorder = Recorder::new(operation, self.on_not_accepted.take());
        let mut on_progress = self.on_progress.take();
        let max_not_accepted = self.max_not_accepted;
        let (mut run, mut ending) = match self.start() {
            Ok(started) => started,
            Err(error) => return Err(IngestError::new(error, IngestReport::new(operation))),
        };
        let mut poll = |run: &mut Run<B, S>, context: &mut Context<'_>| {
            if let Some(why) = ending.poll(context) {
                run.end(why, context);
            }
            run.poll_finished(context)
        };
        while let Some(finished) = poll_fn(|context| poll(&mut run, context)).await {
            recorder.record(finished, run.submitted());
            if let Some(handler) = &mut on_progress {
                handler(recorder.progress());
            }
            let kept = recorder.kept();
            if kept > max_not_accepted {
                let problem = format!(
                    "{kept} events were not accepted, more than are kept: look at the first of them, and raise \
                     `max_not_accepted` or take them with `on_not_accepted`"
                );
                run.stop(DeliveryError::new(operation, DeliveryErrorKind::TooManyNotAccepted, problem));
            }
        }
        let report = recorder.finish(run.submitted());
        match run.into_stopped_by() {
            Some(error) => Err(IngestError::new(error, report)),
            None => Ok(report),
        }
    }

    /// Sends the events in batches and gives out the verdict of each event as soon as it is there.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let events = ["5", "many", "7"].map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// let mut verdicts = client.ingest_events(events).verdicts();
    /// let (mut lines, mut stopped_by) = (Vec::new(), None);
    /// while let Some(next) = verdicts.next().await {
    ///     match next {
    ///         Ok(verdict) => lines.push(format!("{} {}", verdict.index, verdict.outcome.name())),
    ///         // Not `?`, which would skip writing the lines.
    ///         Err(error) => stopped_by = Some(error),
    ///     }
    /// }
    /// lines.sort();
    /// println!("{}", lines.join("\n"));
    /// assert_eq!(lines, ["0 accepted", "1 rejected", "2 accepted"]);
    /// if let Some(error) = stopped_by {
    ///     return Err(error.into());
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Verdicts come batch by batch, in whatever order batches end, accepted events included. Nothing is kept, so there is
    /// no bound on what is not accepted, and `on_not_accepted` and `on_progress` are not called. Where going on makes no
    /// sense, the verdicts of all events that were pulled come first. The error comes last, and ends the stream: keep it
    /// until the verdicts are handled. As long as the stream is not polled, nothing is pulled and no batch is started.
    pub fn verdicts(mut self) -> Verdicts<'a, S, B>
    where
        B: Backend<Event = S::Event>,
    {
        self.settings.keep_events = true;
        Verdicts::new(self.start())
    }

    /// Whether the call can start.
    pub(crate) fn can_start(&self) -> bool {
        check(&self.settings, &self.connection.backend).is_ok()
    }

    fn start(self) -> Result<(Run<B, S>, RunningEnding<'a>), DeliveryError>
    where
        B: Backend<Event = S::Event>,
    {
        check(&self.settings, &self.connection.backend)?;
        let operation = self.connection.backend.protocol().operation;
        let clock = Arc::clone(self.clock());
        let ending = self.ending.start(operation, &*clock);
        Ok((Run::new(self.connection, self.source, &self.settings, Cancel::new()), ending))
    }
}

/// Refuses settings that no request can be made with.
fn check(settings: &Settings, backend: &impl Backend) -> Result<(), DeliveryError> {
    let BatchSize { events, bytes } = settings.max_size;
    let Protocol { operation, max_batch_size: largest, .. } = *backend.protocol();
    let problem = if events == 0 || largest.is_some_and(|largest| events > largest) {
        let range = largest.map_or_else(|| "1 or more".to_owned(), |largest| format!("1 to {largest}"));
        format!("the batch size is {events}: set `batch_size` to {range}")
    } else if bytes == 0 {
        "the batch bytes are 0: set `batch_bytes` to what a request may have".to_owned()
    } else if settings.concurrency == 0 {
        "the concurrency is 0: set `concurrency` to 1 or more".to_owned()
    } else {
        return Ok(());
    };
    Err(DeliveryError::new(operation, DeliveryErrorKind::InvalidSettings, problem))
}

impl<S: Source, B: Backend> fmt::Debug for Ingest<'_, S, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ingest")
            .field("batch_size", &self.settings.max_size.events)
            .field("batch_bytes", &self.settings.max_size.bytes)
            .field("concurrency", &self.settings.concurrency)
            .field("linger", &self.settings.linger)
            .field("ids", &self.settings.ids)
            .field("local_checks", &self.settings.local_checks)
            .field("idempotent", &self.settings.idempotent)
            .field("isolation_budget", &self.settings.isolation_budget)
            .field("max_not_accepted", &self.max_not_accepted)
            .field("time_limit", &self.ending.time_limit)
            .finish_non_exhaustive()
    }
}
