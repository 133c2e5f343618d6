//! A delivery to two clients before it is sent.

use std::fmt;

use futures::future::join;
use togai_api::BoxFuture;

use super::super::payload::{Payload, Submission};
use super::super::{Ingest, IngestExt};
use super::TeeReport;
use super::branch::{Branch, Shared};
use super::hub::{First, Hub, Pairs, Second};

/// What comes back of an event that was handed in.
type ReturnedOf<X> = <<X as Submission>::Payload as Payload>::Returned;
/// The report of both sides.
type ReportOf<X, Y> = TeeReport<ReturnedOf<X>, ReturnedOf<Y>, <X as Submission>::Tag, <Y as Submission>::Tag>;

/// A delivery to two clients; made by [`Tee`](crate::Tee).
///
/// | setting | default |
/// |---|---|
/// | [`first`](Self::first), [`second`](Self::second): the settings of each call | those of [`Ingest`] |
/// | [`max_lag`](Self::max_lag) | 10,000 events |
/// | [`continue_alone`](Self::continue_alone) | off |
#[must_use = "nothing is ingested until the call is sent"]
pub struct TeeIngest<'a, A: IngestExt, B: IngestExt, X: Submission, Y: Submission> {
    first: Ingest<'a, Branch<'a, X, Y, First>, A::Backend>,
    second: Ingest<'a, Branch<'a, X, Y, Second>, B::Backend>,
    hub: Shared<'a, X, Y>,
}

/// Events that one side may be ahead of the other, where nothing else is set.
const MAX_LAG: usize = 10_000;

impl<'a, A, B, X, Y> TeeIngest<'a, A, B, X, Y>
where
    A: IngestExt,
    B: IngestExt,
    X: Submission<Payload = A::Event>,
    Y: Submission<Payload = B::Event>,
{
    pub(super) fn new(first: &A, second: &B, pairs: Pairs<'a, X, Y>) -> Self {
        let hub = Shared::new(Hub::new(pairs, MAX_LAG));
        let (first, second) = (first.backend(false), second.backend(false));
        Self { first: Ingest::new(first, hub.branch()), second: Ingest::new(second, hub.branch()), hub }
    }

    /// Changes the settings of the first client's call.
    ///
    /// ```
    /// # use togai_ext::prelude::*;
    /// # use togai_ext::Tee;
    /// # async fn example(old: Client, new: Client, events: Vec<(Event, Event)>) {
    /// let report = Tee::new(&old, &new)
    ///     .ingest_events(events)
    ///     .first(|call| call.batch_size(500))
    ///     .second(|call| call.concurrency(1).ids(IdPolicy::Require))
    ///     .send()
    ///     .await;
    /// # }
    /// ```
    pub fn first(
        mut self,
        change: impl FnOnce(
            Ingest<'a, Branch<'a, X, Y, First>, A::Backend>,
        ) -> Ingest<'a, Branch<'a, X, Y, First>, A::Backend>,
    ) -> Self {
        self.first = change(self.first);
        self
    }

    /// Changes the settings of the second client's call.
    pub fn second(
        mut self,
        change: impl FnOnce(
            Ingest<'a, Branch<'a, X, Y, Second>, B::Backend>,
        ) -> Ingest<'a, Branch<'a, X, Y, Second>, B::Backend>,
    ) -> Self {
        self.second = change(self.second);
        self
    }

    /// Sets how many events one client may be ahead of the other before it waits; 10,000 by default, at least 1.
    ///
    /// So many are kept in memory at most, beside what either call keeps by itself.
    pub fn max_lag(self, events: usize) -> Self {
        self.hub.lock().max_lag = events.max(1);
        self
    }

    /// Sets whether a client goes on where the other has stopped; it does not by default.
    ///
    /// By default nothing more is pulled once one of them has stopped: what was pulled is delivered to the other, and both
    /// reports are about the same events. So nothing is missing in one service that the other has, and a source that is
    /// lent (`&mut source`) can be gone on with. Whoever has a main service beside one on trial sets it to `true`; then the
    /// report of the one that stopped ends at the event at which it did, and what comes after it was handed to the other
    /// alone.
    pub fn continue_alone(self, goes_on: bool) -> Self {
        self.hub.lock().continue_alone = goes_on;
        self
    }

    /// Delivers to both clients, and waits for what becomes of the events.
    ///
    /// That one of them stopped is no error of the whole: each side of the report tells how its call ended. Dropping the
    /// future stops both calls: batches in flight are abandoned, and the servers may take them.
    pub fn send(self) -> BoxFuture<'a, ReportOf<X, Y>>
    where
        A: 'a,
        B: 'a,
        X: Send + 'a,
        Y: Send + 'a,
        ReturnedOf<X>: Send,
        ReturnedOf<Y>: Send,
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

impl<A: IngestExt, B: IngestExt, X: Submission, Y: Submission> fmt::Debug for TeeIngest<'_, A, B, X, Y> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TeeIngest").field("first", &self.first).field("second", &self.second).finish()
    }
}
