//! Instructions a call: those of many calls less those of few, so that the start of the process does not count.

#![expect(clippy::cast_precision_loss, reason = "figures for people have three digits")]

use std::fmt::Write as _;
use std::process::Command;

use super::{COUNTED, WAYS, section};

const FEW: u64 = 200;
const MANY: u64 = 1200;

/// Counts for each way, and writes the section of docs/benchmarks.md.
pub(crate) fn count(address: &str) {
    let counts = [0, 1, 2].map(|way| (total(address, way, MANY) - total(address, way, FEW)) / (MANY - FEW));
    let [by_hand, bare, ours] = counts;
    let more = |count: u64, than: u64| format!("{:+.1} %", (count as f64 / than as f64 - 1.0) * 100.0);
    let mut text = String::from(
        "`cargo bench -p togai-tests --bench calls -- --instructions` counts the instructions of a call that reads one event, \
         in user space and without those of the server, by valgrind's callgrind.\n\n\
         | a call by | instructions | against bare reqwest |\n|---|--:|--:|\n",
    );
    for ((name, _), count) in WAYS.iter().zip(counts) {
        let _ = writeln!(text, "| {name} | {count} | {} |", more(count, bare));
    }
    let _ = write!(
        text,
        "\nBare reqwest is the same builder over a transport that does nothing but reach the server. Ours add retries, \
         pacing, the token gate, limits, counts and traces: {} (aim: at most +2 %). Against the loop by hand it is {}.\n",
        more(ours, bare),
        more(ours, by_hand),
    );
    println!("{text}");
    section::write("What a call costs", &text).expect("docs/benchmarks.md can be written");
}

/// The instructions of a process that makes so many calls.
fn total(address: &str, way: usize, calls: u64) -> u64 {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([way.to_string(), calls.to_string()])
        .env(COUNTED, address)
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let collected = said.lines().find_map(|line| line.split("Collected :").nth(1)).expect("the count of callgrind");
    collected.trim().parse().expect("a number")
}
