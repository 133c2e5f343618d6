//! A scenario: settings, and what happens one after another, all made of a list of numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::Duration;

use togai_ingest::test_util::{BatchSize, Recorder, Run, Settings, Tally, enough};
use togai_ingest::{Backend, Cancel, Connection, Outcome, Session};

use crate::Over;
use crate::bare::Direct;
use crate::chance::Chance;
use crate::clock::HandClock;
use crate::item::Reading;
use crate::offer::Offers;
use crate::rules::rules;
use crate::source::Queue;
use crate::table::Table;
use crate::world::{Shared, SourceState};

/// What a scenario did, and what was wrong.
pub(crate) struct Played {
    pub(crate) table: Table,
    pub(crate) told: Vec<String>,
    pub(crate) wrong: Option<String>,
}

/// Plays a scenario, up to the end of the call.
pub(crate) fn play(numbers: &[u64], over: Over, tells: bool) -> Played {
    let mut numbers = numbers.iter().copied();
    let (rules, is_proven) = rules(Chance(numbers.next().unwrap_or_default()), over);
    let told = if tells { vec![format!("{rules:?}, proven: {is_proven}")] } else { Vec::new() };
    #[cfg(feature = "client")]
    let (is_wire, is_enso) = (rules.is_wire, rules.is_enso);
    let world = Shared::new(rules);
    world.lock().is_proven = is_proven;
    let clock = HandClock::new();
    #[cfg(feature = "client")]
    if is_enso {
        let connection = crate::client::over_enso(&world, &clock);
        return Stage::new(connection, world, clock, tells, told).play(numbers);
    } else if is_wire {
        let connection = crate::client::over_togai(&world, &clock);
        return Stage::new(connection, world, clock, tells, told).play(numbers);
    }
    Stage::new(Direct::connect(&world, &clock), world, clock, tells, told).play(numbers)
}

