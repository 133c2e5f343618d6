//! What the service does, and that it is metered.

use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use togai_ext::prelude::*;

use crate::metering::Meter;
use crate::request_id;

/// A real service knows the account from who is logged in.
const ACCOUNT: &str = "acme-prod";

pub(crate) fn router(meter: Meter) -> Router {
    Router::new()
        .route("/hello/{name}", get(hello))
        // Around the routes that cost something. A check of health outside of it is free.
        .route_layer(middleware::from_fn_with_state(meter, metered))
        .route("/health", get(|| async { "well" }))
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}.\n")
}

/// Gives a request its id, and meters it once it has been carried out.
///
/// A request whose client has gone before its answer is dropped with its handler, and is not metered.
async fn metered(State(meter): State<Meter>, request: Request, next: Next) -> Response {
    // Before any work is done, so that what is done can always be metered.
    let Some(slot) = meter.reserve() else {
        let unavailable = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "try again in a second\n");
        return unavailable.into_response();
    };
    let id = request_id::of(request.headers());
    let method = request.method().to_string();
    let start = Instant::now();

    let mut response = next.run(request).await;

    let milliseconds = format!("{:.3}", start.elapsed().as_secs_f64() * 1000.0);
    let event = Event::new("api_calls", ACCOUNT)
        .id(&id)
        .attribute("count", 1)
        .attribute_with_unit("duration", milliseconds, "ms")
        .dimension("method", method)
        .dimension("status", response.status().as_str());
    slot.send(event);
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    response
}
