//! What is compared with what.

use std::error::Error;

use crate::long::{self, Long};
use crate::measure::{Contender, Role, Sample, Series, Spread, alternate};
use crate::setup::Setup;
use crate::sink::Sink;
use crate::vendor::Vendor;
use crate::{by_hand, ours, plain};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// How many times a way has its turn in a round.
    pub(crate) turns: usize,
    /// Events that a way ingests in a turn.
    pub(crate) events: usize,
    /// The same for the vendor's client, which would take minutes for as many.
    pub(crate) vendor_events: usize,
    /// Events of processes that do nothing else.
    pub(crate) long_events: [u32; 4],
    /// How many such processes there are for each number.
    pub(crate) long_runs: usize,
    is_full: bool,
}

impl Scale {
    pub(crate) const FULL: Self = Self {
        rounds: 10,
        turns: 3,
        events: 100_000,
        vendor_events: 20_000,
        long_events: [1_000_000, 2_000_000, 5_000_000, 10_000_000],
        long_runs: 4,
        is_full: true,
    };
    pub(crate) const QUICK: Self = Self {
        rounds: 2,
        turns: 1,
        events: 4_000,
        vendor_events: 1_000,
        long_events: [1_000, 2_000, 5_000, 10_000],
        long_runs: 1,
        is_full: false,
    };
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) scale: Scale,
    pub(crate) bytes_per_event: f64,
    /// Events that are there before the clock starts.
    pub(crate) prebuilt: Vec<Series>,
    /// Events that are made of records while it runs.
    pub(crate) constructed: Vec<Series>,
    /// Ours and the vendor's client, or why there is none.
    pub(crate) vendor: Result<Vec<Series>, String>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) long: Vec<Long>,
}

/// How many times the CPU time of ours another way takes, and how many times it should be at least.
#[derive(Debug)]
pub(crate) struct Ratio {
    pub(crate) what: &'static str,
    pub(crate) times: Option<Spread>,
    pub(crate) aim: Option<f64>,
}

/// The most memory that a long ingestion may take, and how many times what an event takes there may differ.
pub(crate) const MEBIBYTES: f64 = 32.0;
pub(crate) const FLAT: f64 = 1.1;

pub(crate) fn run(setup: &Setup, sink: &Sink, scale: &Scale) -> Result<Results, Box<dyn Error>> {
    let bytes_per_event = check(setup, sink)?;
    let borrowed = alternate(scale.rounds, scale.turns, borrowed(setup));
    let owned = alternate(scale.rounds, scale.turns, owned(setup));
    let constructed = alternate(scale.rounds, scale.turns, constructed(setup));
    let vendor = Vendor::find(scale.is_full);
    let vendor = vendor.map(|vendor| alternate(scale.rounds, 1, against_vendor(setup, scale, vendor)));

    let ratio = |what, other: &Series, ours: &Series, aim| Ratio { what, times: Some(ours.ratio_of(other)), aim };
    let ratios = vec![
        ratio("`ingest_slice` against a loop by hand", &borrowed[0], &borrowed[1], Some(1.15)),
        ratio("`ingest_events` against a loop by hand", &owned[0], &owned[1], Some(1.20)),
        ratio("a loop by hand against itself", &borrowed[0], &borrowed[2], None),
        ratio("`Event::at` and `ingest_events` against plain progenitor", &constructed[1], &constructed[0], Some(2.0)),
        ratio("the same, with progenitor's builders of types", &constructed[2], &constructed[0], None),
        ratio("the same, with limits taken out of the document", &constructed[3], &constructed[0], None),
        Ratio {
            what: "`Event::at` and `ingest_events` against the vendor's Python client",
            times: vendor.as_ref().ok().map(|series| series[0].ratio_of(&series[1])),
            aim: Some(30.0),
        },
    ];
    let long = long::measure(&setup.address, &scale.long_events, scale.long_runs)?;
    let prebuilt = borrowed.into_iter().chain(owned).collect();
    Ok(Results { scale: *scale, bytes_per_event, prebuilt, constructed, vendor, ratios, long })
}

