use std::fmt::Write as _;
use std::time::Duration;

use togai_api::types::IngestBatchEventRequest;
use togai_api::{CallContext, Client, Core, Event, OPERATIONS, Operation, TransportErrorKind};

use super::*;
use crate::ClientExt as _;
use crate::testing::{Answer, Script, VirtualClock};
use togai_ingest::Cancel;
use togai_ingest::Clock as _;

const THROTTLED: Answer = Answer::Status(429, &[], "");
const ACCEPTED: Answer = Answer::Status(202, &[], "{}");
const FAILED: Answer = Answer::Status(503, &[], "");

fn get(url: &str) -> reqwest::Request {
    reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap())
}

fn operation(id: &str) -> &'static Operation {
    OPERATIONS.iter().copied().find(|operation| operation.id == id).unwrap()
}

/// A retry transport over a script, with what a call needs.
struct Stage {
    clock: VirtualClock,
    script: Script,
    retry: Retry,
}

impl Stage {
    fn new(policy: RetryPolicy, random: f64, answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_budget(policy, RetryBudget::default(), random, answers)
    }

    fn with_budget(
        policy: RetryPolicy,
        budget: RetryBudget,
        random: f64,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        Self::with_attempt_time(policy, budget, random, Duration::ZERO, answers)
    }

    fn with_attempt_time(
        policy: RetryPolicy,
        budget: RetryBudget,
        random: f64,
        attempt_time: Duration,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let clock = VirtualClock::new(random);
        let script = Script::new(&clock, answers).with_attempt_time(attempt_time);
        let retry = Retry::new(Parts {
            inner: Box::new(script.clone()),
            session: Session::new(Arc::new(clock.clone())),
            credentials: None,
            policy,
            attempt_timeout: Some(Duration::from_secs(30)),
            budget,
        });
        Self { clock, script, retry }
    }

    fn request(&self, operation: &Operation, body: &'static str) -> reqwest::Request {
        let core = Core::new("http://localhost", self.script.clone());
        core.request(operation, operation.path, Some(body.into())).unwrap()
    }

    /// Makes a call, and says how it ended.
    async fn call(&self, id: &str, idempotent: bool, options: CallOptions) -> String {
        let operation = operation(id);
        let retry = self.retry.with(options);
        match retry.execute_with(self.request(operation, "{}"), operation, idempotent).await {
            Ok(response) => {
                let context = response.extensions().get::<CallContext>().unwrap();
                format!("{} after {} attempts, {} ms", response.status(), context.attempts, context.elapsed.as_millis())
            }
            Err(failure) => {
                let context = failure.context();
                let mut ended =
                    format!("{failure} after {} attempts, {} ms", context.attempts, context.elapsed.as_millis());
                if let Some(left) = failure.retry_after() {
                    let _ = write!(ended, ", {} ms left", left.as_millis());
                }
                ended
            }
        }
    }
}

/// Runs a call that reads over a list of answers: the times of the requests in milliseconds, and how it ended.
async fn call(policy: RetryPolicy, random: f64, answers: &[Answer]) -> (Vec<u128>, String) {
    call_of("get_events", true, policy, random, answers).await
}

async fn call_of(
    id: &str,
    idempotent: bool,
    policy: RetryPolicy,
    random: f64,
    answers: &[Answer],
) -> (Vec<u128>, String) {
    let stage = Stage::new(policy, random, answers.iter().cloned());
    let ended = stage.call(id, idempotent, CallOptions::new()).await;
    (stage.script.asked(), ended)
}

#[track_caller]
fn check((asked, ended): (Vec<u128>, String), expected_asked: &[u128], expected_end: &str) {
    assert_eq!((asked.as_slice(), ended.as_str()), (expected_asked, expected_end));
}

#[tokio::test]
async fn a_throttled_call_is_repeated_with_growing_waits() {
    let answers = [THROTTLED, THROTTLED, THROTTLED, ACCEPTED];
    let ended = call(RetryPolicy::default(), 1.0, &answers).await;
    check(ended, &[0, 250, 750, 1750], "202 Accepted after 4 attempts, 1750 ms");
}

