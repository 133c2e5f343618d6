//! What the model knows: what was handed in, what the service was sent and has, and what the engine said of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use togai_api::Event;

use super::super::IdPolicy;
use super::item::{Item, Nature};
use super::reply::Reply;
use super::rules::Rules;
use super::table::Table;

/// A world that the engine, the service and the source share.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(World::new(rules))))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of one another")]
pub(super) struct World {
    pub(super) rules: Rules,
    pub(super) table: Table,
    /// The first thing that went wrong.
    pub(super) wrong: Option<String>,
    /// Counts what happens, to say what was before what.
    pub(super) now: u64,

    pub(super) queue: VecDeque<Item>,
    pub(super) source: SourceState,
    pub(super) source_waker: Option<Waker>,
    /// Whether the engine was told that there is no more, and whether that was a failure.
    pub(super) end_was_told: bool,
    pub(super) failure_was_told: bool,

    /// What was pulled, by its index.
    pub(super) handed: Vec<Handed>,
    /// Which event an id stands for that has no verdict yet.
    pub(super) open: HashMap<String, usize>,
    /// Which event keeps others with its id from being sent: one that is open, or was accepted.
    pub(super) holders: HashMap<String, usize>,
    /// The events that are to be sent, and were not in any request.
    pub(super) unsent: VecDeque<usize>,
    pub(super) batches: Vec<BatchOf>,
    pub(super) flights: Vec<Flight>,
    pub(super) received: usize,

    /// What the service has, and which event of the call it has it from.
    pub(super) has: HashMap<String, Option<usize>>,
    pub(super) is_proven: bool,
    /// Whether the engine has had an answer after which there is to be no further batch, or no further request at all.
    pub(super) is_stopped: bool,
    /// Whether an answer comes while an event is pulled. Then a batch may have been put on its way after it, which is
    /// sent when it has its turn.
    pub(super) is_pulling: bool,
    pub(super) may_start_late: bool,
    pub(super) is_refused: bool,
    pub(super) learnt: Learnt,
    pub(super) verdicts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceState {
    Open,
    Ended,
    Failed,
}

/// An event that was pulled.
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of one another")]
pub(super) struct Handed {
    pub(super) item: Item,
    pub(super) expected: Expected,
    /// The id that it has, as far as that has been seen.
    pub(super) id: Option<String>,
    pub(super) pulled_at: u64,
    pub(super) batch: Option<usize>,
    /// How it was written when it was sent first.
    pub(super) written: Option<Box<str>>,
    pub(super) in_flight: bool,
    /// Whether a request with it was answered in a way that leaves open whether the service took it.
    pub(super) is_ambiguous: bool,
    /// Whether a request with it was refused.
    pub(super) was_refused: bool,
    /// What the service said of it, in so many words, when it was sent last.
    pub(super) said: Option<Word>,
    pub(super) has_verdict: bool,
}

/// What must become of an event without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Sent,
    Rejected,
    Duplicate,
}

/// What a service says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Accepted,
    Duplicate,
    Refused,
}

pub(super) struct BatchOf {
    pub(super) last: usize,
    pub(super) requests: usize,
    /// Whether a request of it was refused for its size, and how many were answered otherwise since: they cost nothing.
    pub(super) was_too_large: bool,
    pub(super) free: usize,
    pub(super) last_request: Vec<usize>,
    /// Whether the request that was last is one that the client may repeat.
    pub(super) may_be_repeated: bool,
    pub(super) attempts: u32,
}

/// A request on its way.
pub(super) struct Flight {
    pub(super) number: usize,
    pub(super) indexes: Vec<usize>,
    pub(super) batch: usize,
    pub(super) is_whole: bool,
    /// How many bytes it has.
    pub(super) bytes: usize,
    pub(super) reply: Option<Reply>,
    pub(super) waker: Option<Waker>,
}

/// How large a request may be, as far as the answers say: the model's own account of it, with what held when.
#[derive(Default)]
pub(super) struct Learnt {
    passed: [usize; 2],
    /// How many requests got through since one was refused for its size.
    calm: u32,
    limits: Vec<(u64, [usize; 2])>,
}

impl Learnt {
    fn limit(&self) -> [usize; 2] {
        self.limits.last().map_or([usize::MAX; 2], |(_, limit)| *limit)
    }

