//! Ingestion as somebody writes it who needs speed alone: no ids, no retries, no report.
//!
//! It uses an HTTP client with the settings of ours and sends the same bytes, as many in a request and as many at a time. Buffers are
//! used again. An answer other than 202 ends it.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Serialize;
use togai_ext::prelude::*;

use crate::setup::{CHUNK, IN_FLIGHT, Setup, TOKEN};

/// What is sent.
#[derive(Serialize)]
struct Envelope<'a> {
    events: &'a [Event],
}

/// Sends events that somebody else keeps.
pub(crate) async fn borrowed(setup: &Setup, events: &[Event]) {
    let url = format!("{}/ingestBatch", setup.client.base_url());
    let mut chunks = events.chunks(CHUNK);
    let mut buffers = Vec::new();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < IN_FLIGHT
            && let Some(chunk) = chunks.next()
        {
            let body = encode(chunk, buffers.pop().unwrap_or_default());
            in_flight.push(send(&setup.http, &url, body));
        }
        match in_flight.next().await {
            Some(buffer) => buffers.push(buffer),
            None => return,
        }
    }
}

/// Sends events and drops them once they are answered, since until then they may have to be sent again.
pub(crate) async fn owned(setup: &Setup, events: Vec<Event>) {
    let url = format!("{}/ingestBatch", setup.client.base_url());
    let mut events = events.into_iter();
    let mut buffers = Vec::new();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < IN_FLIGHT && events.len() > 0 {
            let chunk: Vec<Event> = events.by_ref().take(CHUNK).collect();
            let body = encode(&chunk, buffers.pop().unwrap_or_default());
            let call = send(&setup.http, &url, body);
            in_flight.push(async move {
                let buffer = call.await;
                drop(chunk);
                buffer
            });
        }
        match in_flight.next().await {
            Some(buffer) => buffers.push(buffer),
            None => return,
        }
    }
}

fn encode(events: &[Event], mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    serde_json::to_writer(&mut buffer, &Envelope { events }).expect("events are JSON");
    buffer
}

/// Sends a body, and gives its memory back.
async fn send(http: &reqwest::Client, url: &str, body: Vec<u8>) -> Vec<u8> {
    let body = Bytes::from(body);
    let mut kept = body.clone();
    let request = http
        .post(url)
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .bearer_auth(TOKEN)
        .body(body);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 202);
    response.bytes().await.expect("a body");
    // Nothing is copied: the bytes of an empty one are none, and the memory is ours alone again.
    kept.truncate(0);
    kept.into()
}
