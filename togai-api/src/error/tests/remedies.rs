//! What ended a call, and what to do.

use super::*;

/// The error of a call that ended after this, with the body of the last response.
fn ended(id: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str, context: CallContext) -> Error {
    received(id, status, headers, body, context).unwrap_err()
}

#[test]
fn an_error_says_what_ended_the_retries() {
    let mut all = Vec::new();
    for stop in [
        RetryStop::Attempts,
        RetryStop::Time,
        RetryStop::Deadline,
        RetryStop::Pause,
        RetryStop::Budget,
        RetryStop::NotIdempotent,
        RetryStop::Cancelled,
    ] {
        let mut context = CallContext::new(2, Duration::from_secs(5));
        context.stopped_by = Some(stop);
        let error = ended("get_account", 503, &[], "", context.clone());
        assert_eq!(error.stopped_by(), Some(stop));
        assert_eq!(error.reason(), "get_account: the server answered 503 Service Unavailable");
        all.push(error.to_string());
        // What says it by itself does not say it twice.
        let error = match stop {
            RetryStop::Deadline => TransportError::deadline(context),
            RetryStop::Pause => TransportError::paused(Duration::from_secs(3600), context),
            RetryStop::Cancelled => TransportError::cancelled(context),
            _ => TransportError::new(TransportErrorKind::Timeout, "underneath", context),
        };
        all.push(Error::from_transport(operation("get_account"), error).to_string());
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the retry policy allows no more)
    get_account: no answer came in time: underneath (2 attempts, 5 s; the retry policy allows no more)
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the retry policy allows no more time)
    get_account: no answer came in time: underneath (2 attempts, 5 s; the retry policy allows no more time)
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the deadline leaves no time for another)
    get_account: the deadline passed before the request could be sent (2 attempts, 5 s)
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the requested pause is too long for the call)
    get_account: the server has asked for a pause that the call cannot wait out (2 attempts, 5 s); send fewer requests, or wait at least 1 h before the next
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the retry budget of the client is used up)
    get_account: no answer came in time: underneath (2 attempts, 5 s; the retry budget of the client is used up)
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; no retry, since it is not idempotent)
    get_account: no answer came in time: underneath (2 attempts, 5 s; no retry, since it is not idempotent)
    get_account: the server answered 503 Service Unavailable (2 attempts, 5 s; the call was cancelled)
    get_account: the call was given up before the request could be sent (2 attempts, 5 s)
    "###);
}