    pub(super) fn note_passed(&mut self, now: u64, sizes: [usize; 2]) {
        let mut limit = self.limit();
        for ((limit, passed), size) in limit.iter_mut().zip(&mut self.passed).zip(sizes) {
            *passed = size.max(*passed);
            // What was never refused has no limit that could be raised.
            *limit = size.max(*limit);
        }
        self.calm += 1;
        if self.calm >= 32 {
            // From here on it may be tried whether the limit still holds.
            limit = [usize::MAX; 2];
        }
        self.limits.push((now, limit));
    }

    /// Either the events or the bytes were too many; a single event cannot be made smaller.
    pub(super) fn note_refused(&mut self, now: u64, sizes: [usize; 2], is_by_bytes: bool) {
        let mut limit = self.limit();
        let order = if is_by_bytes { [1, 0] } else { [0, 1] };
        let cause = order.into_iter().find(|cause| sizes[*cause] > self.passed[*cause]);
        if sizes[0] > 1 {
            let cause = cause.unwrap_or_else(|| {
                // What got through before does not any more.
                self.passed[order[0]] = sizes[order[0]] / 2;
                order[0]
            });
            limit[cause] = sizes[cause].div_ceil(2).max(self.passed[cause]).min(limit[cause]);
            self.calm = 0;
        }
        self.limits.push((now, limit));
    }

    /// The most that was allowed at some time in between.
    pub(super) fn most_between(&self, start: u64, end: u64) -> [usize; 2] {
        let first = self.limits.partition_point(|(time, _)| *time <= start);
        let before = first.checked_sub(1).map_or([usize::MAX; 2], |place| self.limits[place].1);
        let later = self.limits[first..].iter().take_while(|(time, _)| *time <= end).map(|(_, limit)| *limit);
        later.fold(before, |most, limit| [most[0].max(limit[0]), most[1].max(limit[1])])
    }
}

impl World {
    fn new(rules: Rules) -> Self {
        Self {
            rules,
            table: Table::default(),
            wrong: None,
            now: 0,
            queue: VecDeque::new(),
            source: SourceState::Open,
            source_waker: None,
            end_was_told: false,
            failure_was_told: false,
            handed: Vec::new(),
            open: HashMap::new(),
            holders: HashMap::new(),
            unsent: VecDeque::new(),
            batches: Vec::new(),
            flights: Vec::new(),
            received: 0,
            has: HashMap::new(),
            is_proven: false,
            is_stopped: false,
            is_pulling: false,
            may_start_late: false,
            is_refused: false,
            learnt: Learnt::default(),
            verdicts: 0,
        }
    }

    /// Notes that something is wrong unless it is as it should be.
    pub(super) fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right && self.wrong.is_none() {
            self.wrong = Some(what());
        }
    }

    pub(super) fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// How many requests there may be at a time.
    pub(super) fn most_in_flight(&self) -> usize {
        if self.is_proven { self.rules.concurrency } else { 1 }
    }

    /// An event was pulled. What becomes of it is foretold where no request is needed for that.
    pub(super) fn take_in(&mut self, item: Item) {
        let index = self.handed.len();
        let id = item.event.id.as_ref().map(ToString::to_string);
        let is_refused_here = match item.nature {
            Nature::Unencodable => true,
            Nature::Bad => self.rules.local_checks,
            Nature::Good | Nature::Poison => id.is_none() && self.rules.ids == IdPolicy::Require,
        };
        let is_refused_here = is_refused_here || (id.is_none() && self.rules.ids == IdPolicy::Require);
        let holder = id.as_ref().and_then(|id| self.holders.get(id)).map(|index| &self.handed[*index].item.event);
        let expected = match holder {
            _ if is_refused_here => Expected::Rejected,
            Some(other) if is_same(other, &item.event) => Expected::Duplicate,
            Some(_) => Expected::Rejected,
            None => Expected::Sent,
        };
        if expected == Expected::Sent {
            self.unsent.push_back(index);
            if let Some(id) = &id {
                self.open.insert(id.clone(), index);
                self.holders.insert(id.clone(), index);
            }
        }
        let pulled_at = self.tick();
        self.handed.push(Handed {
            item,
            expected,
            id,
            pulled_at,
            batch: None,
            written: None,
            in_flight: false,
            is_ambiguous: false,
            was_refused: false,
            said: None,
            has_verdict: false,
        });
        let waiting = self.handed.len() - self.verdicts;
        let most = (self.rules.concurrency + 2) * self.rules.batch_size + 2;
        self.check(waiting <= most, || format!("{waiting} events wait for a verdict"));
    }
}

fn is_same(one: &Event, other: &Event) -> bool {
    // The one that was pulled before may have been given its id only later.
    let mut one = one.clone();
    one.id.clone_from(&other.id);
    one == *other
}
