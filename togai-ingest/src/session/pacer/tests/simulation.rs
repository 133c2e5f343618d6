//! Clients with a pacer each before one service, in virtual time: nothing sleeps, and there is no socket.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

/// How the service counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Quota {
    /// Tokens for a second, which come back evenly.
    Bucket,
    /// So many requests in each second of its own clock.
    Window,
}

/// Who sends, how much the service takes, and which part of the time is measured. Clients always have something to send.
#[derive(Clone, Debug)]
struct Scenario {
    clients: usize,
    /// Requests of a client that are in flight at most.
    concurrency: usize,
    /// What the service takes a second, from a second on.
    quota: Vec<(f64, f64)>,
    /// Requests a second of another user of the account, who is not paced.
    other: f64,
    retry_after: Option<Duration>,
    /// The time until a response, on average.
    latency: f64,
    measured: std::ops::Range<f64>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            clients: 1,
            concurrency: 16,
            quota: vec![(0.0, 50.0)],
            other: 0.0,
            retry_after: None,
            latency: 0.02,
            measured: 10.0..310.0,
        }
    }
}

/// What became of the requests that were measured.
#[derive(Debug)]
struct Outcome {
    /// Requests a second that were taken.
    goodput: f64,
    /// The part of the requests that was throttled.
    throttled: f64,
    /// Jain's index of the requests that were taken of each client: 1 is even, 1/n is all to one.
    fairness: f64,
    /// The requests that were taken, and those that were throttled, in each second from the beginning.
    seconds: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The first in line of a client looks for its turn.
    Turn,
    Arrival {
        sent: Duration,
    },
    Response {
        sent: Duration,
        is_taken: bool,
    },
    OtherUser,
}

struct Service {
    quota: Quota,
    tokens: f64,
    refilled: f64,
    /// Its seconds do not begin with ours.
    phase: f64,
    window: f64,
}

impl Service {
    fn takes(&mut self, now: f64, per_second: f64) -> bool {
        match self.quota {
            Quota::Bucket => {
                self.tokens = (self.tokens + (now - self.refilled) * per_second).min(per_second.max(1.0));
                self.refilled = now;
            }
            Quota::Window => {
                let window = (now + self.phase).floor();
                if window > self.window {
                    (self.window, self.tokens) = (window, per_second);
                }
            }
        }
        let is_taken = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(is_taken));
        is_taken
    }
}

struct Simulation<'a> {
    scenario: &'a Scenario,
    random: fastrand::Rng,
    start: Instant,
    pacers: Vec<Pacer>,
    /// Requests that each client may still begin.
    idle: Vec<usize>,
    /// Whether the first in line of each client has waited for its turn.
    have_waited: Vec<bool>,
    events: BinaryHeap<Reverse<(Duration, usize, usize, What)>>,
    count: usize,
}

impl Simulation<'_> {
    fn schedule(&mut self, at: Duration, client: usize, what: What) {
        self.count += 1;
        self.events.push(Reverse((at, self.count, client, what)));
    }

    fn half_a_round_trip(&mut self) -> Duration {
        Duration::from_secs_f64(self.scenario.latency / 2.0 * (0.7 + 0.6 * self.random.f64()))
    }

    /// The first in line of a client takes its turn, or looks again when that is due.
    fn take_turn(&mut self, client: usize, now: Duration) {
        let random = self.random.f64();
        let pacer = &self.pacers[client];
        let has_waited = std::mem::take(&mut self.have_waited[client]);
        let turn = pacer.lock().turn(self.start + now, random, has_waited);
        let next = match turn {
            Turn::Now => {
                self.idle[client] -= 1;
                let arrival = now + self.half_a_round_trip();
                self.schedule(arrival, client, What::Arrival { sent: now });
                now
            }
            Turn::In(wait) => {
                self.have_waited[client] = true;
                now + wait
            }
            Turn::Paused => now + pacer.pause(self.start + now).unwrap_or_default(),
        };
        if self.idle[client] > 0 {
            self.schedule(next, client, What::Turn);
        }
    }

    fn respond(&mut self, client: usize, now: Duration, sent: Duration, is_taken: bool) {
        let (at, random) = (self.start + now, self.random.f64());
        if is_taken {
            self.pacers[client].succeeded(at, self.start + sent);
        } else {
            self.pacers[client].throttled(at, self.start + sent, self.scenario.retry_after, random);
        }
        self.idle[client] += 1;
        // Otherwise one stands in line already.
        if self.idle[client] == 1 {
            self.schedule(now, client, What::Turn);
        }
    }
}

