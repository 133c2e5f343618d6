mod pacing;

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::HeaderMap;
use togai_api::types::IngestBatchEventRequest;
use togai_api::{Client, Core, Event, OPERATIONS, Operation, Request, RetryStop, TransportErrorKind};
use togai_ingest::{Cancel, Clock as _};

use super::*;
use crate::ClientExt as _;
use crate::testing::{Script, ScriptedResponse, VirtualClock};

const THROTTLED: ScriptedResponse = ScriptedResponse::Status(429, &[], "");
const ACCEPTED: ScriptedResponse = ScriptedResponse::Status(202, &[], "{}");
const FAILED: ScriptedResponse = ScriptedResponse::Status(503, &[], "");

fn get(url: &str) -> Request {
    Request::new(operation("get_events"), url.parse().unwrap())
}

fn operation(id: &str) -> &'static Operation {
    OPERATIONS.iter().copied().find(|operation| operation.id == id).unwrap()
}

/// A retry transport over a script, with what a call needs.
struct TestRetry {
    clock: VirtualClock,
    script: Script,
    retry: Retry,
}

impl TestRetry {
    fn new(policy: RetryPolicy, random: f64, script: impl IntoIterator<Item = ScriptedResponse>) -> Self {
        Self::with_budget(policy, RetryBudget::default(), random, script)
    }

    fn with_budget(
        policy: RetryPolicy,
        budget: RetryBudget,
        random: f64,
        script: impl IntoIterator<Item = ScriptedResponse>,
    ) -> Self {
        Self::with_attempt_time(policy, budget, random, Duration::ZERO, script)
    }

    fn with_attempt_time(
        policy: RetryPolicy,
        budget: RetryBudget,
        random: f64,
        attempt_time: Duration,
        script: impl IntoIterator<Item = ScriptedResponse>,
    ) -> Self {
        let clock = VirtualClock::new(random);
        let script = Script::new(&clock, script).with_attempt_time(attempt_time);
        let retry = Retry::new(Parts {
            inner: Inner::Other(Box::new(script.clone())),
            session: Session::new(Arc::new(clock.clone())),
            credentials: None,
            policy,
            attempt_timeout: Some(Duration::from_secs(30)),
            budget,
        });
        Self { clock, script, retry }
    }

    fn request(&self, operation: &'static Operation, body: &'static str) -> Request {
        let core = Core::new("http://localhost", self.script.clone());
        core.request(operation, operation.path, Some(body.into())).unwrap()
    }

    /// Makes a call, and says how it ended.
    async fn call(&self, id: &str, idempotent: bool, options: CallOptions) -> String {
        let operation = operation(id);
        let retry = self.retry.with(options);
        match retry.execute(&mut self.request(operation, "{}").with_idempotent(idempotent)).await {
            Ok(response) => {
                let context = response.context();
                format!("{} after {} attempts, {} ms", response.status(), context.attempts, context.elapsed.as_millis())
            }
            Err(failure) => {
                let context = failure.context();
                let mut end =
                    format!("{failure} after {} attempts, {} ms", context.attempts, context.elapsed.as_millis());
                if let Some(left) = failure.retry_after() {
                    let _ = write!(end, ", {} ms left", left.as_millis());
                }
                end
            }
        }
    }
}

/// Runs a call that reads over a list of answers: the times of the requests in milliseconds, and how it ended.
async fn call(policy: RetryPolicy, random: f64, script: &[ScriptedResponse]) -> (Vec<u128>, String) {
    call_operation("get_events", true, policy, random, script).await
}

async fn call_operation(
    id: &str,
    idempotent: bool,
    policy: RetryPolicy,
    random: f64,
    script: &[ScriptedResponse],
) -> (Vec<u128>, String) {
    let fixture = TestRetry::new(policy, random, script.iter().cloned());
    let end = fixture.call(id, idempotent, CallOptions::new()).await;
    (fixture.script.request_times(), end)
}

#[track_caller]
fn check((times, end): (Vec<u128>, String), expected_times: &[u128], expected_end: &str) {
    assert_eq!((times.as_slice(), end.as_str()), (expected_times, expected_end));
}

