//! Turns, and throttling that is steady.

use super::*;

/// The terms of ingestion.
fn outlasting() -> CallTerms {
    CallTerms { outlasts_throttling: true, ..CallTerms::default() }
}

fn throttled(retry_after: &'static str) -> ScriptedResponse {
    // A header of a script lives as long as the program.
    ScriptedResponse::Status(429, Box::leak(Box::new([("retry-after", retry_after)])), "")
}

/// Makes a call with the terms of ingestion: status, attempts, and what ended the retries.
async fn outlast(test: &TestRetry, options: CallOptions) -> (u16, u32, Option<RetryStop>) {
    let mut request = test.request(operation("ingest_batch"), "{}").with_idempotent(true);
    let response = test.retry.with(options).call(&mut request, outlasting()).await.unwrap();
    (response.status().as_u16(), response.context().attempts, response.context().stopped_by)
}

#[tokio::test]
async fn first_attempts_and_retries_take_a_turn_each() {
    let test = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED, FAILED, THROTTLED, ACCEPTED]);
    test.retry.set_pace(QuotaClass::Other, Pace::PerSecond(10.0));
    test.call("get_events", true, CallOptions::new()).await;
    let end = test.call("get_accounts", true, CallOptions::new()).await;
    assert!(end.starts_with("202 Accepted after 3 attempts"), "{end}");
    let times = test.script.request_times();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 102), "{times:?}");
    let stats = test.retry.stats();
    assert_eq!((stats.other.paced, stats.other.waits), (3, 2));
    assert!(stats.other.paced_for >= Duration::from_millis(306), "{stats:?}");
    assert!(stats.other.rate.is_some_and(|rate| rate < 9.8) && stats.ingest.rate.is_none(), "{stats:?}");
}

#[tokio::test]
async fn waiting_for_a_turn_takes_none_of_the_time_for_retries() {
    let policy = RetryPolicy::default().with_max_elapsed(Duration::from_secs(1));
    let test = TestRetry::new(policy, 0.0, [ACCEPTED, FAILED, ACCEPTED]);
    test.retry.set_pace(QuotaClass::Other, Pace::PerSecond(0.5));
    test.call("get_events", true, CallOptions::new()).await;
    let end = test.call("get_events", true, CallOptions::new()).await;
    assert!(end.starts_with("202 Accepted after 2 attempts"), "{end}");
}

#[tokio::test]
async fn a_deadline_ends_the_wait_for_a_turn() {
    let test = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    test.retry.set_pace(QuotaClass::Other, Pace::PerSecond(0.5));
    test.call("get_events", true, CallOptions::new()).await;
    let client = Client::new("http://localhost", test.retry.with(CallOptions::new().deadline(Duration::from_secs(1))));
    let error = client.get_events().send().await.unwrap_err();
    assert!(error.is_retryable() && error.attempts() == 0 && !error.maybe_delivered(), "{error}");
    assert_eq!(test.script.request_times().len(), 1);
}

#[tokio::test]
async fn a_cancelled_call_does_not_wait_for_its_turn() {
    let test = TestRetry::new(RetryPolicy::default(), 0.0, [ACCEPTED]);
    test.retry.set_pace(QuotaClass::Ingest, Pace::PerSecond(0.5));
    test.call("ingest", true, CallOptions::new()).await;
    test.clock.hang(true);
    let cancel = Cancel::new();
    let terms = CallTerms { cancel: Some(cancel.signal()), ..outlasting() };
    let mut request = test.request(operation("ingest"), "{}");
    let mut call = test.retry.call(&mut request, terms);
    assert!(futures::poll!(call.as_mut()).is_pending());
    cancel.cancel();
    assert_eq!(call.await.unwrap_err().kind(), TransportErrorKind::Cancelled);
}

#[tokio::test]
async fn ingestion_goes_on_as_long_as_requests_get_through() {
    for pace in [Pace::Off, Pace::PerSecond(50.0)] {
        // No request has more than 20 throttled attempts, and in all they take many times the time for retries.
        let script = std::iter::repeat_n(THROTTLED, 20).chain([ACCEPTED]);
        let script = std::iter::repeat_n(script, 30).flatten();
        let policy = RetryPolicy::default().with_max_throttling(Duration::from_secs(600));
        let test = TestRetry::new(policy, 1.0, script);
        test.retry.set_pace(QuotaClass::IngestBatch, pace);
        for _ in 0..30 {
            assert_eq!(outlast(&test, CallOptions::new()).await, (202, 21, None), "{pace:?}");
        }
        assert!(test.clock.elapsed() > Duration::from_secs(600), "{:?}", test.clock.elapsed());
    }
}

