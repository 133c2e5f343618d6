//! The figures as tables, and the page that they stand on.

use std::fmt::Write;

use crate::comparisons::{FLAT, MEBIBYTES, Ratio, Results};
use crate::long::Long;
use crate::measure::Series;
use crate::setup::{CHUNK, IN_FLIGHT};

/// The page: what is measured, the figures, and what they do not say.
pub(crate) fn page(results: &Results) -> String {
    let scale = &results.scale;
    format!(
        "# Benchmarks\n\n\
         What ingestion costs, beside a loop by hand, plain progenitor, and the vendor's Python client. The \
         program that measures has written this page:\n\n\
         ```sh\n\
         cargo bench -p togai-benchmarks\n\
         ```\n\n\
         ![CPU time per event of each way to ingest](benchmarks.svg)\n\n\
         {tables}\n\
         ## How it is measured\n\n\
         - **The figure is CPU time** of the process that sends, all its threads; with a Tokio runtime of one \
         thread there is no other. The time on the clock stands beside it; where the machine does other things as \
         well, much of it is theirs.\n\
         - **The server is another process** that reads requests, throws them away, and answers 202. It keeps \
         nothing and checks nothing, so that what is left is the client. All is on one machine, over HTTP/1.1 \
         without TLS.\n\
         - **Ways alternate**: a round is {turns} turns of {events} events for each way (one turn of \
         {vendor_events} where the vendor's client takes part), and there are {rounds} rounds. Shown are the \
         median, and the least to the most. A ratio is divided within a round and the median is taken afterwards. \
         A loop against itself shows how much of a ratio is noise.\n\
         - **An event** has a schema, a UUID, a time, an account, two quantities with units and four labels: \
         {bytes:.0} bytes as JSON. All ways in Rust send the same number of requests and of bytes, which the \
         program checks.\n\
         - **The loop by hand** has the same HTTP client with the same settings, {chunk} events in a request and \
         {in_flight} requests in flight. It writes JSON with serde_json into buffers that it uses again, checks \
         for 202, and reads the answer. It gives no ids, repeats nothing, checks nothing and tells nothing of \
         single events. Where it owns its events it drops those of a request once that is answered: it can make \
         none anew of their bytes, as ours can.\n\
         - **Plain progenitor** is its unchanged output for the same document, by builders as its documentation \
         shows them, {in_flight} requests in flight. Events are struct literals with `TryFrom<&str>`, the \
         cheapest that its types allow; made by its builders of types in one row; and with the lengths and \
         patterns of strings taken out of the document in another, where values are not looked at. Ours looks at \
         the same limits before it sends an event.\n\
         - **The vendor's Python client** is version 1.0.3, one request after the other, which costs no CPU time. \
         The start of Python is not counted, and the records are kept from its garbage collector.\n\
         - **A long ingestion** is a fresh process that makes events and ingests them. Memory is its peak resident set \
         (`VmHWM`), on Linux; an event costs its CPU time, less that of making as many events. There are {long_runs} \
         processes for each number; shown are the most memory and the least time.\n\n\
         ## What it does not say\n\n\
         - How fast the service is. Its quota of 50 requests a second is far below what any of these clients can \
         send.\n\
         - What TLS costs, which is the same for all.\n\
         - What happens when something fails: every request here is accepted at once. Retries, verdicts, and the \
         search for the events that a batch is refused for are what the difference to a loop by hand buys.\n\
         - Anything on another machine but roughly, ratios included: they depend on caches and on the \
         allocator.\n",
        tables = tables(results),
        turns = scale.turns,
        events = grouped(scale.events),
        vendor_events = grouped(scale.vendor_events),
        rounds = scale.rounds,
        long_runs = scale.long_runs,
        bytes = results.bytes_per_event,
        chunk = CHUNK,
        in_flight = IN_FLIGHT,
    )
}

/// The figures alone.
pub(crate) fn tables(results: &Results) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "{} {}, {cores} cores, {}; {:.0} bytes per event.\n\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
        env!("BENCHMARKS_RUSTC"),
        results.bytes_per_event
    );
    text.push_str("## How many times the CPU time of ours the other takes\n\n");
    text.push_str("More than 1 means that ours takes less.\n\n");
    text.push_str("| ours against | times | aim | met |\n|---|---|---|---|\n");
    for ratio in &results.ratios {
        ratio_row(&mut text, ratio, results.vendor.as_ref().err());
    }
    text.push_str("\n## What an event takes\n\n");
    text.push_str("| | CPU time, ns | on the clock, ns | events per second |\n|---|---|---|---|\n");
    for series in results.prebuilt.iter().chain(&results.constructed).chain(results.vendor.iter().flatten().skip(1)) {
        series_row(&mut text, series);
    }
    if !results.long.is_empty() {
        text.push_str("\n## What a long ingestion takes\n\n");
        text.push_str("| events | CPU time of an event, ns | memory at most, MiB |\n|---|--:|--:|\n");
        for Long { events, mebibytes, nanoseconds } in &results.long {
            let _ = writeln!(text, "| {} | {nanoseconds:.0} | {mebibytes:.1} |", grouped(*events as usize));
        }
        let met = |is_met| if is_met { "yes" } else { "no" };
        let most_memory = results.long.iter().map(|long| long.mebibytes).fold(0.0, f64::max);
        let dearest = results.long.iter().map(|long| long.nanoseconds).fold(0.0, f64::max);
        let cheapest = results.long.iter().map(|long| long.nanoseconds).fold(f64::INFINITY, f64::min);
        let times = dearest / cheapest;
        let _ = writeln!(
            text,
            "\n| | | aim | met |\n|---|---|---|---|\n\
             | the most memory | {most_memory:.1} MiB | at most {MEBIBYTES} MiB | {} |\n\
             | the dearest event against the cheapest | {times:.2} | at most {FLAT:.2} | {} |",
            met(most_memory <= MEBIBYTES),
            met(times <= FLAT)
        );
    }
    text
}

fn ratio_row(text: &mut String, row: &Ratio, why_none: Option<&String>) {
    let times = match (row.times, why_none) {
        (Some(times), _) => format!("{times:.2}"),
        (None, Some(why)) => why.clone(),
        (None, None) => "not measured".to_owned(),
    };
    let aim = row.aim.map_or("none".to_owned(), |aim| format!("at least {aim:.2}"));
    let met = match (row.times, row.aim) {
        (Some(times), Some(aim)) if times.median >= aim => "yes",
        (Some(_), Some(_)) => "no",
        _ => "",
    };
    let _ = writeln!(text, "| {} | {times} | {aim} | {met} |", row.what);
}

fn series_row(text: &mut String, series: &Series) {
    let (cpu, wall) = (series.cpu(), series.wall());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of some millions")]
    let per_second = grouped((1e9 / wall.median) as usize / 1000 * 1000);
    let _ = writeln!(text, "| {} | {cpu:.0} | {wall:.0} | {per_second} |", series.label);
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
