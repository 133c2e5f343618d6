//! Whether the server takes the token: one request finds out for all calls of a session.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::lock;

/// Keeps a refused token from being sent again and again.
///
/// ```
/// use std::time::{Duration, Instant};
/// use togai_ingest::TokenGate;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let gate = TokenGate::new(Duration::from_secs(600));
/// let now = Instant::now();
///
/// // The first token has the number 1. The server refuses it.
/// gate.replace(1, now, false);
/// drop(gate.enter("record", now).await.expect("nothing is known of the token yet"));
/// gate.refuse(1, now, false);
/// let closed = gate.enter("record", now).await.unwrap_err();
/// assert_eq!(closed.next_probe - now, Duration::from_secs(600));
///
/// // Another token opens the gate at once.
/// gate.replace(2, now, false);
/// assert!(gate.enter("record", now).await.is_ok());
/// # }
/// ```
///
/// Tokens are known by numbers, which the caller gives. Number 0 is that of a client that manages no token.
///
/// - Until the server has looked at a request with the token, one is in flight, and the others wait for it.
/// - A 401 closes the gate for all calls. After an interval one request, a probe, tries the token again.
/// - A 403 does the same for its operation alone.
/// - A token that was not refused before opens the gate at once, at most three times in three intervals.
/// - Of four refused requests in three intervals the last one closes the gate until the first one is that long ago.
#[derive(Debug)]
pub struct TokenGate {
    /// Whether every request may pass, for those who ask at each request.
    is_open: AtomicBool,
    /// Whether the server has taken the token.
    is_proven: AtomicBool,
    state: Mutex<State>,
    /// Held by the request that tries a token of which nothing is known.
    turn: lock::Mutex<()>,
    interval: Duration,
}

/// The permission to send a request. While nothing is known of the token, other requests wait until it is dropped.
#[derive(Debug, Default)]
pub struct Pass<'a> {
    is_probe: bool,
    turn: Option<lock::MutexGuard<'a, ()>>,
}

impl Pass<'_> {
    /// Whether other requests wait until this pass is dropped.
    pub fn is_exclusive(&self) -> bool {
        self.turn.is_some()
    }

    /// Whether the request is to try a token that was refused.
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }
}

/// A request may not be sent, since the server refused the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When one request may try again.
    pub next_probe: Instant,
    /// Whether it was refused for one operation alone, with a 403.
    pub is_forbidden: bool,
}

#[derive(Debug, Default)]
struct State {
    /// The token in use, by its number.
    token: u64,
    verdict: Verdict,
    /// Tokens that were refused, the latest last.
    refused: VecDeque<u64>,
    /// When requests were refused, the latest last.
    refusals: VecDeque<Instant>,
    /// When a new token opened the gate, the latest last.
    openings: VecDeque<Instant>,
    /// Operations that the token may not carry out, with the time of the next probe.
    forbidden: BTreeMap<&'static str, Instant>,
}

/// What is known of the token in use.
#[derive(Clone, Copy, Debug, Default)]
enum Verdict {
    #[default]
    Untried,
    /// The server has refused a request for what is in it, and so has probably looked at the token before.
    Seen,
    /// The server has carried out a request with it.
    Taken,
    Refused {
        next_probe: Instant,
    },
}

/// Refused requests in [`WINDOW`] intervals.
const MOST_REFUSALS: usize = 4;
/// Tokens that open the gate in [`WINDOW`] intervals.
const MOST_OPENINGS: usize = 3;
const WINDOW: u32 = 3;
const LONGEST_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The number of refused tokens that are remembered; beyond it the times alone decide.
const MOST_REMEMBERED: usize = 64;

impl TokenGate {
    /// A gate that leaves a refused token alone for an interval, at most a year.
    pub fn new(interval: Duration) -> Self {
        Self {
            is_open: AtomicBool::new(false),
            is_proven: AtomicBool::new(false),
            state: Mutex::default(),
            turn: lock::Mutex::default(),
            // A time that far ahead can be reckoned with on every system.
            interval: interval.min(LONGEST_INTERVAL),
        }
    }

    /// Whether the server has taken the token.
    pub fn is_proven(&self) -> bool {
        self.is_proven.load(Ordering::Relaxed)
    }

    /// Whether a token was refused, and not taken since.
    pub fn has_refused(&self, token: u64) -> bool {
        self.lock().refused.contains(&token)
    }

