//! A delivery to two clients before it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join};

use super::branch::{Branch, SharedHub};
use super::hub::{First, Hub, Pairs, Second};
use super::report::TeeReport;
use crate::backend::{Backend, Connection};
use crate::delivery::Ingest;
use crate::submission::{Payload, Submission};

/// What comes back of an event that is handed in to a backend.
type ReturnedOf<X, B> = <<X as Submission<<B as Backend>::Event>>::Payload as Payload<<B as Backend>::Event>>::Returned;
type TagOf<X, B> = <X as Submission<<B as Backend>::Event>>::Tag;
/// The report of both sides.
type ReportOf<A, B, X, Y> = TeeReport<ReturnedOf<X, A>, ReturnedOf<Y, B>, TagOf<X, A>, TagOf<Y, B>>;
/// The calls of both sides.
type FirstCall<'a, A, X, Y> = Ingest<'a, Branch<'a, X, Y, First, <A as Backend>::Event>, A>;
type SecondCall<'a, B, X, Y> = Ingest<'a, Branch<'a, X, Y, Second, <B as Backend>::Event>, B>;

/// A delivery to two clients; made by [`Tee`](crate::Tee).
///
/// | setting | default |
/// |---|---|
/// | [`first`](Self::first), [`second`](Self::second): the settings of each call | those of [`Ingest`] |
/// | [`time_limit`](Self::time_limit), [`stop_when`](Self::stop_when) | none: the calls end with their source |
/// | [`max_lag`](Self::max_lag) | 10,000 events |
/// | [`continue_alone`](Self::continue_alone) | off |
#[must_use = "nothing is ingested until the call is sent"]
pub struct TeeIngest<'a, A: Backend, B: Backend, X: Submission<A::Event>, Y: Submission<B::Event>> {
    first: FirstCall<'a, A, X, Y>,
    second: SecondCall<'a, B, X, Y>,
    hub: SharedHub<'a, X, Y>,
}

/// Events that one side may be ahead of the other, where nothing else is set.
const MAX_LAG: usize = 10_000;

