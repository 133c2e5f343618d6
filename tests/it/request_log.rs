//! What is on the wire on each main path.

use futures::TryStreamExt;
use togai_ext::prelude::*;
use togai_sandbox::Fault;

use crate::support::{TOKEN, bad_event, event, log, start};

#[tokio::test]
async fn ingestion_retries_throttling_and_splits_a_refused_batch() {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(429).header("retry-after", "0").on("ingest_batch").first(2));
    let events = (0..2500).map(|number| if number == 1700 { bad_event(number) } else { event(number) });
    let report = client.ingest_events(events).concurrency(1).local_checks(false).send().await.unwrap();
    assert_eq!((report.accepted(), report.rejected()), (2499, 1));
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 1000 events -> 429 (fault: status 429)
    POST /ingestBatch 1000 events -> 429 (fault: status 429)
    POST /ingestBatch 1000 events -> 202
    POST /ingestBatch 1000 events -> 207
    POST /ingestBatch 500 events -> 202
    "###);
}

#[tokio::test]
async fn a_list_requests_each_of_three_pages() {
    let (sandbox, client) = start().await;
    client.ingest_events((0..120).map(event)).send().await.unwrap().into_result().unwrap();
    let count = client
        .get_events()
        .account_id("acme-prod")
        .schema_name("rides")
        .items()
        .try_fold(0, async |count, _| Ok(count + 1));
    assert_eq!(count.await.unwrap(), 120);
    insta::assert_snapshot!(log(&sandbox), @r###"
    POST /ingestBatch 120 events -> 202
    GET /events?account_id=..&schema_name=rides -> 200
    GET /events?account_id=..&nextToken=..&schema_name=rides -> 200
    GET /events?account_id=..&nextToken=..&schema_name=rides -> 200
    "###);
}

#[tokio::test]
async fn a_single_call_sends_one_request() {
    let (sandbox, client) = start().await;
    client.get_events().page_size(10).status("PROCESSED").send().await.unwrap();
    let requests = sandbox.requests();
    let request = &requests[0];
    let mut headers = request.header_names();
    headers.sort_unstable();
    insta::assert_snapshot!(format!("{request}\n{}", headers.join(" ")), @r###"
    GET /events?pageSize=10&status=PROCESSED -> 200
    accept accept-encoding authorization host user-agent
    "###);
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("togai-ext/"), "{agent}");
    assert!(!format!("{request:?}").contains(TOKEN));
}

#[tokio::test]
async fn an_event_is_sent_as_json() {
    let (sandbox, client) = start().await;
    client.ingest_events([event(3)]).send().await.unwrap().into_result().unwrap();
    insta::assert_json_snapshot!(sandbox.requests()[0].body.json().unwrap(), @r###"
    {
      "events": [
        {
          "accountId": "acme-prod",
          "attributes": [
            {
              "name": "distance",
              "unit": "km",
              "value": "1.5"
            }
          ],
          "dimensions": {
            "city": "Chennai"
          },
          "id": "ride-3",
          "schemaName": "rides",
          "timestamp": "2024-04-18T16:00:20Z"
        }
      ]
    }
    "###);
}
