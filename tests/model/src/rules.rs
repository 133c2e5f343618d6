//! The settings of a scenario.

use std::time::Duration;

use togai_ingest::IdPolicy;
use togai_ingest::test_util::{BatchSize, Settings};

use crate::chance::Chance;

/// What connects the engine to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// A backend of the model's own.
    BareTrait,
    /// The clients of Togai and Enso, with their retries.
    Clients,
}

/// The settings of a scenario. The engine does not see those of the service and the caller.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) channel: Channel,
    /// Whether the token is known to be good when the call starts.
    pub(crate) is_proven: bool,
    pub(crate) named_by: NamedBy,
    /// How large a request the service takes.
    pub(crate) limits: BatchSize,
    /// Above this number of bytes the service, or something on the way to it, fails without saying why.
    pub(crate) most_bytes_answered: usize,
    /// Whether a schema is missing when the call starts, so that the service refuses everything.
    pub(crate) is_schema_missing: bool,
    /// Whether there are events at which the service fails.
    pub(crate) has_deadly: bool,
    pub(crate) results: Results,
    /// Whether each request has its response before the source ends, where nothing else ends the call.
    pub(crate) is_answered_first: bool,
    /// How often a response ends the call: the smaller the number, the more often.
    pub(crate) patience: usize,
}

/// Between the engine and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A backend of the model's own.
    Bare,
    /// The client of Togai.
    Togai,
    /// The client of Enso.
    Enso,
}

impl Channel {
    /// Whether a client with retries is in between.
    pub(crate) fn is_wire(self) -> bool {
        self != Self::Bare
    }
}

/// How a partial response of the bare backend names an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    Id,
    /// By its position in the request.
    Index,
}

/// How the caller gets the verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Results {
    /// In a report, as from `send`.
    Report,
    /// One by one, as from `verdicts`.
    Verdicts,
}

/// Settings by chance.
pub(crate) fn rules(mut chance: Chance, over: Over) -> Rules {
    let is_proven = chance.below(5) > 2;
    let events = [3, 1, 7, 4, 5, 6, 8, 12, 12, 2, 10, 6][chance.below(12)];
    let channel = match over {
        Over::BareTrait => Channel::Bare,
        Over::Clients => [Channel::Togai, Channel::Enso][chance.below(2)],
    };
    let has_limits = chance.below(2) == 1;
    // The fields take their choices in this order.
    Rules {
        settings: Settings {
            max_size: BatchSize { events, bytes: [4 << 20, 700, 300, 1000, 4 << 20, 1500][chance.below(6)] },
            concurrency: [1, 2, 3, 4, 4, 4][chance.below(6)],
            ids: match chance.below(10) {
                0..=5 => IdPolicy::Random,
                6..=8 => IdPolicy::Require,
                // It takes 20 MiB.
                _ => IdPolicy::FromContent,
            },
            local_checks: chance.below(3) != 2,
            isolation_budget: [12, 0, 1, 4, 2, 12, 8][chance.below(7)],
            linger: (chance.below(3) == 2).then_some(Duration::from_secs(1)),
            idempotent: match channel {
                Channel::Bare => chance.below(8) != 7,
                Channel::Togai => true,
                Channel::Enso => chance.below(2) == 1,
            },
            keep_events: chance.below(2) == 1,
        },
        channel,
        is_proven,
        named_by: if chance.below(3) == 2 { NamedBy::Index } else { NamedBy::Id },
        limits: BatchSize {
            events: if has_limits { 1 + chance.below(8) } else { usize::MAX },
            bytes: if has_limits { [usize::MAX, 100, 300, 600][chance.below(4)] } else { usize::MAX },
        },
        most_bytes_answered: [usize::MAX, usize::MAX, usize::MAX, usize::MAX, 300, 450, 700][chance.below(7)],
        is_schema_missing: chance.below(5) == 4,
        has_deadly: chance.below(2) == 1,
        results: if chance.below(2) == 1 { Results::Report } else { Results::Verdicts },
        patience: [10, 3, 5][chance.below(3)],
        is_answered_first: chance.below(2) == 1,
    }
}
