//! What is sent to Enso, and with which token.

use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};
use togai_ext::enso::{EnsoEvent, OPERATIONS};
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use super::{Enso, batch, started};
use crate::services::Service as _;
use crate::support::{TOKEN, client_of, counts, event, sandbox};

/// The request that the vendor's documentation shows.
fn example() -> Value {
    serde_json::from_str(
        r#"{
            "events": [
                {
                    "CustomerEntityId": "<string>",
                    "metric": "<string>",
                    "value": 123,
                    "timestamp": "2023-11-07T05:31:56Z",
                    "metadata": {},
                    "eventId": "<string>",
                    "JobId": "<string>",
                    "jobId": "<string>"
                }
            ]
        }"#,
    )
    .unwrap()
}

#[tokio::test]
async fn a_batch_equals_the_vendor_sample_request() {
    let time: Timestamp = "2023-11-07T05:31:56Z".parse().unwrap();
    let event = EnsoEvent::new("<string>", "<string>", time, 123)
        .metadata(Map::new())
        .event_id("<string>")
        .job_id_pascal_case("<string>")
        .job_id("<string>");
    let (sandbox, client) = Enso::start().await;
    client.create_events_batch().body(batch([event.clone()])).send().await.unwrap();
    client.ingest_events([event.clone()]).send().await.unwrap().into_result().unwrap();
    client.ingest_event(event).send().await.unwrap().into_result().unwrap();
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/enso/events/batch"));
        assert_eq!(request.body.json(), Some(&example()));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("authorization"), Some("Bearer ***"));
    }
    assert!(sandbox.enso_events().iter().all(|arrival| arrival.payload == example()["events"][0]));
}

#[tokio::test]
async fn an_existing_id_is_kept_and_a_missing_one_is_generated() {
    let (sandbox, client) = Enso::start().await;
    let events = [Enso::event(1), Enso::anonymous(7), Enso::anonymous(7)];
    client.ingest_events(events).send().await.unwrap().into_result().unwrap();
    let ids: Vec<String> = Enso::arrivals(&sandbox).into_iter().map(|(id, _)| id).collect();
    assert_eq!((ids[0].as_str(), ids[1].len(), ids[2].len()), ("ride-1", 36, 36));
    // Two events that say the same are two, while the service might make one of them that have no ids.
    assert_ne!(ids[1], ids[2]);
    assert_eq!(sandbox.enso_metered_count(), 3);
}

#[tokio::test]
async fn the_plain_operation_sends_events_unchanged() {
    let (sandbox, client) = Enso::start().await;
    let response = client.create_events_batch().body(batch([Enso::anonymous(7)])).send().await.unwrap();
    assert_eq!(response.summary().and_then(|summary| summary.success), Some(1));
    assert_eq!(sandbox.enso_events()[0].event_id, None);
}

#[tokio::test]
async fn a_single_event_is_sent_as_a_batch_of_one() {
    let (sandbox, client) = Enso::start().await;
    client.ingest_event(Enso::event(1)).send().await.unwrap().into_result().unwrap();
    insta::assert_snapshot!(crate::support::log(&sandbox), @"POST /events/batch 1 event -> 200");
}

#[tokio::test]
async fn a_batch_size_above_a_thousand_is_respected() {
    let (sandbox, client) = Enso::start().await;
    let report = client.ingest_events((0..2500).map(Enso::event)).batch_size(2500).send().await.unwrap();
    assert_eq!((counts(&report).as_str(), sandbox.request_count()), ("2500 accepted", 1));
    let failure = client.ingest_events([Enso::event(1)]).batch_size(0).send().await.unwrap_err();
    insta::assert_snapshot!(failure.error(), @"create_events_batch: the batch size is 0: set `batch_size` to 1 or more");
}

#[tokio::test]
async fn options_and_stats_work_as_with_togai() {
    let (sandbox, client) = Enso::start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").first(2));
    let options = CallOptions::new().header("x-trace-id", "8f14e45f").unwrap().query("trial", "yes");
    let traced = client.with(options);
    traced.ingest_events([Enso::event(1)]).send().await.unwrap().into_result().unwrap();
    client.create_events_batch().body(batch([Enso::event(2)])).send().await.unwrap();
    let sent = sandbox.requests();
    let traces: Vec<_> = sent.iter().map(|request| request.header("x-trace-id")).collect();
    assert_eq!(traces, [Some("8f14e45f"), Some("8f14e45f"), Some("8f14e45f"), None]);
    assert_eq!((sent[0].query.len(), sent[3].query.len()), (1, 0));
    for stats in [client.stats(), traced.stats()] {
        let batches = stats.ingest_batch;
        assert_eq!((batches.calls, batches.attempts, batches.retries, batches.throttled), (2, 4, 2, 2));
        assert_eq!(stats.total().attempts, 4);
    }

    sandbox.fault(Fault::delay(Duration::from_secs(3600)));
    let hasty = client.with(CallOptions::new().deadline(Duration::from_millis(100)));
    let failure = hasty.ingest_events([Enso::event(3)]).send().await.unwrap_err();
    assert!(failure.call_error().is_some_and(Error::is_timeout), "{failure}");
}

