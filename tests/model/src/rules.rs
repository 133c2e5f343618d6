//! The settings of a scenario.

use togai_ingest::IdPolicy;

use crate::Over;
use crate::chance::Chance;

/// The settings of a scenario, and what the service keeps to itself.
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of one another")]
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) batch_size: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) concurrency: usize,
    pub(crate) ids: IdPolicy,
    pub(crate) local_checks: bool,
    pub(crate) budget: usize,
    pub(crate) lingers: bool,
    pub(crate) is_resending_harmless: bool,
    /// Whether failures are named by their place in the request, and not by id.
    pub(crate) names_places: bool,
    /// The service takes no more than so many events and bytes in a request.
    pub(crate) most_events: usize,
    pub(crate) most_bytes: usize,
    /// Whether verdicts are put down in a report, as `send` does, or given out one by one, as `outcomes` does.
    pub(crate) by_report: bool,
    /// Whether the engine talks to the service through the client and its retries.
    pub(crate) is_wire: bool,
    /// Whether that client is one of Enso.
    pub(crate) is_enso: bool,
    /// How often an answer is one that ends the call: the smaller the more often.
    pub(crate) patience: usize,
}

/// Settings by chance, and whether the token is known to be good.
pub(crate) fn rules(mut chance: Chance, over: Over) -> (Rules, bool) {
    let is_proven = chance.below(2) > 0;
    let batch_size = [3, 1, 7, 4, 5, 6, 8, 12, 6, 2, 4, 5][chance.below(12)];
    let is_wire = over == Over::Clients;
    let is_enso = is_wire && chance.below(2) == 1;
    let has_limits = chance.below(2) == 1;
    let rules = Rules {
        batch_size,
        batch_bytes: [4 << 20, 700, 300, 1000][chance.below(4)],
        concurrency: [1, 2, 3, 4, 4, 4][chance.below(6)],
        ids: match chance.below(10) {
            0..=5 => IdPolicy::Random,
            6..=8 => IdPolicy::Require,
            // It takes 20 MiB.
            _ => IdPolicy::FromContent,
        },
        local_checks: chance.below(3) != 2,
        budget: [12, 0, 1, 4, 8, 12, 10][chance.below(7)],
        lingers: chance.below(3) == 2,
        is_resending_harmless: if is_enso { chance.below(2) == 1 } else { is_wire || chance.below(8) != 7 },
        names_places: chance.below(3) == 2,
        most_events: if has_limits { 1 + chance.below(8) } else { usize::MAX },
        most_bytes: if has_limits { [usize::MAX, 100, 300, 600][chance.below(4)] } else { usize::MAX },
        by_report: chance.below(2) == 1,
        is_wire,
        is_enso,
        patience: [10, 3, 5][chance.below(3)],
    };
    (rules, is_proven)
}
