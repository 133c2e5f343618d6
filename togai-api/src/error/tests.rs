use std::sync::Arc;

use http::HeaderValue;

use super::*;
use crate::types::CustomerAccount;
use crate::{OPERATIONS, Response, ResponseValue};

mod bodies;
mod remedies;

const TOKEN: &str = "s3cr3t-t0ken";

fn operation(id: &str) -> &'static Operation {
    OPERATIONS.iter().copied().find(|operation| operation.id == id).unwrap()
}

/// Decodes an answer the way a client does, with a token in play that must not show.
fn decoded(
    id: &str,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &str,
) -> Result<ResponseValue<CustomerAccount>, Error> {
    received(id, status, headers, body, CallContext::new(3, Duration::from_millis(1234)))
}

/// The same after a call that went so.
fn received(
    id: &str,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &str,
    mut context: CallContext,
) -> Result<ResponseValue<CustomerAccount>, Error> {
    let mut response = http::Response::new(body.to_owned());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    context.set_secret(Arc::from(TOKEN));
    let mut response = Response::from(response);
    *response.context_mut() = context;
    receive(operation(id), Ok(response))?.decode()
}

fn failed(id: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let error = decoded(id, status, headers, body).unwrap_err();
    let said = format!("{error} {error:?} {:?} {:?} {:?}", error.message(), error.code(), error.body_excerpt());
    assert!(!said.contains(TOKEN), "{said}");
    error
}