#[derive(Default)]
pub(crate) struct Flag(pub(crate) AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What takes the verdicts: a report, or whoever wants each of them, with the tally of the progress.
pub(crate) enum Taker {
    Report(Recorder<'static, Reading, u64>),
    Each(Tally),
}

/// A call on its way, with all that it is played with.
pub(crate) struct Stage<B> {
    pub(crate) run: Option<Run<B, Queue>>,
    pub(crate) world: Shared,
    pub(crate) clock: HandClock,
    session: Session,
    pub(crate) flag: Arc<Flag>,
    pub(crate) taker: Taker,
    pub(crate) verdicts: Vec<(u64, Outcome)>,
    pub(crate) watermark: u64,
    pub(crate) owner_has_stopped: bool,
    pub(crate) offers: Offers,
    pub(crate) tells: bool,
    pub(crate) told: Vec<String>,
}

impl<B: Backend<Event = Reading>> Stage<B> {
    fn new(connection: Connection<B>, world: Shared, clock: HandClock, tells: bool, told: Vec<String>) -> Self {
        let session = connection.session().clone();
        let rules = world.lock().rules.clone();
        let settings = Settings {
            max_size: BatchSize { events: rules.batch_size, bytes: rules.batch_bytes },
            concurrency: rules.concurrency,
            ids: rules.ids,
            local_checks: rules.local_checks,
            isolation_budget: rules.budget,
            idempotent: rules.is_resending_harmless,
            linger: rules.lingers.then_some(Duration::from_secs(1)),
        };
        let taker = if rules.by_report {
            Taker::Report(Recorder::new("ingest_batch", None))
        } else {
            Taker::Each(Tally::default())
        };
        Self {
            run: Some(Run::new(connection, Queue(world.clone()), &settings, Cancel::new())),
            world,
            clock,
            session,
            flag: Arc::new(Flag(AtomicBool::new(true))),
            taker,
            verdicts: Vec::new(),
            watermark: 0,
            owner_has_stopped: false,
            offers: Offers::default(),
            tells,
            told,
        }
    }

    fn play(mut self, numbers: impl Iterator<Item = u64>) -> Played {
        self.poll();
        for number in numbers {
            if self.is_over() {
                break;
            }
            self.step(Chance(number));
        }
        self.drain();
        let mut world = self.world.lock();
        let wrong = world.wrong.take();
        let table = std::mem::take(&mut world.table);
        drop(world);
        Played { table, told: self.told, wrong }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.run.is_none() || self.world.lock().wrong.is_some()
    }

    /// One thing happens, and the call is polled as long as it wants to be.
    fn step(&mut self, mut chance: Chance) {
        let is_hungry = {
            let world = self.world.lock();
            !world.is_stopped && world.queue.len() < 8
        };
        let (name, told) = match chance.below(128) {
            // What is handed in beyond what is pulled, or after a stop, makes no difference.
            0..=29 if is_hungry => self.offer(chance),
            0..=109 => {
                let answer = self.world.lock().answer_by_chance(chance.rest());
                match answer {
                    Some(told) => ("the service answers", told),
                    None => self.offer(chance),
                }
            }
            110..=112 => self.offer_with_answer(chance),
            113..=117 if self.clock.pass() => ("time passes", String::new()),
            113..=117 => self.offer(chance),
            118 => self.end(SourceState::Ended),
            119 => self.end(SourceState::Failed),
            120..=123 => {
                self.poll_for_nothing();
                ("the call is polled for nothing", String::new())
            }
            124..=125 => {
                // Another call of the client had success, or the engine is told so by nobody but its backend.
                let mut world = self.world.lock();
                if !world.rules.is_wire {
                    world.is_proven = true;
                    self.session.gate().prove(0, "ingest_batch", false);
                }
                self.flag.0.store(true, Ordering::Relaxed);
                ("another call proves the token", String::new())
            }
            126 => self.stop(),
            _ => self.abandon(),
        };
        self.note(name, &told);
        let is_time = name == "time passes";
        self.poll();
        if is_time && self.run.is_some() {
            let mut world = self.world.lock();
            let is_late = world.unsent.is_empty() || world.flights.len() >= world.most_in_flight();
            let is_late = is_late || world.is_stopped || world.rules.is_wire;
            world.check(is_late, || "the linger has passed, and the batch is not sent".into());
        }
    }

    fn note(&mut self, name: &'static str, told: &str) {
        if name == "nothing happens" {
            return;
        }
        let mut world = self.world.lock();
        world.table.steps += 1;
        world.table.transition(name);
        if self.tells {
            self.told.push(format!("{name} {told}"));
        }
    }

    fn offer(&mut self, mut chance: Chance) -> (&'static str, String) {
        let mut world = self.world.lock();
        if world.source != SourceState::Open || world.queue.len() > 40 {
            return ("nothing happens", String::new());
        }
        // Some come one by one, and some at once.
        let mut told = String::new();
        for _ in 0..=chance.below(4) {
            let (name, item) = self.offers.item(&mut world, &mut chance);
            world.table.transition(name);
            if self.tells {
                told = format!("{told}; {name} {:?}", item.event.id);
            }
            world.queue.push_back(item);
        }
        if let Some(waker) = world.source_waker.take() {
            waker.wake();
        }
        ("events are handed in", told)
    }

    /// An event is handed in, and while it is pulled a request is answered.
    fn offer_with_answer(&mut self, chance: Chance) -> (&'static str, String) {
        let (name, told) = self.offer(Chance(chance.rest() >> 20));
        if let Some(item) = self.world.lock().queue.back_mut().filter(|_| name != "nothing happens") {
            item.response = Some(chance.rest());
        }
        ("an answer comes while an event is pulled", told)
    }

    fn end(&mut self, state: SourceState) -> (&'static str, String) {
        let mut world = self.world.lock();
        if world.source != SourceState::Open {
            return ("nothing happens", String::new());
        }
        world.source = state;
        if let Some(waker) = world.source_waker.take() {
            waker.wake();
        }
        (if state == SourceState::Ended { "the source ends" } else { "the source fails" }, String::new())
    }

    /// The owner has had enough, as `send` has where too much was not accepted.
    fn stop(&mut self) -> (&'static str, String) {
        if let Some(run) = &mut self.run {
            run.stop(enough());
        }
        self.owner_has_stopped = true;
        self.world.lock().is_stopped = true;
        self.flag.0.store(true, Ordering::Relaxed);
        ("the owner stops the call", String::new())
    }

    fn abandon(&mut self) -> (&'static str, String) {
        self.run = None;
        let mut world = self.world.lock();
        let left = world.flights.len();
        world.check(left == 0, || format!("{left} requests outlive the call"));
        ("the call is dropped", String::new())
    }

    /// The source ends, and all that is on its way is answered: now the call has to end.
    fn drain(&mut self) {
        if self.is_over() {
            return;
        }
        let (_, told) = self.end(SourceState::Ended);
        self.note("the rest is answered", &told);
        self.poll();
        let most = {
            let world = self.world.lock();
            100 + 40 * (world.handed.len() + world.queue.len())
        };
        for _ in 0..most {
            if self.is_over() {
                return;
            }
            let answer = self.world.lock().answer_plainly();
            if let Some(told) = answer {
                self.note("the service answers", &told);
            } else if self.clock.pass() {
                self.note("time passes", "");
            } else {
                break;
            }
            self.poll();
        }
        if !self.is_over() {
            self.world.lock().check(false, || "the call does not end".into());
        }
    }
}