impl<'a, A, B, X, Y> TeeIngest<'a, A, B, X, Y>
where
    A: Backend,
    B: Backend,
    X: Submission<A::Event>,
    Y: Submission<B::Event>,
{
    pub(crate) fn new(first: &Connection<A>, second: &Connection<B>, pairs: Pairs<'a, X, Y>) -> Self {
        let hub = SharedHub::new(Hub::new(pairs, MAX_LAG));
        let (first, second) = (first.clone(), second.clone());
        Self { first: Ingest::new(first, hub.branch()), second: Ingest::new(second, hub.branch()), hub }
    }

    /// Changes the settings of the first client's call.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod").id("ride-1"));
    /// let report = Tee::new(&first, &second)
    ///     .ingest_events([pair])
    ///     .first(|call| call.batch_size(500))
    ///     .second(|call| call.concurrency(1).ids(IdPolicy::Require))
    ///     .send()
    ///     .await;
    /// assert_eq!((report.first?.accepted(), report.second?.accepted()), (1, 1));
    /// # Ok(())
    /// # });
    /// ```
    pub fn first(mut self, change: impl FnOnce(FirstCall<'a, A, X, Y>) -> FirstCall<'a, A, X, Y>) -> Self {
        self.first = change(self.first);
        self
    }

    /// Changes the settings of the second client's call, as [`first`](Self::first) does those of the first one's.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[old, new], [first, second]| {
    /// let pairs = (0..10).map(|_| (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod")));
    /// let report = Tee::new(&first, &second).ingest_events(pairs).second(|call| call.batch_size(4)).send().await;
    /// assert_eq!((report.second?.accepted(), old.request_count(), new.request_count()), (10, 1, 3));
    /// # Ok(())
    /// # });
    /// ```
    pub fn second(mut self, change: impl FnOnce(SecondCall<'a, B, X, Y>) -> SecondCall<'a, B, X, Y>) -> Self {
        self.second = change(self.second);
        self
    }

    /// Sets how long the delivery may take in all. See [`Ingest::time_limit`].
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// use std::time::Duration;
    /// use futures::stream;
    ///
    /// let pairs = stream::pending::<(Event, Event)>();
    /// let report = Tee::new(&first, &second).ingest_stream(pairs).time_limit(Duration::from_millis(10)).send().await;
    /// assert!(report.first.unwrap_err().error().is_ended() && report.second.unwrap_err().error().is_ended());
    /// # Ok(())
    /// # });
    /// ```
    pub fn time_limit(mut self, limit: Duration) -> Self {
        // It is one timer: the side whose own one was later would see the other one stop, and end as if its source had.
        let clock = Arc::clone(self.first.clock());
        let timer: BoxFuture<'a, ()> = Box::pin(async move { clock.sleep(limit).await });
        let timer = timer.shared();
        self.first = self.first.time_limit_by(limit, Box::pin(timer.clone()));
        self.second = self.second.time_limit_by(limit, Box::pin(timer));
        self
    }

    /// Ends both calls when a future is ready. See [`Ingest::stop_when`].
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// use futures::{future, stream};
    ///
    /// let pairs = stream::pending::<(Event, Event)>();
    /// let report = Tee::new(&first, &second).ingest_stream(pairs).stop_when(future::ready(())).send().await;
    /// assert!(report.first.unwrap_err().error().is_ended() && report.second.unwrap_err().error().is_ended());
    /// # Ok(())
    /// # });
    /// ```
    pub fn stop_when<F: Future + Send + 'a>(mut self, stop: F) -> Self {
        let stop: BoxFuture<'a, ()> = Box::pin(async move { drop(stop.await) });
        let stop = stop.shared();
        self.first = self.first.stop_when(stop.clone());
        self.second = self.second.stop_when(stop);
        self
    }

    /// Sets how many events one client may be ahead of the other before it waits; 10,000 by default, at least 1.
    ///
    /// So many are kept in memory at most, beside what either call keeps by itself.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let pairs = (0..100).map(|_| (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod")));
    /// let report = Tee::new(&first, &second).ingest_events(pairs).max_lag(10).send().await;
    /// assert_eq!((report.first?.accepted(), report.second?.accepted()), (100, 100));
    /// # Ok(())
    /// # });
    /// ```
    pub fn max_lag(self, events: usize) -> Self {
        self.hub.lock().max_lag = events.max(1);
        self
    }

    /// Sets whether a client goes on where the other has stopped; it does not by default.
    ///
    /// By default nothing more is pulled once one of them has stopped: what was pulled is delivered to the other, and both
    /// reports are about the same events. So nothing is missing in one service that the other has, and a source that is
    /// lent (`&mut source`) can be gone on with. Set `true` for a main service beside one on trial; then the
    /// report of the one that stopped ends with the events that had been pulled for it by then, and what came after them was
    /// handed to the other alone.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// use togai_sandbox::Fault;
    ///
    /// new.fault(Fault::status(401));
    /// let pairs = (0..2500).map(|_| (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod")));
    /// let report = Tee::new(&first, &second).ingest_events(pairs).continue_alone(true).send().await;
    /// assert_eq!(report.first?.accepted(), 2500);
    /// assert!(report.second.unwrap_err().error().is_auth());
    /// # Ok(())
    /// # });
    /// ```
    pub fn continue_alone(self, goes_on: bool) -> Self {
        self.hub.lock().continue_alone = goes_on;
        self
    }

    /// Delivers to both clients, and waits for what becomes of the events.
    ///
    /// Each side of the report says how its call ended. Dropping the
    /// future stops both calls: batches in flight are abandoned, and the servers may take them.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ingest::Tee;
    /// # togai_doctest::run_two(async |[_old, new], [first, second]| {
    /// let pair = (Event::new("rides", "acme-prod"), Event::new("rides", "acme-prod"));
    /// let report = Tee::new(&first, &second).ingest_events([pair]).send().await;
    /// assert_eq!((report.first?.into_result()?, report.second?.into_result()?), (1, 1));
    /// # Ok(())
    /// # });
    /// ```
    pub fn send(self) -> BoxFuture<'a, ReportOf<A, B, X, Y>>
    where
        A::Event: 'a,
        B::Event: 'a,
        X: Send + 'a,
        Y: Send + 'a,
        ReturnedOf<X, A>: Send,
        ReturnedOf<Y, B>: Send,
        X::Tag: Send,
        Y::Tag: Send,
    {
        let Self { first, second, hub } = self;
        // A call that cannot be begun takes nothing, so nothing is to be put by for it.
        if !first.can_start() {
            hub.lock().close::<First>();
        }
        if !second.can_start() {
            hub.lock().close::<Second>();
        }
        drop(hub);
        let both = join(first.send(), second.send());
        Box::pin(async move {
            let (first, second) = both.await;
            TeeReport { first, second }
        })
    }
}

impl<A: Backend, B: Backend, X: Submission<A::Event>, Y: Submission<B::Event>> fmt::Debug
    for TeeIngest<'_, A, B, X, Y>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TeeIngest").field("first", &self.first).field("second", &self.second).finish()
    }
}
