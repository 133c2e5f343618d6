//! A scenario: settings and steps, all made from a list of numbers.

use togai_ingest::{Backend, Connection};

use crate::bare::Direct;
use crate::call::PolledCall;
use crate::chance::Chance;
use crate::clock::HandClock;
use crate::input::SourceEnd;
use crate::item::Reading;
use crate::offer::Offers;
use crate::rules::{Channel, Over, rules};
use crate::table::Table;
use crate::world::SharedWorld;

/// What a scenario did, and what was wrong.
pub(crate) struct Played {
    pub(crate) table: Table,
    /// What happened, where that was to be traced.
    pub(crate) trace: Vec<String>,
    pub(crate) problem: Option<String>,
}

/// Plays a scenario, up to the end of the call.
pub(crate) fn play(numbers: &[u64], over: Over, is_traced: bool) -> Played {
    let mut chances = numbers.iter().copied().map(Chance);
    let rules = rules(chances.next().unwrap_or(Chance(0)), over);
    let trace = is_traced.then(|| vec![format!("{rules:?}")]);
    let channel = rules.channel;
    let (world, clock) = (SharedWorld::new(rules), HandClock::new());
    match channel {
        Channel::Bare => Scenario::new(Direct::connect(&world, &clock), world, clock, trace).play(chances),
        #[cfg(feature = "client")]
        Channel::Togai => Scenario::new(crate::client::over_togai(&world, &clock), world, clock, trace).play(chances),
        #[cfg(feature = "client")]
        Channel::Enso => Scenario::new(crate::client::over_enso(&world, &clock), world, clock, trace).play(chances),
        #[cfg(not(feature = "client"))]
        Channel::Togai | Channel::Enso => panic!("the clients are in the model with its feature `client` alone"),
    }
}

/// A call with all that it is played with.
struct Scenario<B> {
    call: PolledCall<B>,
    world: SharedWorld,
    offers: Offers,
    trace: Option<Vec<String>>,
}

