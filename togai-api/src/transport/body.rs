//! The body of a response: read up to a bound, and unpacked.

use std::io::Read as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue};

use super::Response;
use super::error::Failure;

/// How much of a body is read.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) bytes: usize,
    /// What the error says of it.
    pub(super) remedy: &'static str,
}

/// How long the body of a failure may take. The status has said what matters, and a retry waits for it.
const TIME_OF_FAILURE: Duration = Duration::from_secs(5);

/// Reads a response: one of success to its end, one of failure as far as it comes.
pub(super) async fn read(
    mut response: reqwest::Response,
    limit: Limit,
    failure_bytes: usize,
) -> Result<Response, Failure> {
    let status = response.status();
    let mut headers = std::mem::take(response.headers_mut());
    if status.is_success() {
        let announced = response.content_length().unwrap_or_default();
        let body = match usize::try_from(announced) {
            Ok(announced) if announced <= limit.bytes => collect(&mut response, limit.bytes).await?,
            _ => None,
        };
        let body = body.filter(|body| body.len() <= limit.bytes).ok_or_else(|| Failure::too_large(limit))?;
        let body = match unpack(&mut headers, &body, limit.bytes) {
            Unpacked::Whole(body) => body,
            Unpacked::Part { is_limited: true, .. } => return Err(Failure::too_large(limit)),
            // What is damaged came whole all the same: it is a success that cannot be decoded.
            Unpacked::Plain | Unpacked::Part { .. } => body,
        };
        return Ok(Response::new(status, headers, body));
    }
    let mut body = BytesMut::new();
    let reading = collect_into(&mut body, &mut response, failure_bytes);
    let is_complete = matches!(tokio::time::timeout(TIME_OF_FAILURE, reading).await, Ok(Ok(true)));
    let body = body.freeze();
    let (body, is_complete) = match unpack(&mut headers, &body, failure_bytes) {
        Unpacked::Plain => (body, is_complete),
        Unpacked::Whole(unpacked) => (unpacked, is_complete),
        Unpacked::Part { body, .. } => (body, false),
    };
    let response = Response::new(status, headers, body);
    Ok(if is_complete { response } else { response.with_incomplete_body() })
}

/// Reads a body, which mostly comes in one piece and is taken as it is; nothing where it is longer than so many bytes.
async fn collect(response: &mut reqwest::Response, longest: usize) -> Result<Option<Bytes>, Failure> {
    let Some(first) = response.chunk().await.map_err(Failure::of_reading)? else { return Ok(Some(Bytes::new())) };
    let Some(second) = response.chunk().await.map_err(Failure::of_reading)? else { return Ok(Some(first)) };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    let is_complete = collect_into(&mut body, response, longest).await?;
    Ok(is_complete.then(|| body.freeze()))
}

/// Adds the rest of a body to what there is of it, up to so many bytes, and says whether that is all.
async fn collect_into(body: &mut BytesMut, response: &mut reqwest::Response, longest: usize) -> Result<bool, Failure> {
    while body.len() <= longest
        && let Some(piece) = response.chunk().await.map_err(Failure::of_reading)?
    {
        body.extend_from_slice(&piece);
    }
    let is_complete = body.len() <= longest;
    body.truncate(longest);
    Ok(is_complete)
}

/// What is in a body.
enum Unpacked {
    /// It is not packed, or in a way that cannot be read here.
    Plain,
    Whole(Bytes),
    Part {
        body: Bytes,
        is_limited: bool,
    },
}

/// Unpacks a body that a server or a gateway has packed without being asked to.
fn unpack(headers: &mut HeaderMap, packed: &[u8], longest: usize) -> Unpacked {
    let is_gzip = |value: &HeaderValue| {
        let coding = value.as_bytes().trim_ascii();
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    };
    if packed.is_empty() || !headers.get(CONTENT_ENCODING).is_some_and(is_gzip) {
        return Unpacked::Plain;
    }
    let mut body = Vec::new();
    let result = MultiGzDecoder::new(packed).take((longest as u64).saturating_add(1)).read_to_end(&mut body);
    let is_limited = body.len() > longest;
    if result.is_err() || is_limited {
        body.truncate(longest);
        return Unpacked::Part { body: body.into(), is_limited };
    }
    // Both are about the bytes on the wire.
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Unpacked::Whole(body.into())
}

#[cfg(test)]
mod tests;
