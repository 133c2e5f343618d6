//! A call of the engine, polled by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use togai_ingest::test_util::{Pulled, Run, enough};
use togai_ingest::{Backend, Cancel, Connection, DeliveryError, Protocol, Session, Source};

use crate::chance::Chance;
use crate::clock::HandClock;
use crate::item::{Item, Reading};
use crate::other;
use crate::taker::Taker;
use crate::world::SharedWorld;

/// A call in progress, or one that has ended.
pub(crate) struct PolledCall<B> {
    running: Option<Running<B>>,
    world: SharedWorld,
    clock: HandClock,
    session: Session,
    protocol: &'static Protocol,
    flag: Arc<Flag>,
    is_stopped_by_owner: bool,
}

struct Running<B> {
    run: Run<B, Queue>,
    taker: Taker,
}

/// The source of the call, which gives the events of the input.
struct Queue(SharedWorld);

impl Source for Queue {
    type Event = Reading;
    type Item = Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        self.0.lock().pull(context)
    }
}

/// Whether the call was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.set();
    }
}

impl Flag {
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How many polls there may be for one thing that happens.
const MOST_POLLS: usize = 10_000;

impl<B: Backend<Event = Reading>> PolledCall<B> {
    pub(crate) fn new(connection: Connection<B>, world: SharedWorld, clock: HandClock) -> Self {
        let (session, protocol) = (connection.session().clone(), connection.protocol());
        let rules = Arc::clone(&world.lock().rules);
        let run = Run::new(connection, Queue(world.clone()), &rules.settings, Cancel::new());
        let running = Some(Running { run, taker: Taker::new(rules.results) });
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        Self { running, world, clock, session, protocol, flag, is_stopped_by_owner: false }
    }

    /// Whether there is nothing left to play: the call has ended, or something is wrong.
    pub(crate) fn is_over(&self) -> bool {
        self.has_ended() || self.world.lock().expectations.problem().is_some()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.running.is_none()
    }

    /// Polls the call as often as it is woken.
    pub(crate) fn poll(&mut self) {
        for _ in 0..MOST_POLLS {
            if self.is_over() {
                return;
            }
            if !self.flag.0.swap(false, Ordering::Relaxed) {
                let mut world = self.world.lock();
                let is_waiting = world.ledger.input.is_waited_for() || world.server.is_waited_for();
                let is_waiting = is_waiting || self.clock.is_waited_for();
                world.check(is_waiting, || "the call waits for nothing".into());
                world.check_waiting();
                return;
            }
            self.poll_once();
        }
        self.world.lock().check(false, || "the call never stops being polled".into());
    }

    /// Polls the call where nothing has happened, so that nothing may come of it.
    pub(crate) fn poll_for_nothing(&mut self) {
        let state = |call: &Self| {
            let world = call.world.lock();
            (
                world.ledger.pulled(),
                world.open.begun(),
                world.server.received(),
                world.ledger.verdicts(),
                call.has_ended(),
            )
        };
        let before = state(self);
        self.poll_once();
        let after = state(self);
        self.world.lock().check(before == after, || format!("a poll for nothing: {before:?} to {after:?}"));
    }

    fn poll_once(&mut self) {
        let waker = Waker::from(Arc::clone(&self.flag));
        let Some(Running { run, taker }) = &mut self.running else { return };
        match run.poll_finished(&mut Context::from_waker(&waker)) {
            Poll::Pending => {}
            Poll::Ready(Some(finished)) => {
                taker.take(finished, run.submitted(), &mut self.world.lock());
                // The caller asks for more.
                self.flag.set();
            }
            Poll::Ready(None) => self.finish(),
        }
    }

    fn finish(&mut self) {
        let Some(Running { run, taker }) = self.running.take() else { return };
        let submitted = run.submitted();
        let error = run.into_stopped_by();
        let mut world = self.world.lock();
        let is_source_error = error.as_ref().is_some_and(DeliveryError::is_source);
        let is_owner_error = error.as_ref().is_some_and(|error| error.to_string().contains("enough"));
        let has_source_failed = world.ledger.input.is_failure_pulled();
        world.check_end(submitted, error.as_ref());
        world.check(!is_source_error || has_source_failed, || "the source is said to have failed".into());
        world.check(!is_owner_error || self.is_stopped_by_owner, || "nobody stopped the call".into());
        taker.finish(submitted, &mut world);
    }

    /// Lets time pass, and says whether the call waited for that.
    pub(crate) fn pass_time(&self) -> bool {
        self.clock.pass()
    }

    /// Another call of the session has success. That proves the token, too.
    pub(crate) fn succeed_elsewhere(&mut self) {
        let event = Reading::new("elsewhere".to_owned(), Some("elsewhere".to_owned()));
        let bytes = serde_json::to_vec(&event).map_or(0, |written| written.len());
        let envelope = self.protocol.envelope;
        let is_accepted = other::deliver_one(&self.session, self.protocol, event);
        let mut world = self.world.lock();
        world.check(is_accepted, || "another call has no success".into());
        world.expectations.note_other_accepted(bytes + envelope.before.len() + envelope.after.len());
        self.flag.set();
    }

    /// The owner stops the call, as `send` does where too many events were not accepted.
    pub(crate) fn stop(&mut self) {
        if let Some(Running { run, .. }) = &mut self.running {
            run.stop(enough());
        }
        self.is_stopped_by_owner = true;
        self.world.lock().expectations.note_stopped();
        self.flag.set();
    }

    /// The owner ends the call at once.
    pub(crate) fn end(&mut self, chance: &mut Chance) {
        let waker = Waker::from(Arc::clone(&self.flag));
        if let Some(Running { run, .. }) = &mut self.running {
            self.world.lock().note_ended(chance);
            run.end(enough(), &mut Context::from_waker(&waker));
        }
        self.is_stopped_by_owner = true;
        self.flag.set();
        self.poll();
        self.world.lock().check(self.running.is_none(), || "the call was ended, and goes on".into());
    }

    /// The owner drops the call, and its requests with it.
    pub(crate) fn abandon(&mut self) {
        self.running = None;
        let mut world = self.world.lock();
        let left = world.server.in_flight();
        world.check(left == 0, || format!("{left} requests outlive the call"));
    }
}
