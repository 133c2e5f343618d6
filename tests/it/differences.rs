//! Where Enso differs from Togai in what becomes of events, and why.

use crate::fault_matrix::{self, Row};
use crate::services::Service;

/// Which of the tables of Togai a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Events in batches.
    Batches,
    /// A single event.
    Single,
    /// Events in batches whose largest size is learnt.
    Learnt,
}

/// What differs, below the reason for it.
///
/// Modes are "default", as Enso is without further settings, "assumed", with the assumption that an id counts once, and
/// "both". Where a row has "the same" in place of counts, the scene is about something that Enso does not have, so
/// that it ends as it does with Togai; all other rows differ from the one of Togai.
const DIFFERENCES: &str = "
";

const THE_SAME: &str = "the same";

impl Kind {
    const ALL: [Self; 3] = [Self::Batches, Self::Single, Self::Learnt];

    /// The table of Togai.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Batches => fault_matrix::TABLE,
            Self::Single => fault_matrix::SINGLE,
            Self::Learnt => fault_matrix::LEARNT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Single => "single",
            Self::Learnt => "learnt",
        }
    }
}

/// A row of the table.
struct Difference {
    kind: Kind,
    mode: &'static str,
    /// Nothing where it ends as it does with Togai.
    row: Option<Row>,
    fault: String,
    reason: &'static str,
}

impl Difference {
    fn is_about(&self, kind: Kind, fault: &str, mode: &str) -> bool {
        self.kind == kind && self.fault == fault && (self.mode == "both" || self.mode == mode)
    }
}

fn all() -> Vec<Difference> {
    let (mut reason, mut all) = ("", Vec::new());
    for line in DIFFERENCES.lines().filter(|line| !line.is_empty()).skip(1) {
        let Some((fault, rest)) = line.split_once('|') else {
            reason = line;
            continue;
        };
        let cells: Vec<&'static str> = rest.splitn(4, '|').map(str::trim).collect();
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == cells[0]).unwrap_or_else(|| panic!("{line}"));
        assert!(["default", "assumed", "both"].contains(&cells[1]), "{line}");
        let row = (cells[2] != THE_SAME).then(|| Row::new(fault, cells[2], cells[3]));
        all.push(Difference { kind, mode: cells[1], row, fault: fault.trim().to_owned(), reason });
    }
    all
}

fn mode<S: Service>() -> &'static str {
    if S::IS_ASSUMED { "assumed" } else { "default" }
}

/// What is to become of the events of a scene with a service, where with Togai it is this.
pub(crate) fn expected<S: Service>(kind: Kind, row: Row) -> Row {
    if S::NAME == "Togai" {
        return row;
    }
    let difference = all().into_iter().find(|it| it.is_about(kind, &row.fault, mode::<S>()));
    difference.and_then(|difference| difference.row).unwrap_or(row)
}

/// The row that the table would need.
pub(crate) fn row_to_add<S: Service>(kind: Kind, fault: &str, is: &str) -> String {
    format!("{fault:54} | {:7} | {:7} | 1, 4 | {is}\n", kind.name(), mode::<S>())
}
