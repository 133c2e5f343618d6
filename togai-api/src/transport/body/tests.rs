use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};

use super::*;
use crate::{CallContext, TransportErrorKind};

const LIMIT: Limit = Limit { bytes: 4096, remedy: "" };
/// What each body begins with.
const START: &[u8] = br#"{"message": "no"#;

/// What becomes of a body after its start.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rest {
    Whole,
    Cut,
    Silent,
    Endless,
    Trickled,
}

/// A body that begins well.
struct OddBody {
    start: Option<&'static [u8]>,
    rest: Rest,
    pause: Pin<Box<Sleep>>,
}

impl OddBody {
    fn response(status: u16, rest: Rest) -> reqwest::Response {
        let body = Self { start: Some(START), rest, pause: Box::pin(tokio::time::sleep(Duration::ZERO)) };
        let response = http::Response::builder().status(status).header("retry-after", "3");
        response.body(reqwest::Body::wrap(body)).unwrap().into()
    }
}

impl Body for OddBody {
    type Data = &'static [u8];
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<&'static [u8]>, std::io::Error>>> {
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        match self.rest {
            Rest::Whole => Poll::Ready(None),
            Rest::Cut => Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into()))),
            Rest::Silent => Poll::Pending,
            Rest::Endless => Poll::Ready(Some(Ok(Frame::data(&[b' '; 512])))),
            Rest::Trickled => {
                ready!(self.pause.as_mut().poll(context));
                self.pause.as_mut().reset(Instant::now() + Duration::from_millis(300));
                Poll::Ready(Some(Ok(Frame::data(b" "))))
            }
        }
    }
}

/// What became of a response, and when.
async fn outcome(status: u16, rest: Rest) -> (Result<Response, TransportErrorKind>, Duration) {
    let start = Instant::now();
    // The time of an attempt, which the HTTP client keeps.
    let attempt = tokio::time::timeout(Duration::from_secs(30), read(OddBody::response(status, rest), LIMIT, 1024));
    let result = match attempt.await {
        Ok(result) => result.map_err(|failure| failure.with_context(CallContext::default()).kind()),
        Err(_) => Err(TransportErrorKind::Timeout),
    };
    (result, start.elapsed())
}

const RESTS: [Rest; 5] = [Rest::Whole, Rest::Cut, Rest::Silent, Rest::Endless, Rest::Trickled];

#[tokio::test(start_paused = true)]
async fn the_head_of_a_failure_counts_whatever_becomes_of_its_body() {
    let statuses = [302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 501, 503, 520, 529];
    for (status, rest) in statuses.into_iter().flat_map(|status| RESTS.map(|rest| (status, rest))) {
        let (response, took) = outcome(status, rest).await;
        let response = response.unwrap_or_else(|kind| panic!("{status} {rest:?}: {kind:?}"));
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (status, &"3".parse().unwrap()));
        assert!(response.body().starts_with(START) && response.body().len() <= 1024, "{status} {rest:?}");
        assert_eq!(response.is_complete(), rest == Rest::Whole, "{status} {rest:?}");
        assert!(took <= TIME_OF_FAILURE + Duration::from_millis(1), "{status} {rest:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_is_whole_or_none() {
    for status in [200, 201, 202, 207] {
        for rest in RESTS {
            let expected = match rest {
                Rest::Whole => {
                    let (response, _) = outcome(status, rest).await;
                    assert_eq!(response.unwrap().body(), START);
                    continue;
                }
                Rest::Cut => TransportErrorKind::Interrupted,
                Rest::Silent | Rest::Trickled => TransportErrorKind::Timeout,
                Rest::Endless => TransportErrorKind::TooLarge,
            };
            assert_eq!(outcome(status, rest).await.0.map(|_| ()), Err(expected), "{status} {rest:?}");
        }
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, text).unwrap();
    encoder.finish().unwrap()
}

fn with_coding(status: u16, coding: &'static str, body: Vec<u8>) -> reqwest::Response {
    http::Response::builder().status(status).header(CONTENT_ENCODING, coding).body(body).unwrap().into()
}

#[tokio::test]
async fn a_packed_body_is_unpacked_within_the_limit() {
    for (status, coding) in [(200, "gzip"), (207, "x-gzip"), (400, "GZIP ")] {
        let response = read(with_coding(status, coding, packed(START)), LIMIT, 1024).await.unwrap_or_else(|_| panic!());
        assert_eq!((response.body().as_ref(), response.is_complete()), (START, true));
        assert!(!response.headers().contains_key(CONTENT_ENCODING));
    }
    let bomb = packed(&vec![b' '; 1 << 20]);
    let failure = read(with_coding(200, "gzip", bomb.clone()), LIMIT, 1024).await.err().unwrap();
    assert_eq!(failure.with_context(CallContext::default()).kind(), TransportErrorKind::TooLarge);
    let response = read(with_coding(400, "gzip", bomb), LIMIT, 1024).await.unwrap_or_else(|_| panic!());
    assert_eq!((response.body().len(), response.is_complete()), (1024, false));
}

#[tokio::test]
async fn what_cannot_be_unpacked_stays_as_it_came() {
    let damaged = packed(START)[..12].to_vec();
    for (coding, body) in [("br", b"\x0b\x02".to_vec()), ("gzip", damaged)] {
        let response = read(with_coding(200, coding, body.clone()), LIMIT, 1024).await.unwrap_or_else(|_| panic!());
        assert_eq!((response.body().to_vec(), &response.headers()[CONTENT_ENCODING]), (body, &coding.parse().unwrap()));
    }
}
