mod simulation;

use futures::FutureExt as _;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

/// A pacer at a time that is moved by hand, without chance.
struct TestPacer {
    pacer: Pacer,
    now: Instant,
}

impl TestPacer {
    fn new(pace: Pace, burst: u32) -> Self {
        Self { pacer: Pacer::new(pace, burst), now: Instant::now() }
    }

    fn pass(&mut self, milliseconds: u32) {
        self.now += milliseconds * MILLISECOND;
    }

    /// How many turns can be had at once.
    fn turns(&self) -> usize {
        (0..1000).take_while(|_| self.pacer.try_turn(self.now, 0.0)).count()
    }

    fn throttle(&self, pause: Option<u64>) {
        self.pacer.throttled(self.now, self.now, pause.map(Duration::from_secs), 0.0);
    }

    fn rate(&self) -> f64 {
        self.pacer.rate().unwrap()
    }
}

#[test]
fn turns_are_spaced_by_the_rate() {
    let mut test = TestPacer::new(Pace::PerSecond(10.0), 1);
    assert_eq!(test.turns(), 1);
    test.pass(100);
    assert_eq!(test.turns(), 0, "2 % below the rate");
    test.pass(3);
    assert_eq!(test.turns(), 1);
    test.pass(60_000);
    assert_eq!(test.turns(), 1, "time without requests is not saved up");
}

#[test]
fn a_turn_that_was_waited_for_and_comes_late_does_not_put_off_the_next() {
    let mut test = TestPacer::new(Pace::PerSecond(10.0), 1);
    let mut taken = 0;
    for _ in 0..1000 {
        // A timer that fires every 30 ms finds each turn late.
        test.pass(30);
        taken += usize::from(matches!(test.pacer.lock().turn(test.now, 0.0, true), Turn::Now));
    }
    assert!((290..=296).contains(&taken), "{taken}");
}

#[test]
fn a_burst_is_what_can_be_had_at_once() {
    let mut test = TestPacer::new(Pace::PerSecond(10.0), 5);
    assert_eq!(test.turns(), 5);
    test.pass(60_000);
    assert_eq!(test.turns(), 5);
}

#[test]
fn without_pacing_every_turn_can_be_had_and_a_pause_is_kept() {
    for pace in [Pace::Off, Pace::Learned] {
        let mut test = TestPacer::new(pace, 1);
        assert_eq!((test.turns(), test.pacer.rate()), (1000, None));
        test.throttle(Some(2));
        assert_eq!((test.turns(), test.pacer.pause(test.now)), (0, Some(Duration::from_secs(2))));
        test.pass(2000);
        assert!(test.turns() > 0);
    }
}

#[test]
fn the_first_429_says_what_the_rate_is_about() {
    let mut test = TestPacer::new(Pace::Learned, 1);
    for _ in 0..200 {
        assert!(test.pacer.try_turn(test.now, 0.0));
        test.pass(10);
    }
    test.throttle(None);
    assert!((70.0..100.0).contains(&test.rate()), "{}", test.rate());
    let mut off = TestPacer::new(Pace::Off, 1);
    off.throttle(None);
    off.pass(1);
    assert_eq!(off.pacer.rate(), None);
}

#[test]
fn a_429_lowers_the_rate_once_a_second_and_successes_raise_it_to_what_is_set() {
    let mut test = TestPacer::new(Pace::PerSecond(50.0), 1);
    let highest = test.rate();
    test.throttle(None);
    let lower = test.rate();
    assert!(lower < highest);
    test.throttle(None);
    assert_eq!(test.rate().to_bits(), lower.to_bits(), "of the requests in flight one counts");
    test.pass(1001);
    test.throttle(None);
    assert!(test.rate() < lower);
    for _ in 0..5000 {
        test.pacer.succeeded(test.now, test.now);
    }
    assert_eq!(test.rate().to_bits(), highest.to_bits());
}

