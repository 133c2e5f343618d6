//! Where Enso differs from Togai in what becomes of events, and why.

use std::sync::LazyLock;

use crate::fault_matrix::{self, FaultRow};
use crate::services::Service;

/// Which of the tables of Togai a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultTable {
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
/// "both". Where a row has "the same" in place of counts, the scenario means something else with Enso, or nothing, and ends as
/// it does with Togai all the same. All other rows differ from the one of Togai.
const DIFFERENCES: &str = "
fault                                                  | table   | mode    | at once | accepted | duplicate | rejected | unknown | not sent | stopped by     | requests | metered

No document says that an id counts once: a request whose answer did not come, or was one of an outage, is not sent again.
reset after reading for ever                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
reset after reading once                               | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
reset after reading once, duplicates named             | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
reset after reading every third time                   | batches | default | 1       |        4 |         0 |        0 |       2 |        0 | broken         |        3 |       6
reset before reading for ever                          | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       0
reset before reading once                              | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       0
cut-off 202 for ever                                   | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
cut-off 202 once                                       | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
cut-off 202 once, duplicates named                     | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
cut-off 207 for ever                                   | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       1
cut-off 207 once                                       | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       1
cut-off 207 once, duplicates named                     | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       1
delay beyond the timeout, two attempts                 | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | timeout        |        1 |       0
delay beyond the timeout after applying, two attempts  | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | timeout        |        1 |       2
408 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 408            |        1 |       0
500 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 500            |        1 |       0
502 in HTML for ever                                   | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 502            |        1 |       0
503 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       0
503 once                                               | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       0
503 after applying for ever                            | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       2
503 after applying once                                | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       2
503 after applying once, duplicates named              | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       2
504 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 504            |        1 |       0
501 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 501            |        1 |       0
reset after reading once, then 401                     | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        1 |       2
503 after applying once, then 404                      | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       2
503 after applying once, then 429                      | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        1 |       2
429 once, then 503                                     | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        2 |       0
503 from the third batch on                            | batches | default | 1       |        4 |         0 |        0 |       2 |        0 | 503            |        3 |       4
reset after reading from the third batch on            | batches | default | 1       |        4 |         0 |        0 |       2 |        0 | broken         |        3 |       6
reset before reading from the third batch on           | batches | default | 1       |        4 |         0 |        0 |       2 |        0 | broken         |        3 |       4
cut-off from the third batch on                        | batches | default | 1       |        4 |         0 |        0 |       2 |        0 | broken         |        3 |       6
reset after reading for ever                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
reset after reading once                               | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
reset before reading for ever                          | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       0
reset before reading once                              | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       0
cut-off 202 for ever                                   | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
cut-off 202 once                                       | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
delay beyond the timeout, two attempts                 | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | timeout        |        1 |       0
delay beyond the timeout after applying, two attempts  | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | timeout        |        1 |       1
408 for ever                                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 408            |        1 |       0
500 for ever                                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 500            |        1 |       0
502 in HTML for ever                                   | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 502            |        1 |       0
503 for ever                                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        1 |       0
503 once                                               | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        1 |       0
503 after applying for ever                            | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        1 |       1
503 after applying once                                | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        1 |       1
504 for ever                                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 504            |        1 |       0
reset after reading once, then 401                     | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
reset after reading once, then 400                     | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        1 |       1
503 after applying once, then 429                      | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        1 |       1
429 once, then 503                                     | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        2 |       0

No document says that an id counts once: a status of which HTTP does not say that nothing was taken leaves it open.
409 for ever                                           | batches | default | 1, 4    |        0 |         0 |        0 |       2 |        0 | 409            |        1 |       0
409 for ever                                           | single  | default | 1       |        0 |         0 |        0 |       1 |        0 | 409            |        1 |       0

No document says that an id counts once: what an answer leaves open is not sent again, in halves or otherwise.
two bad, not named                                     | batches | default | 1, 4    |        6 |         0 |        0 |       4 |        0 | nothing        |        5 |       8
100 named, every fifth of 1000 bad                     | batches | default | 4       |        0 |         0 |      100 |     900 |        0 | nothing        |        1 |     800
100 named, every fifth of 1000 bad, duplicates named   | batches | default | 4       |        0 |         0 |      100 |     900 |        0 | nothing        |        1 |     800
100 named, the first 200 of 1000 bad                   | batches | default | 4       |        0 |         0 |      100 |     900 |        0 | nothing        |        1 |     800
none named, event 617 of 1000 bad                      | batches | default | 4       |        0 |         0 |        0 |    1000 |        0 | nothing        |        1 |     999

Enso counts the failures: a list that is as long as the count is whole, whatever its length.
100 named, the first 100 of 1000 bad                   | batches | both    | 4       |      900 |         0 |      100 |       0 |        0 | nothing        |        1 |     900
100 named, the first 200 of 1000 bad                   | batches | assumed | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |        2 |     800
100 named, every fifth of 1000 bad                     | batches | assumed | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |        2 |     800

