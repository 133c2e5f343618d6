//! Every operation that answers in pages, read to its end.

use futures::future::BoxFuture;
use futures::{Stream, TryStreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use togai_ext::prelude::*;
use togai_ext::types::{CreateAliasRequest, CreateBulkAliasRequest, FinalizeAccountSchedules};
use togai_sandbox::{Fault, LoggedRequest};

use crate::support::{client_of, event, sandbox, start};

/// An operation that answers in pages.
struct List {
    operation: &'static str,
    /// The field of the answer that holds the items.
    items: &'static str,
    takes_size: bool,
    /// Whether it is one of the operations of 2022, which are addressed through the customer.
    is_of_2022: bool,
    /// Reads one item a page, where the operation takes a size, in an order that the document does not know.
    one_by_one: fn(&Client) -> Read,
    /// Reads the first page, as large as it can be.
    at_once: fn(&Client) -> Read,
}

type Read = BoxFuture<'static, Result<Vec<Value>, Error>>;

async fn read_to_the_end<T: Serialize>(items: impl Stream<Item = Result<T, Error>>) -> Result<Vec<Value>, Error> {
    items.map_ok(|item| encoded(&item)).try_collect().await
}

fn encoded<T: Serialize>(item: &T) -> Value {
    serde_json::to_value(item).unwrap()
}

include!(concat!(env!("OUT_DIR"), "/lists.rs"));

/// The value of a parameter of the query.
fn query<'a>(request: &'a LoggedRequest, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn there_are_37_current_lists_and_one_of_2022() {
    assert_eq!(LISTS.iter().filter(|list| !list.is_of_2022).count(), 37);
    assert_eq!(LISTS.iter().filter(|list| !list.is_of_2022 && list.takes_size).count(), 25);
    let old: Vec<&str> = LISTS.iter().filter(|list| list.is_of_2022).map(|list| list.operation).collect();
    assert_eq!(old, ["get_accounts"]);
    let mut paged: Vec<&str> =
        togai_api::OPERATIONS.iter().filter(|operation| operation.paging.is_some()).map(|it| it.id).collect();
    paged.sort_unstable();
    assert_eq!(LISTS.iter().map(|list| list.operation).collect::<Vec<_>>(), paged);
}

#[tokio::test]
async fn every_list_yields_the_same_items_with_any_page_size() {
    let sandbox = sandbox().with_examples().start().await.unwrap();
    let client = client_of(&sandbox);
    client.ingest_events((0..3).map(event)).send().await.unwrap().into_result().unwrap();
    let mut longest = 0;
    for list in LISTS {
        let all = (list.at_once)(&client).await.unwrap();
        sandbox.clear_requests();
        let read = (list.one_by_one)(&client).await.unwrap();
        assert!(!read.is_empty(), "{}", list.operation);
        assert_eq!(read, all, "{}", list.operation);
        let requests = sandbox.requests();
        assert_eq!(requests.len(), if list.takes_size { all.len() } else { 1 }, "{}", list.operation);
        // What the document does not know is sent with every page.
        assert!(requests.iter().all(|request| query(request, "_sort") == Some("id")), "{requests:?}");
        longest = longest.max(requests.len());
    }
    assert_eq!(longest, 3);
}

#[tokio::test]
async fn every_list_ends_at_a_null_token_an_empty_one_and_a_missing_one() {
    for list in LISTS {
        let sandbox = sandbox().with_examples().start().await.unwrap();
        let client = client_of(&sandbox);
        client.ingest_events([event(0)]).send().await.unwrap().into_result().unwrap();
        let item = (list.at_once)(&client).await.unwrap().swap_remove(0);
        for last in [
            json!({ list.items: [item], "nextToken": null }),
            json!({ list.items: [item], "nextToken": "" }),
            json!({ list.items: [item] }),
        ] {
            let first = json!({ list.items: [item, item], "nextToken": "e30=" });
            for page in [first, last] {
                sandbox.fault(Fault::status(200).json(page).on(list.operation).first(1));
            }
            sandbox.clear_requests();
            let read = (list.one_by_one)(&client).await.unwrap();
            assert_eq!(read, vec![item.clone(); 3], "{}", list.operation);
            let tokens: Vec<Option<String>> =
                sandbox.requests().iter().map(|request| query(request, "nextToken").map(str::to_owned)).collect();
            assert_eq!(tokens, [None, Some("e30=".to_owned())], "{}", list.operation);
        }
    }
}

#[tokio::test]
async fn an_odd_record_of_any_list_leaves_the_others_as_they_are() {
    for list in LISTS {
        let sandbox = sandbox().with_examples().start().await.unwrap();
        let client = client_of(&sandbox);
        client.ingest_events([event(0)]).send().await.unwrap().into_result().unwrap();
        let item = (list.at_once)(&client).await.unwrap().swap_remove(0);
        let page = json!({ list.items: [item, null, item, [[]]] });
        sandbox.fault(Fault::status(200).json(page).on(list.operation));
        assert_eq!((list.at_once)(&client).await.unwrap(), vec![item; 2], "{}", list.operation);
    }
}

#[tokio::test]
async fn every_list_without_its_records_is_an_error() {
    let (sandbox, client) = start().await;
    for list in LISTS {
        sandbox.clear_faults();
        sandbox.fault(Fault::status(200).json(json!({ "records": [], "nextToken": null })).on(list.operation));
        let error = (list.at_once)(&client).await.unwrap_err();
        let problem = format!("no property `{}`", list.items);
        assert!(error.is_decode() && error.to_string().contains(&problem), "{error}");
    }
}

/// Two POSTs answer in the envelope of a page. They are no streams: the page after the first would be asked for by the same
/// request, and that would create the aliases, or finalize the schedules, once more.
#[tokio::test]
async fn the_two_paged_posts_expose_the_token_and_no_stream() {
    let (sandbox, client) = start().await;
    for operation in ["create_alias", "finalize_account_schedules"] {
        assert!(LISTS.iter().all(|list| list.operation != operation), "{operation}");
        let page = json!({ "data": [], "nextToken": "e30=", "previousToken": "e31=" });
        sandbox.fault(Fault::status(200).json(page).on(operation));
    }
    let aliases = CreateBulkAliasRequest::new([CreateAliasRequest::new("acme")]);
    let created = client.create_alias().body(aliases).send().await.unwrap();
    assert_eq!(created.next_token.as_deref(), Some("e30="));
    let finalized = client.finalize_account_schedules().account_id("acme-prod").body(FinalizeAccountSchedules::new());
    let finalized = finalized.send().await.unwrap();
    assert_eq!((finalized.next_token.as_deref(), finalized.previous_token.as_deref()), (Some("e30="), Some("e31=")));
    assert_eq!(sandbox.requests().len(), 2);
}
