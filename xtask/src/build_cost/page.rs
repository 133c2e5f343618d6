//! The figures as tables, and the page that they stand on.

use std::fmt::Write;

use super::cost::Cost;
use super::subject::FULL;
use super::targets::TARGETS;

/// The figures alone.
pub(super) fn tables(costs: &[Cost], machine: &str, rounds: usize) -> String {
    let rounds = if rounds == 1 { "one round".to_owned() } else { format!("the median of {rounds} rounds") };
    let mut text = format!("{machine}; {rounds}.\n\n");
    text.push_str("| client | lines of code | crates below it | check, s | release, s | rlib, MB |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|\n");
    for Cost { name, lines, crates, check, release, bytes } in costs {
        let megabytes = megabytes(*bytes);
        let _ = writeln!(text, "| {name} | {lines} | {crates} | {check} | {release} | {megabytes:.1} |");
    }
    if let Some(ours) = costs.iter().find(|cost| cost.name == FULL) {
        text.push_str("\n## How many times ours with `full`\n\n");
        text.push_str("| client | lines of code | crates below it | check | release | rlib |\n");
        text.push_str("|---|--:|--:|--:|--:|--:|\n");
        for cost in costs {
            let lines = ratio(cost.lines, ours.lines);
            let crates = ratio(cost.crates, ours.crates);
            let check = cost.check.median() / ours.check.median();
            let release = cost.release.median() / ours.release.median();
            let size = megabytes(cost.bytes) / megabytes(ours.bytes);
            let name = cost.name;
            let _ = writeln!(text, "| {name} | {lines:.2} | {crates:.2} | {check:.2} | {release:.2} | {size:.2} |");
        }
    }
    text.push_str("\n## What ours may take\n\n| | seconds | aim | met |\n|---|--:|---|---|\n");
    for target in &TARGETS {
        let seconds = target.measured(costs).map_or("not measured".to_owned(), |seconds| format!("{seconds:.1}"));
        let met = if target.is_met(costs) { "yes" } else { "no" };
        let _ = writeln!(text, "| {} | {seconds} | at most {:.0} | {met} |", target.what, target.most);
    }
    text
}

/// The page: what is measured, the figures, and how they came about.
pub(super) fn page(tables: &str) -> String {
    format!("{ABOUT}{tables}{METHOD}")
}

const ABOUT: &str = "\
# What it costs to build the client

Ours beside the Rust client of openapi-generator and the plain output of progenitor, all from the same document. The \
command that measures has written this page:

```sh
cargo xtask build-cost
```

";

const METHOD: &str = "
## How it is measured

- **One library at a time**: what it depends on is built, its `src/lib.rs` is touched, and the time of `cargo check` or \
`cargo build --release` is taken on the clock, with `CARGO_INCREMENTAL=0`. The command makes sure that nothing else was \
built in that time. Shown are the median, and the least to the most. The clock does not tell our work from that of \
others, so the machine has to be quiet.
- **Ours** is `togai-api` with no areas, with those that are on by default (event ingestion, event management, accounts \
of customers) and with all. All three are the same source.
- **Plain progenitor** is version 0.15.1 with builders and one client for all tags, and without hooks. It gets the \
document as lowered for ours, since it panics over the document as it is. A `date-time` becomes a type of chrono, a \
number an `f64`.
- **openapi-generator** is version 7.26.0 (from PyPI), `--generator-name rust --library reqwest`, and gets the document as \
it is. In its `Cargo.toml` the default feature `native-tls` is taken out, and a workspace of its own \
with our profile for development is added; the code is as it comes.
- **None has TLS**, and all have the versions of this workspace's `Cargo.lock`, as far as they have the same crates.
- **Lines of code** are those of the files that the compiler has read, without comments, empty lines and tests. What is \
left out inside of a file by the choice of features counts all the same.
- **Crates below it** are those that are built for it on this machine, with build scripts and macros.
- **The rlib** is that of the release build, with what rustc keeps in it for generic code.

`--quick` measures one round. `--before=COMMIT` measures the client of another commit as well, a round of each in turn. `--assert` fails where ours misses an aim. It needs Python and Java, and the network when it \
runs for the first time; what it makes is in `target/build-cost/`.

## What it does not say

- What the dependencies cost, but for their number: they are built once.
- What an application adds. Ours leaves reading an answer to the crate that calls the operation (`send` is `#[inline]`), \
and so does not pay for those that nobody calls; the others have compiled much of it for all.
- What the clients can do. Ours reads answers in which anything is missing, keeps unknown values of enumerations and the \
digits of amounts, and has one error.
";

#[expect(clippy::cast_precision_loss, reason = "far from 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52 lines")]
fn ratio(theirs: usize, ours: usize) -> f64 {
    theirs as f64 / ours as f64
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::series::Series;
    use super::super::subject::BY_DEFAULT;
    use super::*;

    /// What could have been measured.
    pub(in super::super) fn cost(name: &'static str, check: f64, release: f64) -> Cost {
        Cost {
            name,
            lines: 1000,
            crates: 100,
            check: Series::of(&[check]),
            release: Series::of(&[release, release + 1.0, release - 1.0]),
            bytes: 12_340_000,
        }
    }

    #[test]
    fn the_tables_show_times_ratios_and_aims() {
        let mut other = cost("another", 9.0, 20.0);
        other.lines = 2500;
        other.bytes = 24_680_000;
        let costs = [cost(BY_DEFAULT, 1.5, 4.0), cost(FULL, 6.0, 10.0), other];
        insta::assert_snapshot!(tables(&costs, "linux x86_64, 2 cores, rustc 1.95.0", 3), @"
        linux x86_64, 2 cores, rustc 1.95.0; the median of 3 rounds.

        | client | lines of code | crates below it | check, s | release, s | rlib, MB |
        |---|--:|--:|--:|--:|--:|
        | togai-api, default features | 1000 | 100 | 1.5 | 4.0 (3.0 to 5.0) | 12.3 |
        | togai-api, `full` | 1000 | 100 | 6.0 | 10.0 (9.0 to 11.0) | 12.3 |
        | another | 2500 | 100 | 9.0 | 20.0 (19.0 to 21.0) | 24.7 |

        ## How many times ours with `full`

        | client | lines of code | crates below it | check | release | rlib |
        |---|--:|--:|--:|--:|--:|
        | togai-api, default features | 1.00 | 1.00 | 0.25 | 0.40 | 1.00 |
        | togai-api, `full` | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |
        | another | 2.50 | 1.00 | 1.50 | 2.00 | 2.00 |

        ## What ours may take

        | | seconds | aim | met |
        |---|--:|---|---|
        | check, default features | 1.5 | at most 2 | yes |
        | check, `full` | 6.0 | at most 7 | yes |
        | release, `full` | 10.0 | at most 12 | yes |
        ");
    }

    #[test]
    fn the_page_names_its_command_and_holds_the_tables() {
        let page = page(&tables(&[cost(FULL, 6.0, 10.0)], "a machine", 1));
        assert!(page.contains("cargo xtask build-cost\n"), "{page}");
        assert!(page.contains("a machine; one round.\n\n| client "), "{page}");
    }
}