/// Runs one contender repeatedly, for a profiler.
pub(crate) fn repeat(setup: &Setup, name: &str) -> Result<(), Box<dyn Error>> {
    let mut contenders: Vec<Contender<'_>> =
        borrowed(setup).into_iter().chain(owned(setup)).chain(constructed(setup)).collect();
    let names: Vec<&str> = contenders.iter().map(|contender| contender.name).collect();
    let problem = format!("there is no way `{name}`, but {}", names.join(", "));
    let contender = contenders.iter_mut().find(|contender| contender.name == name).ok_or(problem)?;
    for _ in 0..50 {
        let sample = (contender.run)();
        println!("{:.1} ns", sample.cpu);
    }
    Ok(())
}

/// Checks that all contenders send the same number of requests and bytes; how many bytes an event is.
fn check(setup: &Setup, sink: &Sink) -> Result<f64, Box<dyn Error>> {
    let mut first = None;
    for mut contender in borrowed(setup).into_iter().chain(owned(setup)).chain(constructed(setup)) {
        let before = sink.counts()?;
        (contender.run)();
        let after = sink.counts()?;
        let sent = (after.requests - before.requests, after.bytes - before.bytes);
        if *first.get_or_insert(sent) != sent {
            return Err(format!("{} sends {sent:?} requests and bytes, and not {first:?}", contender.name).into());
        }
    }
    let (_, bytes) = first.ok_or("there are no ways")?;
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    Ok(bytes as f64 / setup.events.len() as f64)
}

fn borrowed(setup: &Setup) -> Vec<Contender<'_>> {
    vec![
        contender(setup, Role::Other, "by_hand_slice", "a loop by hand over `&[Event]`", async || {
            by_hand::borrowed(setup, &setup.events).await;
        }),
        contender(setup, Role::Ours, "ingest_slice", "`ingest_slice(&[Event])`", async || {
            ours::borrowed(&setup.client, &setup.events).await;
        }),
        contender(setup, Role::Control, "by_hand_slice_again", "the same loop again", async || {
            by_hand::borrowed(setup, &setup.events).await;
        }),
    ]
}

fn owned(setup: &Setup) -> Vec<Contender<'_>> {
    vec![
        consuming(setup, Role::Other, "by_hand_events", "a loop by hand over `Vec<Event>`", async |events| {
            by_hand::owned(setup, events).await;
        }),
        consuming(setup, Role::Ours, "ingest_events", "`ingest_events(Vec<Event>)`", async |events| {
            ours::owned(&setup.client, events).await;
        }),
    ]
}

fn constructed(setup: &Setup) -> Vec<Contender<'_>> {
    vec![
        contender(setup, Role::Ours, "constructed", "`Event::at` and `ingest_events`", async || {
            ours::constructed(&setup.client, &setup.records).await;
        }),
        contender(setup, Role::Other, "plain", "plain progenitor, struct literals", async || {
            plain::limited::literals(setup).await;
        }),
        contender(setup, Role::Other, "plain_builders", "plain progenitor, builders of types", async || {
            plain::limited::builders(setup).await;
        }),
        contender(setup, Role::Other, "plain_unlimited", "plain progenitor, document without limits", async || {
            plain::unlimited::literals(setup).await;
        }),
    ]
}

fn against_vendor<'a>(setup: &'a Setup, scale: &Scale, vendor: Vendor) -> Vec<Contender<'a>> {
    let records = &setup.records[..scale.vendor_events];
    let address = setup.address.clone();
    let run = move || vendor.ingest(&address, records).expect("a time");
    let vendor =
        Contender { name: "vendor", role: Role::Other, label: "the vendor's Python client 1.0.3", run: Box::new(run) };
    constructed(setup).into_iter().take(1).chain([vendor]).collect()
}

fn contender<'a>(
    setup: &'a Setup,
    role: Role,
    name: &'static str,
    label: &'static str,
    run: impl AsyncFn() + 'a,
) -> Contender<'a> {
    let run = move || Sample::take(setup.records.len(), || setup.runtime.block_on(run()));
    Contender { name, label, role, run: Box::new(run) }
}

/// A contender that consumes events, which are copied before the clock starts.
fn consuming<'a>(
    setup: &'a Setup,
    role: Role,
    name: &'static str,
    label: &'static str,
    run: impl AsyncFn(Vec<togai_ext::Event>) + 'a,
) -> Contender<'a> {
    let run = move || {
        let events = setup.events.clone();
        Sample::take(setup.records.len(), || setup.runtime.block_on(run(events)))
    };
    Contender { name, label, role, run: Box::new(run) }
}