fn simulate(scenario: &Scenario, quota: Quota, seed: u64) -> Outcome {
    let Scenario { clients, concurrency, .. } = *scenario;
    let mut simulation = Simulation {
        scenario,
        random: fastrand::Rng::with_seed(seed),
        start: Instant::now(),
        pacers: (0..clients).map(|_| Pacer::new(Pace::PerSecond(50.0), 1)).collect(),
        idle: vec![concurrency; clients],
        have_waited: vec![false; clients],
        events: BinaryHeap::new(),
        count: 0,
    };
    let phase = simulation.random.f64();
    let mut service = Service { quota, tokens: scenario.quota[0].1, refilled: 0.0, phase, window: -1.0 };
    for client in 0..clients {
        simulation.schedule(Duration::ZERO, client, What::Turn);
    }
    if scenario.other > 0.0 {
        simulation.schedule(Duration::ZERO, 0, What::OtherUser);
    }
    let mut taken = vec![0.0; clients];
    let mut throttled = 0.0;
    let mut seconds = Vec::new();
    while let Some(Reverse((now, _, client, what))) = simulation.events.pop() {
        let time = now.as_secs_f64();
        if time >= scenario.measured.end {
            break;
        }
        let per_second = scenario.quota.iter().rev().find(|(from, _)| *from <= time).unwrap().1;
        match what {
            What::Turn => simulation.take_turn(client, now),
            What::Arrival { sent } => {
                let is_taken = service.takes(time, per_second);
                let arrival = simulation.half_a_round_trip();
                simulation.schedule(now + arrival, client, What::Response { sent, is_taken });
                while seconds.len() as u64 <= now.as_secs() {
                    seconds.push((0, 0));
                }
                let second = seconds.last_mut().unwrap();
                if is_taken {
                    second.0 += 1;
                } else {
                    second.1 += 1;
                }
                if scenario.measured.contains(&time) {
                    if is_taken { taken[client] += 1.0 } else { throttled += 1.0 }
                }
            }
            What::Response { sent, is_taken } => simulation.respond(client, now, sent, is_taken),
            What::OtherUser => {
                service.takes(time, per_second);
                let next = (0.9 + 0.2 * simulation.random.f64()) / scenario.other;
                simulation.schedule(now + Duration::from_secs_f64(next), client, What::OtherUser);
            }
        }
    }
    let clients: f64 = taken.iter().map(|_| 1.0).sum();
    let sum: f64 = taken.iter().sum();
    let squares: f64 = taken.iter().map(|taken| taken * taken).sum();
    Outcome {
        goodput: sum / (scenario.measured.end - scenario.measured.start),
        throttled: throttled / (sum + throttled).max(1.0),
        fairness: sum * sum / (clients * squares).max(f64::MIN_POSITIVE),
        seconds,
    }
}

/// The outcomes of a scenario over both ways to count, two latencies and some seeds.
fn outcomes(scenario: &Scenario) -> Vec<(String, Outcome)> {
    let mut outcomes = Vec::new();
    for quota in [Quota::Bucket, Quota::Window] {
        for latency in [0.02, 0.2] {
            for seed in 1..=5 {
                let scenario = Scenario { latency, ..scenario.clone() };
                let name = format!("{quota:?}, {latency} s, seed {seed}");
                outcomes.push((name, simulate(&scenario, quota, seed)));
            }
        }
    }
    outcomes
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_client_alone_uses_its_quota() {
    for (name, outcome) in outcomes(&Scenario::default()) {
        assert!(outcome.goodput >= 0.97 * 50.0 && outcome.throttled <= 0.01, "{name}: {outcome:?}");
    }
}

#[test]
fn clients_that_know_nothing_of_each_other_share_a_quota_evenly() {
    let scenario = Scenario { clients: 100, concurrency: 8, measured: 30.0..150.0, ..Scenario::default() };
    let outcomes = outcomes(&scenario);
    for (name, outcome) in &outcomes {
        assert!(outcome.goodput >= 0.9 * 50.0 && outcome.throttled <= 0.05, "{name}: {outcome:?}");
        assert!(outcome.fairness >= 0.85, "{name}: {outcome:?}");
    }
    let fairness = median(outcomes.iter().map(|(_, outcome)| outcome.fairness));
    assert!(fairness >= 0.9, "{fairness}");
}

#[test]
fn a_client_takes_what_another_user_leaves() {
    for (name, outcome) in outcomes(&Scenario { other: 25.0, ..Scenario::default() }) {
        assert!(outcome.goodput >= 0.9 * 25.0 && outcome.throttled <= 0.05, "{name}: {outcome:?}");
    }
}

#[test]
fn a_client_follows_a_quota_that_is_halved_and_doubled() {
    let quota = vec![(0.0, 50.0), (100.0, 25.0), (200.0, 50.0)];
    for (name, outcome) in outcomes(&Scenario { quota, measured: 0.0..300.0, ..Scenario::default() }) {
        // The seconds until three in a row are as they should be.
        let settled = |from: usize, goodput: f64| {
            (from..from + 90).position(|at| {
                let three = &outcome.seconds[at..at + 3];
                let (taken, throttled) =
                    three.iter().fold((0, 0), |sum, (taken, throttled)| (sum.0 + taken, sum.1 + throttled));
                f64::from(taken) >= 3.0 * 0.9 * goodput && f64::from(throttled) <= 0.05 * f64::from(taken + throttled)
            })
        };
        let (halved, doubled) = (settled(100, 25.0), settled(200, 50.0));
        assert!(halved.is_some_and(|seconds| seconds <= 10), "{name}: halved {halved:?}");
        assert!(doubled.is_some_and(|seconds| seconds <= 20), "{name}: doubled {doubled:?}");
    }
}

#[test]
fn a_client_comes_back_after_a_time_in_which_all_was_refused() {
    let quota = vec![(0.0, 50.0), (100.0, 0.0), (130.0, 50.0)];
    for (name, outcome) in outcomes(&Scenario { quota, measured: 175.0..300.0, ..Scenario::default() }) {
        assert!(outcome.goodput >= 0.9 * 50.0, "{name}: {}", outcome.goodput);
    }
}

#[test]
fn pauses_of_a_second_cost_little() {
    let retry_after = Some(Duration::from_secs(1));
    for (name, outcome) in outcomes(&Scenario { retry_after, ..Scenario::default() }) {
        assert!(outcome.goodput >= 0.88 * 50.0 && outcome.throttled <= 0.01, "{name}: {outcome:?}");
    }
    let scenario = Scenario { clients: 100, concurrency: 8, measured: 60.0..180.0, retry_after, ..Scenario::default() };
    for (name, outcome) in outcomes(&scenario) {
        assert!(outcome.goodput >= 0.9 * 50.0 && outcome.throttled <= 0.05, "{name}: {outcome:?}");
    }
}