Enso counts the failures: where it counts as many as there were events, none of them was taken, and nothing shows that one is at fault which is not named.
all bad, not named                                     | batches | both    | 1, 4    |        0 |         0 |        0 |       0 |       10 | nothing        |        5 |       0
100 named, all of 1000 bad                             | batches | both    | 4       |        0 |         0 |      100 |       0 |      900 | nothing        |        1 |       0
none named, all of 1000 bad                            | batches | both    | 4       |        0 |         0 |        0 |       0 |     1000 | nothing        |        1 |       0

Enso says nothing of duplicates: they are accepted like other events.
100 named, every fifth of 1000 bad, duplicates named   | batches | assumed | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |        2 |     800
reset after reading once, duplicates named             | batches | assumed | the same
cut-off 202 once, duplicates named                     | batches | assumed | the same
cut-off 207 once, duplicates named                     | batches | assumed | the same
503 after applying once, duplicates named              | batches | assumed | the same

Enso names failures in one place.
two bad, named under details                           | batches | both    | the same

Any status of success may be the one of Enso: it is the body that has to say what became of the events.
200 for ever                                           | batches | both    | the same
200 for ever                                           | single  | both    | the same
204 for ever                                           | batches | both    | 1, 4    |        0 |         0 |        0 |       2 |        0 | unreadable 204 |        1 |       0
204 for ever                                           | single  | both    | 1       |        0 |         0 |        0 |       1 |        0 | unreadable 204 |        1 |       0
";

const DEFAULT: &str = "default";
const ASSUMED: &str = "assumed";
const BOTH: &str = "both";
const THE_SAME: &str = "the same";

impl FaultTable {
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
struct ServiceDifference {
    kind: FaultTable,
    mode: &'static str,
    fault: String,
    /// Nothing where it ends as it does with Togai.
    row: Option<FaultRow>,
    reason: &'static str,
}

static ALL: LazyLock<Vec<ServiceDifference>> = LazyLock::new(|| {
    let (mut reason, mut all) = ("", Vec::new());
    for line in DIFFERENCES.lines().skip(2).filter(|line| !line.is_empty()) {
        match line.split_once('|') {
            Some((fault, rest)) => all.push(ServiceDifference::read(fault, rest, reason)),
            None => reason = line,
        }
    }
    all
});

impl ServiceDifference {
    fn read(fault: &str, rest: &'static str, reason: &'static str) -> Self {
        let cells: Vec<&str> = rest.splitn(4, '|').map(str::trim).collect();
        let kind = FaultTable::ALL.into_iter().find(|kind| kind.name() == cells[0]).unwrap_or_else(|| panic!("{rest}"));
        assert!([DEFAULT, ASSUMED, BOTH].contains(&cells[1]), "{rest}");
        let row = (cells[2] != THE_SAME).then(|| FaultRow::new(fault, cells[2], cells[3]));
        Self { kind, mode: cells[1], fault: fault.trim().to_owned(), row, reason }
    }

    fn is_about(&self, kind: FaultTable, fault: &str, mode: &str) -> bool {
        self.kind == kind && self.fault == fault && [mode, BOTH].contains(&self.mode)
    }
}

fn find<S: Service>(kind: FaultTable, fault: &str) -> Option<&'static ServiceDifference> {
    let mode = if S::IS_ASSUMED { ASSUMED } else { DEFAULT };
    ALL.iter().filter(|_| S::NAME == "Enso").find(|difference| difference.is_about(kind, fault, mode))
}

/// What is to become of the events of a scenario with a service, where with Togai it is this.
pub(crate) fn expected<S: Service>(kind: FaultTable, row: FaultRow) -> FaultRow {
    find::<S>(kind, &row.fault).and_then(|difference| difference.row.clone()).unwrap_or(row)
}

/// What to do about a scenario that ends otherwise than it is to.
pub(crate) fn advice<S: Service>(kind: FaultTable, row: &FaultRow, is: &str) -> String {
    if S::NAME != "Enso" {
        return String::new();
    }
    if let Some(difference) = find::<S>(kind, &row.fault) {
        return format!("  the reason was: {}\n", difference.reason);
    }
    let mode = if S::IS_ASSUMED { ASSUMED } else { DEFAULT };
    let at_once = row.at_once.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let row = format!("{:54} | {:7} | {mode:7} | {at_once:7} | {is}", row.fault, kind.name());
    format!("  if it is meant to, add this row with its reason to the differences:\n{row}\n")
}

#[test]
fn every_row_of_the_table_is_a_real_difference() {
    for difference in &*ALL {
        let ServiceDifference { kind, mode, fault, row, reason } = difference;
        assert!(reason.ends_with('.'), "{fault}: write a sentence above it that says why");
        let togai = fault_matrix::rows(kind.table()).find(|row| row.fault == *fault);
        let togai = togai.unwrap_or_else(|| panic!("no row of the table {kind:?} of Togai: {fault}"));
        assert_ne!(row.as_ref(), Some(&togai), "{mode}: it is as with Togai, so take the row out");
        let modes = if *mode == BOTH { vec![DEFAULT, ASSUMED] } else { vec![*mode] };
        for mode in modes {
            let count = ALL.iter().filter(|other| other.is_about(*kind, fault, mode)).count();
            assert_eq!(count, 1, "{fault} ({mode}) is there more than once");
        }
    }
    assert_eq!(ALL.iter().filter(|difference| difference.row.is_none()).count(), 7);
}