#[tokio::test]
async fn a_throttled_call_is_retried_with_growing_waits() {
    let script = [THROTTLED, THROTTLED, THROTTLED, ACCEPTED];
    let end = call(RetryPolicy::default(), 1.0, &script).await;
    check(end, &[0, 250, 750, 1750], "202 Accepted after 4 attempts, 1750 ms");
}

#[tokio::test]
async fn jitter_is_full() {
    let end = call(RetryPolicy::default(), 0.0, &[THROTTLED, THROTTLED, ACCEPTED]).await;
    check(end, &[0, 0, 0], "202 Accepted after 3 attempts, 0 ms");
}

#[tokio::test]
async fn a_retry_waits_at_least_as_long_as_the_server_asks() {
    let seconds = ScriptedResponse::Status(429, &[("retry-after", "2")], "");
    let milliseconds = ScriptedResponse::Status(429, &[("retry-after-ms", "1500")], "");
    // The clock of the tests starts at 08:49:37.
    let date = ScriptedResponse::Status(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:50 GMT")], "");
    let end = call(RetryPolicy::default(), 0.0, &[seconds, milliseconds, date, ACCEPTED]).await;
    check(end, &[0, 2000, 3500, 13_000], "202 Accepted after 4 attempts, 13000 ms");
}

#[tokio::test]
async fn after_the_last_attempt_the_response_is_returned() {
    let policy = RetryPolicy::default().with_max_attempts(3);
    let end = call(policy, 1.0, &[THROTTLED, THROTTLED, THROTTLED]).await;
    check(end, &[0, 250, 750], "429 Too Many Requests after 3 attempts, 750 ms");
    check(call(RetryPolicy::never(), 1.0, &[THROTTLED]).await, &[0], "429 Too Many Requests after 1 attempts, 0 ms");
}

#[tokio::test]
async fn a_wait_beyond_the_time_left_ends_the_call_at_once() {
    let hour = ScriptedResponse::Status(429, &[("retry-after", "3600")], "");
    let end = call(RetryPolicy::default(), 1.0, &[THROTTLED, hour]).await;
    check(end, &[0, 250], "429 Too Many Requests after 2 attempts, 250 ms");
}

#[tokio::test]
async fn a_call_says_what_ended_its_retries() {
    let stop = async |policy: &RetryPolicy, budget, idempotent, script: &[ScriptedResponse]| {
        let fixture = TestRetry::with_budget(policy.clone(), RetryBudget::new(budget), 1.0, script.iter().cloned());
        let operation = operation("create_account");
        let mut request = fixture.request(operation, "{}").with_idempotent(idempotent);
        match fixture.retry.execute(&mut request).await {
            Ok(response) => response.context().stopped_by,
            Err(failure) => failure.context().stopped_by,
        }
    };
    let default = RetryPolicy::default();
    let (twice, short) =
        (default.clone().with_max_attempts(2), default.clone().with_max_elapsed(Duration::from_millis(300)));
    let hour = ScriptedResponse::Status(429, &[("retry-after", "3600")], "");
    let timeout = ScriptedResponse::Failure(TransportErrorKind::Timeout);
    let broken = ScriptedResponse::Failure(TransportErrorKind::TooLarge);
    for (policy, budget, idempotent, script, expected) in [
        (&twice, 9, true, &[THROTTLED, THROTTLED][..], Some(RetryStop::Attempts)),
        (&short, 9, true, &[FAILED, FAILED], Some(RetryStop::Time)),
        (&default, 9, true, std::slice::from_ref(&hour), Some(RetryStop::Pause)),
        (&default, 0, true, &[FAILED], Some(RetryStop::Budget)),
        (&default, 9, false, &[FAILED], Some(RetryStop::NotIdempotent)),
        (&default, 9, false, &[timeout], Some(RetryStop::NotIdempotent)),
        (&default, 9, true, &[broken], None),
        (&default, 9, true, &[FAILED, ACCEPTED], None),
        (&default, 9, true, &[ScriptedResponse::Status(404, &[], "")], None),
    ] {
        assert_eq!(stop(policy, budget, idempotent, script).await, expected, "{script:?}");
    }
    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, [FAILED]);
    let hurried = fixture.retry.with(CallOptions::new().deadline(Duration::from_millis(200)));
    let response = hurried.execute(&mut get("http://localhost/events")).await.unwrap();
    assert_eq!(response.context().stopped_by, Some(RetryStop::Deadline));
}

