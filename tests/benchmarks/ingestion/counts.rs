//! Counts of instructions as a table, and the table of a page compared with counts of today.

use std::fmt::Write as _;

/// How many instructions an event takes, another way and ours.
#[derive(Debug)]
pub(crate) struct Count {
    pub(crate) shape: &'static str,
    pub(crate) what: &'static str,
    pub(crate) other: u64,
    pub(crate) ours: u64,
}

/// How much of a ratio may be lost: counts differ a little with the compiler and the system's libraries.
const TOLERANCE: f64 = 0.03;

impl Count {
    fn ratio(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let (other, ours) = (self.other as f64, self.ours as f64);
        other / ours
    }

    /// How its row begins.
    fn row(&self) -> String {
        format!("| {} | {} |", self.shape, self.what)
    }
}

/// The counts as a table.
pub(crate) fn table(counts: &[Count]) -> String {
    let mut text = String::from(
        "| an event | ours | the other, by hand or plain | ours | the other takes |\n|---|---|--:|--:|--:|\n",
    );
    for count in counts {
        let _ = writeln!(text, "{} {} | {} | {:.2} times |", count.row(), count.other, count.ours, count.ratio());
    }
    text
}

/// What is worse now than a page says, row by row.
pub(crate) fn problems(page: &str, now: &[Count]) -> Vec<String> {
    now.iter().filter_map(|count| problem(page, count)).collect()
}

fn problem(page: &str, now: &Count) -> Option<String> {
    let name = format!("{} of events that are {}", now.what, now.shape);
    let remedy = "find the cause, or write the page anew with `--instructions`";
    let written = page.lines().find_map(|line| line.strip_prefix(&now.row()));
    let ratio = written.and_then(|row| row.trim_end_matches(" times |").rsplit(' ').next()?.parse::<f64>().ok());
    let Some(ratio) = ratio else {
        return Some(format!(
            "{name}: docs/benchmarks.md has no row for it; write the page anew with `--instructions`"
        ));
    };
    let least = ratio * (1.0 - TOLERANCE);
    (now.ratio() < least).then(|| {
        format!(
            "{name}: the other takes {:.2} times the instructions, and the page says {ratio:.2}; {remedy}",
            now.ratio()
        )
    })
}