#[test]
fn an_earlier_attempt_that_may_have_been_applied_takes_no_remedy_away() {
    let mut all = Vec::new();
    for (id, idempotent) in [("create_account", false), ("create_account", true), ("ingest", true)] {
        let mut context = CallContext::new(2, Duration::from_secs(5));
        context.maybe_delivered = true;
        context.idempotent = Some(idempotent);
        let lost = |kind| TransportError::new(kind, "underneath", context.clone());
        for error in [
            ended(id, 401, &[], "", context.clone()),
            ended(id, 429, &[("retry-after", "7")], "", context.clone()),
            ended(id, 503, &[("retry-after", "7")], "", context.clone()),
            Error::from_transport(operation(id), lost(TransportErrorKind::Connect)),
            Error::from_transport(
                operation(id),
                TransportError::token_refused(Duration::from_secs(600), context.clone()),
            ),
        ] {
            assert!(error.maybe_delivered());
            all.push(error.to_string());
        }
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    create_account: the server answered 401 Unauthorized (2 attempts, 5 s); check the token, and that it belongs to this environment; an earlier attempt may have been applied, so look before repeating it
    create_account: the server answered 429 Too Many Requests (2 attempts, 5 s); send fewer requests, or wait at least 7 s before the next; an earlier attempt may have been applied, so look before repeating it
    create_account: the server answered 503 Service Unavailable (2 attempts, 5 s); wait at least 7 s before the next request; the request may have been applied, so look before repeating it
    create_account: no connection could be made: underneath (2 attempts, 5 s); check the base URL and the network; an earlier attempt may have been applied, so look before repeating it
    create_account: the server has refused the token, so it is not sent again for now (2 attempts, 5 s); set another token, or wait 10 min until one request tries this one again; an earlier attempt may have been applied, so look before repeating it
    create_account: the server answered 401 Unauthorized (2 attempts, 5 s); check the token, and that it belongs to this environment; an earlier attempt may have been applied; sending it again is harmless
    create_account: the server answered 429 Too Many Requests (2 attempts, 5 s); send fewer requests, or wait at least 7 s before the next; an earlier attempt may have been applied; sending it again is harmless
    create_account: the server answered 503 Service Unavailable (2 attempts, 5 s); wait at least 7 s before the next request; the request may have been applied; sending it again is harmless
    create_account: no connection could be made: underneath (2 attempts, 5 s); check the base URL and the network; an earlier attempt may have been applied; sending it again is harmless
    create_account: the server has refused the token, so it is not sent again for now (2 attempts, 5 s); set another token, or wait 10 min until one request tries this one again; an earlier attempt may have been applied; sending it again is harmless
    ingest: the server answered 401 Unauthorized (2 attempts, 5 s); check the token, and that it belongs to this environment; an earlier attempt may have been applied; to send its events again with the same ids is harmless
    ingest: the server answered 429 Too Many Requests (2 attempts, 5 s); send fewer requests, or wait at least 7 s before the next; an earlier attempt may have been applied; to send its events again with the same ids is harmless
    ingest: the server answered 503 Service Unavailable (2 attempts, 5 s); wait at least 7 s before the next request; the request may have been applied; to send its events again with the same ids is harmless
    ingest: no connection could be made: underneath (2 attempts, 5 s); check the base URL and the network; an earlier attempt may have been applied; to send its events again with the same ids is harmless
    ingest: the server has refused the token, so it is not sent again for now (2 attempts, 5 s); set another token, or wait 10 min until one request tries this one again; an earlier attempt may have been applied; to send its events again with the same ids is harmless
    "###);
}

#[test]
fn each_status_has_its_remedy() {
    let mut all = Vec::new();
    for status in [301, 400, 401, 402, 403, 404, 405, 407, 409, 410, 413, 415, 421, 422, 429, 431, 500, 501, 503, 520] {
        all.push(ended("get_account", status, &[], "", CallContext::new(1, Duration::from_millis(5))).to_string());
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    get_account: the server answered 301 Moved Permanently (1 attempt, 5 ms); redirects are not followed, so check the base URL
    get_account: the server answered 400 Bad Request (1 attempt, 5 ms)
    get_account: the server answered 401 Unauthorized (1 attempt, 5 ms); check the token, and that it belongs to this environment
    get_account: the server answered 402 Payment Required (1 attempt, 5 ms); check your plan and your payments with the vendor
    get_account: the server answered 403 Forbidden (1 attempt, 5 ms); the token is valid but not allowed to do this
    get_account: the server answered 404 Not Found (1 attempt, 5 ms); check the ids and the base URL
    get_account: the server answered 405 Method Not Allowed (1 attempt, 5 ms); check the base URL
    get_account: the server answered 407 Proxy Authentication Required (1 attempt, 5 ms); put the user name and password into the URL of the proxy
    get_account: the server answered 409 Conflict (1 attempt, 5 ms)
    get_account: the server answered 410 Gone (1 attempt, 5 ms); it was removed: check the ids, or update the client
    get_account: the server answered 413 Payload Too Large (1 attempt, 5 ms); send less in one request
    get_account: the server answered 415 Unsupported Media Type (1 attempt, 5 ms); the server does not take JSON there: check the base URL
    get_account: the server answered 421 Misdirected Request (1 attempt, 5 ms); the server does not serve this host: check the base URL
    get_account: the server answered 422 Unprocessable Entity (1 attempt, 5 ms)
    get_account: the server answered 429 Too Many Requests (1 attempt, 5 ms); send fewer requests, or wait longer between them
    get_account: the server answered 431 Request Header Fields Too Large (1 attempt, 5 ms); shorten the token and the headers that you add
    get_account: the server answered 500 Internal Server Error (1 attempt, 5 ms)
    get_account: the server answered 501 Not Implemented (1 attempt, 5 ms)
    get_account: the server answered 503 Service Unavailable (1 attempt, 5 ms)
    get_account: the server answered 520 (1 attempt, 5 ms)
    "###);
}

#[test]
fn a_port_of_the_other_protocol_is_named() {
    let mut all = Vec::new();
    for message in [
        "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
        "Client sent an HTTP request to an HTTPS server.\n",
        "Bad Request\nThis combination of host and port requires TLS.\n",
    ] {
        all.push(failed("get_account", 400, &[], message).to_string());
    }
    for (kind, cause) in [
        (TransportErrorKind::Connect, "received corrupt message of type InvalidContentType"),
        (TransportErrorKind::Interrupted, "invalid HTTP version parsed"),
        (TransportErrorKind::Interrupted, "connection reset by peer"),
    ] {
        let failure = TransportError::new(kind, cause, CallContext::new(1, Duration::from_millis(5)));
        all.push(Error::from_transport(operation("create_account"), failure).to_string());
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    get_account: the server answered 400 Bad Request: 400 The plain HTTP request was sent to HTTPS port (3 attempts, 1.2 s); the port speaks TLS: use `https://`
    get_account: the server answered 400 Bad Request: Client sent an HTTP request to an HTTPS server. (3 attempts, 1.2 s); the port speaks TLS: use `https://`
    get_account: the server answered 400 Bad Request: Bad Request This combination of host and port requires TLS. (3 attempts, 1.2 s); the port speaks TLS: use `https://`
    create_account: no connection could be made: received corrupt message of type InvalidContentType (1 attempt, 5 ms); the port does not speak TLS: check the base URL
    create_account: the connection broke before the answer was complete: invalid HTTP version parsed (1 attempt, 5 ms); the port does not speak HTTP: if it speaks TLS, use `https://`; the request may have been applied, so look before repeating it
    create_account: the connection broke before the answer was complete: connection reset by peer (1 attempt, 5 ms); the request may have been applied, so look before repeating it
    "###);
}

#[test]
fn a_request_that_was_not_sent_has_its_remedy() {
    let context = || CallContext::new(0, Duration::from_millis(5));
    let wait = Duration::from_secs(600);
    let failures = [
        TransportError::deadline(context()),
        TransportError::paused(wait, context()),
        TransportError::paused(Duration::MAX, context()),
        TransportError::cancelled(context()),
        TransportError::token_refused(wait, context()),
        TransportError::forbidden(wait, context()),
        TransportError::new(TransportErrorKind::NoToken, "the vault is closed", context()),
    ];
    let mut errors: Vec<Error> =
        failures.into_iter().map(|failure| Error::from_transport(operation("create_account"), failure)).collect();
    errors.push(Error::configuration("the token is empty: set it with `ClientBuilder::new`"));
    errors.push(Error::source_failed("ingest_batch", "the source failed after 3 events").with_source("line 4 is cut"));
    let mut all = Vec::new();
    for error in errors {
        assert!(!error.maybe_delivered());
        all.push(format!("{error}\n    {}", error.reason()));
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    create_account: the deadline passed before the request could be sent (0 attempts, 5 ms)
        create_account: the deadline passed before the request could be sent
    create_account: the server has asked for a pause that the call cannot wait out (0 attempts, 5 ms); send fewer requests, or wait at least 10 min before the next
        create_account: the server has asked for a pause that the call cannot wait out; send fewer requests, or wait longer between them
    create_account: the server has asked for a pause that the call cannot wait out (0 attempts, 5 ms); send fewer requests, or wait at least 365 d before the next
        create_account: the server has asked for a pause that the call cannot wait out; send fewer requests, or wait longer between them
    create_account: the call was given up before the request could be sent (0 attempts, 5 ms)
        create_account: the call was given up before the request could be sent
    create_account: the server has refused the token, so it is not sent again for now (0 attempts, 5 ms); set another token, or wait 10 min until one request tries this one again
        create_account: the server has refused the token, so it is not sent again for now; set another token
    create_account: the server does not let the token do this, so it is not asked again for now (0 attempts, 5 ms); set another token, or wait 10 min until one request tries this one again
        create_account: the server does not let the token do this, so it is not asked again for now; set another token
    create_account: there is no token to send: the vault is closed (0 attempts, 5 ms); check the token provider
        create_account: there is no token to send: the vault is closed; check the token provider
    the token is empty: set it with `ClientBuilder::new`
        the token is empty: set it with `ClientBuilder::new`
    ingest_batch: the source failed after 3 events: line 4 is cut
        ingest_batch: the source failed after 3 events: line 4 is cut
    "###);
}
