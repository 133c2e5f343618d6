//! A scenario: settings, and what happens one after another, all made of a list of numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::Duration;

use togai_api::{Error, Event};

use super::super::backend::{Backend, Connection};
use super::super::outcome::Outcome;
use super::super::progress::Tally;
use super::super::record::Recorder;
use super::super::run::{Run, Settings};
use super::backend::{Direct, over_the_wire};
use super::chance::Chance;
use super::clock::HandClock;
use super::offer::Offers;
use super::rules::rules;
use super::source::Queue;
use super::table::Table;
use super::world::{Shared, SourceState};
use crate::cancel::Cancel;
use crate::session::{Room, Session};

/// What a scenario did, and what was wrong.
pub(super) struct Played {
    pub(super) table: Table,
    pub(super) told: Vec<String>,
    pub(super) wrong: Option<String>,
}

/// Plays a scenario, up to the end of the call.
pub(super) fn play(numbers: &[u64], tells: bool) -> Played {
    let mut numbers = numbers.iter().copied();
    let (rules, is_proven) = rules(Chance(numbers.next().unwrap_or_default()));
    let told = if tells { vec![format!("{rules:?}, proven: {is_proven}")] } else { Vec::new() };
    let is_wire = rules.is_wire;
    #[cfg(feature = "enso")]
    let is_enso = rules.is_enso;
    let world = Shared::new(rules);
    world.lock().is_proven = is_proven;
    let clock = HandClock::new();
    #[cfg(feature = "enso")]
    if is_enso {
        let connection = super::backend::EnsoOverTheWire::connect(&world, &clock);
        return Stage::new(connection, world, clock, tells, told).play(numbers);
    }
    if is_wire {
        Stage::new(over_the_wire(&world, &clock), world, clock, tells, told).play(numbers)
    } else {
        Stage::new(Direct::connect(&world, &clock), world, clock, tells, told).play(numbers)
    }
}

#[derive(Default)]
pub(super) struct Flag(pub(super) AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What takes the verdicts: a report, or whoever wants each of them, with the tally of the progress.
pub(super) enum Taker {
    Report(Recorder<'static, Event, u64>),
    Each(Tally),
}

/// A call on its way, with all that it is played with.
pub(super) struct Stage<B> {
    pub(super) run: Option<Run<B, Queue>>,
    pub(super) world: Shared,
    pub(super) clock: HandClock,
    session: Session,
    pub(super) flag: Arc<Flag>,
    pub(super) taker: Taker,
    pub(super) verdicts: Vec<(u64, Outcome)>,
    pub(super) watermark: u64,
    pub(super) owner_has_stopped: bool,
    pub(super) offers: Offers,
    pub(super) tells: bool,
    pub(super) told: Vec<String>,
}

impl<B: Backend> Stage<B> {
    fn new(connection: Connection<B>, world: Shared, clock: HandClock, tells: bool, told: Vec<String>) -> Self {
        let Connection { backend, session } = connection;
        let rules = world.lock().rules.clone();
        let settings = Settings {
            room: Room { events: rules.batch_size, bytes: rules.batch_bytes },
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
            run: Some(Run::new(backend, Queue(world.clone()), &settings, session.clone(), Cancel::new())),
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

    pub(super) fn is_over(&self) -> bool {
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
            item.answer = Some(chance.rest());
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
            run.stop(Error::protocol("ingest_batch", "enough"));
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
