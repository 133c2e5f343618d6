//! What the model knows: what was handed in, what the service was sent and has, and what the engine said of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use togai_ingest::IdPolicy;

use crate::item::{Item, Nature, Reading};
use crate::reply::Reply;
use crate::rules::Rules;
use crate::table::Table;

/// A world that the engine, the service and the source share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(World::new(rules))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of one another")]
pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) table: Table,
    /// The first thing that went wrong.
    pub(crate) wrong: Option<String>,
    /// Counts what happens, to say what was before what.
    pub(crate) now: u64,

    pub(crate) queue: VecDeque<Item>,
    pub(crate) source: SourceState,
    pub(crate) source_waker: Option<Waker>,
    /// Whether the engine was told that there is no more, and whether that was a failure.
    pub(crate) end_was_told: bool,
    pub(crate) failure_was_told: bool,

    /// What was pulled, by its index.
    pub(crate) handed: Vec<Handed>,
    /// Which event an id stands for that has no verdict yet.
    pub(crate) open: HashMap<String, usize>,
    /// Which event keeps others with its id from being sent: one that is open, or was accepted.
    pub(crate) holders: HashMap<String, usize>,
    /// The events that are to be sent, and were not in any request.
    pub(crate) unsent: VecDeque<usize>,
    pub(crate) batches: Vec<BatchOf>,
    pub(crate) flights: Vec<Flight>,
    pub(crate) received: usize,

    /// What the service has, and which event of the call it has it from.
    pub(crate) has: HashMap<String, Option<usize>>,
    pub(crate) is_proven: bool,
    /// Whether the engine has had an answer after which there is to be no further batch, or no further request at all.
    pub(crate) is_stopped: bool,
    /// Whether an answer comes while an event is pulled. Then a batch may have been put on its way after it, which is
    /// sent when it has its turn.
    pub(crate) is_pulling: bool,
    pub(crate) may_start_late: bool,
    pub(crate) is_refused: bool,
    pub(crate) learnt: Learnt,
    pub(crate) verdicts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceState {
    Open,
    Ended,
    Failed,
}

/// An event that was pulled.
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of one another")]
pub(crate) struct Handed {
    pub(crate) item: Item,
    pub(crate) expected: Expected,
    /// The id that it has, as far as that has been seen.
    pub(crate) id: Option<String>,
    pub(crate) pulled_at: u64,
    pub(crate) batch: Option<usize>,
    /// How it was written when it was sent first.
    pub(crate) written: Option<Box<str>>,
    pub(crate) in_flight: bool,
    /// Whether a request with it was answered in a way that leaves open whether the service took it.
    pub(crate) is_ambiguous: bool,
    /// Whether a request with it was refused.
    pub(crate) was_refused: bool,
    /// What the service said of it, in so many words, when it was sent last.
    pub(crate) said: Option<Word>,
    pub(crate) has_verdict: bool,
}

/// What must become of an event without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Sent,
    Rejected,
    Duplicate,
}

/// What a service says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Accepted,
    Duplicate,
    Refused,
}

pub(crate) struct BatchOf {
    pub(crate) last: usize,
    pub(crate) requests: usize,
    /// Whether a request of it was refused for its size, and how many were answered otherwise since: they cost nothing.
    pub(crate) was_too_large: bool,
    pub(crate) free: usize,
    pub(crate) last_request: Vec<usize>,
    /// Whether the request that was last is one that the client may repeat.
    pub(crate) may_be_repeated: bool,
    pub(crate) attempts: u32,
}

/// A request on its way.
pub(crate) struct Flight {
    pub(crate) number: usize,
    pub(crate) indexes: Vec<usize>,
    pub(crate) batch: usize,
    pub(crate) is_whole: bool,
    /// How many bytes it has.
    pub(crate) bytes: usize,
    pub(crate) reply: Option<Reply>,
    pub(crate) waker: Option<Waker>,
}

/// How large a request may be, as far as the answers say: the model's own account of it, with what held when.
#[derive(Default)]
pub(crate) struct Learnt {
    passed: [usize; 2],
    /// How many requests got through since one was refused for its events, and for its bytes.
    calm: [u32; 2],
    limits: Vec<(u64, [usize; 2])>,
}

impl Learnt {
    fn limit(&self) -> [usize; 2] {
        self.limits.last().map_or([usize::MAX; 2], |(_, limit)| *limit)
    }

    pub(crate) fn note_passed(&mut self, now: u64, sizes: [usize; 2]) {
        let mut limit = self.limit();
        for ((limit, passed), size) in limit.iter_mut().zip(&mut self.passed).zip(sizes) {
            *passed = size.max(*passed);
            // What was never refused has no limit that could be raised.
            *limit = size.max(*limit);
        }
        for (limit, calm) in limit.iter_mut().zip(&mut self.calm) {
            *calm += 1;
            if *calm >= 32 {
                // From here on it may be tried whether the limit still holds.
                *limit = usize::MAX;
            }
        }
        self.limits.push((now, limit));
    }

    /// Either the events or the bytes were too many; a single event cannot be made smaller.
    pub(crate) fn note_refused(&mut self, now: u64, sizes: [usize; 2], is_by_bytes: bool) {
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
            self.calm[cause] = 0;
        }
        self.limits.push((now, limit));
    }

    /// The most that was allowed at some time in between.
    pub(crate) fn most_between(&self, start: u64, end: u64) -> [usize; 2] {
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
    pub(crate) fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right && self.wrong.is_none() {
            self.wrong = Some(what());
        }
    }

    pub(crate) fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// How many requests there may be at a time.
    pub(crate) fn most_in_flight(&self) -> usize {
        if self.is_proven { self.rules.concurrency } else { 1 }
    }

    /// An event was pulled. What becomes of it is foretold where no request is needed for that.
    pub(crate) fn take_in(&mut self, item: Item) {
        let index = self.handed.len();
        let id = item.event.id.clone();
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

fn is_same(one: &Reading, other: &Reading) -> bool {
    // The one that was pulled before may have been given its id only later.
    let mut one = one.clone();
    one.id.clone_from(&other.id);
    one == *other
}