#[tokio::test]
async fn final_responses_are_returned() {
    for status in [200, 301, 400, 401, 403, 404, 409, 413, 422, 501, 505] {
        let (times, _) = call(RetryPolicy::default(), 1.0, &[ScriptedResponse::Status(status, &[], "")]).await;
        assert_eq!(times, [0], "{status}");
    }
}

#[tokio::test]
async fn idempotent_calls_wait_out_outages() {
    for status in [408, 500, 502, 503, 504, 520, 529] {
        let script = [ScriptedResponse::Status(status, &[], ""), ACCEPTED];
        let end = call(RetryPolicy::default(), 1.0, &script).await;
        check(end, &[0, 250], "202 Accepted after 2 attempts, 250 ms");
        let (times, _) = call_operation("ingest_batch", true, RetryPolicy::default(), 1.0, &script).await;
        assert_eq!(times, [0, 250], "{status}");
        for id in ["create_account", "update_account", "ingest_batch"] {
            let (times, end) = call_operation(id, false, RetryPolicy::default(), 1.0, &script[..1]).await;
            assert_eq!(times, [0], "{id} {status}");
            assert!(end.ends_with("after 1 attempts, 0 ms"), "{end}");
        }
    }
}

#[tokio::test]
async fn idempotent_calls_are_retried_after_a_broken_connection() {
    use TransportErrorKind::{Connect, Interrupted, Request, Timeout, TooLarge};
    for (kind, reading, creating) in
        [(Connect, 2, 2), (Timeout, 2, 1), (Interrupted, 2, 1), (Request, 1, 1), (TooLarge, 1, 1)]
    {
        let script = [ScriptedResponse::Failure(kind), ACCEPTED];
        let (times, _) = call(RetryPolicy::default(), 1.0, &script).await;
        assert_eq!(times.len(), reading, "{kind:?}");
        let (times, _) = call_operation("create_account", false, RetryPolicy::default(), 1.0, &script).await;
        assert_eq!(times.len(), creating, "{kind:?}");
    }
}

#[tokio::test]
async fn an_outage_response_may_set_the_wait() {
    let failed = ScriptedResponse::Status(503, &[("retry-after", "3")], "");
    let end = call(RetryPolicy::default(), 0.0, &[failed, ACCEPTED]).await;
    check(end, &[0, 3000], "202 Accepted after 2 attempts, 3000 ms");
}

#[tokio::test]
async fn an_ambiguous_attempt_is_remembered() {
    let with_id = IngestBatchEventRequest::new([Event::new("rides", "acme").id("a")]);
    let cases = [
        (vec![FAILED, THROTTLED, THROTTLED], true),
        (vec![ScriptedResponse::Failure(TransportErrorKind::Timeout), THROTTLED, THROTTLED], true),
        (vec![THROTTLED, THROTTLED, THROTTLED], false),
        (vec![ScriptedResponse::Failure(TransportErrorKind::Connect), THROTTLED, THROTTLED], false),
    ];
    for (script, expected) in cases {
        let fixture = TestRetry::new(RetryPolicy::default().with_max_attempts(3), 0.0, script);
        let client = Client::new("http://localhost", fixture.retry.clone());
        let error = client.ingest_batch().body(with_id.clone()).send().await.unwrap_err();
        assert_eq!((error.is_throttled(), error.maybe_delivered()), (true, expected));
    }
}

#[tokio::test]
async fn a_pause_applies_to_all_calls_of_its_class_only() {
    let pause = ScriptedResponse::Status(429, &[("retry-after", "5")], "");
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, [pause, ACCEPTED, ACCEPTED, ACCEPTED]);
    let once = CallOptions::new().retry(RetryPolicy::never());
    fixture.call("get_events", true, once.clone()).await;
    // Another class is not held up, the same class is.
    assert_eq!(fixture.call("ingest", false, CallOptions::new()).await, "202 Accepted after 1 attempts, 0 ms");
    assert_eq!(fixture.call("get_accounts", true, CallOptions::new()).await, "202 Accepted after 1 attempts, 5000 ms");
    assert_eq!(fixture.call("get_accounts", true, once).await, "202 Accepted after 1 attempts, 0 ms");
    assert_eq!(fixture.script.request_times(), [0, 0, 5000, 5000]);
}