#[tokio::test]
async fn jitter_is_full() {
    let ended = call(RetryPolicy::default(), 0.0, &[THROTTLED, THROTTLED, ACCEPTED]).await;
    check(ended, &[0, 0, 0], "202 Accepted after 3 attempts, 0 ms");
}

#[tokio::test]
async fn what_the_server_asks_for_is_a_floor() {
    let seconds = Answer::Status(429, &[("retry-after", "2")], "");
    let milliseconds = Answer::Status(429, &[("retry-after-ms", "1500")], "");
    // The clock of the tests starts at 08:49:37.
    let date = Answer::Status(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:50 GMT")], "");
    let ended = call(RetryPolicy::default(), 0.0, &[seconds, milliseconds, date, ACCEPTED]).await;
    check(ended, &[0, 2000, 3500, 13_000], "202 Accepted after 4 attempts, 13000 ms");
}

#[tokio::test]
async fn after_the_last_attempt_the_server_s_answer_comes_back() {
    let policy = RetryPolicy::default().with_max_attempts(3);
    let ended = call(policy, 1.0, &[THROTTLED, THROTTLED, THROTTLED]).await;
    check(ended, &[0, 250, 750], "429 Too Many Requests after 3 attempts, 750 ms");
    check(call(RetryPolicy::never(), 1.0, &[THROTTLED]).await, &[0], "429 Too Many Requests after 1 attempts, 0 ms");
}

#[tokio::test]
async fn a_wait_that_does_not_fit_ends_the_call_at_once() {
    let hour = Answer::Status(429, &[("retry-after", "3600")], "");
    let ended = call(RetryPolicy::default(), 1.0, &[THROTTLED, hour]).await;
    check(ended, &[0, 250], "429 Too Many Requests after 2 attempts, 250 ms");
}

#[tokio::test]
async fn final_answers_are_handed_on() {
    for status in [200, 301, 400, 401, 403, 404, 409, 413, 422, 501, 505] {
        let (asked, _) = call(RetryPolicy::default(), 1.0, &[Answer::Status(status, &[], "")]).await;
        assert_eq!(asked, [0], "{status}");
    }
}

#[tokio::test]
async fn outages_are_waited_out_where_repeating_is_harmless() {
    for status in [408, 500, 502, 503, 504, 520, 529] {
        let answers = [Answer::Status(status, &[], ""), ACCEPTED];
        let ended = call(RetryPolicy::default(), 1.0, &answers).await;
        check(ended, &[0, 250], "202 Accepted after 2 attempts, 250 ms");
        let (asked, _) = call_of("ingest_batch", true, RetryPolicy::default(), 1.0, &answers).await;
        assert_eq!(asked, [0, 250], "{status}");
        for id in ["create_account", "update_account", "ingest_batch"] {
            let (asked, ended) = call_of(id, false, RetryPolicy::default(), 1.0, &answers[..1]).await;
            assert_eq!(asked, [0], "{id} {status}");
            assert!(ended.ends_with("after 1 attempts, 0 ms"), "{ended}");
        }
    }
}

#[tokio::test]
async fn broken_connections_are_repeated_where_that_is_harmless() {
    use TransportErrorKind::{Connect, Interrupted, Request, Timeout, TooLarge};
    for (kind, reading, creating) in
        [(Connect, 2, 2), (Timeout, 2, 1), (Interrupted, 2, 1), (Request, 1, 1), (TooLarge, 1, 1)]
    {
        let answers = [Answer::Failure(kind), ACCEPTED];
        let (asked, _) = call(RetryPolicy::default(), 1.0, &answers).await;
        assert_eq!(asked.len(), reading, "{kind:?}");
        let (asked, _) = call_of("create_account", false, RetryPolicy::default(), 1.0, &answers).await;
        assert_eq!(asked.len(), creating, "{kind:?}");
    }
}

#[tokio::test]
async fn an_outage_may_say_how_long_it_lasts() {
    let failed = Answer::Status(503, &[("retry-after", "3")], "");
    let ended = call(RetryPolicy::default(), 0.0, &[failed, ACCEPTED]).await;
    check(ended, &[0, 3000], "202 Accepted after 2 attempts, 3000 ms");
}

#[tokio::test]
async fn that_an_attempt_may_have_been_applied_is_kept() {
    let with_id = IngestBatchEventRequest::new([Event::new("rides", "acme").id("a")]);
    let cases = [
        (vec![FAILED, THROTTLED, THROTTLED], true),
        (vec![Answer::Failure(TransportErrorKind::Timeout), THROTTLED, THROTTLED], true),
        (vec![THROTTLED, THROTTLED, THROTTLED], false),
        (vec![Answer::Failure(TransportErrorKind::Connect), THROTTLED, THROTTLED], false),
    ];
    for (answers, expected) in cases {
        let stage = Stage::new(RetryPolicy::default().with_max_attempts(3), 0.0, answers);
        let client = Client::new("http://localhost", stage.retry.clone());
        let error = client.ingest_batch().body(with_id.clone()).send().await.unwrap_err();
        assert_eq!((error.is_throttled(), error.maybe_delivered()), (true, expected));
    }
}

#[tokio::test]
async fn a_pause_is_kept_by_all_calls_of_the_class_and_by_no_others() {
    let asked = Answer::Status(429, &[("retry-after", "5")], "");
    let stage = Stage::new(RetryPolicy::default(), 0.0, [asked, ACCEPTED, ACCEPTED, ACCEPTED]);
    let once = CallOptions::new().retry(RetryPolicy::never());
    stage.call("get_events", true, once.clone()).await;
    // Another class is not held up, the same class is.
    assert_eq!(stage.call("ingest", false, CallOptions::new()).await, "202 Accepted after 1 attempts, 0 ms");
    assert_eq!(stage.call("get_accounts", true, CallOptions::new()).await, "202 Accepted after 1 attempts, 5000 ms");
    assert_eq!(stage.call("get_accounts", true, once).await, "202 Accepted after 1 attempts, 0 ms");
    assert_eq!(stage.script.asked(), [0, 0, 5000, 5000]);
}

#[tokio::test]
async fn a_call_that_cannot_wait_for_the_end_of_a_pause_ends_at_once_with_what_is_left() {
    let asked = Answer::Status(429, &[("retry-after", "90")], "");
    let stage = Stage::new(RetryPolicy::default(), 0.0, [asked, ACCEPTED]);
    assert_eq!(
        stage.call("get_events", true, CallOptions::new()).await,
        "429 Too Many Requests after 1 attempts, 0 ms"
    );
    stage.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(
        stage.call("get_events", true, CallOptions::new()).await,
        "the server has asked for a pause that the call cannot wait out after 0 attempts, 0 ms, 80000 ms left"
    );
    let patient = RetryPolicy::default().with_max_elapsed(Duration::from_secs(100));
    assert_eq!(
        stage.call("get_events", true, CallOptions::new().retry(patient)).await,
        "202 Accepted after 1 attempts, 80000 ms"
    );
}

#[tokio::test]
async fn a_deadline_bounds_attempts_and_waits() {
    let deadline = |milliseconds| CallOptions::new().deadline(Duration::from_millis(milliseconds));
    let stage = Stage::new(RetryPolicy::default(), 1.0, [FAILED, FAILED, FAILED]);
    assert_eq!(
        stage.call("get_events", true, deadline(1000)).await,
        "503 Service Unavailable after 3 attempts, 750 ms"
    );
    // What is left of the deadline is what an attempt gets.
    assert_eq!(stage.script.timeouts(), [1000, 750, 250].map(|left| Some(Duration::from_millis(left))));

    let stage = Stage::new(RetryPolicy::default(), 1.0, []);
    assert_eq!(
        stage.call("get_events", true, deadline(0)).await,
        "the deadline passed before the request could be sent after 0 attempts, 0 ms"
    );

    // An attempt does not get more than without a deadline.
    let stage = Stage::new(RetryPolicy::default(), 1.0, [ACCEPTED, ACCEPTED]);
    stage.call("get_events", true, deadline(3_600_000)).await;
    stage.call("get_events", true, CallOptions::new()).await;
    assert_eq!(stage.script.timeouts(), [Some(Duration::from_secs(30)), None]);
}

#[tokio::test]
async fn attempts_that_hang_use_up_the_time_of_a_call() {
    let policy = RetryPolicy::default().with_max_elapsed(Duration::from_secs(1)).with_initial_backoff(Duration::ZERO);
    let hang = Duration::from_secs(30);
    let stage = Stage::with_attempt_time(policy, RetryBudget::default(), 0.0, hang, [FAILED, FAILED]);
    assert_eq!(
        stage.call("get_events", true, CallOptions::new()).await,
        "503 Service Unavailable after 1 attempts, 30000 ms"
    );
}

#[tokio::test]
async fn the_budget_is_shared_and_refilled_by_answers() {
    let policy = RetryPolicy::default().with_max_attempts(3);
    let answers = std::iter::repeat_n(FAILED, 6).chain(std::iter::repeat_n(ACCEPTED, 5)).chain([FAILED, ACCEPTED]);
    let stage = Stage::with_budget(policy, RetryBudget::new(3), 0.0, answers);
    let attempts = async || {
        let before = stage.script.asked().len();
        stage.call("get_events", true, CallOptions::new()).await;
        stage.script.asked().len() - before
    };
    assert_eq!((attempts().await, attempts().await), (3, 2));
    // The budget is used up: one attempt a call.
    assert_eq!(attempts().await, 1);
    for _ in 0..5 {
        assert_eq!(attempts().await, 1);
    }
    // Five answers have paid for one retry.
    assert_eq!(attempts().await, 2);
}

#[tokio::test]
async fn throttled_calls_are_repeated_without_a_budget() {
    let stage = Stage::with_budget(RetryPolicy::default(), RetryBudget::new(0), 0.0, [THROTTLED, THROTTLED, ACCEPTED]);
    assert_eq!(stage.call("get_events", true, CallOptions::new()).await, "202 Accepted after 3 attempts, 0 ms");
}

#[tokio::test]
async fn what_was_done_is_counted() {
    let stage = Stage::new(RetryPolicy::default(), 1.0, [THROTTLED, FAILED, ACCEPTED, ACCEPTED]);
    stage.call("get_events", true, CallOptions::new()).await;
    stage.call("ingest", false, CallOptions::new()).await;
    let stats = stage.retry.stats();
    assert_eq!((stats.other.calls, stats.other.attempts, stats.other.retries), (1, 3, 2));
    assert_eq!((stats.other.throttled, stats.other.waits), (1, 2));
    assert_eq!(stats.other.waited, Duration::from_millis(750));
    assert_eq!((stats.ingest.calls, stats.ingest.retries), (1, 0));
    assert_eq!((stats.total().calls, stats.total().attempts), (2, 4));
}

#[tokio::test]
async fn options_add_up_and_the_later_ones_hold() {
    let stage = Stage::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    let client = Client::new("http://localhost", stage.retry.clone());
    let first = CallOptions::new().header("x-a", "1").unwrap().header("x-b", "1").unwrap().query("a", "1 2");
    let second = CallOptions::new().header("x-b", "2").unwrap().query("b", "&");
    client.with(first).with(second).get_events().page_size(5).send().await.unwrap();
    let (url, headers) = stage.script.last_request();
    assert_eq!(url, "http://localhost/events?pageSize=5&a=1+2&b=%26");
    assert_eq!((&headers["x-a"], &headers["x-b"]), (&"1".parse().unwrap(), &"2".parse().unwrap()));
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_leaves_nothing_behind() {
    let clock = VirtualClock::new(0.5).that_hangs();
    let script = Script::new(&clock, std::iter::repeat_n(FAILED, 200).chain([ACCEPTED]));
    let now = clock.now();
    let retry = Retry::new(Parts {
        inner: Box::new(script.clone()),
        session: Session::new(Arc::new(clock)),
        credentials: None,
        policy: RetryPolicy::default(),
        attempt_timeout: None,
        budget: RetryBudget::new(2),
    });
    let operation = operation("get_events");
    for _ in 0..200 {
        let request = get("http://localhost/events");
        let mut call = retry.execute(request, operation);
        assert!(futures::poll!(call.as_mut()).is_pending());
        drop(call);
        assert!(retry.shared.budget.is_full());
        assert_eq!(retry.shared.pauses.left(operation.quota_class, now), None);
    }
    let request = get("http://localhost/events");
    assert_eq!(retry.execute(request, operation).await.unwrap().status(), 202);
    assert_eq!(script.asked().len(), 201);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn answers() -> impl Strategy<Value = Vec<Answer>> {
        let answer = prop_oneof![
            2 => Just(THROTTLED),
            2 => prop_oneof![
                Just(Answer::Status(429, &[("retry-after", "1")], "")),
                Just(Answer::Status(429, &[("retry-after", "7")], "")),
                Just(Answer::Status(503, &[("retry-after", "2")], "")),
                Just(Answer::Status(429, &[("retry-after", "100")], "")),
                Just(Answer::Status(429, &[("retry-after-ms", "1500")], "")),
            ],
            3 => Just(FAILED),
            1 => Just(Answer::Failure(TransportErrorKind::Connect)),
            1 => Just(Answer::Failure(TransportErrorKind::Timeout)),
            1 => Just(ACCEPTED),
            1 => Just(Answer::Status(404, &[], "")),
        ];
        // More than any call asks for.
        prop::collection::vec(answer, 40)
    }

    /// What the server asked for with an answer, in milliseconds.
    fn asked_for(answer: &Answer) -> u128 {
        match answer {
            Answer::Status(_, [("retry-after", seconds)], _) => seconds.parse::<u128>().unwrap() * 1000,
            Answer::Status(_, [("retry-after-ms", milliseconds)], _) => milliseconds.parse().unwrap(),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_call_breaks_its_policy(
            answers in answers(),
            random in 0.0..1.0_f64,
            max_attempts in 1..10_u32,
            max_elapsed in 0..30_000_u64,
            deadline in prop::option::of(0..30_000_u64),
            budget in 0..5_u32,
            attempt_time in prop_oneof![Just(0), 1..5_000_u64],
            calls in 1..4_usize,
        ) {
            let policy = RetryPolicy::default()
                .with_max_attempts(max_attempts)
                .with_max_elapsed(Duration::from_millis(max_elapsed));
            let attempt_time = Duration::from_millis(attempt_time);
            let budget_of_all = RetryBudget::new(budget);
            let stage =
                Stage::with_attempt_time(policy, budget_of_all, random, attempt_time, answers.iter().cloned());
            let mut options = CallOptions::new();
            options.deadline = deadline.map(Duration::from_millis);
            let limit = u128::from(deadline.map_or(max_elapsed, |deadline| deadline.min(max_elapsed)));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

            let (mut retries, mut paused_until) = (0_usize, 0);
            for _ in 0..calls {
                let first = stage.script.asked().len();
                let start = stage.clock.elapsed().as_millis();
                runtime.block_on(stage.call("get_events", true, options.clone()));
                let asked = stage.script.asked();
                let times = &asked[first..];

                // Never more attempts than allowed.
                prop_assert!(times.len() <= max_attempts as usize);
                // Never past the limit: neither an attempt, nor the end of the call, but for an attempt that had begun.
                prop_assert!(times.iter().all(|time| time - start <= limit), "{times:?} {start} {limit}");
                prop_assert!(stage.clock.elapsed().as_millis() - start <= limit + attempt_time.as_millis());
                for (place, time) in times.iter().enumerate() {
                    // Never earlier than the server asked, be it this call or one before.
                    prop_assert!(*time >= paused_until, "{times:?} {paused_until}");
                    let answer = &answers[first + place];
                    if place > 0 {
                        let before = &answers[first + place - 1];
                        prop_assert!(*time >= times[place - 1] + attempt_time.as_millis() + asked_for(before));
                        retries += usize::from(!matches!(before, Answer::Status(429, ..)));
                    }
                    if matches!(answer, Answer::Status(429, ..)) {
                        paused_until = paused_until.max(time + attempt_time.as_millis() + asked_for(answer));
                    }
                }
            }
            // Never more retries after failures than the budget and what answers have put back.
            let answered = stage.script.asked().len();
            prop_assert!(retries <= budget as usize + answered / 5, "{retries} of {budget}");
        }
    }
}

#[tokio::test]
async fn a_call_waits_for_another_one_to_try_the_token_no_longer_than_it_may() {
    let stage = Stage::new(RetryPolicy::default(), 0.0, []);
    let session = stage.retry.shared.session.clone();
    let another = session.gate().enter("get_events", session.clock().now()).await;
    let client = Client::new("http://localhost", stage.retry.with(CallOptions::new().deadline(Duration::from_secs(5))));
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(error, @"get_events: the deadline passed before the request could be sent: it waited for another call to try the token, or for the token provider (0 attempts, 5 s)");
    drop(another);
}

#[tokio::test]
async fn the_wait_for_another_call_is_no_part_of_the_time_for_retries() {
    let stage = Stage::new(RetryPolicy::default().with_max_elapsed(Duration::from_secs(2)), 1.0, [FAILED, ACCEPTED]);
    let session = stage.retry.shared.session.clone();
    let another = session.gate().enter("get_events", session.clock().now()).await;
    let request = stage.request(operation("get_events"), "{}");
    let mut call = stage.retry.execute(request, operation("get_events"));
    stage.clock.hang(true);
    assert!(futures::poll!(call.as_mut()).is_pending());
    stage.clock.hang(false);
    stage.clock.sleep(Duration::from_secs(60)).await;
    drop(another);
    let answer = call.await.unwrap();
    assert_eq!((answer.status().as_u16(), stage.script.asked()), (202, vec![60_000, 60_250]));
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_waits_for_another_one_sends_nothing() {
    let stage = Stage::new(RetryPolicy::default(), 0.0, []);
    let session = stage.retry.shared.session.clone();
    let another = session.gate().enter("ingest", session.clock().now()).await;
    let cancel = Cancel::new();
    let terms = Terms { idempotent: true, cancel: Some(cancel.clone()) };
    let request = stage.request(operation("ingest"), "{}");
    stage.clock.hang(true);
    let mut call = stage.retry.call(request, operation("ingest"), terms);
    assert!(futures::poll!(call.as_mut()).is_pending());
    cancel.cancel();
    assert_eq!(call.await.unwrap_err().kind(), TransportErrorKind::Cancelled);
    drop(another);
}

#[tokio::test]
async fn a_call_that_waited_for_another_one_keeps_the_pause_that_that_one_was_asked_for() {
    let stage = Stage::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    let (session, operation) = (stage.retry.shared.session.clone(), operation("get_events"));
    let another = session.gate().enter("get_events", session.clock().now()).await;
    stage.clock.hang(true);
    let mut call = stage.retry.execute(stage.request(operation, "{}"), operation);
    assert!(futures::poll!(call.as_mut()).is_pending());
    stage.clock.hang(false);
    stage.retry.shared.pauses.extend(operation.quota_class, session.clock().now(), Duration::from_secs(9));
    drop(another);
    call.await.unwrap();
    assert_eq!(stage.script.asked(), [9000]);
}
