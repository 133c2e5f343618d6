//! Requests that carry idempotency keys, when their answer is lost.

use togai_ext::prelude::*;
use togai_ext::types::{CreateCreditRequest, CreditRequest};
use togai_sandbox::Fault;

use crate::support::{log, start};

fn credit() -> CreditRequest {
    CreditRequest::new("acme-prod", "2024-11-01".parse::<Date>().unwrap(), 1, "Welcome")
}

#[tokio::test]
async fn credits_with_keys_are_retried_after_a_lost_response() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().on("create_credit").first(1));
    let credits = CreateCreditRequest::new([credit().idempotency_key("a"), credit().idempotency_key("b")]);
    let response = client.create_credit().body(credits).send().await.unwrap();
    assert_eq!((response.attempts(), response.maybe_repeated()), (2, true));
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /credits -> no answer (fault: reset after reading)
    POST /credits -> 200
    "###);
    // It was the same request both times.
    let requests = sandbox.requests();
    assert_eq!(requests[0].body.json(), requests[1].body.json());
    assert_eq!(requests[0].body.json().unwrap()["creditRequests"][1]["idempotencyKey"], "b");
}

#[tokio::test]
async fn a_credit_without_a_key_is_not_retried() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::reset_after_reading().on("create_credit").first(1));
    let credits = CreateCreditRequest::new([credit().idempotency_key("a"), credit()]);
    let error = client.create_credit().body(credits).send().await.unwrap_err();
    assert!(error.maybe_delivered(), "{error}");
    assert_eq!(sandbox.requests().len(), 1);
}