#[tokio::test]
async fn ingestion_ends_where_nothing_gets_through() {
    for pace in [Pace::Off, Pace::PerSecond(50.0)] {
        let test = TestRetry::new(RetryPolicy::default(), 1.0, std::iter::repeat_n(THROTTLED, 10_000));
        test.retry.set_pace(QuotaClass::IngestBatch, pace);
        let (status, attempts, stop) = outlast(&test, CallOptions::new()).await;
        assert_eq!((status, stop), (429, Some(RetryStop::Time)));
        let took = test.clock.elapsed();
        assert!(took >= Duration::from_secs(60) && took < Duration::from_secs(80), "{pace:?}: {took:?}");
        assert!(attempts < 200, "{pace:?}: {attempts}");
    }
}

#[tokio::test]
async fn ingestion_waits_out_a_pause_of_a_minute_and_no_longer_one() {
    let twice = RetryPolicy::default().with_max_attempts(2);
    let test = TestRetry::new(twice, 0.0, [throttled("60"), throttled("60"), ACCEPTED]);
    assert_eq!(outlast(&test, CallOptions::new()).await, (429, 2, Some(RetryStop::Time)));

    let script = [throttled("50"), ACCEPTED, throttled("61"), ACCEPTED];
    let test = TestRetry::new(RetryPolicy::default(), 0.0, script);
    assert_eq!(outlast(&test, CallOptions::new()).await, (202, 2, None));
    assert_eq!(outlast(&test, CallOptions::new()).await, (429, 1, Some(RetryStop::Pause)));
    assert_eq!(test.clock.elapsed(), Duration::from_secs(50));

    let patient = CallOptions::new().retry(RetryPolicy::default().with_max_throttling(Duration::from_secs(100)));
    assert_eq!(outlast(&test, patient).await, (202, 1, None));
    assert_eq!(test.clock.elapsed(), Duration::from_secs(111));

    let test = TestRetry::new(RetryPolicy::default(), 0.0, [throttled("50")]);
    let hurried = CallOptions::new().deadline(Duration::from_secs(40));
    assert_eq!(outlast(&test, hurried).await, (429, 1, Some(RetryStop::Pause)));
}

#[tokio::test]
async fn failures_of_ingestion_still_count() {
    let script = [THROTTLED, FAILED, THROTTLED, FAILED, THROTTLED, FAILED];
    let test = TestRetry::new(RetryPolicy::default().with_max_attempts(3), 0.0, script);
    assert_eq!(outlast(&test, CallOptions::new()).await, (503, 6, Some(RetryStop::Attempts)));
}

#[tokio::test]
async fn a_policy_of_one_attempt_makes_one() {
    let test = TestRetry::new(RetryPolicy::never(), 0.0, [THROTTLED]);
    assert_eq!(outlast(&test, CallOptions::new()).await, (429, 1, Some(RetryStop::Attempts)));
}

#[tokio::test]
async fn ingestion_that_is_not_paced_keeps_its_deadline() {
    let deadline = Duration::from_secs(5);
    let test = TestRetry::new(RetryPolicy::default(), 1.0, std::iter::repeat_n(THROTTLED, 100));
    let (status, _, stop) = outlast(&test, CallOptions::new().deadline(deadline)).await;
    assert_eq!((status, stop), (429, Some(RetryStop::Deadline)));
    assert!(test.clock.elapsed() <= deadline, "{:?}", test.clock.elapsed());
}

#[tokio::test]
async fn a_slow_429_takes_none_of_the_time_for_retries() {
    let script = std::iter::repeat_n(THROTTLED, 20).chain([FAILED, ACCEPTED]);
    let attempt_time = Duration::from_secs(5);
    let (policy, budget) = (RetryPolicy::default(), RetryBudget::default());
    let policy = policy.with_max_throttling(Duration::from_secs(600));
    let test = TestRetry::with_attempt_time(policy, budget, 0.0, attempt_time, script);
    assert_eq!(outlast(&test, CallOptions::new()).await, (202, 22, None));
}
