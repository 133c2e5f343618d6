//! Spans with the names that OpenTelemetry gives to HTTP. They hold neither bodies nor the token.

use std::time::Duration;

use togai_api::{Operation, Request, Response, TransportError, TransportErrorKind};
use tracing::{Span, field};

/// The span of a call, its attempts and waits included.
pub(crate) fn call(operation: &Operation) -> Span {
    tracing::info_span!("togai.call", otel.name = operation.id, otel.kind = "internal", togai.operation = operation.id)
}

/// The span of an attempt.
pub(crate) fn attempt(request: &Request, resend_count: u32) -> Span {
    let operation = request.operation();
    let span = tracing::info_span!(
        "togai.attempt",
        otel.name = field::Empty,
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = operation.method,
        http.request.resend_count = field::Empty,
        http.response.status_code = field::Empty,
        url.template = operation.path,
        server.address = request.url().host_str(),
        server.port = request.url().port_or_known_default(),
        error.type = field::Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("{} {}", operation.method, operation.path));
        // It is left out of the first attempt, as the convention has it.
        if resend_count > 0 {
            span.record("http.request.resend_count", resend_count);
        }
    }
    span
}

/// Records the result of an attempt.
pub(crate) fn record_result(span: &Span, result: &Result<Response, TransportError>) {
    let error = match result {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if !status.is_client_error() && !status.is_server_error() {
                return;
            }
            status.as_str().to_owned()
        }
        Err(failure) => kind_name(failure.kind()).to_owned(),
    };
    span.record("error.type", error);
    span.record("otel.status_code", "ERROR");
}

/// Logs that the call waits.
pub(crate) fn waiting(operation: &Operation, wait: Duration) {
    tracing::debug!(togai.operation = operation.id, wait = ?wait, "waiting before the next attempt");
}

fn kind_name(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Interrupted => "interrupted",
        TransportErrorKind::TooLarge => "too_large",
        _ => "request",
    }
}
