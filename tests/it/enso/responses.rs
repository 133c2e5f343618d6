//! What the answers of Enso say of events.

use serde_json::{Value, json};
use togai_api::Request;
use togai_ext::enso::{FailureCode, OPERATIONS};
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::{Enso, batch, lines, started};
use crate::services::Service as _;
use crate::support::{TOKEN, counts};

/// The answer that the vendor's documentation shows.
const EXAMPLE: &str = r#"{
    "status": "success",
    "message": "Success",
    "data": {
        "summary": { "success": 0, "failed": 3, "total": 3 },
        "failedRecords": [
            { "index": 2, "error": "Customer entity not found", "code": 2002, "statusCode": 404 },
            {
                "index": 0,
                "error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
                "code": "27",
                "statusCode": 400
            },
            {
                "index": 1,
                "error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
                "code": "27",
                "statusCode": 400
            }
        ]
    }
}"#;

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

#[tokio::test]
async fn the_vendor_sample_response_yields_a_verdict_for_each_event() {
    // In the form of today, and in the older one without an envelope.
    for response in [example(), example()["data"].take()] {
        let (sandbox, client) = Enso::start().await;
        sandbox.fault(Fault::status(200).json(response));
        let report = client.ingest_events((0..3).map(Enso::event)).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sandbox.request_count()), ("2 rejected, 1 not sent", 1));
        let records = &example()["data"]["failedRecords"];
        for (verdict, record, code, is_retryable) in [
            (&report.not_accepted()[0], &records[1], "27", false),
            (&report.not_accepted()[1], &records[2], "27", false),
            // The customer entity may be there another time.
            (&report.not_accepted()[2], &records[0], "2002", true),
        ] {
            assert_eq!(record["index"], verdict.index);
            assert_eq!((verdict.outcome.code(), verdict.outcome.is_retryable()), (Some(code), is_retryable));
            assert!(record["error"].as_str().unwrap().starts_with(&verdict.outcome.reason().unwrap()[..20]));
            let status = u16::try_from(record["statusCode"].as_u64().unwrap()).unwrap();
            assert_eq!(verdict.outcome.status().map(|it| it.as_u16()), Some(status));
            assert_eq!(verdict.event, Enso::event(u32::try_from(verdict.index).unwrap()));
        }
    }
}

#[tokio::test]
async fn the_operation_decodes_the_vendor_sample_response() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(200).json(example()));
    let response = client.create_events_batch().body(batch((0..3).map(Enso::event))).send().await.unwrap();
    let codes: Vec<_> = response.failed_records().iter().filter_map(|record| record.code.clone()).collect();
    assert_eq!(codes, [FailureCode::CUSTOMER_ENTITY_UNKNOWN, FailureCode::from("27"), FailureCode::from(27)]);
    let summary = response.summary().unwrap();
    assert_eq!((summary.success, summary.failed, summary.total), (Some(0), Some(3), Some(3)));
    // It is read without a loss.
    assert_eq!(serde_json::to_value(&*response).unwrap(), example());
}

#[tokio::test]
async fn both_response_forms_name_failed_events_by_index_and_code() {
    for is_bare in [false, true] {
        let (sandbox, client) = started(Enso::sandbox().enso_bare_responses(is_bare).enso_customer("ent_acme")).await;
        let events = (0..6).map(|number| match number {
            1 => Enso::event(1).customer_entity_id("ent_umbrella"),
            3 => Enso::event(3).customer_entity_id(""),
            4 => Enso::event(4).customer_entity_id("ent_umbrella"),
            number => Enso::event(number),
        });
        let report = client.ingest_events(events).local_checks(false).send().await.unwrap();
        let expected = [
            "1 not sent: Customer entity not found [2002]",
            "3 rejected: Customer entity ID required [2001]",
            "4 not sent: Customer entity not found [2002]",
        ];
        assert_eq!(lines(&report), expected.join("\n"));
        let codes: Vec<_> = report.not_accepted().iter().map(|verdict| verdict.outcome.code()).collect();
        assert_eq!(codes, [Some("2002"), Some("2001"), Some("2002")]);
        let retryable = report.not_accepted().iter().map(|verdict| verdict.outcome.is_retryable());
        assert!(retryable.eq([true, false, true]));
        let metered: Vec<String> = Enso::metered(&sandbox).into_iter().collect();
        assert_eq!((report.accepted(), metered), (3, ["ride-0", "ride-2", "ride-5"].map(str::to_owned).to_vec()));
    }
}