/// What happened in a step: its name in the table, and its details.
type Step = (&'static str, String);

const TIME_PASSES: &str = "time passes";
const SERVICE_RESPONDS: &str = "the service responds";

/// While this many events wait, more of them make no difference.
const ENOUGH_WAITING: usize = 8;
const MOST_WAITING: usize = 40;

impl<B: Backend<Event = Reading>> Scenario<B> {
    fn new(connection: Connection<B>, world: SharedWorld, clock: HandClock, trace: Option<Vec<String>>) -> Self {
        Self { call: PolledCall::new(connection, world.clone(), clock), world, offers: Offers::default(), trace }
    }

    fn play(mut self, chances: impl Iterator<Item = Chance>) -> Played {
        self.call.poll();
        for chance in chances {
            if self.call.is_over() {
                break;
            }
            self.step(chance);
        }
        self.drain();
        let mut world = self.world.lock();
        let problem = world.expectations.problem().map(str::to_owned);
        Played { table: std::mem::take(&mut world.table), trace: self.trace.unwrap_or_default(), problem }
    }

    /// One thing happens, and the call is polled as long as it wants to be.
    fn step(&mut self, mut chance: Chance) {
        let step = match chance.below(128) {
            0..=29 if self.pulls_soon() => self.offer(chance),
            0..=109 => self.respond(chance).or_else(|| self.offer(chance)),
            110..=112 => Some(self.offer_with_response(chance)),
            113..=115 => self.pass_time().or_else(|| self.offer(chance)),
            118 => self.end(SourceEnd::Ended),
            119 => self.end(SourceEnd::Failed),
            120..=121 => {
                self.call.poll_for_nothing();
                Some(plain("the call is polled for nothing"))
            }
            116..=117 | 122..=125 => {
                self.call.succeed_elsewhere();
                Some(plain("another call has success"))
            }
            126 => match chance.below(4) {
                0 => {
                    self.call.stop();
                    Some(plain("the owner stops the call"))
                }
                1 => {
                    self.call.end(&mut chance);
                    Some(plain("the owner ends the call"))
                }
                _ => self.create_schema(),
            },
            _ => {
                self.call.abandon();
                Some(plain("the call is dropped"))
            }
        };
        let is_time = step.as_ref().is_some_and(|(name, _)| *name == TIME_PASSES);
        self.note(step);
        self.call.poll();
        if is_time && !self.call.has_ended() {
            self.world.lock().check_lingered();
        }
    }

    fn note(&mut self, step: Option<Step>) {
        let Some((name, details)) = step else { return };
        let table = &mut self.world.lock().table;
        table.step(name);
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{name} {details}"));
        }
    }

    /// Whether the engine will pull an event that is handed in now.
    fn pulls_soon(&self) -> bool {
        let world = self.world.lock();
        !world.expectations.is_stopped() && world.ledger.input.len() < ENOUGH_WAITING
    }

    /// Events are handed in, one or a few at once.
    fn offer(&mut self, mut chance: Chance) -> Option<Step> {
        let world = &mut *self.world.lock();
        if !world.ledger.input.is_open() || world.ledger.input.len() > MOST_WAITING {
            return None;
        }
        let mut details = String::new();
        for _ in 0..=chance.below(4) {
            let (name, item) = self.offers.item(&world.rules, &world.ledger, &mut world.server, &mut chance);
            world.table.transition(name);
            if self.trace.is_some() {
                details = format!("{details}; {name} {:?}", item.event.id);
            }
            world.ledger.input.push(item);
        }
        world.ledger.input.wake();
        Some(("events are handed in", details))
    }

    /// Events are handed in, and a response comes while the last of them is pulled.
    fn offer_with_response(&mut self, chance: Chance) -> Step {
        let offered = self.offer(Chance(chance.rest() >> 20));
        if offered.is_some() {
            self.world.lock().ledger.input.respond_at_last(chance.rest());
        }
        let details = offered.map(|(_, details)| details);
        ("a response comes while an event is pulled", details.unwrap_or_default())
    }

    fn respond(&self, chance: Chance) -> Option<Step> {
        let trace = self.world.lock().respond_by_chance(chance.rest())?;
        Some((SERVICE_RESPONDS, trace))
    }

    fn pass_time(&self) -> Option<Step> {
        self.call.pass_time().then(|| plain(TIME_PASSES))
    }

    fn create_schema(&self) -> Option<Step> {
        self.world.lock().server.create_schema().then(|| plain("the schema is created"))
    }

    fn end(&self, end: SourceEnd) -> Option<Step> {
        let input = &mut self.world.lock().ledger.input;
        if !input.is_open() {
            return None;
        }
        input.end(end);
        Some(plain(if end == SourceEnd::Ended { "the source ends" } else { "the source fails" }))
    }

    /// The source ends, and each request gets a response, before that or after it. Then the call has to end.
    fn drain(&mut self) {
        if self.call.is_over() {
            return;
        }
        if self.world.lock().rules.is_answered_first {
            self.answer_all();
        }
        self.end(SourceEnd::Ended);
        self.note(Some(plain("the call is drained")));
        self.call.poll();
        self.answer_all();
        if !self.call.is_over() {
            self.world.lock().check(false, || "the call does not end".into());
        }
    }

    /// Each request gets a response, and time passes.
    fn answer_all(&mut self) {
        let most = {
            let ledger = &self.world.lock().ledger;
            100 + 40 * (ledger.pulled() + ledger.input.len())
        };
        for _ in 0..most {
            if self.call.is_over() {
                return;
            }
            let response = self.world.lock().respond_plainly().map(|trace| (SERVICE_RESPONDS, trace));
            let Some(step) = response.or_else(|| self.pass_time()) else { return };
            self.note(Some(step));
            self.call.poll();
        }
    }
}

fn plain(name: &'static str) -> Step {
    (name, String::new())
}
