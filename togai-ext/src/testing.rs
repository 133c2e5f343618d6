//! A clock that is moved by hand and a transport with scripted responses.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use togai_api::{BoxFuture, CallContext, Request, Response, Transport, TransportError, TransportErrorKind};

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

/// Sends the responses of a list, and records the requests.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    clock: VirtualClock,
    responses: Arc<Mutex<VecDeque<ScriptedResponse>>>,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    attempt_time: Duration,
}

/// A request that the script received.
#[derive(Clone, Debug)]
struct ReceivedRequest {
    at: Duration,
    timeout: Option<Duration>,
    url: String,
    headers: reqwest::header::HeaderMap,
}

/// A status with headers and a body, or a failure without a response.
#[derive(Clone, Debug)]
pub(crate) enum ScriptedResponse {
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Failure(TransportErrorKind),
}

impl Script {
    pub(crate) fn new(clock: &VirtualClock, responses: impl IntoIterator<Item = ScriptedResponse>) -> Self {
        let responses = Arc::new(Mutex::new(responses.into_iter().collect()));
        Self { clock: clock.clone(), responses, received: Arc::default(), attempt_time: Duration::ZERO }
    }

    /// The same, with a duration for each attempt.
    pub(crate) fn with_attempt_time(self, attempt_time: Duration) -> Self {
        Self { attempt_time, ..self }
    }

    /// The times at which requests came, in milliseconds.
    pub(crate) fn request_times(&self) -> Vec<u128> {
        self.requests().iter().map(|request| request.at.as_millis()).collect()
    }

    /// How long each attempt was given, where it was given less than by default.
    pub(crate) fn timeouts(&self) -> Vec<Option<Duration>> {
        self.requests().iter().map(|request| request.timeout).collect()
    }

    /// Address and headers of the request that came last.
    pub(crate) fn last_request(&self) -> (String, reqwest::header::HeaderMap) {
        let requests = self.requests();
        let last = requests.last().expect("a request came");
        (last.url.clone(), last.headers.clone())
    }

    /// Path and query of each request.
    pub(crate) fn targets(&self) -> Vec<String> {
        let target = |request: ReceivedRequest| request.url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        self.requests().into_iter().map(target).collect()
    }

    fn requests(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for Script {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(ReceivedRequest {
            at: self.clock.elapsed(),
            timeout: request.timeout(),
            url: request.url().to_string(),
            headers: request.headers().clone(),
        });
        self.clock.advance(self.attempt_time);
        let scripted = self.responses.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move {
            match scripted {
                Some(ScriptedResponse::Status(status, headers, body)) => {
                    let mut response = http::Response::new(body);
                    *response.status_mut() = reqwest::StatusCode::from_u16(status).unwrap_or_default();
                    for (name, value) in headers {
                        response.headers_mut().insert(*name, reqwest::header::HeaderValue::from_static(value));
                    }
                    Ok(Response::from(response))
                }
                Some(ScriptedResponse::Failure(kind)) => {
                    Err(TransportError::new(kind, "scripted", CallContext::default()))
                }
                None => panic!("a request came that the script has no answer for"),
            }
        })
    }
}