const OWN_TOKEN: &str = "an-0wn-t0ken-for-ens0";

#[tokio::test]
async fn each_service_refuses_the_token_of_the_other() {
    let sandbox = sandbox().enso_token(OWN_TOKEN).start().await.unwrap();
    // That of Togai, at Enso.
    let client = Enso::client_of(&sandbox);
    let failure = client.ingest_events([Enso::event(1)]).send().await.unwrap_err();
    assert!(failure.error().is_auth() && failure.report().not_accepted()[0].outcome.is_retryable());
    // That of Enso, at Togai.
    let client = ClientBuilder::new(OWN_TOKEN).base_url(sandbox.base_url()).build().unwrap();
    assert!(client.ingest_events([event(1)]).send().await.unwrap_err().error().is_auth());
    assert_eq!((sandbox.events().len(), sandbox.enso_events().len()), (0, 0));

    // Each at its own.
    client_of(&sandbox).ingest_events([event(1)]).send().await.unwrap().into_result().unwrap();
    let client = Enso::build(Enso::builder(OWN_TOKEN, sandbox.enso_base_url()), None);
    client.ingest_events([Enso::event(1)]).send().await.unwrap().into_result().unwrap();
    assert_eq!((sandbox.events().len(), sandbox.enso_events().len()), (1, 1));
}

#[tokio::test]
async fn the_token_appears_nowhere() {
    let (sandbox, _) = started(sandbox().enso_token(OWN_TOKEN)).await;
    let builder = Enso::builder(OWN_TOKEN, sandbox.enso_base_url());
    let mut said = vec![format!("{builder:?} {builder:#?}")];
    let client = Enso::build(builder, None);
    said.push(format!("{client:?} {client:#?} {:?}", client.ingest_events([Enso::event(1)])));

    // Servers and gateways that echo it.
    let refusal = Enso::refusal("ride-1", &format!("not with {OWN_TOKEN}"));
    for fault in [
        Fault::status(401).json(json!({"message": format!("not with {OWN_TOKEN}")})),
        Fault::status(503).body(format!("<html><title>not with {OWN_TOKEN}</title></html>")),
        Fault::status(400).json(json!({"status": "error", "message": OWN_TOKEN, "code": OWN_TOKEN})),
        Fault::status(200).body(format!("not with {OWN_TOKEN}")),
        Fault::status(200).json(refusal),
    ] {
        sandbox.fault(fault.clone().first(2));
        match client.ingest_events([Enso::event(1)]).send().await {
            Ok(report) => {
                assert_eq!(report.accepted(), 0);
                said.push(format!("{report:?} {:?}", report.not_accepted()));
                said.push(super::lines(&report));
            }
            Err(failure) => said.push(format!("{failure} {failure:?} {failure:#?} {:?}", failure.report())),
        }
        if let Err(error) = client.create_events_batch().body(batch([Enso::event(1)])).send().await {
            said.push(format!("{error} {error:?} {error:#?}"));
        }
        sandbox.clear_faults();
    }
    let said = said.join("\n");
    assert!(said.contains("***") && !said.contains(OWN_TOKEN), "{said}");
}

/// What is set where a test runs in a process of its own.
const CHILD: &str = "TOGAI_TESTS_CHILD";

#[tokio::test]
async fn token_and_address_come_from_enso_variables() {
    match std::env::var(CHILD).as_deref() {
        Ok("with a token") => {
            let client = ClientBuilder::enso_from_env().unwrap().build().unwrap();
            client.ingest_event(Enso::event(1)).send().await.unwrap().into_result().unwrap();
        }
        Ok(_) => {
            let error = ClientBuilder::enso_from_env().unwrap_err();
            insta::assert_snapshot!(error, @"the environment variable ENSO_API_TOKEN is not set: put a token for the server there");
        }
        // Variables are those of a process, and tests share theirs.
        Err(_) => {
            let (sandbox, _) = Enso::start().await;
            for child in ["with a token", "with one for Togai"] {
                let mut test = Command::new(std::env::current_exe().unwrap());
                test.args(["--exact", "enso::requests::token_and_address_come_from_enso_variables"]);
                test.env(CHILD, child).env("ENSO_BASE_URL", sandbox.enso_base_url()).env("TOGAI_API_TOKEN", TOKEN);
                match child {
                    "with a token" => test.env("ENSO_API_TOKEN", TOKEN),
                    _ => test.env_remove("ENSO_API_TOKEN"),
                };
                let output = test.output().unwrap();
                let stdout = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success() && stdout.contains("1 passed"), "{child}: {stdout}");
            }
            assert_eq!(Enso::metered(&sandbox).len(), 1);
        }
    }
}

#[test]
fn the_operation_table_has_the_only_operation() {
    let operations: Vec<String> =
        OPERATIONS.iter().map(|it| format!("{} {} {} {:?}", it.id, it.method, it.path, it.repeat)).collect();
    assert_eq!(operations, ["create_events_batch POST /events/batch Never"]);
}