#[tokio::test]
async fn a_call_that_cannot_wait_out_a_pause_fails_with_the_time_left() {
    let pause = ScriptedResponse::Status(429, &[("retry-after", "90")], "");
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, [pause, ACCEPTED]);
    assert_eq!(
        fixture.call("get_events", true, CallOptions::new()).await,
        "429 Too Many Requests after 1 attempts, 0 ms"
    );
    fixture.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(
        fixture.call("get_events", true, CallOptions::new()).await,
        "the server has asked for a pause that the call cannot wait out after 0 attempts, 0 ms, 80000 ms left"
    );
    let patient = RetryPolicy::default().with_max_elapsed(Duration::from_secs(100));
    assert_eq!(
        fixture.call("get_events", true, CallOptions::new().retry(patient)).await,
        "202 Accepted after 1 attempts, 80000 ms"
    );
}

#[tokio::test]
async fn a_deadline_bounds_attempts_and_waits() {
    let deadline = |milliseconds| CallOptions::new().deadline(Duration::from_millis(milliseconds));
    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, [FAILED, FAILED, FAILED]);
    assert_eq!(
        fixture.call("get_events", true, deadline(1000)).await,
        "503 Service Unavailable after 3 attempts, 750 ms"
    );
    // What is left of the deadline is what an attempt gets.
    assert_eq!(fixture.script.timeouts(), [1000, 750, 250].map(|left| Some(Duration::from_millis(left))));

    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, []);
    assert_eq!(
        fixture.call("get_events", true, deadline(0)).await,
        "the deadline passed before the request could be sent after 0 attempts, 0 ms"
    );

    // An attempt does not get more than without a deadline.
    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, [ACCEPTED, ACCEPTED]);
    fixture.call("get_events", true, deadline(3_600_000)).await;
    fixture.call("get_events", true, CallOptions::new()).await;
    assert_eq!(fixture.script.timeouts(), [Some(Duration::from_secs(30)), None]);
}

#[tokio::test]
async fn hanging_attempts_use_up_the_deadline() {
    let policy = RetryPolicy::default().with_max_elapsed(Duration::from_secs(1)).with_initial_backoff(Duration::ZERO);
    let hang = Duration::from_secs(30);
    let fixture = TestRetry::with_attempt_time(policy, RetryBudget::default(), 0.0, hang, [FAILED, FAILED]);
    assert_eq!(
        fixture.call("get_events", true, CallOptions::new()).await,
        "503 Service Unavailable after 1 attempts, 30000 ms"
    );
}