#[test]
fn a_refusal_contains_the_server_message_and_advice() {
    insta::assert_snapshot!(
        failed("get_account", 404, &[("x-request-id", "r-17")], r#"{"message": "there is no account x"}"#),
        @"get_account: the server answered 404 Not Found: there is no account x (request r-17) (3 attempts, 1.2 s); check the ids and the base URL"
    );
    insta::assert_snapshot!(
        failed("get_account", 401, &[], r#"{"error": {"message": "bad token s3cr3t-t0ken", "code": "E1"}}"#),
        @"get_account: the server answered 401 Unauthorized: bad token *** [E1] (3 attempts, 1.2 s); check the token, and that it belongs to this environment"
    );
    insta::assert_snapshot!(
        failed("get_account", 403, &[], ""),
        @"get_account: the server answered 403 Forbidden (3 attempts, 1.2 s); the token is valid but not allowed to do this"
    );
    insta::assert_snapshot!(
        failed("get_account", 302, &[("location", "http://elsewhere")], ""),
        @"get_account: the server answered 302 Found (3 attempts, 1.2 s); redirects are not followed, so check the base URL"
    );
}

#[test]
fn a_gateway_html_page_is_reported_by_its_status() {
    let page = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>nginx</body></html>";
    let error = failed("create_account", 503, &[("content-type", "text/html")], page);
    insta::assert_snapshot!(
        error,
        @"create_account: the server answered 503 Service Unavailable: 503 Service Temporarily Unavailable (3 attempts, 1.2 s); the request may have been applied, so look before repeating it"
    );
    assert!(error.maybe_delivered());
    assert!(!failed("get_account", 503, &[], page).maybe_delivered());
}

#[test]
fn throttling_says_how_long_to_wait() {
    let error = failed("ingest", 429, &[("retry-after", "7")], r#"{"message": "slow down"}"#);
    insta::assert_snapshot!(
        error,
        @"ingest: the server answered 429 Too Many Requests: slow down (3 attempts, 1.2 s); send fewer requests, or wait at least 7 s before the next"
    );
    assert!(error.is_throttled() && !error.maybe_delivered());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn an_undecodable_body_is_reported_with_its_path_and_an_excerpt() {
    let error = failed("get_account", 200, &[], r#"{"id": "a", "aliases": [{"alias": {"token": "s3cr3t-t0ken"}}]}"#);
    insta::assert_snapshot!(
        error,
        @"get_account: the server answered 200 OK, but its body cannot be read at `aliases[0].alias`: invalid type: map, expected a string at line 1 column 34 (3 attempts, 1.2 s)"
    );
    assert!(error.is_decode());
    assert_eq!(error.body_excerpt(), Some(r#"{"id": "a", "aliases": [{"alias": {"token": "***"}}]}"#));

    let error = failed("create_account", 201, &[], "<html>");
    insta::assert_snapshot!(
        error,
        @"create_account: the server answered 201 Created with an HTML page instead of JSON: is the base URL right? (3 attempts, 1.2 s); the request may have been applied, so look before repeating it"
    );
}

#[test]
fn a_body_with_two_values_is_an_error() {
    assert!(failed("get_account", 200, &[], "{} {}").is_decode());
}

#[test]
fn without_a_response_the_error_says_whether_the_request_may_have_been_applied() {
    let mut said = Vec::new();
    for (kind, expected) in [
        (TransportErrorKind::Connect, false),
        (TransportErrorKind::Request, false),
        (TransportErrorKind::Timeout, true),
        (TransportErrorKind::Interrupted, true),
        (TransportErrorKind::TooLarge, true),
    ] {
        let failure = || TransportError::new(kind, "underneath", CallContext::new(1, Duration::from_millis(5)));
        let error = Error::from_transport(operation("create_account"), failure());
        assert_eq!(error.maybe_delivered(), expected, "{kind:?}");
        assert!(!Error::from_transport(operation("get_account"), failure()).maybe_delivered());
        assert_eq!(error.source().unwrap().to_string(), "underneath");
        assert_eq!(error.is_builder(), kind == TransportErrorKind::Request);
        said.push(error.to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r###"
    create_account: no connection could be made: underneath (1 attempt, 5 ms); check the base URL and the network
    create_account: the request could not be built: underneath (1 attempt, 5 ms)
    create_account: no answer came in time: underneath (1 attempt, 5 ms); the request may have been applied, so look before repeating it
    create_account: the connection broke before the answer was complete: underneath (1 attempt, 5 ms); the request may have been applied, so look before repeating it
    create_account: the answer is larger than the client reads: underneath (1 attempt, 5 ms); the request may have been applied, so look before repeating it
    "###);
}

#[test]
fn debug_output_includes_the_source() {
    let failure =
        TransportError::new(TransportErrorKind::Timeout, "underneath", CallContext::new(1, Duration::from_millis(5)));
    let error = Error::from_transport(operation("get_events"), failure).with_resume_token(Some("page-2".to_owned()));
    insta::assert_debug_snapshot!(error, @r###"
    Error {
        message: "get_events: no answer came in time: underneath (1 attempt, 5 ms)",
        resume_token: "page-2",
        source: "underneath",
    }
    "###);
}

#[test]
fn an_empty_body_is_an_empty_object_only_with_a_202() {
    let response = decoded("get_account", 202, &[], " \n").unwrap();
    assert_eq!((response.attempts(), response.status()), (3, StatusCode::ACCEPTED));
    assert_eq!(response.into_inner(), CustomerAccount::default());

    // A wallet with nothing in it and an account without an id are no answers.
    let error = decoded("get_account", 200, &[], " \n").unwrap_err();
    assert!(error.is_decode() && error.json_path().is_none());
    insta::assert_snapshot!(error, @"get_account: the server answered 200 OK with an empty body instead of JSON (3 attempts, 1.2 s)");
}

#[test]
fn an_empty_response_is_none_and_a_redirect_has_a_location() {
    fn decode_status<T: serde::de::DeserializeOwned>(status: u16, body: &str) -> Result<ResponseValue<T>, Error> {
        let mut response = http::Response::new(body.to_owned());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert("location", HeaderValue::from_static("https://files.example/f?signature=s"));
        let file: &'static Operation =
            Box::leak(Box::new(Operation { statuses: &["302"], ..*operation("get_account") }));
        receive(file, Ok(response.into()))?.decode()
    }

    assert_eq!(decode_status::<Option<CustomerAccount>>(204, "").unwrap().into_inner(), None);
    assert!(decode_status::<Option<CustomerAccount>>(201, r#"{"id": "a"}"#).unwrap().into_inner().is_some());
    let elsewhere = decode_status::<()>(302, "<html>Found</html>").unwrap();
    assert_eq!(elsewhere.location(), Some("https://files.example/f?signature=s"));
    assert!(!format!("{elsewhere:?}").contains("signature"));
    assert!(decode_status::<()>(301, "").is_err(), "the document has no 301");
}

#[test]
fn a_possible_credential_is_not_shown() {
    let operation: &'static Operation =
        Box::leak(Box::new(Operation { answers_secret: true, ..*operation("get_account") }));
    let response = http::Response::new(r#"["eyJhbGciOi"]"#.to_owned());
    let raw = receive(operation, Ok(response.into())).map_err(|failed| failed.error).unwrap();
    let error = raw.decode::<CustomerAccount>().unwrap_err();
    assert!(error.is_decode());
    assert!(!format!("{error:?} {error}").contains("eyJ"), "{error:?}");
}

#[test]
fn unknown_fields_unknown_values_and_nulls_are_accepted() {
    let response = decoded("get_account", 200, &[], r#"{"id": "a", "name": null, "status": "FROZEN", "new": [1]}"#);
    let account = response.unwrap().into_inner();
    assert_eq!((account.id.as_str(), account.name.as_str()), ("a", ""));
    assert_eq!(account.status.as_str(), "FROZEN");
}

#[test]
fn debug_output_of_every_error_kind_hides_the_token() {
    let refused = failed("get_account", 404, &[], r#"{"message": "no account s3cr3t-t0ken"}"#);
    let undecodable = failed("get_account", 200, &[], r#"{"id": ["s3cr3t-t0ken"]}"#);
    let paused = TransportError::paused(Duration::from_secs(90), CallContext::new(0, Duration::ZERO));
    let kinds = [
        Error::configuration("the token is empty"),
        Error::invalid_request("get_account", "`account_id` is not set"),
        Error::protocol("get_events", "a page token came twice").with_resume_token(Some("page-2".to_owned())),
        Error::from_transport(operation("get_events"), paused),
        Error::from_transport(
            operation("get_events"),
            TransportError::deadline(CallContext::new(2, Duration::from_secs(5))),
        ),
        refused,
        undecodable,
    ];
    insta::assert_debug_snapshot!(kinds);
}

#[test]
fn predicates_classify_errors() {
    let of = |status, body: &str| failed("create_account", status, &[], body);
    assert!(of(401, "").is_auth() && of(403, "").is_auth() && !of(404, "").is_auth());
    assert!(of(404, "").is_not_found());
    for (status, retryable) in [(400, false), (401, false), (404, false), (408, true), (409, false), (429, true)] {
        assert_eq!(of(status, "").is_retryable(), retryable, "{status}");
    }
    for (status, retryable) in [(422, false), (500, true), (501, false), (502, true), (503, true), (504, true)] {
        assert_eq!(of(status, "").is_retryable(), retryable, "{status}");
    }
    let error = of(400, r#"{"error": {"message": "no", "code": "E1"}}"#);
    assert_eq!(
        (error.operation(), error.attempts(), error.elapsed()),
        (Some("create_account"), 3, Duration::from_millis(1234))
    );
    assert_eq!(
        (error.status(), error.message(), error.code()),
        (Some(StatusCode::BAD_REQUEST), Some("no"), Some("E1"))
    );
    assert!(error.headers().is_some_and(HeaderMap::is_empty) && error.request_id().is_none());
    assert_eq!(of(201, r#"{"id": []}"#).json_path(), Some("id"));
    assert!(Error::configuration("x").is_configuration() && !Error::configuration("x").is_retryable());
}

#[test]
fn predicates_for_refusals_agree_with_the_status() {
    let taken = r#"{"message": "id: is taken by another account"}"#;
    for (status, body, is_bad_request, is_conflict) in [
        (400, r#"{"message": "name: is empty"}"#, true, false),
        (422, "", true, false),
        (400, taken, true, true),
        (422, r#"{"message": "no", "code": "ACCOUNT_ALREADY_EXISTS"}"#, true, true),
        (409, "", false, true),
        (404, taken, false, false),
        (500, taken, false, false),
    ] {
        let error = failed("create_account", status, &[], body);
        assert_eq!((error.is_bad_request(), error.is_conflict()), (is_bad_request, is_conflict), "{status} {body}");
        assert!(!error.is_builder());
    }
    let error = Error::invalid_request("get_account", "`account_id` is not set");
    assert!(error.is_builder() && !error.is_bad_request() && error.status().is_none());
}