#[tokio::test]
async fn a_request_without_a_list_of_events_has_its_own_code() {
    let (_sandbox, client) = Enso::start().await;
    let address = format!("{}/events/batch", client.base_url());
    let request = Request::new(OPERATIONS[0], address.parse().unwrap()).with_body("{}");
    let error = client.execute::<Value>(request).await.unwrap_err();
    assert_eq!((error.status().map(|status| status.as_u16()), error.code()), (Some(400), Some("2003")));
    assert!(error.message().is_some_and(|message| message.starts_with("events array is required")), "{error}");
    assert!(!error.maybe_delivered() && !error.is_retryable());
}

#[tokio::test]
async fn events_of_a_refused_request_take_its_code() {
    let (sandbox, client) = Enso::start().await;
    let response = json!({"status": "error", "message": "events array is required", "code": 2003});
    sandbox.fault(Fault::status(400).json(response));
    let failure = client.ingest_events((0..2).map(Enso::event)).send().await.unwrap_err();
    assert_eq!((failure.error().code(), failure.error().is_refused()), (Some("2003"), true));
    insta::assert_snapshot!(lines(failure.report()), @r"
    0 not sent: it was refused by itself, and no other request was accepted since: events array is required [2003]
    1 not sent: it was refused by itself, and no other request was accepted since: events array is required [2003]
    ");
}

#[tokio::test]
async fn with_any_success_status_the_body_decides_the_verdicts() {
    for status in [200, 201, 202, 207] {
        let (sandbox, client) = Enso::start().await;
        let summary = json!({"success": 1, "failed": 1, "total": 2});
        let records = json!([{"index": 1, "error": "bad"}]);
        sandbox.fault(Fault::status(status).json(json!({"data": {"summary": summary, "failedRecords": records}})));
        let report = client.ingest_events((0..2).map(Enso::event)).send().await.unwrap();
        assert_eq!((counts(&report).as_str(), lines(&report).as_str()), ("1 accepted, 1 rejected", "1 rejected: bad"));
    }
}

#[tokio::test]
async fn only_the_event_at_which_the_service_failed_is_unknown() {
    for is_assumed in [false, true] {
        let (sandbox, client) = Enso::start().await;
        let summary = json!({"success": 2, "failed": 1, "total": 3});
        let records = json!([{"index": 1, "error": "Timed out", "statusCode": 504}]);
        sandbox.fault(Fault::status(200).json(json!({"data": {"summary": summary, "failedRecords": records}})));
        let call = client.ingest_events((0..3).map(Enso::event)).idempotent(is_assumed);
        let report = call.send().await.unwrap();
        assert_eq!((counts(&report).as_str(), sandbox.request_count()), ("2 accepted, 1 unknown", 1));
        let open = &report.not_accepted()[0];
        assert_eq!((open.index, open.outcome.is_retryable()), (1, is_assumed));
        assert_eq!(open.outcome.to_string(), "unknown: Timed out");
    }
}

#[tokio::test]
async fn a_response_about_other_events_stops_the_call() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(200).json(json!({"data": {"summary": {"success": 3, "failed": 0, "total": 3}}})));
    let failure = client.ingest_events((0..4).map(Enso::event)).batch_size(2).send().await.unwrap_err();
    insta::assert_snapshot!(failure.error(), @"create_events_batch: the server answered 200 OK and counts 3 events where 2 were sent: check the base URL; the request may have been applied, so look before repeating it");
    assert_eq!((counts(failure.report()).as_str(), sandbox.request_count()), ("2 unknown", 1));
    assert!(failure.report().not_accepted().iter().all(|verdict| !verdict.outcome.is_retryable()));
}

#[tokio::test]
async fn no_verdict_contains_a_token_that_the_server_echoes_in_a_code() {
    let (sandbox, client) = Enso::start().await;
    let record =
        json!({ "index": 0, "error": format!("not with {TOKEN}"), "code": format!("bad {TOKEN}"), "statusCode": 400 });
    let body = json!({ "data": { "summary": { "success": 0, "failed": 1, "total": 1 }, "failedRecords": [record] } });
    sandbox.fault(Fault::status(200).json(body));
    let report = client.ingest_events([Enso::event(0)]).send().await.unwrap();
    assert_eq!(lines(&report), "0 rejected: not with *** [bad ***]");
    assert!(!format!("{report:?}").contains(TOKEN));
}
