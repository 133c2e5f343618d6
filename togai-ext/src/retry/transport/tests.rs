use togai_api::{OPERATIONS, TransportErrorKind};

use super::*;
use crate::testing::{Answer, Script, VirtualClock};

const THROTTLED: Answer = Answer::Status(429, &[], "");
const ACCEPTED: Answer = Answer::Status(202, &[], "{}");

/// Runs a call over a list of answers: the times of the requests in milliseconds, and how it ended.
async fn call(policy: RetryPolicy, random: f64, answers: &[Answer]) -> (Vec<u128>, String) {
    let clock = VirtualClock::new(random);
    let script = Script::new(&clock, answers.iter().cloned());
    let retry = Retry::new(policy, Arc::new(clock), script.clone());
    let client = reqwest::Client::builder();
    let http = crate::tls::configure(client, false).unwrap().build().unwrap();
    let request = http.post("http://localhost/ingestBatch").body("{}").build().unwrap();
    let ended = match retry.execute(&http, request, OPERATIONS[0]).await {
        Ok(response) => {
            let context = response.extensions().get::<CallContext>().unwrap();
            format!("{} after {} attempts, {} ms", response.status(), context.attempts, context.elapsed.as_millis())
        }
        Err(failure) => format!("{failure} after {} attempts", failure.context().attempts),
    };
    (script.asked(), ended)
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
async fn other_answers_and_failures_are_handed_on() {
    for status in [200, 400, 401, 403, 404, 422, 503] {
        let (asked, _) = call(RetryPolicy::default(), 1.0, &[Answer::Status(status, &[], "")]).await;
        assert_eq!(asked, [0], "{status}");
    }
    let ended = call(RetryPolicy::default(), 1.0, &[THROTTLED, Answer::Failure(TransportErrorKind::Connect)]).await;
    check(ended, &[0, 250], "no connection could be made after 2 attempts");
}