#[tokio::test]
async fn the_budget_is_shared_and_refilled_by_responses() {
    let policy = RetryPolicy::default().with_max_attempts(3);
    let script = std::iter::repeat_n(FAILED, 6).chain(std::iter::repeat_n(ACCEPTED, 5)).chain([FAILED, ACCEPTED]);
    let fixture = TestRetry::with_budget(policy, RetryBudget::new(3), 0.0, script);
    let attempts = async || {
        let before = fixture.script.request_times().len();
        fixture.call("get_events", true, CallOptions::new()).await;
        fixture.script.request_times().len() - before
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
async fn throttled_calls_are_retried_without_a_budget() {
    let fixture =
        TestRetry::with_budget(RetryPolicy::default(), RetryBudget::new(0), 0.0, [THROTTLED, THROTTLED, ACCEPTED]);
    assert_eq!(fixture.call("get_events", true, CallOptions::new()).await, "202 Accepted after 3 attempts, 0 ms");
}

#[tokio::test]
async fn stats_count_calls_attempts_and_waits() {
    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, [THROTTLED, FAILED, ACCEPTED, ACCEPTED]);
    fixture.call("get_events", true, CallOptions::new()).await;
    fixture.call("ingest", false, CallOptions::new()).await;
    let stats = fixture.retry.stats();
    assert_eq!((stats.other.calls, stats.other.attempts, stats.other.retries), (1, 3, 2));
    assert_eq!((stats.other.throttled, stats.other.waits), (1, 2));
    assert_eq!(stats.other.waited, Duration::from_millis(750));
    assert_eq!((stats.ingest.calls, stats.ingest.retries), (1, 0));
    assert_eq!((stats.total().calls, stats.total().attempts), (2, 4));
}

#[tokio::test]
async fn options_merge_and_later_ones_win() {
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    let client = Client::new("http://localhost", fixture.retry.clone());
    let first = CallOptions::new().header("x-a", "1").unwrap().header("x-b", "1").unwrap().query("a", "1 2");
    let second = CallOptions::new().header("x-b", "2").unwrap().query("b", "&");
    client.with(first).with(second).get_events().page_size(5).send().await.unwrap();
    let (url, headers) = fixture.script.last_request();
    assert_eq!(url, "http://localhost/events?pageSize=5&a=1+2&b=%26");
    assert_eq!((&headers["x-a"], &headers["x-b"]), (&"1".parse().unwrap(), &"2".parse().unwrap()));
}

#[tokio::test]
async fn a_request_is_given_back_as_it_was() {
    let fixture = TestRetry::new(RetryPolicy::default(), 1.0, [FAILED, ACCEPTED, ACCEPTED]);
    let retry = fixture.retry.with(CallOptions::new().deadline(Duration::from_secs(5)));
    let mut request = get("http://localhost/events");
    for _ in 0..2 {
        retry.execute(&mut request).await.unwrap();
    }
    let timeouts = fixture.script.timeouts().into_iter().map(|timeout| timeout.unwrap().as_millis());
    assert_eq!(timeouts.collect::<Vec<_>>(), [5000, 4750, 5000]);
    assert!(request.authorization().is_none() && request.timeout().is_none());
    // Also where the call is dropped.
    fixture.clock.hang(true);
    let now = fixture.clock.now();
    fixture.retry.state.pacers[2].throttled(now, now, Some(Duration::from_secs(9)), 0.0);
    let retry = fixture.retry.with(CallOptions::new().query("a", "1").header("x-a", "1").unwrap());
    let mut call = retry.execute(&mut request);
    assert!(futures::poll!(call.as_mut()).is_pending());
    drop(call);
    assert!(request.url().query().is_none() && request.headers().is_empty());
}

#[tokio::test]
async fn a_deadline_that_ends_the_retries_is_named_whatever_the_clock() {
    #[derive(Debug)]
    struct SystemTime;
    impl togai_ingest::Clock for SystemTime {
        fn sleep(&self, _: Duration) -> togai_api::BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
        fn random(&self) -> f64 {
            0.99
        }
    }
    let script = Script::new(&VirtualClock::new(0.0), [FAILED]);
    let retry = Retry::new(Parts {
        inner: Inner::Other(Box::new(script)),
        session: Session::new(Arc::new(SystemTime)),
        credentials: None,
        policy: RetryPolicy::default().with_initial_backoff(Duration::from_secs(10)),
        attempt_timeout: None,
        budget: RetryBudget::default(),
    });
    let hurried = retry.with(CallOptions::new().deadline(Duration::from_secs(5)));
    let response = hurried.execute(&mut get("http://localhost/events")).await.unwrap();
    assert_eq!(response.context().stopped_by, Some(RetryStop::Deadline));
}

#[tokio::test]
async fn a_success_of_another_transport_that_is_not_whole_is_none() {
    #[derive(Debug)]
    struct Half;
    impl Transport for Half {
        fn execute<'a>(&'a self, _: &'a mut Request) -> BoxFuture<'a, AttemptResult> {
            let response = togai_api::Response::new(reqwest::StatusCode::ACCEPTED, HeaderMap::default(), "");
            Box::pin(async { Ok(response.with_incomplete_body()) })
        }
    }
    let client = Client::new("http://localhost", Half);
    for client in [client.with(CallOptions::new()), client] {
        let error = client.get_events().send().await.unwrap_err();
        assert!(error.is_retryable() && error.status().is_none(), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_has_the_query_once() {
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED, ACCEPTED]);
    let retry = fixture.retry.with(CallOptions::new().query("a", "1"));
    let mut request = get("http://localhost/events");
    for _ in 0..2 {
        retry.execute(&mut request).await.unwrap();
    }
    assert_eq!(fixture.script.targets(), ["events?a=1", "events?a=1"]);
}

#[tokio::test]
async fn dropping_a_waiting_call_leaves_nothing_behind() {
    let clock = VirtualClock::new(0.5).that_hangs();
    let script = Script::new(&clock, std::iter::repeat_n(FAILED, 200).chain([ACCEPTED]));
    let now = clock.now();
    let retry = Retry::new(Parts {
        inner: Inner::Other(Box::new(script.clone())),
        session: Session::new(Arc::new(clock)),
        credentials: None,
        policy: RetryPolicy::default(),
        attempt_timeout: None,
        budget: RetryBudget::new(2),
    });
    for _ in 0..200 {
        let mut request = get("http://localhost/events");
        let mut call = retry.execute(&mut request);
        assert!(futures::poll!(call.as_mut()).is_pending());
        drop(call);
        assert!(retry.state.budget.is_full());
        assert_eq!(retry.state.pacers[2].pause(now), None);
    }
    let mut request = get("http://localhost/events");
    assert_eq!(retry.execute(&mut request).await.unwrap().status(), 202);
    assert_eq!(script.request_times().len(), 201);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn any_responses() -> impl Strategy<Value = Vec<ScriptedResponse>> {
        let response = prop_oneof![
            2 => Just(THROTTLED),
            2 => prop_oneof![
                Just(ScriptedResponse::Status(429, &[("retry-after", "1")], "")),
                Just(ScriptedResponse::Status(429, &[("retry-after", "7")], "")),
                Just(ScriptedResponse::Status(503, &[("retry-after", "2")], "")),
                Just(ScriptedResponse::Status(429, &[("retry-after", "100")], "")),
                Just(ScriptedResponse::Status(429, &[("retry-after-ms", "1500")], "")),
            ],
            3 => Just(FAILED),
            1 => Just(ScriptedResponse::Failure(TransportErrorKind::Connect)),
            1 => Just(ScriptedResponse::Failure(TransportErrorKind::Timeout)),
            1 => Just(ACCEPTED),
            1 => Just(ScriptedResponse::Status(404, &[], "")),
        ];
        // More than any call asks for.
        prop::collection::vec(response, 40)
    }

    /// The wait that a response asks for, in milliseconds.
    fn requested_wait(response: &ScriptedResponse) -> u128 {
        match response {
            ScriptedResponse::Status(_, [("retry-after", seconds)], _) => seconds.parse::<u128>().unwrap() * 1000,
            ScriptedResponse::Status(_, [("retry-after-ms", milliseconds)], _) => milliseconds.parse().unwrap(),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_call_breaks_its_policy(
            script in any_responses(),
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
            let fixture =
                TestRetry::with_attempt_time(policy, budget_of_all, random, attempt_time, script.iter().cloned());
            let mut options = CallOptions::new();
            options.deadline = deadline.map(Duration::from_millis);
            let limit = u128::from(deadline.map_or(max_elapsed, |deadline| deadline.min(max_elapsed)));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

            let (mut retries, mut paused_until) = (0_usize, 0);
            for _ in 0..calls {
                let first = fixture.script.request_times().len();
                let start = fixture.clock.elapsed().as_millis();
                runtime.block_on(fixture.call("get_events", true, options.clone()));
                let times = fixture.script.request_times();
                let times = &times[first..];

                // Never more attempts than allowed.
                prop_assert!(times.len() <= max_attempts as usize);
                // Never past the limit: neither an attempt, nor the end of the call, but for an attempt that had begun.
                prop_assert!(times.iter().all(|time| time - start <= limit), "{times:?} {start} {limit}");
                prop_assert!(fixture.clock.elapsed().as_millis() - start <= limit + attempt_time.as_millis());
                for (index, time) in times.iter().enumerate() {
                    // Never earlier than a response to this call or an earlier one asked.
                    prop_assert!(*time >= paused_until, "{times:?} {paused_until}");
                    let response = &script[first + index];
                    if index > 0 {
                        let before = &script[first + index - 1];
                        prop_assert!(*time >= times[index - 1] + attempt_time.as_millis() + requested_wait(before));
                        retries += usize::from(!matches!(before, ScriptedResponse::Status(429, ..)));
                    }
                    if matches!(response, ScriptedResponse::Status(429, ..)) {
                        paused_until = paused_until.max(time + attempt_time.as_millis() + requested_wait(response));
                    }
                }
            }
            // Never more retries after failures than the budget and what answers have put back.
            let attempts = fixture.script.request_times().len();
            prop_assert!(retries <= budget as usize + attempts / 5, "{retries} of {budget}");
        }
    }
}

#[tokio::test]
async fn a_call_waits_for_a_token_probe_only_until_its_deadline() {
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, []);
    let session = fixture.retry.state.session.clone();
    let another = session.gate().enter("get_events", session.clock().now()).await;
    let client =
        Client::new("http://localhost", fixture.retry.with(CallOptions::new().deadline(Duration::from_secs(5))));
    let error = client.get_events().send().await.unwrap_err();
    insta::assert_snapshot!(error, @"get_events: the deadline passed before the request could be sent: it waited for another call to try the token, or for the token provider (0 attempts, 5 s)");
    drop(another);
}

#[tokio::test]
async fn waiting_for_a_token_probe_does_not_use_up_the_retry_time() {
    let fixture =
        TestRetry::new(RetryPolicy::default().with_max_elapsed(Duration::from_secs(2)), 1.0, [FAILED, ACCEPTED]);
    let session = fixture.retry.state.session.clone();
    let another = session.gate().enter("get_events", session.clock().now()).await;
    let mut request = fixture.request(operation("get_events"), "{}");
    let mut call = fixture.retry.execute(&mut request);
    fixture.clock.hang(true);
    assert!(futures::poll!(call.as_mut()).is_pending());
    fixture.clock.hang(false);
    fixture.clock.sleep(Duration::from_secs(60)).await;
    drop(another);
    let response = call.await.unwrap();
    assert_eq!((response.status().as_u16(), fixture.script.request_times()), (202, vec![60_000, 60_250]));
}

#[tokio::test]
async fn a_call_cancelled_while_waiting_for_a_probe_sends_nothing() {
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, []);
    let session = fixture.retry.state.session.clone();
    let another = session.gate().enter("ingest", session.clock().now()).await;
    let cancel = Cancel::new();
    let terms = CallTerms { cancel: Some(cancel.signal()), ..CallTerms::default() };
    let mut request = fixture.request(operation("ingest"), "{}");
    fixture.clock.hang(true);
    let mut call = fixture.retry.call(&mut request, terms);
    assert!(futures::poll!(call.as_mut()).is_pending());
    cancel.cancel();
    assert_eq!(call.await.unwrap_err().kind(), TransportErrorKind::Cancelled);
    drop(another);
}

#[tokio::test]
async fn a_call_that_waited_for_a_probe_respects_its_pause() {
    let fixture = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    let (session, operation) = (fixture.retry.state.session.clone(), operation("get_events"));
    let another = session.gate().enter("get_events", session.clock().now()).await;
    fixture.clock.hang(true);
    let mut request = fixture.request(operation, "{}");
    let mut call = fixture.retry.execute(&mut request);
    assert!(futures::poll!(call.as_mut()).is_pending());
    fixture.clock.hang(false);
    let now = session.clock().now();
    fixture.retry.state.pacers[2].throttled(now, now, Some(Duration::from_secs(9)), 0.0);
    drop(another);
    call.await.unwrap();
    assert_eq!(fixture.script.request_times(), [9000]);
}

#[tokio::test]
async fn a_limit_on_retries_counts_failures_and_leaves_the_budget_alone() {
    for (max_retries, script, expected) in [
        (0, &[FAILED][..], (503, 1)),
        (1, &[FAILED, ACCEPTED], (202, 2)),
        (1, &[FAILED, FAILED], (503, 2)),
        (1, &[THROTTLED, FAILED, THROTTLED, ACCEPTED], (202, 4)),
    ] {
        let fixture = TestRetry::with_budget(RetryPolicy::default(), RetryBudget::new(1), 0.0, script.iter().cloned());
        let operation = operation("ingest");
        let terms = CallTerms { max_retries: Some(max_retries), ..CallTerms::default() };
        let mut request = fixture.request(operation, "{}").with_idempotent(true);
        let response = fixture.retry.call(&mut request, terms).await.unwrap();
        assert_eq!((response.status().as_u16(), fixture.script.request_times().len()), expected);
        assert!(fixture.retry.state.budget.is_full());
    }
}
