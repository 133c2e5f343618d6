//! The comparison of instructions with those on the page, which the benchmarks make. Benches have no tests of their own.

#[path = "../benchmarks/ingestion/counts.rs"]
mod counts;

use counts::{Count, problems, table};

fn count(other: u64, ours: u64) -> [Count; 1] {
    [Count { shape: "small", what: "`ingest_slice`", other, ours }]
}

#[test]
fn a_ratio_that_is_as_good_as_on_the_page_or_better_is_no_problem() {
    let page = format!("before\n\n{}\nafter", table(&count(2000, 1000)));
    for now in [count(2000, 1000), count(1990, 1020), count(4000, 1000)] {
        assert_eq!(problems(&page, &now), Vec::<String>::new());
    }
}

#[test]
fn a_ratio_that_has_fallen_and_a_row_that_is_missing_are_named() {
    let page = table(&count(2000, 1000));
    insta::assert_debug_snapshot!(problems(&page, &count(2000, 1050)), @r#"
    [
        "`ingest_slice` of events that are small: the other takes 1.90 times the instructions, and the page says 2.00; find the cause, or write the page anew with `--instructions`",
    ]
    "#);
    insta::assert_debug_snapshot!(problems("no table", &count(2000, 1000)), @r#"
    [
        "`ingest_slice` of events that are small: docs/benchmarks.md has no row for it; write the page anew with `--instructions`",
    ]
    "#);
}