#[test]
fn the_rate_can_be_set_at_any_time() {
    let test = TestPacer::new(Pace::PerSecond(50.0), 1);
    for (pace, expected) in [
        (Pace::PerSecond(100.0), 98.0),
        (Pace::PerSecond(10.0), 9.8),
        (Pace::PerSecond(0.0), 0.001),
        (Pace::PerSecond(0.01), 0.0098),
    ] {
        test.pacer.set_pace(pace);
        assert!((test.rate() - expected).abs() < 1e-9, "{pace:?}: {}", test.rate());
    }
    test.pacer.set_pace(Pace::Off);
    assert_eq!(test.pacer.rate(), None);
    // What was learned stays where the bound is raised.
    test.pacer.set_pace(Pace::PerSecond(50.0));
    test.throttle(None);
    let learned = test.rate();
    test.pacer.set_pace(Pace::PerSecond(80.0));
    assert_eq!(test.rate().to_bits(), learned.to_bits());
}

#[test]
fn a_pause_is_never_shortened() {
    let mut test = TestPacer::new(Pace::PerSecond(50.0), 1);
    test.throttle(Some(5));
    test.throttle(Some(1));
    assert_eq!(test.pacer.pause(test.now), Some(Duration::from_secs(5)));
    test.pass(4999);
    assert_eq!(test.turns(), 0);
    test.pass(2);
    assert_eq!(test.turns(), 1);
}

#[test]
fn after_the_longest_pause_one_request_goes_first() {
    for answer in [true, false] {
        let mut test = TestPacer::new(Pace::Off, 1);
        test.throttle(Some(100_000));
        assert_eq!(test.pacer.pause(test.now), Some(LONGEST_PAUSE));
        test.pass(3_600_000);
        assert_eq!(test.turns(), 1);
        test.pass(59_000);
        assert_eq!(test.turns(), 0);
        if answer {
            test.pacer.succeeded(test.now, test.now);
            assert_eq!(test.turns(), 1000);
        } else {
            // It was dropped, so another one goes first.
            test.pass(1000);
            assert_eq!(test.turns(), 1);
        }
    }
}

#[test]
fn what_was_sent_before_a_probe_does_not_end_it() {
    for is_throttled in [true, false] {
        let mut test = TestPacer::new(Pace::PerSecond(1000.0), 1);
        let sent = test.now;
        test.pass(10);
        test.throttle(Some(100_000));
        test.pass(50);
        if is_throttled {
            test.pacer.throttled(test.now, sent, Some(Duration::from_secs(5)), 0.0);
        } else {
            test.pacer.succeeded(test.now, sent);
        }
        test.pass(3_600_000);
        assert_eq!(test.turns(), 1);
        test.pass(10_000);
        test.pacer.succeeded(test.now, sent);
        assert_eq!(test.turns(), 0);
        test.pacer.succeeded(test.now, test.now);
        assert_eq!(test.turns(), 1);
    }
}

#[test]
fn nothing_is_learned_while_pacing_is_off() {
    let test = TestPacer::new(Pace::Off, 1);
    test.throttle(None);
    test.pacer.set_pace(Pace::PerSecond(50.0));
    assert!((test.rate() - 49.0).abs() < 1e-9, "{}", test.rate());
}

/// A clock that is moved by hand: its sleep never ends.
#[derive(Debug)]
struct HandClock(Mutex<Instant>);

impl Clock for HandClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _: Duration) -> crate::BoxFuture<'static, ()> {
        Box::pin(futures::future::pending())
    }
}

#[test]
fn who_gives_up_in_line_costs_the_others_nothing() {
    let clock = HandClock(Mutex::new(Instant::now()));
    let pacer = Pacer::new(Pace::PerSecond(1.0), 1);
    assert!(pacer.try_turn(clock.now(), 0.0));
    let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(pacer.turn(&clock))).collect();
    assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
    drop(waiting);
    let before = clock.now();
    *clock.0.lock().unwrap() = before + Duration::from_millis(1600);
    assert!(pacer.try_turn(clock.now(), 0.0));
}

#[test]
fn who_comes_first_has_the_first_turn() {
    let clock = HandClock(Mutex::new(Instant::now()));
    let pacer = Pacer::new(Pace::PerSecond(1.0), 1);
    assert!(pacer.try_turn(clock.now(), 0.0));
    let mut first = Box::pin(pacer.turn(&clock));
    assert!(first.as_mut().now_or_never().is_none());
    let before = clock.now();
    *clock.0.lock().unwrap() = before + Duration::from_millis(1600);
    assert!(!pacer.try_turn(clock.now(), 0.0), "another one waits");
    drop(first);
    assert!(pacer.try_turn(clock.now(), 0.0));
}
