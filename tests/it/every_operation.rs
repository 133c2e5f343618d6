//! Every operation of the API document through its builder, with the examples of the document.

use std::time::{Duration, UNIX_EPOCH};

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use togai_api::Location;
use togai_ext::ResponseValue;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::json_comparison::{difference, is_null_or_empty};
use crate::recording::recorded;
use crate::support::{TOKEN, client_of, sandbox};

/// A call of an operation with every value that the document has an example of.
struct ExampleCall {
    operation: &'static str,
    /// Statuses of success, each with what its body has to have where there is one.
    successes: &'static [(u16, Option<&'static [&'static str]>)],
    send: fn(Client) -> Sent,
}

type Sent = BoxFuture<'static, Result<DecodedResponse, Error>>;

/// A response: its status, and its decoded body, encoded again.
struct DecodedResponse {
    status: u16,
    body: Value,
}

fn decode_response<T: Serialize>(response: Result<ResponseValue<T>, Error>) -> Result<DecodedResponse, Error> {
    let response = response?;
    let body = serde_json::to_value(&*response).unwrap();
    Ok(DecodedResponse { status: response.status().as_u16(), body })
}

fn body<T: DeserializeOwned>(example: &str) -> T {
    serde_json::from_str(example).unwrap()
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

include!(concat!(env!("OUT_DIR"), "/calls.rs"));

/// A sandbox in which the operation can succeed.
async fn sandbox_for(operation: &str) -> Sandbox {
    // What is created must not be there yet.
    let creates =
        ["create_account", "create_account_for_customer", "create_alias", "create_customer", "create_event_schema"];
    let builder = if creates.contains(&operation) { sandbox() } else { sandbox().with_examples() };
    // The two events that the examples speak of, when they arrived.
    let received = UNIX_EPOCH + Duration::from_millis(1_730_795_473_004);
    let sandbox = builder.clock(ManualClock::at(received)).start().await.unwrap();
    let ride = |id: &str| Event::new("rides", "ACC00001").id(id).timestamp(moment("2024-11-05T08:31:12.250Z"));
    let events = ["ride-2024-11-05-000481", "f4a52f2d-b798-4e08-8b24-db0a5a468ba3"].map(ride);
    client_of(&sandbox).ingest_events(events).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    sandbox
}

/// What is wrong with the answer to a call, in words.
async fn problem_of(call: &ExampleCall) -> Option<String> {
    let sandbox = sandbox_for(call.operation).await;
    let (client, bodies) = recorded(&client_of(&sandbox));
    let decoded = match (call.send)(client).await {
        Ok(decoded) => decoded,
        Err(error) => return Some(error.to_string()),
    };
    let requests = sandbox.requests();
    if requests.len() != 1 || requests[0].operation_id.as_deref() != Some(call.operation) {
        return Some(format!("{requests:?} were sent"));
    }
    let row = togai_api::OPERATIONS.iter().find(|row| row.id == call.operation)?;
    let set = row.parameters.iter().filter(|parameter| parameter.location == Location::Query);
    let mut set: Vec<&str> = set.map(|parameter| parameter.name).collect();
    let mut sent: Vec<&str> = requests[0].query.iter().map(|(name, _)| name.as_str()).collect();
    set.sort_unstable();
    sent.sort_unstable();
    if sent != set || requests[0].body.json().is_none() && row.requires_body {
        return Some(format!("{:?} was sent", requests[0]));
    }
    let Some((_, required)) = call.successes.iter().find(|(status, _)| *status == decoded.status) else {
        return Some(format!("{} is none of {:?}", decoded.status, call.successes));
    };
    let Some(required) = required else {
        return (!decoded.body.is_null()).then(|| format!("{} was made of no body", decoded.body));
    };
    // The server wrote what it has to, and nothing of what it wrote is lost on the way.
    let written: Value = serde_json::from_str(&bodies.last()?).unwrap();
    let missing = required.iter().find(|name| written.get(name).is_none());
    missing.map(|name| format!(".{name} is missing")).or_else(|| difference(&written, &decoded.body, is_null_or_empty))
}

#[tokio::test]
async fn all_159_operations_succeed_through_their_builders() {
    assert_eq!(CALLS.len(), 159);
    let mut problems = Vec::new();
    for call in CALLS {
        if let Some(problem) = problem_of(call).await {
            problems.push(format!("{}: {problem}", call.operation));
        }
    }
    assert!(problems.is_empty(), "{} operations:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_calls_cover_the_operation_table() {
    let mut ids: Vec<&str> = togai_api::OPERATIONS.iter().map(|operation| operation.id).collect();
    ids.sort_unstable();
    assert_eq!(CALLS.iter().map(|call| call.operation).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn a_file_redirect_is_returned_and_never_receives_the_token() {
    let sandbox = sandbox().start().await.unwrap();
    let client = client_of(&sandbox);
    let response = client.get_file().file_id("report 1").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 302);
    let expected = format!("{}/downloads/report+1", sandbox.base_url());
    assert_eq!(response.location(), Some(expected.as_str()));
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_server_is_reported_and_not_followed() {
    let [sandbox, elsewhere] = [sandbox().start().await.unwrap(), sandbox().start().await.unwrap()];
    let location = format!("{}/signed?signature=abc", elsewhere.base_url());
    sandbox.fault(Fault::status(302).header("location", &location).on("get_file"));
    let response = client_of(&sandbox).get_file().file_id("f").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.location()), (302, Some(location.as_str())));
    assert_eq!((sandbox.requests().len(), elsewhere.requests().len()), (1, 0));

    // Where no redirection is documented, it is an error that is not followed either.
    sandbox.fault(Fault::status(302).header("location", &location).json(json!({})).on("get_customers"));
    let error = client_of(&sandbox).get_customers().send().await.unwrap_err();
    assert!(!error.to_string().contains(TOKEN), "{error}");
    assert_eq!(elsewhere.requests().len(), 0);
}
