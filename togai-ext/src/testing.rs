//! A clock that is moved by hand and a transport that answers from a list.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use togai_api::{BoxFuture, CallContext, Operation, Transport, TransportError, TransportErrorKind};

use togai_ingest::Clock;

/// Time that passes only in sleep. Chance always falls on the same number.
#[derive(Clone, Debug)]
pub(crate) struct VirtualClock {
    start: Instant,
    elapsed: Arc<Mutex<Duration>>,
    random: f64,
    hangs: Arc<AtomicBool>,
}

impl VirtualClock {
    pub(crate) fn new(random: f64) -> Self {
        Self { start: Instant::now(), elapsed: Arc::default(), random, hangs: Arc::default() }
    }

    /// The same, whose sleep never ends.
    pub(crate) fn that_hangs(self) -> Self {
        self.hang(true);
        self
    }

    /// Sets whether a sleep that is begun from now on never ends.
    pub(crate) fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VirtualClock {
    fn advance(&self, duration: Duration) {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + self.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if self.hangs.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> f64 {
        self.random
    }
}

/// Answers from a list, and remembers when it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    clock: VirtualClock,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    attempt_time: Duration,
}

/// A request that came.
#[derive(Clone, Debug)]
struct Asked {
    at: Duration,
    timeout: Option<Duration>,
    url: String,
    headers: reqwest::header::HeaderMap,
}

/// A status with headers, or no answer at all.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Failure(TransportErrorKind),
}

impl Script {
    pub(crate) fn new(clock: &VirtualClock, answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        Self { clock: clock.clone(), answers, asked: Arc::default(), attempt_time: Duration::ZERO }
    }

    /// The same, which takes so long for each answer.
    pub(crate) fn with_attempt_time(self, attempt_time: Duration) -> Self {
        Self { attempt_time, ..self }
    }

    /// The times at which requests came, in milliseconds.
    pub(crate) fn asked(&self) -> Vec<u128> {
        self.requests().iter().map(|asked| asked.at.as_millis()).collect()
    }

    /// How long each attempt was given, where it was given less than by default.
    pub(crate) fn timeouts(&self) -> Vec<Option<Duration>> {
        self.requests().iter().map(|asked| asked.timeout).collect()
    }

    /// Address and headers of the request that came last.
    pub(crate) fn last_request(&self) -> (String, reqwest::header::HeaderMap) {
        let requests = self.requests();
        let last = requests.last().expect("a request came");
        (last.url.clone(), last.headers.clone())
    }

    /// Path and query of each request.
    pub(crate) fn targets(&self) -> Vec<String> {
        let target = |asked: Asked| asked.url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        self.requests().into_iter().map(target).collect()
    }

    fn requests(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for Script {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Asked {
            at: self.clock.elapsed(),
            timeout: request.timeout().copied(),
            url: request.url().to_string(),
            headers: request.headers().clone(),
        });
        self.clock.advance(self.attempt_time);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move {
            match answer {
                Some(Answer::Status(status, headers, body)) => {
                    let mut response = http::Response::new(body);
                    *response.status_mut() = reqwest::StatusCode::from_u16(status).unwrap_or_default();
                    for (name, value) in headers {
                        response.headers_mut().insert(*name, reqwest::header::HeaderValue::from_static(value));
                    }
                    Ok(reqwest::Response::from(response))
                }
                Some(Answer::Failure(kind)) => Err(TransportError::new(kind, "scripted", CallContext::default())),
                None => panic!("a request came that the script has no answer for"),
            }
        })
    }
}
