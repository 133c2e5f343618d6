//! One HTTP request: logged, met by a fault or not, and answered.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;

use crate::connection::ConnectionControl;
use crate::fault::{Fault, FaultEffect};
use crate::half_body::HalfBody;
use crate::json_response::JsonResponse;
use crate::lock;
use crate::request_log::{Head, ReceivedBody};
use crate::router::Route;
use crate::sandbox::SandboxState;

/// Serves a request, if it gets a response at all. The handler of every route.
pub(crate) async fn serve(
    State(shared): State<Arc<SandboxState>>,
    Extension(control): Extension<Arc<ConnectionControl>>,
    Extension(route): Extension<Route>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let (route, path_parameters) = match path {
        Ok(values) if values.iter().all(|(_, value)| !value.is_empty()) => {
            (route, values.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        }
        // The path is unknown, or a value in it is empty or not UTF-8, which no id is; axum lets an empty one pass if
        // the path goes on after it.
        _ => (Route::Unknown, BTreeMap::new()),
    };
    let (parts, body) = request.into_parts();
    let head = read_head(parts, path_parameters);
    let _report = PanicReport { shared: &shared, head: &head };

    let operation = route.operation();
    let fault = shared.faults.next(operation.map(|operation| operation.id.as_str()));
    let number = shared.log.begin(&head, operation, fault.as_ref().map(Fault::name));

    if let Some(fault) = &fault
        && fault.effect == FaultEffect::ResetBeforeReading
    {
        shared.application.clock.sleep(fault.delay).await;
        control.reset();
        return pending().await;
    }

    let body = read_body(body, shared.application.settings.max_body_bytes).await;
    shared.log.set_body(number, body.clone());
    let apply = || WireResponse::from(shared.application.respond(&head, &route, &body));
    let Some(fault) = fault else {
        let message = apply();
        shared.log.set_status(number, message.status);
        return message.into_response();
    };

    let applied = fault.after_applying.then(apply);
    if !fault.delay.is_zero() {
        shared.application.clock.sleep(fault.delay).await;
    }
    let message = match fault.effect {
        FaultEffect::ResetBeforeReading | FaultEffect::ResetAfterReading => {
            control.reset();
            return pending().await;
        }
        FaultEffect::Status(status) => WireResponse::of_fault(status),
        FaultEffect::Respond | FaultEffect::CutOff => applied.unwrap_or_else(apply),
    };
    let message = message.changed_by(&fault);
    shared.log.set_status(number, message.status);
    match fault.effect {
        FaultEffect::CutOff => message.into_half_a_response(control),
        _ => message.into_response(),
    }
}

fn read_head(parts: Parts, path_parameters: BTreeMap<String, String>) -> Head {
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    Head { method: parts.method, path: parts.uri.path().to_owned(), path_parameters, query, headers: parts.headers }
}

/// Reads a body to its end, and keeps it unless it is too large.
///
/// It is read even when it is not kept: a client that is still sending when the connection closes would see a reset
/// instead of the answer.
async fn read_body(mut body: Body, limit: usize) -> ReceivedBody {
    let mut kept = BytesMut::new();
    let mut total: u64 = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return ReceivedBody::NotRead };
        let Ok(data) = frame.into_data() else { continue };
        total += data.len() as u64;
        if kept.len() + data.len() <= limit {
            kept.extend_from_slice(&data);
        }
    }
    if total > limit as u64 { ReceivedBody::TooLarge { bytes: total } } else { ReceivedBody::Whole(kept.freeze()) }
}

/// A response as it goes over the wire.
struct WireResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl WireResponse {
    fn of_fault(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("no reason");
        Self::from(JsonResponse::new(status, json!({ "message": format!("a fault of the sandbox: {reason}") })))
    }

    fn changed_by(mut self, fault: &Fault) -> Self {
        if let Some(body) = &fault.body {
            self.body = body.clone();
        }
        for (name, value) in &fault.headers {
            self.headers.insert(name.clone(), value.clone());
        }
        self
    }

    fn into_half_a_response(self, control: Arc<ConnectionControl>) -> Response {
        let body = Body::new(HalfBody::new(&self.body, control));
        (self.status, self.headers, body).into_response()
    }
}

impl IntoResponse for WireResponse {
    fn into_response(self) -> Response {
        // axum announces the length of every body whose length it can tell.
        let body = match self.status {
            // HTTP lets these have neither.
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Body::empty(),
            // A fault asks for chunks, which rule a length out.
            _ if self.headers.contains_key(TRANSFER_ENCODING) => {
                Body::from_stream(Body::from(self.body).into_data_stream())
            }
            _ => Body::from(self.body),
        };
        (self.status, self.headers, body).into_response()
    }
}

impl From<JsonResponse> for WireResponse {
    fn from(response: JsonResponse) -> Self {
        let mut headers = response.headers;
        if response.body.is_null() {
            return Self { status: response.status, headers, body: Bytes::new() };
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { status: response.status, headers, body: response.body.to_string().into() }
    }
}

/// Remembers that a request made the sandbox panic, whichever task it is answered in.
struct PanicReport<'a> {
    shared: &'a SandboxState,
    head: &'a Head,
}

impl Drop for PanicReport<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let request = format!("while answering {} {}", self.head.method, self.head.path);
            lock(&self.shared.panics).push(request);
        }
    }
}