    /// Lets a request pass where the server has taken the token, and forbids it nothing.
    pub fn try_enter(&self) -> Option<Pass<'static>> {
        self.is_open.load(Ordering::Relaxed).then(Pass::default)
    }

    /// Waits until a request of an operation may be sent, or fails at once where it may not.
    pub async fn enter(&self, operation: &'static str, now: Instant) -> Result<Pass<'_>, Closed> {
        if let Some(pass) = self.try_enter() {
            return Ok(pass);
        }
        if let Some(pass) = self.pass(operation, now) {
            return pass;
        }
        let guard = self.turn.lock().await;
        // The request that held the turn may have found out.
        self.pass(operation, now).unwrap_or(Ok(Pass { is_probe: false, turn: Some(guard) }))
    }

    /// Whether a request may be sent; nothing while that is to be found out.
    fn pass(&self, operation: &'static str, now: Instant) -> Option<Result<Pass<'static>, Closed>> {
        let mut state = self.lock();
        if let Verdict::Refused { next_probe } = &mut state.verdict {
            return Some(probe(next_probe, now, self.interval, false));
        }
        if let Some(next_probe) = state.forbidden.get_mut(operation) {
            return Some(probe(next_probe, now, self.interval, true));
        }
        matches!(state.verdict, Verdict::Seen | Verdict::Taken).then(|| Ok(Pass::default()))
    }

    /// Notes that the server has carried out a request of an operation with a token.
    pub fn prove(&self, token: u64, operation: &'static str, is_probe: bool) {
        self.note_good(token, is_probe, |state| {
            state.verdict = Verdict::Taken;
            if is_probe {
                state.forbidden.remove(operation);
            }
        });
    }

    /// Notes that the server has refused a request for what is in it, and not for its token.
    pub fn note_seen(&self, token: u64, is_probe: bool) {
        self.note_good(token, is_probe, |state| {
            if !matches!(state.verdict, Verdict::Taken) {
                state.verdict = Verdict::Seen;
            }
        });
    }

    /// Once a token was refused, only what was sent after that says that it is good again.
    fn note_good(&self, token: u64, is_probe: bool, change: impl FnOnce(&mut State)) {
        if self.is_open.load(Ordering::Relaxed) {
            return;
        }
        self.change(|state| {
            if state.token == token && (is_probe || !matches!(state.verdict, Verdict::Refused { .. })) {
                state.refused.retain(|refused| *refused != token);
                change(state);
            }
        });
    }

    /// Notes that the server has refused a token, status 401. The requests in flight that are refused together count as one
    /// refusal.
    pub fn refuse(&self, token: u64, now: Instant, is_probe: bool) {
        self.change(|state| {
            if state.refused.contains(&token) && !is_probe {
                return;
            }
            remember(&mut state.refusals, now, MOST_REFUSALS);
            if !state.refused.contains(&token) {
                remember(&mut state.refused, token, MOST_REMEMBERED);
            }
            // What became of a token that was replaced meanwhile says nothing of the one in use.
            if state.token == token {
                state.verdict = Verdict::Refused { next_probe: self.next_probe(state, now) };
            }
        });
    }

    /// Notes that the server does not let a token carry out an operation, status 403.
    pub fn forbid(&self, token: u64, operation: &'static str, now: Instant) {
        self.change(|state| {
            if state.token == token {
                state.forbidden.insert(operation, now + self.interval);
                if matches!(state.verdict, Verdict::Untried) {
                    state.verdict = Verdict::Seen;
                }
            }
        });
    }

    /// Notes that another token is in use from now on. One that is trusted need not be tried by one request while the token
    /// before it was good.
    pub fn replace(&self, token: u64, now: Instant, is_trusted: bool) {
        self.change(|state| {
            if state.token == token {
                return;
            }
            state.token = token;
            state.forbidden.clear();
            let is_refused = state.refused.contains(&token);
            state.verdict = match state.verdict {
                Verdict::Refused { .. } if !is_refused && self.may_open(state, now) => {
                    remember(&mut state.openings, now, MOST_OPENINGS);
                    Verdict::Untried
                }
                Verdict::Refused { next_probe } => Verdict::Refused { next_probe },
                Verdict::Untried | Verdict::Seen | Verdict::Taken if is_refused => {
                    let last = state.refusals.back().copied().unwrap_or(now);
                    Verdict::Refused { next_probe: self.next_probe(state, last) }
                }
                Verdict::Seen | Verdict::Taken if is_trusted => Verdict::Seen,
                Verdict::Untried | Verdict::Seen | Verdict::Taken => Verdict::Untried,
            };
        });
    }

    fn may_open(&self, state: &State, now: Instant) -> bool {
        let is_over = |times: &VecDeque<Instant>, most| times.len() < most || times[0] + self.window() <= now;
        is_over(&state.refusals, MOST_REFUSALS) && is_over(&state.openings, MOST_OPENINGS)
    }

    /// When a token may be tried again that was refused at a time.
    fn next_probe(&self, state: &State, refused: Instant) -> Instant {
        let next = refused + self.interval;
        match state.refusals.front() {
            Some(first) if state.refusals.len() == MOST_REFUSALS => next.max(*first + self.window()),
            _ => next,
        }
    }

    fn window(&self) -> Duration {
        self.interval.saturating_mul(WINDOW)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let is_proven = matches!(state.verdict, Verdict::Taken);
        self.is_proven.store(is_proven, Ordering::Relaxed);
        self.is_open.store(is_proven && state.forbidden.is_empty(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets one request through where it is time. It counts from when it is sent, whatever becomes of it.
fn probe(
    next_probe: &mut Instant,
    now: Instant,
    interval: Duration,
    is_forbidden: bool,
) -> Result<Pass<'static>, Closed> {
    if now < *next_probe {
        return Err(Closed { next_probe: *next_probe, is_forbidden });
    }
    *next_probe = now + interval;
    Ok(Pass { is_probe: true, turn: None })
}

/// Adds to what is remembered, and forgets the oldest where there would be too much.
fn remember<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A gate with the default interval, at a time that is moved by hand.
    struct TestGate {
        gate: TokenGate,
        now: Instant,
    }

    impl TestGate {
        fn new() -> Self {
            Self { gate: TokenGate::new(10 * MINUTE), now: Instant::now() }
        }

        fn pass(&mut self, minutes: u32) {
            self.now += minutes * MINUTE;
        }

        /// What a request of an operation may do, in a word.
        fn enter(&self, operation: &'static str) -> &'static str {
            match self.gate.enter(operation, self.now).now_or_never() {
                None => "waits",
                Some(Ok(Pass { is_probe: true, .. })) => "probe",
                Some(Ok(Pass { turn: Some(_), .. })) => "turn",
                Some(Ok(Pass { .. })) => "free",
                Some(Err(_)) => "closed",
            }
        }
    }

    #[tokio::test]
    async fn one_request_tries_the_token_and_then_no_request_waits() {
        let stage = TestGate::new();
        let first = stage.gate.enter("a", stage.now).await.unwrap();
        assert!(first.is_exclusive());
        let mut second = Box::pin(stage.gate.enter("a", stage.now));
        assert!(second.as_mut().now_or_never().is_none());
        stage.gate.prove(0, "a", false);
        drop(first);
        assert!(matches!(second.await, Ok(Pass { is_probe: false, turn: None })));
        assert_eq!((stage.enter("b"), stage.gate.is_proven()), ("free", true));
    }

    #[tokio::test]
    async fn a_request_that_waited_for_a_refusal_is_not_sent() {
        let stage = TestGate::new();
        let first = stage.gate.enter("a", stage.now).await.unwrap();
        let mut second = Box::pin(stage.gate.enter("a", stage.now));
        assert!(second.as_mut().now_or_never().is_none());
        stage.gate.refuse(0, stage.now, false);
        drop(first);
        let next_probe = stage.now + 10 * MINUTE;
        assert_eq!(second.await.unwrap_err(), Closed { next_probe, is_forbidden: false });
    }

    #[test]
    fn a_request_that_gives_up_lets_the_next_one_try() {
        let stage = TestGate::new();
        assert_eq!((stage.enter("a"), stage.enter("a")), ("turn", "turn"));
    }

    #[test]
    fn a_request_refused_for_its_content_ends_the_wait_and_proves_nothing() {
        let stage = TestGate::new();
        stage.gate.note_seen(0, false);
        assert_eq!((stage.enter("a"), stage.gate.is_proven()), ("free", false));
        stage.gate.refuse(0, stage.now, false);
        stage.gate.note_seen(0, false);
        assert_eq!(stage.enter("a"), "closed");
    }

    #[test]
    fn a_success_of_an_earlier_request_does_not_reopen_the_gate() {
        let mut stage = TestGate::new();
        stage.gate.prove(0, "a", false);
        stage.gate.forbid(0, "b", stage.now);
        stage.gate.prove(0, "b", false);
        assert_eq!(stage.enter("b"), "closed");
        stage.gate.refuse(0, stage.now, false);
        stage.gate.prove(0, "a", false);
        stage.gate.note_seen(0, false);
        assert_eq!(stage.enter("a"), "closed");
        stage.pass(10);
        assert_eq!(stage.enter("a"), "probe");
        stage.gate.note_seen(0, true);
        assert_eq!(stage.enter("a"), "free");
    }

    #[test]
    fn requests_in_flight_that_are_refused_together_leave_room_for_a_new_token() {
        let stage = TestGate::new();
        stage.gate.prove(0, "a", false);
        for _ in 0..16 {
            stage.gate.refuse(0, stage.now, false);
        }
        stage.gate.replace(1, stage.now, false);
        assert_eq!(stage.enter("a"), "turn");
    }

    #[test]
    fn a_refused_token_is_probed_by_one_request_every_ten_minutes() {
        let mut stage = TestGate::new();
        stage.gate.prove(0, "a", false);
        stage.gate.refuse(0, stage.now, false);
        assert!(!stage.gate.is_proven());
        for _ in 0..5 {
            stage.pass(9);
            assert_eq!((stage.enter("a"), stage.enter("b")), ("closed", "closed"));
            stage.pass(1);
            assert_eq!((stage.enter("a"), stage.enter("b")), ("probe", "closed"));
            stage.gate.refuse(0, stage.now, true);
        }
        stage.pass(10);
        assert_eq!(stage.enter("a"), "probe");
        stage.gate.prove(0, "a", true);
        assert_eq!((stage.enter("a"), stage.gate.is_proven()), ("free", true));
    }

    #[test]
    fn a_probe_without_a_response_counts() {
        let mut stage = TestGate::new();
        stage.gate.refuse(0, stage.now, false);
        stage.pass(10);
        assert_eq!((stage.enter("a"), stage.enter("a")), ("probe", "closed"));
        stage.pass(10);
        assert_eq!(stage.enter("a"), "probe");
    }

    #[test]
    fn a_403_closes_the_gate_for_its_operation_alone() {
        let mut stage = TestGate::new();
        stage.gate.prove(0, "a", false);
        stage.gate.forbid(0, "a", stage.now);
        assert_eq!((stage.enter("a"), stage.enter("b"), stage.gate.is_proven()), ("closed", "free", true));
        stage.pass(10);
        assert_eq!((stage.enter("a"), stage.enter("a"), stage.enter("b")), ("probe", "closed", "free"));
        stage.gate.prove(0, "a", true);
        assert_eq!((stage.enter("a"), stage.enter("b")), ("free", "free"));
    }

    #[test]
    fn another_token_opens_the_gate_at_once_and_the_same_token_does_not() {
        let stage = TestGate::new();
        stage.gate.refuse(0, stage.now, false);
        stage.gate.replace(0, stage.now, false);
        assert_eq!(stage.enter("a"), "closed");
        stage.gate.replace(1, stage.now, false);
        assert_eq!(stage.enter("a"), "turn");
        // A token that was refused before does not open it either, however it comes back.
        stage.gate.replace(0, stage.now, false);
        assert_eq!(stage.enter("a"), "closed");
        stage.gate.replace(1, stage.now, false);
        stage.gate.prove(1, "a", false);
        assert_eq!(stage.enter("a"), "free");
    }

    #[test]
    fn three_tokens_open_the_gate_in_half_an_hour_and_no_more_than_four_requests_are_refused() {
        let mut stage = TestGate::new();
        let mut refused = Vec::new();
        let mut token = 0;
        for minute in 0..200 {
            // A new token is set every minute, and each is refused.
            let pass = stage.enter("a");
            if pass != "closed" {
                stage.gate.refuse(token, stage.now, pass == "probe");
                refused.push(minute);
            }
            token += 1;
            stage.gate.replace(token, stage.now, false);
            stage.pass(1);
        }
        assert_eq!(refused[..4], [0, 1, 2, 3]);
        for window in refused.windows(5) {
            assert!(window[4] - window[0] >= 30, "{refused:?}");
        }
        assert!(refused.len() > 12, "{refused:?}");
    }

    #[test]
    fn the_refusal_of_a_replaced_token_does_not_close_the_gate() {
        let stage = TestGate::new();
        stage.gate.replace(1, stage.now, false);
        stage.gate.prove(1, "a", false);
        stage.gate.refuse(0, stage.now, false);
        stage.gate.forbid(0, "a", stage.now);
        assert_eq!((stage.enter("a"), stage.gate.is_proven()), ("free", true));
    }

    #[test]
    fn one_request_tries_a_new_token_even_after_a_good_one() {
        let stage = TestGate::new();
        stage.gate.prove(0, "a", false);
        stage.gate.forbid(0, "b", stage.now);
        stage.gate.replace(1, stage.now, false);
        assert_eq!((stage.enter("a"), stage.enter("b"), stage.gate.is_proven()), ("turn", "turn", false));
    }

    #[test]
    fn no_request_waits_for_a_token_renewed_in_time() {
        let stage = TestGate::new();
        stage.gate.replace(1, stage.now, true);
        assert_eq!(stage.enter("a"), "turn");
        stage.gate.prove(1, "a", false);
        stage.gate.replace(2, stage.now, true);
        assert_eq!((stage.enter("a"), stage.gate.is_proven()), ("free", false));
    }
}
